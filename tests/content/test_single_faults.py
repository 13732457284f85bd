"""One wrong number, name, title or tie at a time: the fault names file, line and key."""

import pytest

from bot.content.source import ContentError, Fault
from tests.content.folder import Folder

CAL, POLLS, MILES, HEAD = "calendar.yaml", "polls.yaml", "milestones.yaml", "programme.yaml"
DECISIONS, GOALS, FIRST = "decisions.yaml", "global_goals.yaml", "newsletters/first.md.j2"
ONE = "must be 1 or more"
EMPTY = "is empty"
NO_ID = "must be 1 to 30 letters, digits"
OPENS = "opens: {meeting: C1, after_days: 1}"
_REGATTA = 'at: {pw: 12, day: sat, time: "11:00"}'

# file, what stood there, what stands there now, key, problem; the fault is on the last line of what stands there now
NUMBERS = {
    "minutes": (CAL, "minutes: 240", "minutes: 0", "events.REGATTA.minutes", ONE),
    "posts_a_day": (
        HEAD,
        "channel_per_day: 3",
        "channel_per_day: 0",
        "rules.max_bot_posts_per_channel_per_day",
        ONE,
    ),
    "quiet_village": (HEAD, "village_days: 30", "village_days: 0", "rules.quiet_village_days", ONE),
    "reminded_never": (
        HEAD,
        "quiet_village_days: 30",
        'quiet_village_days: 30\n  milestone_reminders: {before_days: 0, time: "10:00"}',
        "rules.milestone_reminders.before_days",
        "must be 1 to 90",
    ),
    "reminded_at_night": (
        HEAD,
        "quiet_village_days: 30",
        'quiet_village_days: 30\n  milestone_reminders: {before_days: 7, time: "23:00"}',
        "rules.milestone_reminders.time",
        "lies outside posts_only_between",
    ),
    "nobodys_milestone": (
        MILES,
        "id: S-2, phase: spring,",
        "id: S-2, phase: programme, decision: NAME,",
        "milestones.S-2.decision",
        "the whole programme's",
    ),
    "letter_chars": (HEAD, "chars: 900", "chars: 2001", "rules.newsletter_max_chars", "must be 1 to 2000"),
    "lead": (
        HEAD,
        "days: {village: 7,",
        "days: {village: 0,",
        "rules.newsletter_lead_days.village",
        ONE,
    ),
    "lead_missing": (HEAD, "{village: 7, ", "{", "rules.newsletter_lead_days", "village is missing"),
    "lead_of_whom": (
        HEAD,
        "coordinator: 6}",
        "coordinator: 6, cat: 1}",
        "rules.newsletter_lead_days.cat",
        "is no kind of circle (village, coordinator)",
    ),
    "count_reversed": (
        HEAD,
        "village: [2, 4]",
        "village: [4, 2]",
        "rules.circle_count_ok.village",
        "must be a smallest number of 0 or more",
    ),
    "no_step": (
        HEAD,
        "next_steps: {min: 1",
        "next_steps: {min: 0",
        "rules.next_steps",
        "smallest number of 1 or more",
    ),
    "videos_reversed": (
        HEAD,
        "videos: {min: 0, max: 1",
        "videos: {min: 0, max: -1",
        "rules.videos",
        "not below it",
    ),
    "video_length": (HEAD, "max_minutes: 12", "max_minutes: 0", "rules.videos.max_minutes", ONE),
    "secret": (
        HEAD,
        "show_from_votes: 3",
        "show_from_votes: 0",
        "rules.secret_results.show_from_votes",
        ONE,
    ),
    "secret_reversed": (
        HEAD,
        "numbers_from_votes: 6",
        "numbers_from_votes: 2",
        "rules.secret_results.numbers_from_votes",
        "must not be below show_from_votes, 3",
    ),
    "day_reversed": (
        HEAD,
        '["07:30", "21:00"]',
        '["21:00", "07:30"]',
        "rules.posts_only_between",
        "ends before it begins",
    ),
    "no_parts": (
        HEAD,
        "parts: [talk, chat]",
        "parts: []",
        "rules.circle_agenda_parts",
        "must name at least one part",
    ),
    "week_0": (CAL, "{pw: 12,", "{pw: 0,", "events.REGATTA.at.pw", ONE),
    "window_week_0": (
        CAL,
        _REGATTA,
        f"window: {{from_pw: 0, to_pw: 12}}\n    default{_REGATTA[2:]}",
        "events.REGATTA.window.from_pw",
        ONE,
    ),
    "agenda_minutes": (
        CAL,
        "minutes: 20, text: Three knots}\n      - {part: chat, minutes: 40",
        "minutes: 60, text: Three knots}\n      - {part: chat, minutes: 0",
        "village_circles.C1.agenda.1.minutes",
        ONE,
    ),
    "states_of_two_phases": (
        CAL,
        "state: sailing",
        "state:   learning",
        "phases.autumn.state",
        "is also the state of spring",
    ),
    "share_of_seats": (
        CAL,
        "minutes: 240",
        "minutes: 240\n    seats_per_village: {seats: 0, until_days: 8}",
        "events.REGATTA.seats_per_village",
        "is for a meeting of the whole cohort",
    ),
    "nothing_to_sign_up_for": (
        HEAD,
        "add: [link]",
        "add: [enrol]",
        "circle_defaults.village.reminders",
        "to sign up for",
    ),
    "number_of_an_event": (
        CAL,
        "minutes: 240",
        "minutes: 240\n    number: 77",
        "events.REGATTA.number",
        "only a study circle has a number",
    ),
    "phase_year": (
        CAL,
        'end: {year: 0, date: "11-30"}',
        'end: {year: 2, date: "11-30"}',
        "phases.autumn.end.year",
        "must be 0 or 1",
    ),
    "phase_number": (
        CAL,
        "number: 1\n    title: Spring",
        "number: -1\n    title: Spring",
        "phases.spring.number",
        "0 or more",
    ),
    "phase_in_a_phase": (
        CAL,
        'end: {year: 0, date: "05-31"}',
        'end: {year: 0, date: "12-31"}',
        "phases.autumn.end",
        "lies before the end of spring",
    ),
    "goal_too_many": (GOALS, "n: 1,", "n: 2,", "global_goals.0.n", "there is no goal 2"),
    "goal_missing": (HEAD, "global_goals: 1", "global_goals: 2", "global_goals", "goal 2 is missing"),
    "seed_of_a_meeting": (
        CAL,
        "newsletter: second",
        "newsletter: second\n    seed: [S01, S03]",
        "village_circles.C2.seed.1",
        "there is no line of the seed S03",
    ),
    "seed_of_a_milestone": (
        MILES,
        "kind: decision,",
        "kind: decision, seed: [S99],",
        "milestones.S-1.seed.0",
        "there is no line of the seed S99",
    ),
}

