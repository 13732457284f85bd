"""Read a list of villages from a spreadsheet's CSV file: its rows, or every fault by line and column.

Knows nothing of the database. The column names and status words are the file format's own; everything it
says is English, for operators.
"""

import codecs
import csv
import io
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.content.source import Fault

MUNICIPALITY, VILLAGE = "kommune", "landsby"
LOCAL_COUNCIL, CONTACT, GROUP, STATUS = "lokalråd", "kontaktperson", "koordinatorgruppe", "status"
COLUMNS = (MUNICIPALITY, VILLAGE, LOCAL_COUNCIL, CONTACT, GROUP, STATUS)
REQUIRED = (MUNICIPALITY, VILLAGE)
STATUSES = {"": False, "aftalt": False, "inviteret": True}  # the word: is the village only invited?
LONGEST = 70
FILE, ROW = "(file)", "(row)"
_SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SAVE_AS = "in Excel choose Save as, CSV UTF-8"
_PLAIN_CONTROLS = "\t\n\r"


@dataclass(frozen=True, slots=True)
class VillageRow:
    """One village of a list. In the last three texts None means "no such column", and "" means left empty."""

    line: int
    municipality: str
    village: str
    local_council: str | None = None
    contact_person: str | None = None
    coordinator_group: str | None = None
    invited: bool = False


class VillageListError(Exception):
    """The list holds faults, and nothing of it may be used; `faults` names file, line and column of each."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = sorted(set(faults))
        super().__init__("\n".join(str(fault) for fault in self.faults))


def name_key(name: str) -> str:
    """Return a name as it is compared: letter case, blanks and composed letters make no difference."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", " ".join(name.split())).casefold())


def read_village_list(path: Path) -> list[VillageRow]:
    """Read the villages of a CSV file. Raises VillageListError listing every fault."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise VillageListError([Fault(str(path), 1, FILE, f"cannot be read: {error.strerror}")]) from None
    return parse_village_list(data, str(path))


def parse_village_list(data: bytes, file: str = "villages.csv") -> list[VillageRow]:
    """Read the villages of a CSV file's bytes. Raises VillageListError listing every fault."""
    text = _decoded(data, file)
    separator = max(";,", key=lambda candidate: len(_headings(text, candidate) & set(COLUMNS)))
    if not _headings(text, separator) & set(COLUMNS) and any(_control(c) for c in text):
        raise VillageListError([Fault(file, 1, FILE, f"is not a text file: {_SAVE_AS}")])
    return _Reading(file).rows(text, separator)


def _decoded(data: bytes, file: str) -> str:
    problem = "is neither UTF-8 nor Windows-1252"
    if data.startswith(_SPREADSHEETS):
        problem = "is a spreadsheet, not CSV"
    elif data.startswith(_UTF16) or b"\0" in data:
        problem = "is not a text file"
    elif strays := list(_strays(data)):
        what = f"is not UTF-8, as the rest of the file is: {_SAVE_AS}"
        raise VillageListError([Fault(file, line, ROW, what) for line in strays])
    else:
        for encoding in ("utf-8-sig",) if data.startswith(codecs.BOM_UTF8) else ("utf-8", "cp1252"):
            try:
                text = data.decode(encoding)
            except UnicodeDecodeError:
                continue
            if text.strip():
                return text
            raise VillageListError([Fault(file, 1, FILE, "is empty")])
    raise VillageListError([Fault(file, 1, FILE, f"{problem}: {_SAVE_AS}")])


def _strays(data: bytes) -> Iterator[int]:
    """Yield each line that is not UTF-8 in a file that is: read as Windows-1252, it would garble all other names."""
    is_utf8 = {number: _is_utf8(line) for number, line in enumerate(data.splitlines(), start=1)}
    if data.startswith(codecs.BOM_UTF8) or True in is_utf8.values():
        yield from (number for number, good in is_utf8.items() if good is False)


def _is_utf8(line: bytes) -> bool | None:
    """Tell whether a line is written in UTF-8; None when it has only letters that look alike in every encoding."""
    if line.isascii():
        return None
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _headings(text: str, separator: str) -> set[str]:
    """Return the first line's cells under a separator; csv.Sniffer guesses wrong on names with commas."""
    _, cells = next(_records(text, separator), (1, []))
    return set() if isinstance(cells, str) else {name_key(cell) for cell in cells}


