"""Polls that ask why, of every kind, and polls with pages of answers; told on SQLite and PostgreSQL."""

import pytest

from bot.domain import answer_pages as paging
from bot.domain.ballots import Kind, Why
from bot.domain.errors import CompanionError, InvalidInput
from bot.domain.poll_view import PollView, Receipt
from bot.messages.poll_results import poll_result
from bot.messages.polls import poll_open
from bot.services.context import Context
from bot.services.poll_drafts import PollDrafts, Written
from tests.support.polls_world import PollsWorld, polls_world

PLACES = ("Ved skolen", "Ved kirken", "Ved havnen")
DATES = ("20-10-2027 kl. 9.30", "26-10-2027 kl. 19")
MANY = tuple(f"Forslag {number}" for number in range(1, 61))
SAID: list[tuple[Kind, int | str]] = [
    (Kind.YES_NO, 1), (Kind.CHOICE, 2), (Kind.CONSENT, 1), (Kind.DATES, "s2"), (Kind.POINTS, "aab"),
    (Kind.RATING, "exa"), (Kind.RANKED, "ba"),
]  # fmt: skip


@pytest.fixture
async def world(context: Context) -> PollsWorld:
    return await polls_world(context)


async def asked(
    world: PollsWorld,
    kind: Kind,
    why: Why,
    *,
    secret: bool = False,
    lines: tuple[str, ...] = PLACES,
    number: str = "",
) -> PollView:
    """Open a poll for the steering group that asks for a reason, or not."""
    drafts, lead = PollDrafts(world.context), await world.lead()
    if secret:
        await world.enough()
    lines = DATES if kind is Kind.DATES else lines
    draft = await drafts.write(
        lead, world.village, kind, Written("Hvor skal bænken stå?", lines, "3", number)
    )
    await drafts.ask(lead, draft.id, "steering")
    await drafts.hide(lead, draft.id, secret=secret)
    await drafts.reason(lead, draft.id, why)
    return await drafts.open(lead, draft.id)


async def told(world: PollsWorld, poll_id: int) -> str:
    """Let the poll end. Returns its result."""
    world.after(days=3)
    await world.turn()
    view = await world.polls.view(poll_id)
    return str(poll_result(world.context.texts, view, world.context.programme.rules.secret_results).text)


@pytest.mark.parametrize(("kind", "choice"), SAID)
async def test_every_kind_can_ask_everybody_why(world: PollsWorld, kind: Kind, choice: int | str) -> None:
    view, person = await asked(world, kind, Why.REQUIRED), await world.lead()
    assert "Jeg spørger dig også hvorfor" in poll_open(world.context.texts, view).text
    assert await world.polls.say(person, view.id, choice) is Why.REQUIRED
    with pytest.raises(InvalidInput) as refused:
        await world.polls.say(person, view.id, choice, "  ")
    assert refused.value.key in ("error_polls.why_wanted", "error_polls.why_missing")
    assert (await world.polls.view(view.id)).turnout == 0
    assert isinstance(await world.polls.say(person, view.id, choice, "Der er læ"), Receipt)
    assert "- Der er læ" in await told(world, view.id)


async def test_where_a_reason_is_optional_the_vote_counts_before_it_is_written(world: PollsWorld) -> None:
    view, person = await asked(world, Kind.CHOICE, Why.OPTIONAL), await world.lead()
    assert await world.polls.say(person, view.id, 1) is Why.OPTIONAL
    assert (await world.polls.view(view.id)).turnout == 1
    await world.polls.say(person, view.id, 1, "Der er læ")
    other = await world.person("Bo", next(iter(person.roles)).role)
    assert isinstance(await world.polls.say(other, view.id, 2, ""), Receipt)
    text = await told(world, view.id)
    assert "- Der er læ" in text and "Bo" not in text


async def test_of_a_secret_poll_reasons_are_kept_only_where_the_numbers_are(world: PollsWorld) -> None:
    few = await asked(world, Kind.CHOICE, Why.REQUIRED, secret=True)
    for person in await world.people(6):
        await world.polls.say(person, few.id, 1, f"Fordi {person.name}")
    assert "Fordi" not in await told(world, few.id)
    many = await asked(world, Kind.CHOICE, Why.REQUIRED, secret=True)
    for number, person in enumerate(await world.people(10)):
        await world.polls.say(person, many.id, 1, f"Grund {9 - number}")
    text = await told(world, many.id)
    assert text.index("- Grund 0") < text.index("- Grund 4") and "og 5 mere" in text


async def test_sixty_answers_are_chosen_on_pages_and_the_best_are_told(world: PollsWorld) -> None:
    view = await asked(world, Kind.CHOICE, Why.NONE, lines=MANY, number="3")
    post = poll_open(world.context.texts, view)
    assert [button.action for button in post.buttons] == [
        "vote_pages",
        "poll_secret",
        "hand_board",
    ] and not post.menus
    assert "- Forslag 15" in post.text and "- og 45 svar til" in post.text
    people = await world.people(3)
    with pytest.raises(InvalidInput) as refused:
        await world.polls.say(people[0], view.id, paging.said([1, 2, 3, 60]))
    assert refused.value.key == "error_polls.too_many_chosen"
    for person, extra in zip(people, (2, 3, 4), strict=True):
        await world.polls.say(person, view.id, paging.said([extra, 60]))
    assert await world.polls.my_vote(people[0], view.id) == (2, 60)
    text = await told(world, view.id)
    assert "Flest valgte: Forslag 60." in text and "- Forslag 60: 3\n- Forslag 2: 1" in text


@pytest.mark.parametrize("kind", [Kind.POINTS, Kind.RATING, Kind.RANKED])
@pytest.mark.rule_table
async def test_other_kinds_have_room_for_a_page(world: PollsWorld, kind: Kind) -> None:
    with pytest.raises(CompanionError) as refused:
        await asked(world, kind, Why.NONE, lines=MANY)
    assert refused.value.key == "error_polls.answers_many_here"
    with pytest.raises(CompanionError) as refused:
        await asked(world, Kind.CHOICE, Why.NONE, lines=tuple(f"Nr. {n}" for n in range(101)))
    assert refused.value.key == "error_polls.answers_many"
