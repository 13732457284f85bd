"""Every rule of structure, broken in one place: the fault names file, line and key."""

import pytest

from bot.content.source import Fault
from tests.content.folder import Folder

CAL, POLLS, MILES, HEAD = "calendar.yaml", "polls.yaml", "milestones.yaml", "programme.yaml"
FIRST = "newsletters/first.md.j2"
NO = "there is no "
_OPTIONS = 'options: ["The red one", "The blue one"]'

# file, what stood there, what stands there now, text on the line of the fault, key, problem
BREAKS = {
    "gate": (CAL, "gate: S-2", "gate: S-9", "gate:", "phases.spring.gate", NO + "milestone S-9"),
    "gate_elsewhere": (
        CAL,
        "state: sailing",
        "state: sailing\n    gate: S-2",
        "state: sailing",
        "phases.autumn.gate",
        "S-2 is a milestone of spring",
    ),
    "gathering": (
        CAL,
        "gathering: REGATTA",
        "gathering: PICNIC",
        "gathering: PICNIC",
        "phases.spring.gathering",
        NO + "meeting PICNIC",
    ),
    "gathering_is_none": (
        CAL,
        "gathering: REGATTA",
        "gathering: C1",
        "gathering: C1",
        "phases.spring.gathering",
        "C1 is not a gathering",
    ),
    "gathering_not_named": (
        CAL,
        "    gathering: REGATTA\n",
        "",
        "- id: spring",
        "phases.spring",
        "must name its gathering",
    ),
    "no_gathering": (
        CAL,
        "    gathering: true\n",
        "",
        "- id: spring",
        "phases.spring",
        "has no meeting with gathering",
    ),
    "two_gatherings": (
        CAL,
        "    title: Knots",
        "    title: Knots\n    gathering: true",
        "XX",
        "village_circles.C1.gathering",
        "second gathering",
    ),
    "meeting_phase": (
        CAL,
        "  - id: REGATTA\n    phase: spring",
        "  - id: REGATTA\n    phase: winter",
        "phase: winter",
        "events.REGATTA.phase",
        NO + "phase winter",
    ),
    "meeting_poll": (
        CAL,
        "polls: [BOAT]",
        "polls: [BOAT, SHIP]",
        "polls: [BOAT, SHIP]",
        "village_circles.C1.polls.1",
        NO + "poll SHIP",
    ),
    "meeting_milestone": (
        CAL,
        "polls: [BOAT]",
        "milestones: [S-7]",
        "milestones: [S-7]",
        "village_circles.C1.milestones.0",
        NO + "milestone S-7",
    ),
    "meeting_decision": (
        CAL,
        "polls: [BOAT]",
        "decisions: [D]",
        "decisions: [D]",
        "village_circles.C1.decisions.0",
        NO + "decision D",
    ),
    "audience": (
        CAL,
        "audience: [public]",
        "audience: [sailors]",
        "audience:",
        "events.REGATTA.audience.0",
        NO + "role sailors",
    ),
    "reminders": (
        CAL,
        "audience: [public]",
        "reminders: [horn]",
        "reminders: [horn]",
        "events.REGATTA.reminders.0",
        NO + "set of reminders horn",
    ),
    "reminders_of_all_circles": (
        HEAD,
        'time: "18:30", reminders: [circle]',
        'time: "18:30", reminders: [horn]',
        "  village: {minutes: 60",
        "circle_defaults.village.reminders.0",
        "C1: there is no set of reminders horn",
    ),
    "voters": (
        POLLS,
        "voters: [villager]",
        "voters: [gulls]",
        "voters:",
        "polls.BOAT.voters.0",
        NO + "role gulls",
    ),
    "poll_phase": (
        POLLS,
        "phase: spring",
        "phase: winter",
        "phase:",
        "polls.BOAT.phase",
        NO + "phase winter",
    ),
    "poll_opens": (
        POLLS,
        "meeting: C1",
        "meeting: C9",
        "opens:",
        "polls.BOAT.opens.meeting",
        NO + "meeting C9",
    ),
    "poll_after": (
        POLLS,
        "{meeting: C1, after_days: 1}",
        "{after_poll: X}",
        "opens:",
        "polls.BOAT.opens.after_poll",
        NO + "poll X",
    ),
    "poll_after_itself": (
        POLLS,
        "{meeting: C1, after_days: 1}",
        "{after_poll: BOAT}",
        "opens:",
        "polls.BOAT.opens.after_poll",
        "would never open: BOAT after BOAT",
    ),
    "poll_decision": (
        POLLS,
        "decision: NAME",
        "decision: NONE",
        "decision:",
        "polls.BOAT.decision",
        NO + "decision NONE",
    ),
    "recorded_by": (
        "decisions.yaml",
        "recorded_by: steering_secretary",
        "recorded_by: gull",
        "id: NAME",
        "decisions.NAME.recorded_by",
        NO + "role gull",
    ),
    "decision_milestone": (
        "decisions.yaml",
        "milestone: S-1",
        "milestone: S-8",
        "id: NAME",
        "decisions.NAME.milestone",
        NO + "milestone S-8",
    ),
    "owner": (
        MILES,
        "owner: steering_lead",
        "owner: gull",
        "id: S-1",
        "milestones.S-1.owner",
        NO + "owner of milestones called gull",
    ),
    "confirm": (
        MILES,
        "owner: steering_lead, confirm: secretariat",
        "owner: steering_lead, confirm: gull",
        "id: S-1",
        "milestones.S-1.confirm",
        NO + "confirmer of milestones called gull",
    ),
    "milestone_poll": (
        MILES,
        "polls: [BOAT]",
        "polls: [SHIP]",
        "id: S-1",
        "milestones.S-1.polls.0",
        NO + "poll SHIP",
    ),
    "milestone_due": (
        MILES,
        'due: "03-15"',
        'due: "03-32"',
        "id: S-1",
        "milestones.S-1.due",
        "03-32 is neither",
    ),
    "channel_gate": (
        HEAD,
        "village_channel_after: [S-1]",
        "village_channel_after: [S-1, S-9]",
        "village_channel_after",
        "rules.village_channel_after.1",
        NO + "milestone S-9",
    ),
    "gathering_rule": (
        HEAD,
        "one_gathering_per_phase: [spring]",
        "one_gathering_per_phase: [spring, winter]",
        "one_gathering_per_phase",
        "rules.one_gathering_per_phase.1",
        NO + "phase winter",
    ),
    "phase_date": (
        CAL,
        'start: {year: 0, date: "02-01"}',
        'start: {year: 0, date: "02-31"}',
        "02-31",
        "phases.spring.start.date",
        "02-31 is not a month and day",
    ),
    "phase_ends_early": (
        CAL,
        'end: {year: 0, date: "11-30"}',
        'end: {year: 0, date: "08-30"}',
        "08-30",
        "phases.autumn.end",
        "before the phase's start",
    ),
    "phase_target": (
        CAL,
        'target: {year: 0, date: "05-15"}',
        'target: {year: 0, date: "07-15"}',
        "07-15",
        "phases.spring.target",
        "outside the phase",
    ),
    "phase_number": (
        CAL,
        "number: 2\n    title: Autumn",
        "number: 1\n    title: Autumn",
        "XX",
        "phases.autumn.number",
        "must be above 1",
    ),
    "phase_order": (
        CAL,
        'start: {year: 0, date: "09-01"}',
        'start: {year: 0, date: "01-01"}',
        "01-01",
        "phases.autumn.start",
        "before the start of spring",
    ),
    "colour": (
        "global_goals.yaml",
        "#0A97D9",
        "#0A97",
        "n: 1,",
        "global_goals.0.colour",
        "is not a colour",
    ),
    "circle_number": (
        CAL,
        "number: 2\n    phase: autumn",
        "number: 3\n    phase: autumn",
        "number: 3",
        "village_circles.C2.number",
        "this should be 2",
    ),
    "agenda_order": (
        CAL,
        "- {part: talk, minutes: 15",
        "- {part: chat, minutes: 15",
        "XX",
        "coordinator_circles.W1.agenda",
        "must have the parts talk, chat",
    ),
    "agenda_minutes": (
        CAL,
        "minutes: 15",
        "minutes: 16",
        "XX",
        "coordinator_circles.W1.agenda",
        "take 46 minutes, but the circle lasts 45",
    ),
    "letter_missing": (
        CAL,
        "newsletter: wardens",
        "newsletter: warden",
        "newsletter: warden",
        "coordinator_circles.W1.newsletter",
        "the file newsletters/warden.md.j2 is missing",
    ),
    "letter_twice": (
        CAL,
        "newsletter: second",
        "newsletter: first",
        "XX",
        "village_circles.C2.newsletter",
        "already the letter of C1",
    ),
    "circle_without_letter": (
        CAL,
        "    newsletter: wardens\n",
        "",
        "- id: W1",
        "coordinator_circles.W1",
        "has no newsletter",
    ),
    "letter_of_an_event": (
        CAL,
        "audience: [public]",
        "newsletter: second",
        "XX",
        "events.REGATTA.newsletter",
        "only a study circle has a newsletter",
    ),
    "next_steps": (
        FIRST,
        '["Find a rope"]',
        '["a", "b", "c"]',
        "next_steps",
        "next_steps",
        "allows 1 to 2",
    ),
    "video_minutes": (FIRST, "minutes: 12", "minutes: 13", "bowline", "videos.0.minutes", "1 to 12"),
    "video_url": (FIRST, "https://", "http://", "http://", "videos.0.url", "https://"),
    "video_title": (FIRST, '"A bowline"', '"A [bow]"', "[bow]", "videos.0.title", "name of a link"),
    "one_option": (
        POLLS,
        _OPTIONS,
        'options: ["The red one"]',
        "options:",
        "polls.BOAT.options",
        "2 to 25",
    ),
    "no_options": (POLLS, _OPTIONS, "options: []", "id: BOAT", "polls.BOAT", "needs options"),
    "series_alone": (
        POLLS,
        _OPTIONS,
        "series: [a, b]",
        "id: BOAT",
        "polls.BOAT",
        "needs options",
    ),
    "long_option": (
        POLLS,
        '"The blue one"',
        f'"{"x" * 56}"',
        "options:",
        "polls.BOAT.options.1",
        "at most 55",
    ),
    "same_option": (
        POLLS,
        "The blue one",
        "The red one",
        "options:",
        "polls.BOAT.options.1",
        "same answer twice",
    ),
    "long_question": (
        POLLS,
        "Which boat first?",
        "x" * 301,
        "question:",
        "polls.BOAT.question",
        "at most 300",
    ),
    "pick": (POLLS, "pick: 1", "pick: 3", "pick:", "polls.BOAT.pick", "to 2"),
    "days": (POLLS, "days: 5", "days: 33", "days: 33", "polls.BOAT.days", "1 to 32"),
    "max_options": (
        POLLS,
        _OPTIONS,
        "options_from: boats\n    max_options: 26",
        "max_options",
        "polls.BOAT.max_options",
        "2 to 25",
    ),
    "opens_twice": (
        POLLS,
        "{meeting: C1, after_days: 1}",
        "{meeting: C1, after_days: 1, before_days: 2}",
        "opens:",
        "polls.BOAT.opens",
        "keep one of them",
    ),
    "two_moments": (
        HEAD,
        "before: {hours: 1}",
        "before: {hours: 1}, after: {days: 1}",
        "id: hour",
        "reminders.circle.hour",
        "exactly one of before",
    ),
    "no_moment": (
        HEAD,
        "before: {hours: 1}, ",
        "",
        "id: hour",
        "reminders.circle.hour",
        "exactly one of before",
    ),
    "no_time": (
        HEAD,
        "before: {hours: 1}",
        "before: {days: 1}",
        "id: hour",
        "reminders.circle.hour",
        "needs a time of day",
    ),
    "no_window": (
        HEAD,
        "before: {days: 1}",
        "before_window: {days: 1}",
        "id: day",
        "reminders.circle.day.before_window",
        "C1 uses this reminder, but has no window",
    ),
    "same_reminder": (
        HEAD,
        "id: hour",
        "id: day",
        "  village: {minutes",
        "circle_defaults.village.reminders",
        "two reminders with the id day",
    ),
    "no_text": (
        HEAD,
        "text: hour_before",
        "text: minute_before",
        "id: hour",
        "reminders.circle.hour.text",
        "there is no text post.minute_before",
    ),
}
_LINES = {
    "two_gatherings": ("title: Knots", 1),
    "phase_number": ("title: Autumn", -1),
    "agenda_order": ("part: chat, minutes: 15", -1),
    "agenda_minutes": ("minutes: 16", -1),
    "letter_twice": ("title: Wind", 5),
    "letter_of_an_event": ("The small regatta", 5),
    "gate_elsewhere": ("state: sailing", 1),
}