NAMES = {
    "title": (CAL, "title: The small regatta", 'title: " "', "events.REGATTA.title", EMPTY),
    "phase_title": (CAL, "title: Autumn", 'title: ""', "phases.autumn.title", EMPTY),
    "phase_state": (CAL, "state: sailing", 'state: ""', "phases.autumn.state", EMPTY),
    "agenda": (CAL, "agenda: [Sail, Lunch]", 'agenda: [Sail, ""]', "events.REGATTA.agenda.1", EMPTY),
    "question": (POLLS, "Which boat first?", '""', "polls.BOAT.question", EMPTY),
    "option": (POLLS, '"The blue one"', '""', "polls.BOAT.options.1", EMPTY),
    "milestone": (MILES, "title: Spring is done", 'title: ""', "milestones.S-2.title", EMPTY),
    "decision": (DECISIONS, "title: A boat is chosen", 'title: ""', "decisions.NAME.title", EMPTY),
    "goal": (GOALS, "title: Life below water", 'title: ""', "global_goals.0.title", EMPTY),
    "step": (FIRST, '["Find a rope"]', '[""]', "next_steps.0", EMPTY),
    "programme": (HEAD, "name: Harbour School", 'name: ""', "name", EMPTY),
    "channel": (HEAD, "secretariat_channel: office", 'secretariat_channel: ""', "discord.secretariat_channel", EMPTY),
    "same_channel": (
        HEAD,
        "welcome_channel: welcome",
        "welcome_channel: OFFICE",
        "discord.welcome_channel",
        "is the same channel as secretariat_channel",
    ),
    "no_cohort_here": (
        HEAD,
        "secretariat_role: Office",
        'secretariat_role: "Office {title}"',
        "discord.secretariat_role",
        "there is no {title} to fill in here",
    ),
    "format": (HEAD, '"Harbour {start}"', '"Harbour {start:q}"', "cohort.title", "is no pattern"),
    "letters_of_one_title": (
        "newsletters/second.md.j2",
        'title: "Letter 2: Wind"',
        'title: "Letter 1: Knots"',
        "title",
        "is also the title in newsletters/first.md.j2:2",
    ),
    "phases_of_one_title": (CAL, "title: Autumn", "title:   SPRING", "phases.autumn.title", "is also the title in"),
}  # fmt: skip

