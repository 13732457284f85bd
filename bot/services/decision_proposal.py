"""What a closed poll puts into the form for a decision: the winner, and the count if it may be told."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.content.templates import Ready
from bot.domain.ballots import STEP_BY_STEP, Kind
from bot.domain.decisions import HOW_LONGEST, TEXT_LONGEST, TITLE_LONGEST, Proposal
from bot.domain.poll_view import AnswerView, PollView
from bot.domain.polls import Shown
from bot.services.context import Context
from bot.services.poll_results import template_of

_ENDS = (".", "?", "!", ":", "…")


def proposal(context: Context, view: PollView) -> Proposal:
    """Return the form's first values; PRIVACY section 6 holds here too, for a decision is read by all."""
    template = template_of(context.programme, view.code)
    decision = context.programme.decisions.get(template.decision or "") if template else None
    return Proposal(
        poll_id=view.id,
        title=_cut(decision.title if decision else view.question, TITLE_LONGEST),
        text=_cut(_text(context, view), TEXT_LONGEST),
        how=_cut(_how(context, view), HOW_LONGEST),
        decided_on=local_date(context, view.closes_at),
        code=decision.id if decision else None,
        milestone=decision.milestone if decision else None,
    )


def local_date(context: Context, moment: datetime) -> date:
    """Return the day a moment falls on where the programme runs."""
    return moment.astimezone(ZoneInfo(context.programme.timezone)).date()


def _text(context: Context, view: PollView) -> str:
    question = Ready(view.question if view.question.endswith(_ENDS) else f"{view.question}.")
    if view.settled is not None:
        chosen = Ready(", ".join(view.texts_of((view.settled,))))
        return str(context.texts("decision.from_poll.settled", question=question, answers=chosen))
    if view.adopted:
        return str(context.texts("decision.from_poll.adopted", question=question))
    undecided = view.binding and not (view.quorum_met and view.adopted is None and view.carried)
    if not view.winners or undecided:
        return str(context.texts("decision.from_poll.question", question=question))
    answers = Ready(", ".join(view.texts_of(view.winners)))
    name = "first" if view.kind in STEP_BY_STEP else "answer"
    return str(context.texts(f"decision.from_poll.{name}", question=question, answers=answers))


def _how(context: Context, view: PollView) -> str:
    if view.shown is Shown.NOTHING:
        few = context.programme.rules.secret_results.show_from_votes
        return str(context.texts("decision.from_poll.how_few", show_from=few))
    kind = "secret" if view.secret else "open"
    votes = ""
    if view.shown is Shown.NUMBERS:
        by_rank = view.kind is Kind.RANKED
        told = sorted(view.answers, key=lambda one: one.rank or 0) if by_rank else view.answers
        votes = "; ".join(_part(context, view.kind, answer) for answer in told if answer.votes or by_rank)
    return str(
        context.texts(
            f"decision.from_poll.how_{kind}",
            turnout=view.turnout,
            entitled=view.entitled,
            votes=Ready(votes),
            by_hand=view.by_hand if view.parts else 0,
        )
    )


def _part(context: Context, kind: Kind, answer: AnswerView) -> str:
    """Say what one answer got."""
    average = f"{answer.average:.1f}".replace(".", context.texts("poll.decimal"))
    name = str(kind) if kind in STEP_BY_STEP else "votes"
    return context.texts(
        f"decision.from_poll.part.{name}",
        answer=Ready(answer.text), votes=answer.votes, average=average, rank=answer.rank,
    )  # fmt: skip


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
