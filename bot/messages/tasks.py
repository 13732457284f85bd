"""Build the secretariat's list of tasks, and the menu that marks one as done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from bot.content.templates import Ready
from bot.messages.message import Button, Choice, Menu, Message
from bot.messages.names import few
from bot.messages.texts import Texts

PAGE = 25
SUPPLIES: Mapping[str, frozenset[str]] = {
    "tasks.heading": frozenset({"count"}),
    "tasks.line": frozenset({"title", "due_on", "late", "places"}),
    "tasks.none": frozenset(),
    "tasks.one": frozenset({"title", "name"}),
    "tasks.done": frozenset(),
    "tasks.more": frozenset(),
}


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do: a meeting with one municipality or village."""

    cohort_id: int
    code: str
    title: str
    scope_key: str
    name: str
    due_on: date
    late: bool


def board(texts: Texts, tasks: Sequence[Task], page: int = 0) -> Message:
    """List what is left, what is due first at the top; a menu marks one as done."""
    if not tasks:
        return Message(texts("tasks.none"))
    rows = [texts("tasks.heading", count=len(tasks))]
    for (title, due_on, late), group in groupby(tasks, key=lambda task: (task.title, task.due_on, task.late)):
        places = few(texts, [task.name for task in group])
        rows.append(texts("tasks.line", title=title, due_on=due_on, late=late, places=Ready(places)))
    start = page * PAGE if page * PAGE < len(tasks) else 0
    buttons = []
    if len(tasks) > PAGE:
        following = start // PAGE + 1 if start + PAGE < len(tasks) else 0
        buttons.append(Button(texts("tasks.more"), "tasks", (following,)))
    return Message(Ready("\n".join(rows)), tuple(buttons), (_menu(texts, tasks[start : start + PAGE]),))


def _menu(texts: Texts, tasks: Sequence[Task]) -> Menu:
    choices = [
        Choice(f"{task.cohort_id} {task.code} {task.scope_key}",
               texts("tasks.one", title=task.title, name=task.name)[:100])
        for task in tasks
    ]  # fmt: skip
    return Menu("task_done", tuple(choices), (), texts("tasks.done"))