TIES = {
    "poll_of_another_phase": (
        POLLS,
        "phase: spring",
        "phase: autumn",
        "polls.BOAT.opens.meeting",
        "C1 belongs to spring, not to autumn",
    ),
    "milestone_of_another_phase": (
        CAL,
        "newsletter: second",
        "newsletter: second\n    milestones: [S-1]",
        "village_circles.C2.milestones.0",
        "S-1 belongs to spring, not to autumn",
    ),
    "decision_to_another_milestone": (
        DECISIONS,
        "milestone: S-1",
        "milestone: S-2",
        "decisions.NAME.milestone",
        "S-2 does not name NAME as its decision",
    ),
    "gate_of_another_kind": (MILES, "kind: gate", "kind: note", "phases.spring.gate", "S-2 is no gate"),
    "gate_of_no_phase": (
        CAL,
        "    gate: S-2\n",
        "",
        "milestones.S-2.kind",
        "no phase names S-2 as its gate",
    ),
    "asked_of_nobody": (POLLS, "voters: [villager]", "voters: []", "polls.BOAT.voters", "at least one role"),
    "asked_of_a_municipality": (
        POLLS,
        "scope: village",
        "scope: municipality",
        "polls.BOAT.scope",
        "must be village or coordinator_group",
    ),
    "quorum": (POLLS, "days: 5", "days: 5\n    quorum: third", "polls.BOAT.quorum", 'must be "half"'),
    "poll_of_any_phase": (POLLS, "phase: spring", "phase: any", "polls.BOAT.phase", "comes with each_circle"),
    "poll_with_each_circle": (
        POLLS,
        OPENS,
        "opens: {meeting: each_circle, after_days: 1}",
        "polls.BOAT.phase",
        'is "any" for a poll that comes with each_circle',
    ),
    "poll_at_anothers_meeting": (
        POLLS,
        "meeting: C1",
        "meeting: W1",
        "polls.BOAT.opens.meeting",
        "W1 is a meeting of another scope, coordinator_group",
    ),
    "before_another_poll_has_closed": (
        POLLS,
        OPENS,
        "opens: {after_poll: BOAT, before_days: 1}",
        "polls.BOAT.opens.before_days",
        "has no meaning with after_poll",
    ),
    "days_of_no_gathering": (
        POLLS,
        'options: ["The red one", "The blue one"]',
        "options_from: events.candidate_dates",
        "polls.BOAT.options_from",
        "spring has no gathering whose day a village chooses",
    ),
    "a_line_twice": (
        POLLS,
        "days: 5",
        "days: 5\n    series: [Sail, Sail]",
        "polls.BOAT.series.1",
        "is the same line twice",
    ),
    "named_twice": (
        POLLS,
        "voters: [villager]",
        "voters: [villager, villager]",
        "polls.BOAT.voters.1",
        "villager stands here twice",
    ),
    "no_window_to_pick_from": (
        HEAD,
        "add: [link]",
        "add: [pick_date]",
        "reminders.circle.day.add",
        "C1 uses this reminder, but has no window",
    ),
}