def _records(text: str, separator: str) -> Iterator[tuple[int, list[str] | str]]:
    """Yield each record that is not blank with the line it begins on; of one that is not CSV, what is wrong.

    After such a record the reading goes on with the line below the one it begins on.
    """
    lines = list(io.StringIO(text, newline=""))
    first = 0
    while first < len(lines):
        reader = csv.reader(lines[first:], delimiter=separator, strict=True)
        begins = first
        try:
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield begins + 1, cells
                begins = first + reader.line_num
            return
        except csv.Error as error:
            never_closed = "unexpected end of data" in str(error)
            problem = "an opening quotation mark is never closed" if never_closed else f"is not CSV: {error}"
            yield begins + 1, problem
            first = begins + 1


def _control(character: str) -> bool:
    """Tell whether a character is invisible or unassigned: it would make two names that look the same."""
    return unicodedata.category(character).startswith("C") and character not in _PLAIN_CONTROLS


class _Reading:
    """One file being read; collects its faults."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._faults: list[Fault] = []
        self._seen: dict[tuple[str, str], int] = {}

    def rows(self, text: str, separator: str) -> list[VillageRow]:
        columns: list[str] | None = None
        found: list[VillageRow] = []
        for line, cells in _records(text, separator):
            if isinstance(cells, str):
                self._fault(line, ROW, cells)
                if columns is None:  # without headings nothing can be told of the rows
                    break
            elif columns is None:
                columns = self._columns(line, cells)
            else:
                found.append(self._row(line, columns, cells))
        if columns is None and not self._faults:
            self._fault(1, FILE, "is empty")
        if columns is not None and not found and not self._faults:
            self._fault(1, FILE, "has a line of headings, but no village")
        if self._faults:
            raise VillageListError(self._faults)
        return found

    def _fault(self, line: int, column: str, problem: str) -> None:
        self._faults.append(Fault(self._file, line, column, problem))

    def _columns(self, line: int, cells: list[str]) -> list[str]:
        names = [name_key(cell) for cell in cells]
        for index, name in enumerate(names):
            if name and name not in COLUMNS:
                self._fault(line, name, f"is not a known column ({', '.join(COLUMNS)})")
            elif name and name in names[:index]:
                self._fault(line, name, "is the same column twice")
        for name in REQUIRED:
            if name not in names:
                self._fault(line, name, "the column is missing")
        return names

    def _row(self, line: int, columns: list[str], cells: list[str]) -> VillageRow:
        for index, cell in enumerate(cells):
            if cell.strip() and (index >= len(columns) or not columns[index]):
                self._fault(line, ROW, f"the text in place {index + 1} stands under no heading")
        padded = [*cells, *[""] * (len(columns) - len(cells))]
        present = [name for name in COLUMNS if name in columns]
        values = {name: self._cell(line, name, padded[columns.index(name)]) for name in present}
        status = values.get(STATUS, "").casefold()
        if status not in STATUSES:
            known = " or ".join(f'"{word}"' for word in STATUSES if word)
            self._fault(line, STATUS, f'"{values[STATUS]}" is not known: leave it empty, or write {known}')
        municipality, village = values.get(MUNICIPALITY, ""), values.get(VILLAGE, "")
        key = name_key(municipality), name_key(village)
        if all(key) and self._seen.setdefault(key, line) != line:
            self._fault(line, VILLAGE, f"{village} in {municipality} is on line {self._seen[key]} already")
        return VillageRow(line, municipality, village, values.get(LOCAL_COUNCIL), values.get(CONTACT),
                          values.get(GROUP), STATUSES.get(status, False))  # fmt: skip

    def _cell(self, line: int, column: str, cell: str) -> str:
        for character in sorted({c for c in cell if _control(c)}):
            self._fault(line, column, f"holds an invisible or control character (U+{ord(character):04X})")
        value = unicodedata.normalize("NFC", " ".join(cell.split()))
        if column in REQUIRED and not value:
            self._fault(line, column, "is empty")
        if len(value) > LONGEST:
            self._fault(line, column, f"has {len(value)} characters; at most {LONGEST} fit on Discord")
        if value and column in (*REQUIRED, GROUP) and not any(c.isalnum() for c in value):
            self._fault(line, column, f'no channel name can be made from "{value}": it has no letters')
        return value
