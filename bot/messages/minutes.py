"""Build a register as it is handed out: pages, a spreadsheet, or data. Labels are texts; what people wrote is kept raw."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.content.templates import Ready
from bot.domain.decisions import DecisionView, Kind, Link, Minutes, Status
from bot.domain.milestones import milestones_of
from bot.domain.programme import Programme
from bot.domain.register import BEGINNING
from bot.messages.decisions import titles_of
from bot.messages.menu_pages import on_page, prompt, turn_buttons
from bot.messages.message import Button, Choice, File, Menu, Message
from bot.messages.texts import Texts
from bot.printing.paper import pdf

_NONE: frozenset[str] = frozenset()
_FIELDS = (
    "place", "municipality", "text", "background", "how", "recorded", "recorded_by", "final", "replaces", "replaced_by",
    "responsible", "deadline", "review", "renewed", "done", "goals", "standard", "milestone", "links", "objections",
)  # fmt: skip
_HEADS = ("number", "title", "decided_on", "status")
SUPPLIES: Mapping[str, frozenset[str]] = {
    **{
        f"minutes.{name}": _NONE
        for name in ("title", "page", "about", "ready", "none", "overview", "choose", "excerpt")
    },
    **{f"minutes.head.{name}": _NONE for name in _HEADS},
    **{f"minutes.field.{name}": _NONE for name in _FIELDS},
    "minutes.status.*": _NONE,
    "minutes.button.*": _NONE,
    "minutes.subtitle": frozenset({"place", "municipality", "cohort"}),
    "minutes.of_municipality": frozenset({"municipality"}),
    "minutes.several": frozenset({"count"}),
    "minutes.made": frozenset({"at", "count", "open"}),
    "minutes.foot": frozenset({"place", "at"}),
    "minutes.file": frozenset({"place"}),
    "minutes.seal": frozenset({"entries", "head"}),
    "minutes.day": frozenset({"day"}),
    "minutes.objection": frozenset({"at", "words", "answered"}),
}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def ready(texts: Texts, file: File, which: Sequence[int | str] = (), *, may_choose: bool = False) -> Message:
    """Hand registers out, with buttons for the other forms of them; `which` tells the action whose they are.

    Who hands out all of them may choose others.
    """
    others = [
        Button(texts(f"minutes.button.{name}"), "decision_export", (name, *which))
        for name in ("pdf", "csv", "json")
        if not file.name.endswith(name)
    ]
    if may_choose:
        others.append(Button(texts("minutes.button.others"), "export_parts", (0,)))
    return Message(texts("minutes.ready"), tuple(others), files=(file,))


def parts(texts: Texts, choices: Sequence[Choice], page: int) -> Message:
    """Ask whose registers are wanted: a cohort's or a municipality's."""
    menu = Menu("export_part", on_page(choices, page), prompt=prompt(texts, choices, page))
    return Message(texts("minutes.choose"), turn_buttons(texts, choices, page, "export_parts"), (menu,))


def paper(texts: Texts, programme: Programme, found: Sequence[Minutes], now: datetime) -> File:
    """Set registers as pages: an overview and every decision of each place, with its chain's fingerprint."""
    name = _name(texts, found)
    views = [view for minutes in found for view in minutes.decisions]
    made = texts(
        "minutes.made", at=now, count=len(views), open=sum(view.status is Status.PROPOSED for view in views)
    )
    document = {
        "title": f"{texts('minutes.title')}, {name}",
        "author": name,
        "language": programme.language,
        "foot": texts("minutes.foot", place=Ready(name), at=now),
        "page_word": texts("minutes.page"),
        "heading": texts("minutes.title"),
        "made": made,
        "none": texts("minutes.none"),
        "overview": texts("minutes.overview"),
        "heads": [texts(f"minutes.head.{head}") for head in _HEADS],
        "places": [_place(texts, programme, minutes) for minutes in found if minutes.decisions],
    }
    return _file(texts, found, "pdf", pdf("minutes", document, now))


def _place(texts: Texts, programme: Programme, minutes: Minutes) -> dict[str, object]:
    return {
        "name": texts(
            "minutes.subtitle", place=Ready(minutes.place), municipality=Ready(minutes.municipality),
            cohort=Ready(minutes.cohort),
        ),
        "rows": [
            [view.ref, view.title, _day(texts, view.decided_on), _status(texts, view)] for view in minutes.decisions
        ],
        "decisions": [_decision(texts, programme, view) for view in minutes.decisions],
        "seal": _seal(texts, minutes),
    }  # fmt: skip


def _seal(texts: Texts, minutes: Minutes) -> str:
    if minutes.excerpt:
        return texts("minutes.excerpt")
    return texts("minutes.seal", entries=len(minutes.chain), head=_head(minutes))


def _decision(texts: Texts, programme: Programme, view: DecisionView) -> dict[str, object]:
    fields = _fields(texts, programme, view)
    return {
        "number": view.ref,
        "title": view.title,
        "status": _status(texts, view),
        "holds": view.replaced_by is None,
        "paragraphs": view.text.splitlines(),
        "background": view.details.background.splitlines(),
        "background_label": texts("minutes.field.background"),
        "fields": [[texts(f"minutes.field.{name}"), said] for name, said in fields.items() if said],
        "links": list(view.details.links),
        "links_label": texts("minutes.field.links"),
        "objections": _objections(texts, view),
        "objections_label": texts("minutes.field.objections"),
    }


