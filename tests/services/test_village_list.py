"""A list of villages comes from a spreadsheet: whatever Excel makes of it is read, and every fault is named."""

import csv
import io
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.services.village_list import (
    LONGEST,
    VillageListError,
    VillageRow,
    name_key,
    parse_village_list,
    read_village_list,
)
from tests.support.world import CONTENT

TWO = "kommune;landsby\r\nNæstved;Sønder Ørslev\r\nAabenraa;Åbøl-Skov\r\n"
TWO_ROWS = [VillageRow(2, "Næstved", "Sønder Ørslev"), VillageRow(3, "Aabenraa", "Åbøl-Skov")]


def faults_of(data: str | bytes) -> list[str]:
    with pytest.raises(VillageListError) as caught:
        parse_village_list(data.encode() if isinstance(data, str) else data, "v.csv")
    return [f"{fault.line} {fault.key}: {fault.problem}" for fault in caught.value.faults]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("separator", [";", ","])
@pytest.mark.parametrize("ending", ["\r\n", "\n", "\r"])
def test_what_excel_saves_is_read(encoding: str, separator: str, ending: str) -> None:
    text = TWO.replace(";", separator).replace("\r\n", ending)
    assert parse_village_list(text.encode(encoding)) == TWO_ROWS


def test_columns_stand_in_any_order_in_any_case_with_blanks_around() -> None:
    text = " Status ; LANDSBY;Lokalråd; Kommune;kontaktperson;Koordinatorgruppe\n AFTALT ;Fensby;;Næstved; Ib ;Syd"
    assert parse_village_list(text.encode()) == [
        VillageRow(2, "Næstved", "Fensby", local_council="", contact_person="Ib", coordinator_group="Syd")
    ]


def test_an_invited_village_is_told_from_an_agreed_one() -> None:
    text = "kommune,landsby,status\nA,B,inviteret\nA,C,Inviteret\nA,D,aftalt\nA,E,\nA,F"
    rows = parse_village_list(text.encode())
    assert [row.invited for row in rows] == [True, True, False, False, False]


def test_a_comma_in_a_name_does_not_make_it_a_comma_file() -> None:
    text = "kommune;landsby;lokalråd\nA;B;Ole, Ida, Per, Bo og alle de andre, der er med"
    assert (
        parse_village_list(text.encode())[0].local_council == "Ole, Ida, Per, Bo og alle de andre, der er med"
    )


def test_names_are_trimmed_composed_and_set_in_one_line() -> None:
    decomposed = unicodedata.normalize("NFD", "Åbøl  Ørslev")
    rows = parse_village_list(f'kommune,landsby\n  A\u00a0 B ,"{decomposed}\r\nNord"'.encode())
    assert rows == [VillageRow(2, "A B", "Åbøl Ørslev Nord")]


def test_headings_may_be_written_with_combining_letters() -> None:
    heading = unicodedata.normalize("NFD", "lokalråd")
    assert parse_village_list(f"kommune;landsby;{heading}\nA;B;C".encode())[0].local_council == "C"


def test_line_numbers_are_those_of_the_file() -> None:
    text = 'kommune;landsby;lokalråd\r\n\r\nA;B;"to\r\nlinjer"\r\n;;\r\nA;;x\r\n   \r\nA;D;y\r\n'
    assert faults_of(text) == ["6 landsby: is empty"]
    rows = parse_village_list(text.replace("A;;x", "A;C;x").encode())
    assert [(row.line, row.village) for row in rows] == [(3, "B"), (6, "C"), (8, "D")]


def test_an_empty_last_column_is_no_fault_but_text_under_no_heading_is() -> None:
    assert parse_village_list(b"kommune;landsby;;\nA;B;;\n") == [VillageRow(2, "A", "B")]
    assert faults_of("kommune;landsby;\nA;B;C\nA;D;;E") == [
        "2 (row): the text in place 3 stands under no heading",
        "3 (row): the text in place 4 stands under no heading",
    ]


