"""When those who own milestones are reminded: fourteen days ahead, on the last day, then the secretariat."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from bot.content.blackouts import blackout_days
from bot.domain.access import Role
from bot.domain.milestones import MilestoneNote, Stage, milestone_notes
from bot.domain.posting import PostingHours
from tests.support.world import loaded

ZONE = ZoneInfo("Europe/Copenhagen")


def notes(start_year: int) -> list[MilestoneNote]:
    """Return every reminder of a year."""
    programme = loaded().programme
    hours = PostingHours(programme.rules, ZONE, blackout_days(programme, start_year).posts)
    return list(milestone_notes(programme, start_year, hours))


def about(code: str, start_year: int = 2027) -> dict[Stage, tuple[Role, str]]:
    """Return when one milestone is spoken of, and to whom."""
    return {
        note.stage: (note.body, note.moment.due_at.astimezone(ZONE).strftime("%Y-%m-%d %H.%M"))
        for note in notes(start_year)
        if code in note.codes
    }


def test_an_owner_hears_of_a_milestone_ahead_and_on_its_last_day_and_then_the_secretariat() -> None:
    assert about("M2-05") == {  # due 10 March, latest 31 March, in the programme's second year
        Stage.AHEAD: (Role.STEERING, "2028-02-25 10.00"),
        Stage.LATEST: (Role.STEERING, "2028-03-31 10.00"),
        Stage.OVERDUE: (Role.SECRETARIAT, "2028-04-01 10.00"),
    }
    assert {body for body, _ in about("OP-04").values()} == {Role.LOCAL_COUNCIL_CONTACT, Role.SECRETARIAT}
    assert about("M2-02")[Stage.AHEAD] == (Role.COORDINATOR, "2028-02-01 10.00")


def test_quiet_days_put_a_reminder_off_and_milestones_of_one_day_stand_in_one_post() -> None:
    assert about("M1-14")[Stage.LATEST] == (
        Role.STEERING,
        "2028-01-03 10.00",
    )  # latest 31 December, in the holidays
    assert about("M1-14")[Stage.OVERDUE] == (Role.SECRETARIAT, "2028-01-04 10.00"), "after the last reminder"
    (together,) = [n for n in notes(2027) if n.stage is Stage.AHEAD and "M1-08" in n.codes]
    assert {"M1-05", "M1-07", "M1-08", "M1-09", "M1-10"} <= set(together.codes)


@pytest.mark.parametrize("start_year", range(2026, 2041))
def test_every_dated_milestone_is_spoken_of_three_times_in_any_year(start_year: int) -> None:
    found = notes(start_year)
    programme = loaded().programme
    for milestone in programme.milestones.values():
        stages = [note.stage for note in found if milestone.id in note.codes]
        spoken = milestone.confirm != "bot" and milestone.due[0].isdigit()
        assert sorted(stages) == (["ahead", "latest", "overdue"] if spoken else []), milestone.id
    days = [(note.stage, note.body, note.on) for note in found]
    assert len(days) == len(set(days)), "one post a day for each body and stage"
    assert min(note.on for note in found) >= date(start_year, 8, 1)