FORM = {
    "schema": (HEAD, "id: harbour", "id: harbour\nschema: 2", "schema", "must be 1"),
    "programme_id": (HEAD, "id: harbour", "id: har bour", "id", NO_ID),
    "reminder_id": (HEAD, "id: hour,", 'id: "",', "reminders.circle.1.id", NO_ID),
    "meeting_id": (CAL, "- id: C2", '- id: "C:2"', "village_circles.C:2.id", NO_ID),
    "long_id": (CAL, "- id: C2", f"- id: {'C' * 31}", f"village_circles.{'C' * 31}.id", NO_ID),
    "time_as_a_number": (
        CAL,
        'time: "11:00"',
        "time: 11",
        "events.REGATTA.at.time",
        'must be a time of day in quotation marks, such as "10:00"',
    ),
    "time_with_a_zone": (HEAD, '"09:30"\n', '"09:30Z"\n', "rules.newsletter_time", "must be a time of day"),
    "time_of_all_circles": (HEAD, '"18:30"', '"28:30"', "circle_defaults.village.time", "valid time format"),
    "key_of_all_circles": (
        HEAD,
        "village: {minutes: 60",
        "village: {colour: red, minutes: 60",
        "circle_defaults.village.colour",
        "is not a known key",
    ),
    "kind_of_all_circles": (
        HEAD,
        "circle_defaults:",
        "circle_defaults:\n  cat: {}",
        "circle_defaults.cat",
        "is no kind of circle",
    ),
    "at_and_default": (
        CAL,
        _REGATTA,
        f"{_REGATTA}\n    default{_REGATTA[2:]}",
        "events.REGATTA",
        "needs either at, or a window with a default",
    ),
    "default_without_window": (
        CAL,
        _REGATTA,
        f"default{_REGATTA[2:]}",
        "events.REGATTA",
        "needs either at, or a window with a default",
    ),
    "scope_of_a_circle": (
        CAL,
        "title: Wind",
        "title: Wind\n    scope: cohort",
        "village_circles.C2.scope",
        "cannot be given to a study circle",
    ),
    "head_with_a_body": (FIRST, "next_steps:", "body: Hi\nnext_steps:", "body", "is not a known key"),
    "list_wanted": (CAL, "audience: [public]", "audience: public", "events.REGATTA.audience", "must be a list"),
}  # fmt: skip
ELSEWHERE = {  # where the fault stands when it is not where the change was
    "nothing_to_sign_up_for": (HEAD, "village: {minutes: 60"),
    "goal_missing": (GOALS, "global_goals:"),
    "lead_missing": (HEAD, "newsletter_lead_days:"),
    "phase_number": (CAL, "number: -1"),
    "phase_in_a_phase": (CAL, '"11-30"}'),
    "milestone_of_another_phase": (CAL, "milestones: [S-1]"),
    "poll_of_another_phase": (POLLS, OPENS),
    "gate_of_another_kind": (CAL, "gate: S-2"),
    "gate_of_no_phase": (MILES, "kind: gate"),
    "poll_with_each_circle": (POLLS, "phase: spring"),
    "kind_of_all_circles": (HEAD, "cat: {}"),
    "at_and_default": (CAL, "id: REGATTA"),
    "default_without_window": (CAL, "id: REGATTA"),
    "window_week_0": (CAL, "window:"),
    "head_with_a_body": (FIRST, "body: Hi"),
}