def _named(faults: list[Fault], file: str, key: str, problem: str) -> list[Fault]:
    return [f for f in faults if (f.file, f.key) == (file, key) and problem in f.problem]


@pytest.mark.parametrize("name", BREAKS)
def test_a_break_is_named_by_file_line_and_key(folder: Folder, name: str) -> None:
    file, old, new, where, key, problem = BREAKS[name]
    folder.change(file, old, new)
    where, beyond = _LINES.get(name, (where, 0))
    found = _named(folder.faults(), file, key, problem)
    assert found, "\n".join(map(str, folder.faults()))
    assert found[0].line == folder.line(file, where) + beyond


def test_a_missing_letter_names_the_reference_and_the_file(folder: Folder) -> None:
    (folder.path / "newsletters" / "second.md.j2").unlink()
    assert folder.faults() == [
        Fault(
            "calendar.yaml",
            folder.line("calendar.yaml", "newsletter: second"),
            "village_circles.C2.newsletter",
            "there is no letter second: the file newsletters/second.md.j2 is missing",
        )
    ]


def test_a_letter_no_circle_names_is_a_fault(folder: Folder) -> None:
    folder.write("newsletters/third.md.j2", "---\ntitle: T\nnext_steps: [a]\nvideos: []\n---\nHi\n")
    assert [(f.file, f.problem) for f in folder.faults()] == [
        ("newsletters/third.md.j2", "no circle names this letter as its newsletter")
    ]


