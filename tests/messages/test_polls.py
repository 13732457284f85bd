"""What people read about polls and decisions, built from plain data."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from bot.discord_render import arguments, custom_id
from bot.domain.ballots import STEP_BY_STEP, Majority
from bot.domain.ballots import Kind as PollKind
from bot.domain.decisions import DecisionPage, DecisionView, Details, Kind, Objection, Rights, Status
from bot.domain.poll_view import AnswerView, PollView, Receipt
from bot.domain.polls import Shown
from bot.domain.programme_rules import SecretResults
from bot.messages import decision_list, decisions, poll_drafts, poll_results, polls
from bot.messages.ballot_steps import ballot_step
from bot.messages.message import Message
from bot.messages.texts import Texts
from tests.support.world import loaded

CONTENT = loaded()
PROGRAMME = CONTENT.programme
TEXTS = Texts(CONTENT.texts, CONTENT.programme.language, CONTENT.programme.timezone)
RULES = SecretResults(show_from_votes=5, numbers_from_votes=10)
OPEN = PollView(
    id=7,
    place_key="village:1",
    question="Skal vi købe et telt?",
    answers=(AnswerView(1, "Ja", 0, 1), AnswerView(2, "Nej", 0, 1)),
    secret=False,
    binding=False,
    pick=1,
    quorum=None,
    voters=("steering",),
    state="open",
    opens_at=datetime(2027, 10, 27, 8, tzinfo=UTC),
    closes_at=datetime(2027, 11, 3, 9, tzinfo=UTC),
    turnout=0,
    entitled=6,
    shown=Shown.NUMBERS,
)
SECRET = replace(OPEN, secret=True, shown=Shown.NOTHING, answers=(AnswerView(1, "Ja"), AnswerView(2, "Nej")))
CLOSED = replace(
    OPEN,
    state="closed",
    turnout=5,
    answers=(AnswerView(1, "Ja", 3, 1), AnswerView(2, "Nej", 2, 2)),
    winners=(1,),
)

PAPER = ("hand_board", (7,))


def actions(message: Message) -> list[tuple[str, tuple[int | str, ...]]]:
    return [(button.action, button.args) for button in message.buttons]


def result(view: PollView) -> str:
    return poll_results.poll_result(TEXTS, view, RULES).text


def test_an_open_poll_has_a_button_for_each_answer_and_one_for_secrecy() -> None:
    message = polls.poll_open(TEXTS, OPEN)
    assert actions(message) == [("vote", (7, 1)), ("vote", (7, 2)), ("poll_secret", (7,)), PAPER]
    assert "onsdag den 3. november kl. 10.00" in message.text
    assert message.text.startswith("**Skal vi købe et telt?**\nStyregruppen kan stemme.")


def test_a_secret_poll_has_no_button_for_secrecy_and_warns_of_what_all_can_guess() -> None:
    message = polls.poll_open(TEXTS, replace(SECRET, turnout=3))
    assert actions(message) == [("vote", (7, 1)), ("vote", (7, 2)), PAPER]
    assert "hemmelig" in message.text and "regne det ud" in message.text
    assert "Indtil nu har 3 stemt" in message.text and "Ja:" not in message.text


def test_running_totals_stand_under_an_open_poll_once_somebody_has_voted() -> None:
    voted = replace(OPEN, turnout=2, answers=(AnswerView(1, "Ja", 2, 1), AnswerView(2, "Nej", 0, 2)))
    message = polls.poll_open(TEXTS, voted)
    assert "- Ja: 2" in message.text and "poll_secret" not in [name for name, _ in actions(message)]


@pytest.mark.parametrize(
    ("pick", "most", "words"), [(2, 2, "op til 2 svar"), (0, 3, "alle de svar, der passer")]
)
def test_several_answers_are_chosen_in_one_menu(pick: int, most: int, words: str) -> None:
    three = tuple(AnswerView(n, f"Svar {n}", 0, 1) for n in (1, 2, 3))
    message = polls.poll_open(TEXTS, replace(OPEN, pick=pick, answers=three))
    (menu,) = message.menus
    assert (menu.action, menu.args, menu.at_most) == ("vote_many", (7,), most)
    assert [choice.value for choice in menu.choices] == ["1", "2", "3"]
    assert words in message.text and "- Svar 2" in message.text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"binding": True, "quorum": "half", "yes_no": True},
            "mindst halvdelen stemmer, og flere siger ja end nej",
        ),
        ({"binding": True, "quorum": "half"}, "hvis mindst halvdelen stemmer"),
        ({"binding": True}, "Det, flest vælger, kommer til at gælde"),
        ({"binding": True, "yes_no": True}, "Det bliver vedtaget, hvis flere siger ja end nej."),
        (
            {"binding": True, "quorum": "10", "majority": Majority.ENTITLED},
            "hvis mindst 10 personer stemmer, og mere end halvdelen af alle, der kan stemme, vælger det",
        ),
        (
            {"binding": True, "quorum": "half", "yes_no": True, "majority": Majority.ENTITLED},
            "vedtaget, hvis mere end halvdelen af alle",
        ),
    ],
)
def test_a_binding_poll_says_in_a_sentence_what_it_takes_to_decide(
    changes: dict[str, object], words: str
) -> None:
    assert words in polls.poll_open(TEXTS, replace(OPEN, **changes)).text  # type: ignore[arg-type]
    assert "gælde" not in polls.poll_open(TEXTS, OPEN).text


def test_a_result_tells_the_winner_the_numbers_and_offers_to_write_the_decision_down() -> None:
    message = poll_results.poll_result(TEXTS, CLOSED, RULES)
    for words in (
        "5 har stemt",
        "Flest valgte: Ja.",
        "- Ja: 3",
        "- Nej: 2",
        "Styregruppen tager resultatet med",
    ):
        assert words in message.text
    assert actions(message) == [("decide", (7,)), PAPER]


def test_equal_answers_are_all_named() -> None:
    assert "Lige mange valgte: Ja, Nej." in result(replace(CLOSED, winners=(1, 2)))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"quorum_met": False, "adopted": False}, "ikke stemmer nok til at beslutte"),
        ({"adopted": True}, "Det er vedtaget"),
        ({"adopted": False}, "ikke vedtaget denne gang"),
        ({}, "Det gælder fra nu af"),
        ({"winners": (1, 2)}, "tager resultatet med"),
    ],
)
def test_a_binding_result_says_what_follows_from_it(changes: dict[str, object], words: str) -> None:
    view = replace(CLOSED, binding=True, quorum="half", **changes)  # type: ignore[arg-type]
    assert words in result(view) and "5 af 6 har stemt" in result(view)


def test_a_secret_result_with_few_votes_tells_no_answer_and_offers_no_decision() -> None:
    message = poll_results.poll_result(TEXTS, replace(SECRET, state="closed", turnout=4), RULES)
    assert "Færre end 5 har stemt" in message.text
    assert not message.buttons and "Ja" not in message.text and "4" not in message.text


def test_a_secret_result_with_some_votes_tells_the_ranking_and_no_numbers() -> None:
    ranked = (AnswerView(1, "Ja", None, 2), AnswerView(2, "Nej", None, 1))
    text = result(replace(CLOSED, secret=True, shown=Shown.RANKING, turnout=7, answers=ranked, winners=(2,)))
    assert text.index("- Nr. 1: Nej") < text.index("- Nr. 2: Ja")
    assert "Færre end 10 har stemt, så jeg viser kun rækkefølgen" in text


def test_a_unanimous_secret_result_says_that_the_answers_can_be_worked_out() -> None:
    same = (AnswerView(1, "Ja", 12, 1), AnswerView(2, "Nej", 0, 2))
    view = replace(CLOSED, secret=True, turnout=12, answers=same, unanimous=True)
    assert "Alle valgte det samme" in result(view)
    assert "Alle valgte det samme" not in result(replace(view, secret=False))


def test_nobody_voting_is_no_reproach() -> None:
    empty = replace(CLOSED, turnout=0, winners=(), answers=OPEN.answers)
    assert "Ingen nåede at stemme denne gang" in result(empty)
    assert actions(poll_results.poll_result(TEXTS, empty, RULES)) == [PAPER]


def test_a_pulse_is_short_and_its_result_offers_no_decision() -> None:
    message = polls.pulse(TEXTS, replace(SECRET, pulse=True))
    assert len(message.text) < 170 and len(message.buttons) == 2
    assert not poll_results.poll_result(TEXTS, replace(CLOSED, pulse=True), RULES).buttons


def test_the_reminder_is_silent_and_names_nobody() -> None:
    message = polls.poll_reminder(TEXTS, replace(OPEN, turnout=4))
    assert "4 af 6 har stemt" in message.text
    assert message.silent and actions(message) == [("vote", (7, 1)), ("vote", (7, 2))]


def test_answers_are_asked_for_with_a_button_and_a_form() -> None:
    view = replace(OPEN, answers=(), state="waiting", most_answers=5, days=7)
    message = polls.options_wanted(TEXTS, view)
    assert actions(message) == [("write_options", (7,))] and "skriv 2 til 5 svar" in message.text
    form = polls.options_form(TEXTS, view)
    assert (form.action, form.args, form.fields[0].long) == ("write_options", (7,), True)


def test_a_receipt_says_what_was_chosen_and_until_when_it_can_be_changed() -> None:
    text = polls.receipt(TEXTS, Receipt(PollKind.CHOICE, (("Ja", 1), ("*Nej*", 1)), OPEN.closes_at)).text
    assert "Du valgte: Ja, \\*Nej\\*." in text and "onsdag den 3. november kl. 10.00" in text


def test_what_people_write_is_shown_as_written() -> None:
    rude = replace(
        OPEN, question="**Stor** [link](x) <@1>", answers=(AnswerView(1, "a_b_c" * 16, 0, 1), OPEN.answers[1])
    )
    message = polls.poll_open(TEXTS, rude)
    assert "\\*\\*Stor\\*\\* \\[link\\](x) \\<@1\\>" in message.text
    assert message.buttons[0].label == "a_b_c" * 16


DECISION = DecisionView(
    id=3,
    number=2,
    place_key="village:1",
    place_name="Sønder Ørslev",
    kind=Kind.DECISION,
    title="Vi køber et telt",
    text="Vi køber et telt til festen.",
    how="Alle var enige",
    decided_on=date(2027, 10, 26),
    recorded_by="steering_secretary",
    recorded_at=datetime(2027, 10, 27, 9, tzinfo=UTC),
    ref="SØND-2027-002",
)
OBJECTION = Objection(DECISION.recorded_at, "Det var et lejet telt. " * 13, answered=False)
FULL = Details(
    "steering", date(2027, 11, 1), date(2028, 1, 1), (1, 2, 3, 4, 5), "Fordi. " * 140,
    tuple(f"https://example.org/{n}/" + "x" * 175 for n in range(5)),
)  # fmt: skip
REPLACED = replace(
    DECISION, replaced_by="SØND-2027-004", replaced_kind=Kind.CORRECTION, status=Status.CORRECTED
)
ALL = Rights(record=True, object=True, finish=True)


def test_a_decision_is_told_with_its_number_title_and_day() -> None:
    text = decisions.decision_saved(TEXTS, DECISION).text
    for words in (
        "SØND-2027-002",
        "Sønder Ørslev har besluttet »Vi køber et telt« tirsdag den 26. oktober",
        "Er det rigtigt forstået?",
        "senest fredag den 29. oktober kl. 11.00",
    ):
        assert words in text
    group = decisions.decision_saved(TEXTS, replace(DECISION, place_key="group:1"))
    assert "Sønder Ørslev" not in group.text and actions(group)[0] == ("decision_object", (3,))


@pytest.mark.parametrize(
    ("kind", "words"), [(Kind.CORRECTION, "er rettet"), (Kind.WITHDRAWAL, "er trukket tilbage")]
)
def test_a_decision_that_replaces_another_names_it(kind: Kind, words: str) -> None:
    text = decisions.decision_saved(
        TEXTS, replace(DECISION, kind=kind, ref="SØND-2027-005", replaces="SØND-2027-002")
    ).text
    assert f"Beslutning SØND-2027-002 {words}" in text and "SØND-2027-005" in text


def test_the_register_opens_a_decision_from_a_menu_and_turns_its_pages() -> None:
    page = DecisionPage("village:1", "Sønder Ørslev", (DECISION, REPLACED), 2, 3, 12, "telt")
    message = decision_list.decision_list(TEXTS, page)
    assert actions(message) == [
        ("decision_page", (1, "telt")),
        ("decision_page", (3, "telt")),
        ("decision_standing", ()),
    ]
    assert [choice.value for choice in message.menus[0].choices] == ["3", "3"]
    assert "Rettet: Se SØND-2027-004." in message.text and "Side 2 af 3" in message.text


def test_an_empty_register_and_a_search_without_luck_say_what_to_do() -> None:
    empty = DecisionPage("village:1", "Sønder Ørslev", (), 1, 1, 0)
    assert "referent" in decision_list.decision_list(TEXTS, empty).text
    begin = decision_list.decision_list(TEXTS, empty, may_record=True).buttons[0]
    assert (begin.label, begin.action) == ("Skriv en beslutning ned", "decision_begin")
    assert "»telt«" in decision_list.decision_list(TEXTS, replace(empty, search="telt")).text
    above = replace(empty, place_key="group:1", place_name="Koordinatorer")  # their villages have some
    assert [action for action, _ in actions(decision_list.decision_list(TEXTS, above))] == [
        "decision_standing"
    ]


def test_a_decision_offers_what_its_reader_may_do_with_it() -> None:
    assert [action for action, _ in actions(decisions.decision_full(TEXTS, PROGRAMME, DECISION, ALL))] == [
        "decision_object", "decision_done", "decision_correct", "decision_withdraw",
        "decision_follow_up", "decision_goals", "decision_background",
    ]  # fmt: skip
    final = replace(DECISION, status=Status.FINAL, final_at=DECISION.open_until)
    minute_taker = Rights(record=True)
    assert [
        action for action, _ in actions(decisions.decision_full(TEXTS, PROGRAMME, final, minute_taker))
    ] == [
        "decision_correct",
        "decision_withdraw",
    ]
    assert not decisions.decision_full(TEXTS, PROGRAMME, DECISION, Rights()).buttons


def test_the_longest_page_fits_a_discord_message() -> None:
    longest = replace(REPLACED, title="x" * 100, ref="SØND-2027-100", replaced_by="SØND-2027-101")
    page = DecisionPage("village:1", "x" * 70, (longest,) * 5, 2, 3, 12, "y" * 60)
    assert len(decision_list.decision_list(TEXTS, page).text) <= 2000
    worst = replace(longest, text="x" * 4000, how="x" * 1000, objections=(OBJECTION,) * 9, details=FULL)
    shown = decisions.decision_full(TEXTS, PROGRAMME, worst, ALL).text
    assert 900 < len(shown) <= 2000 and shown.endswith("Rettet: Se SØND-2027-101.")


@pytest.mark.parametrize("letter", ["x", "*"])  # a star is escaped, so it takes two characters
@pytest.mark.parametrize("winners", [1, 3, 10])
def test_the_longest_poll_fits_a_discord_message_and_its_buttons_keep_the_whole_answer(
    letter: str, winners: int
) -> None:
    many = tuple(AnswerView(n, letter * 80, 10, 1) for n in range(1, 11))
    view = replace(
        OPEN, question=letter * 300, answers=many, binding=True, quorum="half", yes_no=True, turnout=10
    )
    for pick in (0, 1):
        message = polls.poll_open(TEXTS, replace(view, pick=pick))
        assert len(message.text) <= 2000
        labels = [b.label for b in message.buttons if b.action != PAPER[0]] + [
            c.label for menu in message.menus for c in menu.choices
        ]
        assert set(labels) == {letter * 80}
    ties = tuple(range(1, winners + 1))
    assert len(result(replace(view, state="closed", winners=ties, quorum_met=False))) <= 2000


@pytest.mark.parametrize("search", ["19:30", "bænk, nr. 2", "50 % af: a,b,c", ":,%" * 20])
def test_whatever_is_searched_for_the_pages_can_be_turned(search: str) -> None:
    page = DecisionPage("village:1", "Fensby", (DECISION,), 1, 2, 6, search)
    older, _ = decision_list.decision_list(TEXTS, page).buttons
    custom = custom_id(older.action, older.args)
    number, found = arguments(custom.split(":")[2])
    assert (number, search.startswith(str(found)), len(custom) <= 100) == (2, True, True)
    assert found == search or len(search) > 40


def test_a_decision_of_signs_that_must_be_escaped_can_be_shown() -> None:
    view = replace(
        DECISION, text="_" * 4000, title="*" * 100, how="_" * 1000,
        objections=(replace(OBJECTION, words="_" * 300),) * 9, details=replace(FULL, background="ab_ " * 1000),
    )  # fmt: skip
    shown = decisions.decision_full(TEXTS, PROGRAMME, view, ALL)
    assert 500 < len(shown.text) <= 2000 and shown.buttons[0].action == "decision_whole"
    whole = decisions.decision_whole(TEXTS, view)
    assert all(len(part.text) <= 2000 for part in whole) and not [p for p in whole if p.text.startswith("_")]
    bare = "".join("".join(part.text for part in whole).split())
    assert bare.count("\\_") == 6000 and bare.endswith("ab\\_")
    short = decisions.decision_full(TEXTS, PROGRAMME, DECISION, ALL)
    assert "decision_whole" not in [button.action for button in short.buttons]


LONG = tuple(AnswerView(n, f"{n:02d} " + "ø" * 77, 1, n, 1) for n in range(1, 26))


@pytest.mark.parametrize("kind", list(PollKind))
def test_every_message_about_a_poll_of_25_long_answers_fits(kind: PollKind) -> None:
    many = 2 if kind in (PollKind.YES_NO, PollKind.CONSENT) else 25
    pick = 1 if many == 2 else 0
    view = replace(OPEN, id=9_999_999, kind=kind, question="?" * 300, answers=LONG[:many], pick=pick, points=20,
                   turnout=5, binding=True, quorum="half")  # fmt: skip
    over = replace(view, state="closed", winners=(1,), reasons=("*" * 300,) * 7)
    receipt = Receipt(kind, tuple((answer.text, 1) for answer in view.answers), OPEN.closes_at)
    messages = [
        polls.poll_open(TEXTS, view), polls.poll_reminder(TEXTS, view), polls.receipt(TEXTS, receipt),
        poll_results.poll_result(TEXTS, over, RULES), poll_drafts.draft(TEXTS, replace(view, state="draft")),
    ]  # fmt: skip
    if kind in STEP_BY_STEP:
        said = {PollKind.RATING: "a" * 24, PollKind.RANKED: "abcdefghijklmnopqrstuvw"}.get(kind, "y" * 19)
        messages += [ballot_step(TEXTS, view, ""), ballot_step(TEXTS, view, said)]
    for message in messages:
        assert 0 < len(message.text) <= 2000
        rows = len(message.menus) + -(-len(message.buttons) // 5)
        assert rows <= 5 and all(len(menu.choices) <= 25 for menu in message.menus)
        for action, args in [*actions(message), *((menu.action, menu.args) for menu in message.menus)]:
            custom_id(action, args, 99_999_999)


@pytest.mark.parametrize("kind", [PollKind.POINTS, PollKind.RATING, PollKind.RANKED, PollKind.DATES])
def test_equal_answers_do_not_come_to_apply(kind: PollKind) -> None:
    equal = replace(CLOSED, kind=kind, pick=0, binding=True, winners=(1, 2), turnout=4)
    assert "Styregruppen tager resultatet med" in result(equal)
    assert "Det gælder fra nu af" in result(replace(equal, winners=(1,)))


def test_the_form_of_a_draft_begins_with_what_it_says_now() -> None:
    answers = (AnswerView(1, "Tirsdag den 26. oktober kl. 19.00", written="26-10-2027 kl. 19.00"),)
    view = replace(OPEN, state="draft", kind=PollKind.DATES, answers=answers)
    form = poll_drafts.draft_form(TEXTS, view.kind, view)
    assert [field.value for field in form.fields] == [view.question, "26-10-2027 kl. 19.00", "7"]
    assert form.args == ("dates", 7) and all(len(field.label) <= 45 for field in form.fields)