def faults_of(folder: Folder) -> list[Fault]:
    try:
        return folder.faults()
    except ContentError as error:
        return error.faults


def the_only_fault(folder: Folder) -> Fault:
    found = faults_of(folder)
    assert len(found) == 1, "\n".join(map(str, found))
    return found[0]


@pytest.mark.parametrize("name", [*NUMBERS, *NAMES, *TIES, *FORM])
def test_a_single_fault_is_named_by_file_line_and_key(folder: Folder, name: str) -> None:
    file, old, new, key, problem = (NUMBERS | NAMES | TIES | FORM)[name]
    folder.change(file, old, new)
    file, where = ELSEWHERE.get(name, (file, new.strip("\n").split("\n")[-1]))
    found = [fault for fault in faults_of(folder) if fault.key == key and problem in fault.problem]
    assert [(fault.file, fault.line) for fault in found][:1] == [(file, folder.line(file, where))]


def test_a_decision_that_leads_nowhere_is_named(folder: Folder) -> None:
    folder.change(DECISIONS, ", milestone: S-1", "")
    folder.change(MILES, "decision: NAME, ", "")
    line = folder.line(DECISIONS, "id: NAME")
    assert str(the_only_fault(folder)).startswith(
        f"{DECISIONS}:{line}: decisions.NAME: leads to no milestone"
    )


@pytest.mark.parametrize("name", ["newsletters/third.md", "texts/en/more.yml"])
def test_a_file_that_nobody_reads_is_named(folder: Folder, name: str) -> None:
    folder.write(name, "hi: there\n")
    fault = the_only_fault(folder)
    assert (fault.file, fault.line) == (name, 1) and "is not read: its name must end in" in fault.problem


@pytest.mark.parametrize("head", ["- a", "hello"])
def test_a_letter_whose_head_holds_no_keys_is_named(folder: Folder, head: str) -> None:
    folder.write(FIRST, f"---\n{head}\n---\nHi\n")
    fault = the_only_fault(folder)
    assert str(fault) == f"{FIRST}:1: (file): must hold keys and their values"


def test_an_empty_letter_is_named(folder: Folder) -> None:
    text = (folder.path / FIRST).read_text("utf-8")
    folder.write(FIRST, text[: text.index("\n---\n") + 5])
    assert (the_only_fault(folder).file, the_only_fault(folder).problem) == (FIRST, EMPTY)


def test_a_text_without_words_is_named(folder: Folder) -> None:
    folder.supplies = {
        "post.day_before": frozenset({"title", "starts_at"}),
        "post.hour_before": frozenset({"title"}),
    }
    folder.supplies["hello"] = frozenset()
    folder.change("texts/en/all.yaml", "post:", "hello:\npost:")
    line = folder.line("texts/en/all.yaml", "hello:")
    assert (
        str(the_only_fault(folder)) == f"texts/en/all.yaml:{line}: hello: must be a text in quotation marks"
    )


@pytest.mark.parametrize("name", [CAL, FIRST, "dictionary/words.txt"])
def test_a_line_that_is_not_utf8_is_named(folder: Folder, name: str) -> None:
    folder.write("tone.yaml", "dictionary: en\n")
    folder.write("dictionary/en.aff", "SET UTF-8\n")
    folder.write("dictionary/en.dic", "1\nx\n")
    path = folder.path / name
    before = path.read_bytes() if path.exists() else b""
    path.write_bytes(b"---\nx: \xe6\n" + before)
    fault = the_only_fault(folder)
    assert str(fault) == f"{name}:2: (text): is not UTF-8: save the file as UTF-8"


def test_what_notepad_puts_before_a_file_does_no_harm(folder: Folder) -> None:
    for name in (CAL, FIRST):
        path = folder.path / name
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert folder.faults() == []