def test_polls_that_wait_for_each_other_are_named(folder: Folder) -> None:
    text = (folder.path / "polls.yaml").read_text("utf-8")
    entry = text.partition("polls:\n")[2].replace("{meeting: C1, after_days: 1}", "{after_poll: %s}")
    folder.write("polls.yaml", "polls:\n" + entry % "SHIP" + entry.replace("BOAT", "SHIP") % "BOAT")
    keys = {f.key for f in folder.faults()}
    assert keys == {"polls.BOAT.opens.after_poll", "polls.SHIP.opens.after_poll"}


def test_an_unusual_number_of_circles_is_only_a_warning(folder: Folder) -> None:
    folder.change("programme.yaml", "village: [2, 4]", "village: [3, 4]")
    report = folder.check()
    assert report.faults == []
    warned = [w for w in report.warnings if w.key == "rules.circle_count_ok.village"]
    assert [(w.file, w.line) for w in warned] == [
        ("programme.yaml", folder.line("programme.yaml", "circle_count_ok"))
    ]


def test_many_breaks_are_all_reported_at_once(folder: Folder) -> None:
    folder.change("calendar.yaml", "gate: S-2", "gate: S-9")
    folder.change("polls.yaml", "pick: 1", "pick: 9")
    folder.change("newsletters/first.md.j2", "{{ coordinator }}", "{{ captain }}")
    folder.change("texts/en/all.yaml", "In an hour: {{ title }}", "In an hour: {{ title")
    files = {f.file for f in folder.faults()}
    assert files == {"calendar.yaml", "polls.yaml", "newsletters/first.md.j2", "texts/en/all.yaml"}