def test_every_fault_is_listed_with_line_and_column() -> None:
    text = (
        "kommune;landsby;borgmester;status\n"
        ";Fensby;;\n"
        f"Næstved;{'x' * (LONGEST + 1)};;\n"
        "Næstved;Ny\u200bby;;\n"
        "Næstved;!?;;\n"
        "Næstved;Hyby;;måske\n"
        "Næstved;Tærø;;\n"
        "NÆSTVED;tærø;;\n"
    )
    assert faults_of(text) == [
        "1 borgmester: is not a known column (kommune, landsby, lokalråd, kontaktperson, koordinatorgruppe, status)",
        "2 kommune: is empty",
        f"3 landsby: has {LONGEST + 1} characters; at most {LONGEST} fit on Discord",
        "4 landsby: holds an invisible or control character (U+200B)",
        '5 landsby: no channel name can be made from "!?": it has no letters',
        '6 status: "måske" is not known: leave it empty, or write "aftalt" or "inviteret"',
        "8 landsby: tærø in NÆSTVED is on line 7 already",
    ]


def test_a_name_at_the_limit_fits_and_a_name_of_digits_does() -> None:
    name = "ø" * LONGEST
    assert [r.village for r in parse_village_list(f"kommune;landsby\nA;{name}\nA;42".encode())] == [
        name,
        "42",
    ]


def test_a_village_may_have_a_namesake_in_another_municipality() -> None:
    assert len(parse_village_list(b"kommune;landsby\nA;Nyby\nB;Nyby")) == 2
    assert faults_of("kommune;landsby\nA;Nyby\nA;Nyby\na;NYBY") == [
        "3 landsby: Nyby in A is on line 2 already",
        "4 landsby: NYBY in a is on line 2 already",
    ]


def test_a_missing_or_doubled_column_is_named() -> None:
    assert faults_of("kommune\nNæstved") == ["1 landsby: the column is missing"]
    assert faults_of("\n\nlandsby;landsby\nA;B") == [
        "3 kommune: the column is missing",
        "3 landsby: is the same column twice",
    ]


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b"\r\n \r\n", b";", b";;\r\n ; ;\r\n"])
def test_an_empty_file_is_one_fault(data: bytes) -> None:
    assert faults_of(data) == ["1 (file): is empty"]


def test_headings_alone_are_no_list() -> None:
    assert faults_of("kommune;landsby\n;\n") == ["1 (file): has a line of headings, but no village"]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"PK\x03\x04\x14\x00\x06\x00kommune", "is a spreadsheet, not CSV"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "is a spreadsheet, not CSV"),
        ("kommune;landsby\nA;B".encode("utf-16"), "is not a text file"),
        (b"kommune;landsby\nA;\0B", "is not a text file"),
        (b"%PDF-1.7\n%\x01\x02\x03 obj", "is not a text file"),
        (b"kommune;landsby\nA;\x81", "is neither UTF-8 nor Windows-1252"),
    ],
)
def test_a_file_that_is_no_text_gives_one_clear_fault(data: bytes, problem: str) -> None:
    assert faults_of(data) == [f"1 (file): {problem}: in Excel choose Save as, CSV UTF-8"]


