"""What the messages about polls are made of: who may vote, the answers as lines, and a text that fits."""

from collections.abc import Callable, Mapping, Sequence

from bot.content.templates import Ready, plain
from bot.domain.poll_view import PollView
from bot.domain.polls import Shown
from bot.messages.texts import Texts

LONGEST = 2000  # what one message on Discord holds; escaped letters count twice
ASKED = frozenset({"question", "voters", "closes_at", "pick", "turnout", "entitled"})
SUPPLIES: Mapping[str, frozenset[str]] = {
    "poll.who.*": frozenset(),
    "poll.heading": ASKED,
    "poll.answer_votes": frozenset({"answer", "votes"}),
    "poll.answer_rank": frozenset({"answer", "rank"}),
}


def who(texts: Texts, voters: Sequence[str]) -> Ready:
    """Name those who may vote, as the beginning of a sentence."""
    words = set(voters)
    if words & {"villager", "all", "public"}:
        return texts("poll.who.village")
    if words == {"coordinator"}:
        return texts("poll.who.coordinators")
    if {"steering", "panel"} <= words:
        return texts("poll.who.both")
    return texts("poll.who.panel" if "panel" in words else "poll.who.steering")


def say(texts: Texts, name: str, view: PollView) -> Ready:
    """Say a text about a poll with all that such texts may use."""
    return texts(
        f"poll.{name}",
        question=view.question,
        voters=who(texts, view.voters),
        closes_at=view.closes_at,
        pick=view.pick,
        turnout=view.turnout,
        entitled=view.entitled,
    )


def answer_lines(texts: Texts, view: PollView) -> list[Ready]:
    """Return the answers with their votes in the poll's own order, or by rank where only that may be told."""
    if view.shown is Shown.NUMBERS:
        return [texts("poll.answer_votes", answer=a.text, votes=a.votes) for a in view.answers]
    ranked = sorted(view.answers, key=lambda answer: (answer.rank or 0, answer.position))
    return [texts("poll.answer_rank", answer=a.text, rank=a.rank) for a in ranked]


def joined(answers: Sequence[str]) -> Ready:
    """Return answers in one line, as they were written."""
    return Ready(", ".join(plain(answer) for answer in answers))


def fitting(write: Callable[[PollView], str], view: PollView) -> str:
    """Return a text that Discord accepts, with question and answers cut only if it must be."""
    text = write(view)
    return text if len(text) <= LONGEST else write(view.shortened(question=150, answer=40))
