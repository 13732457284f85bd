"""The rules give the agreed dates, and sensible ones in every year to come."""

from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from bot.content.blackouts import blackout_days
from bot.content.dates import START_YEARS, check_dates
from bot.content.load import Content
from bot.content.places import Places
from bot.domain.calendar import DatedMeeting, calendar_of, phase_days
from bot.domain.programme import COORDINATOR_CIRCLE, DAYS, VILLAGE_CIRCLE
from tests.content.folder import Folder

EXPECTED = YAML(typ="safe").load(Path(__file__).with_name("expected_dates.yaml").read_text("utf-8"))
HEAD, CAL = "programme.yaml", "calendar.yaml"
YEARS = st.integers(2026, 2040)


def dated(content: Content, year: int) -> dict[str, DatedMeeting]:
    found = calendar_of(content.programme, year, blackout_days(content.programme, year))
    return {d.meeting.id: d for d in found}


@pytest.mark.parametrize("year", range(2026, 2031))
def test_meetings_fall_on_the_agreed_dates(blup: Content, year: int) -> None:
    found = dated(blup, year)
    wanted = {name: days[year] for name, days in EXPECTED["dates"].items()}
    assert {name: found[name].starts_at.date() for name in wanted} == wanted
    moved = {name for name in wanted if found[name].moved_by}
    assert moved == {name for name, years in EXPECTED["moved"].items() if year in years}


def test_letters_go_out_on_the_agreed_dates(blup: Content) -> None:
    found = dated(blup, 2027)
    sent = {name: d.newsletter_at.date() for name, d in found.items() if d.newsletter_at}
    assert sent == EXPECTED["letters"]


@given(year=YEARS)
@settings(max_examples=15, deadline=None)
def test_a_meeting_keeps_its_wall_time_and_weekday_across_daylight_saving(blup: Content, year: int) -> None:
    for meeting in dated(blup, year).values():
        position = meeting.meeting.position
        assert meeting.starts_at.time() == position.time
        assert position.day == DAYS[meeting.starts_at.weekday()]
        assert meeting.starts_at.tzinfo == ZoneInfo(blup.programme.timezone)


@given(year=YEARS)
@settings(max_examples=15, deadline=None)
def test_no_meeting_is_on_a_day_off_or_far_from_its_phase(blup: Content, year: int) -> None:
    off = blackout_days(blup.programme, year)
    for name, meeting in dated(blup, year).items():
        day = meeting.starts_at.date()
        first, last = phase_days(blup.programme.phase(meeting.meeting.phase), year)
        assert day not in off.meetings, name
        assert first - timedelta(weeks=4) <= day <= last + timedelta(weeks=4), name


@given(year=YEARS)
@settings(max_examples=15, deadline=None)
def test_letters_stand_between_the_circle_before_and_their_own(blup: Content, year: int) -> None:
    found, off = dated(blup, year), blackout_days(blup.programme, year)
    for kind in (VILLAGE_CIRCLE, COORDINATOR_CIRCLE):
        previous: datetime | None = None
        for circle in blup.programme.circles(kind):
            at = found[circle.id].newsletter_at
            assert at is not None and at < found[circle.id].starts_at
            assert at.date() not in off.posts
            assert at.time() == blup.programme.rules.newsletter_time
            if kind == VILLAGE_CIRCLE and previous is not None:
                assert at > previous
            previous = found[circle.id].starts_at


def test_the_real_calendar_holds_in_every_year(blup: Content) -> None:
    assert list(check_dates(blup.programme, Places(blup))) == []
    assert (START_YEARS[0], START_YEARS[-1]) == (2024, 2045)