def _fields(texts: Texts, programme: Programme, view: DecisionView) -> dict[str, str]:
    """Return what stands in a table under a decision's text, in the order it is read."""
    details, goals = view.details, {goal.n: goal.title for goal in programme.global_goals}
    template = programme.decisions.get(view.code or "")
    return {
        "how": view.how,
        "recorded": f"{_day(texts, view.recorded_at)}, {_role(texts, view.recorded_by)}",
        "final": _day(texts, view.final_at),
        "replaces": view.replaces or "",
        "replaced_by": view.replaced_by or "",
        "responsible": _role(texts, details.responsible),
        "deadline": _day(texts, details.deadline),
        "review": _day(texts, details.review),
        "renewed": "\n".join(f"{_day(texts, one.at)}, {_role(texts, one.role)}" for one in view.renewals),
        "done": _day(texts, view.done_at),
        "goals": "\n".join(f"{number}: {goals.get(number, '')}" for number in details.goals),
        "standard": f"{template.id}: {template.title}" if template else "",
        "milestone": "\n".join(titles_of(programme, view)),
    }


def spreadsheet(texts: Texts, programme: Programme, found: Sequence[Minutes]) -> File:
    """Write registers as a CSV file that Excel opens rightly, and in which no cell is a formula."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    rows = [_row(texts, programme, minutes, view) for minutes in found for view in minutes.decisions]
    heads = [*_HEADS, *_FIELDS]
    writer.writerow([texts(f"minutes.{'head' if name in _HEADS else 'field'}.{name}") for name in heads])
    writer.writerows([_harmless(row[name]) for name in heads] for row in rows)
    return _file(texts, found, "csv", out.getvalue().encode("utf-8-sig"))


def _row(texts: Texts, programme: Programme, minutes: Minutes, view: DecisionView) -> dict[str, str]:
    details = view.details
    days = {
        "decided_on": view.decided_on, "recorded": view.recorded_at, "final": view.final_at, "done": view.done_at,
        "deadline": details.deadline, "review": details.review,
    }  # fmt: skip
    return {
        **_fields(texts, programme, view),
        "number": view.ref,
        "title": view.title,
        "status": _status(texts, view),
        "place": minutes.place,
        "municipality": minutes.municipality,
        "text": view.text,
        "background": details.background,
        "recorded_by": _role(texts, view.recorded_by),
        "links": "\n".join(details.links),
        "objections": "\n".join(_objections(texts, view)),
        **{name: _local(day, programme) for name, day in days.items()},
    }


def _local(day: date | datetime | None, programme: Programme) -> str:
    """Return a day as a spreadsheet sorts it."""
    if isinstance(day, datetime):
        day = day.astimezone(ZoneInfo(programme.timezone)).date()
    return day.isoformat() if day else ""


def _harmless(cell: str) -> str:
    """Return a cell that a spreadsheet does not take for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def data(texts: Texts, programme: Programme, found: Sequence[Minutes], now: datetime) -> File:
    """Write registers with their whole chains as JSON, so that anybody can check the hashes."""
    whole = {
        "made_at": now.isoformat(),
        "places": [
            {
                "place": minutes.place, "municipality": minutes.municipality, "cohort": minutes.cohort,
                "decisions": [_plain(programme, view) for view in minutes.decisions],
                **({} if minutes.excerpt else _chain(minutes)),
            }
            for minutes in found
        ],
    }  # fmt: skip
    return _file(texts, found, "json", json.dumps(whole, ensure_ascii=False, indent=2, default=str).encode())


def _plain(programme: Programme, view: DecisionView) -> dict[str, object]:
    details = view.details
    return {
        "number": view.ref, "kind": view.kind, "status": view.status, "title": view.title, "text": view.text,
        "how": view.how, "decided_on": view.decided_on, "recorded_by": view.recorded_by,
        "recorded_at": view.recorded_at.isoformat(), "final_at": _iso(view.final_at), "done_at": _iso(view.done_at),
        "replaces": view.replaces, "replaced_by": view.replaced_by, "standard": view.code,
        "milestones": milestones_of(programme, view.code, view.milestone), **asdict(details),
        "objections": [
            {"at": one.at.isoformat(), "words": one.words, "answered": one.answered} for one in view.objections
        ],
    }  # fmt: skip


def _chain(minutes: Minutes) -> dict[str, object]:
    return {
        "entries": len(minutes.chain),
        "head": _head(minutes),
        "chain": [_link(link) for link in minutes.chain],
    }


def _link(link: Link) -> dict[str, object]:
    return {**asdict(link), "at": link.at.isoformat()}


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _status(texts: Texts, view: DecisionView) -> str:
    name = str(view.status)
    if view.kind is Kind.WITHDRAWAL:
        name = "withdrawal"
    elif view.status is Status.PROPOSED and view.unanswered:
        name = "waiting"
    return texts(f"minutes.status.{name}")


def _objections(texts: Texts, view: DecisionView) -> list[str]:
    return [
        texts("minutes.objection", at=one.at, words=Ready(one.words or ""), answered=one.answered)
        for one in view.objections
    ]


def _day(texts: Texts, day: date | datetime | None) -> str:
    return texts("minutes.day", day=day) if day else ""


def _role(texts: Texts, role: str | None) -> str:
    return texts(f"decision.role.{role}") if role else ""


def _head(minutes: Minutes) -> str:
    return minutes.chain[-1].hash if minutes.chain else BEGINNING


def _name(texts: Texts, found: Sequence[Minutes]) -> str:
    if len(found) == 1:
        return found[0].place
    towns = {minutes.municipality for minutes in found}
    if len(towns) == 1 and (town := towns.pop()):
        return texts("minutes.of_municipality", municipality=Ready(town))
    return texts("minutes.several", count=len(found))


def _file(texts: Texts, found: Sequence[Minutes], ending: str, content: bytes) -> File:
    name = texts("minutes.file", place=Ready(_name(texts, found)))
    safe = "".join(letter if letter.isalnum() or letter == "-" else "-" for letter in name)
    return File(f"{safe}.{ending}", content, texts("minutes.about"))