@pytest.mark.parametrize("ending", [b"\r\n", b"\n", b"\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_line_of_windows_letters_in_a_utf8_file_is_named_and_garbles_no_other(
    mark: bytes, ending: bytes
) -> None:
    good, bad = "Næstved;Sønder Ørslev".encode(), "Aabenraa;Åbøl".encode("cp1252")
    data = mark + ending.join([b"kommune;landsby", good, bad, b"A;B", bad + b"-Skov", good + b" By"])
    said = "(row): is not UTF-8, as the rest of the file is: in Excel choose Save as, CSV UTF-8"
    assert faults_of(data) == [f"3 {said}", f"5 {said}"]


def test_a_mark_of_utf8_is_believed_before_a_line_of_windows_letters() -> None:
    [fault] = faults_of(b"\xef\xbb\xbfkommune;landsby\nA;\xe6")
    assert fault.startswith("2 (row): is not UTF-8, as the rest of the file is")


def test_a_quotation_mark_left_open_is_pointed_at_together_with_all_other_faults() -> None:
    assert faults_of('kommune;landsby\n;B\nA;"C\nA;D\n;E\nA;D') == [
        "2 kommune: is empty",
        "3 (row): an opening quotation mark is never closed",
        "5 kommune: is empty",
        "6 landsby: D in A is on line 4 already",
    ]


def test_after_a_stray_quotation_mark_the_next_lines_are_read() -> None:
    assert faults_of('kommune;landsby\nA;"C"x\n;D\nA;"E\nB;"F"\nB;"G') == [
        "2 (row): is not CSV: ';' expected after '\"'",
        "3 kommune: is empty",
        "4 (row): is not CSV: ';' expected after '\"'",
        "6 (row): an opening quotation mark is never closed",
    ]


def test_a_quotation_mark_left_open_in_the_headings_is_the_only_fault() -> None:
    assert faults_of('kommune;"landsby\nA;B\n;C') == ["1 (row): an opening quotation mark is never closed"]


def test_a_file_that_is_not_there_is_a_fault_and_one_that_is_gets_read(tmp_path: Path) -> None:
    path = tmp_path / "villages.csv"
    with pytest.raises(VillageListError, match="cannot be read"):
        read_village_list(path)
    path.write_bytes(TWO.encode("cp1252"))
    assert read_village_list(path) == TWO_ROWS
    with pytest.raises(VillageListError, match="cannot be read"):
        read_village_list(tmp_path)


def test_the_example_list_holds_twelve_agreed_villages_and_a_pair_of_namesakes() -> None:
    rows = read_village_list(CONTENT / "demo" / "villages.csv")
    assert (len(rows), len({row.municipality for row in rows})) == (12, 3)
    assert len({row.village for row in rows}) == 11
    assert not any(row.invited for row in rows)
    letters = "".join(row.village for row in rows).casefold()
    assert set("æøå -") <= set(letters)


LETTERS = "abcxyzæøåÆØÅéüABC0189"
NAMES = st.text(LETTERS + " -,;'\"().&/", min_size=1, max_size=LONGEST).map(lambda s: " ".join(s.split())).filter(
    lambda s: any(c.isalnum() for c in s)
)  # fmt: skip
FREE = st.text(LETTERS + ' ,;"\n', max_size=40)
ENTRIES = st.lists(
    st.tuples(NAMES, NAMES, FREE, FREE, st.sampled_from(["", "aftalt", "Inviteret"])),
    min_size=1,
    max_size=8,
    unique_by=lambda entry: (name_key(entry[0]), name_key(entry[1])),
)


@given(
    entries=ENTRIES,
    separator=st.sampled_from(";,"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "cp1252"]),
    ending=st.sampled_from(["\r\n", "\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_what_is_written_is_what_is_read(
    entries: list[tuple[str, str, str, str, str]], separator: str, encoding: str, ending: str, quoting: int
) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator=ending, quoting=quoting)  # type: ignore[arg-type]
    writer.writerow(["kommune", "landsby", "lokalråd", "kontaktperson", "status"])
    writer.writerows(entries)
    rows = parse_village_list(out.getvalue().encode(encoding))
    read = [(r.municipality, r.village, r.local_council, r.contact_person, r.invited) for r in rows]
    assert read == [
        (m, v, " ".join(council.split()), " ".join(contact.split()), status == "Inviteret")
        for m, v, council, contact, status in entries
    ]


@given(st.binary(max_size=300))
def test_no_file_is_too_strange_to_be_answered(data: bytes) -> None:
    try:
        assert parse_village_list(data)
    except VillageListError as error:
        assert error.faults