BREAKS = {
    "far_from_its_phase": (
        CAL,
        "at: {pw: 12,",
        "at: {pw: 30,",
        "events.REGATTA.at",
        "falls more than 4 weeks outside spring (start 2024-2045)",
    ),
    "out_of_order": (
        CAL,
        "phase: autumn\n    title: Wind\n    at: {pw: 3}",
        "phase: spring\n    title: Wind\n    at: {pw: 1}",
        "village_circles.C2.at",
        "does not come after circle C1 (start 2024-2045)",
    ),
    "letter_after_its_circle": (
        HEAD,
        "12-31..01-01",
        "02-01..02-20",
        "village_circles.C1.newsletter",
        "its letter would not go out before the circle (start 2024-2045)",
    ),
    "letter_late_in_some_years": (
        HEAD,
        "12-31..01-01",
        "02-01..02-12",
        "village_circles.C1.newsletter",
        # all but the years whose 13 or 14 February is a Monday
        "its letter would not go out before the circle (start 2024, 2025, 2026, 2027, 2029, 2030,"
        " 2031, 2032, 2035, 2036, 2037, 2038, 2041, 2042, 2043, 2044)",
    ),
    "window_backwards": (
        CAL,
        "at: {pw: 12, day",
        "window: {from_pw: 5, to_pw: 4}\n    default: {pw: 12, day",
        "events.REGATTA.window",
        "ends before it begins",
    ),
    "outside_its_window": (
        CAL,
        "at: {pw: 12, day",
        "window: {from_pw: 10, to_pw: 11}\n    default: {pw: 12, day",
        "events.REGATTA.default",
        "falls outside the meeting's own window (start 2024-2045)",
    ),
    "latest_before_due": (
        "milestones.yaml",
        'latest: "04-01"',
        'latest: "03-14"',
        "milestones.S-1.latest",
        "lies before due, 03-15",
    ),
    "due_far_from_its_phase": (
        "milestones.yaml",
        'due: "03-15"',
        'due: "12-15"',
        "milestones.S-1.due",
        "lies more than 4 weeks outside spring",
    ),
    "one_of_them_per_circle": (
        "milestones.yaml",
        'latest: "04-01"',
        'latest: "per circle"',
        "milestones.S-1.latest",
        'cannot be "per circle" unless the other of due and latest is, too',
    ),
    "quiet_without_days": (
        HEAD,
        "{id: easter, easter: [-2, 1]}",
        "{id: easter}",
        "blackouts.meetings.easter",
        "has no days: give iso_weeks, easter or dates",
    ),
    "easter_reversed": (
        HEAD,
        "easter: [-2, 1]",
        "easter: [1, -2]",
        "blackouts.meetings.easter.easter",
        "ends before it begins",
    ),
    "easter_too_long": (
        HEAD,
        "easter: [-2, 1]",
        "easter: [-2, 300]",
        "blackouts.meetings.easter.easter",
        "lasts 303 days; at most 183 are possible",
    ),
    "quiet_days_reversed": (
        HEAD,
        "12-31..01-01",
        "01-02..12-21",
        "blackouts.posts.new_year.dates.0",
        "lasts 354 days: its end stands before its start",
    ),
    "no_such_quiet_day": (
        HEAD,
        "12-31..01-01",
        "12-32..01-01",
        "blackouts.posts.new_year.dates.0",
        '12-32..01-01 is neither a month and day such as "06-05" nor a span such as "12-21..01-02"',
    ),
    "two_quiet_periods_of_one_id": (
        HEAD,
        '{id: new_year, dates: ["12-31..01-01"]}',
        '{id: new_year, dates: ["12-31"]}\n    - {id: new_year, dates: ["01-01"]}',
        "blackouts.posts.new_year",
        "the id new_year is used twice",
    ),
    "newsletter_at_night": (
        HEAD,
        'newsletter_time: "09:30"',
        'newsletter_time: "22:30"',
        "rules.newsletter_time",
        "lies outside 07:30 to 21:00 (rules.posts_only_between)",
    ),
    "reminder_at_night": (
        HEAD,
        'before: {days: 1}, time: "09:30"',
        'before: {days: 1}, time: "05:30"',
        "reminders.circle.day.time",
        "lies outside 07:30 to 21:00 (rules.posts_only_between)",
    ),
    "hours_into_the_night": (
        HEAD,
        "before: {hours: 1}",
        "after: {hours: 3}",
        "reminders.circle.hour",
        "would be posted at 22:30 for C1, outside 07:30 to 21:00 (rules.posts_only_between)",
    ),
    "no_such_week": (
        HEAD,
        "{id: easter, easter: [-2, 1]}",
        "{id: easter, iso_weeks: [54]}",
        "blackouts.meetings.easter.iso_weeks.0",
        "must be 1 to 52: there are no other weeks in every year",
    ),
    "no_such_zone": (
        HEAD,
        "Europe/London",
        "Europe/Ladby",
        "timezone",
        "there is no time zone Europe/Ladby",
    ),
}
_WHERE = {
    "letter_after_its_circle": "newsletter: first",
    "letter_late_in_some_years": "newsletter: first",
    "out_of_order": "at: {pw: 1}",
    "window_backwards": "window:",
    "outside_its_window": "default:",
    "two_quiet_periods_of_one_id": '["01-01"]',
    "hours_into_the_night": "id: hour",
    "no_such_week": "id: easter",
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_date_is_named_by_file_line_key_and_year(folder: Folder, name: str) -> None:
    file, old, new, key, problem = BREAKS[name]
    folder.change(file, old, new)
    found = [f for f in folder.faults() if f.key == key and f.problem == problem]
    assert found, "\n".join(map(str, folder.faults()))
    at = CAL if key.startswith(("village", "events")) else file
    assert (found[0].file, found[0].line) == (at, folder.line(at, _WHERE.get(name, new)))


def test_a_village_needs_a_day_to_choose(folder: Folder) -> None:
    folder.change(
        CAL,
        'at: {pw: 12, day: sat, time: "11:00"}',
        "scope: village\n    window: {from_pw: 12, to_pw: 12}\n    "
        'default: {pw: 13, day: sat, time: "11:00"}',
    )
    folder.change(HEAD, "{id: easter, easter: [-2, 1]}", '{id: spring, dates: ["04-20..05-03"]}')
    named = [f for f in folder.faults() if f.key == "events.REGATTA.window"]
    assert [f.problem.partition(" (")[0] for f in named] == ["leaves a village no day to choose"]
    assert date(2027, 4, 24) not in dated(folder.load(), 2027)


def over_new_year(folder: Folder, due: str, latest: str) -> list[str]:
    """Let autumn last into January and its milestone have these days; return what is said of the milestone."""
    folder.change(CAL, 'end: {year: 0, date: "11-30"}', 'end: {year: 1, date: "01-31"}')
    row = (
        f'id: A-1, phase: autumn, title: The boat is ashore, kind: note, due: "{due}", latest: "{latest}", '
        "owner: steering_lead, confirm: secretariat, evidence: a note"
    )
    text = (folder.path / "milestones.yaml").read_text("utf-8")
    folder.write("milestones.yaml", f"{text}  - {{{row}}}\n")
    return [f"{f.key}: {f.problem}" for f in folder.faults()]


@pytest.mark.parametrize(("due", "latest"), [("12-15", "01-15"), ("01-10", "01-10"), ("09-02", "12-31")])
def test_a_phase_over_new_year_has_its_january_after_its_december(
    folder: Folder, due: str, latest: str
) -> None:
    assert over_new_year(folder, due, latest) == []


def test_in_a_phase_over_new_year_december_is_too_late_for_what_is_due_in_january(folder: Folder) -> None:
    assert over_new_year(folder, "01-15", "12-15") == ["milestones.A-1.latest: lies before due, 01-15"]
