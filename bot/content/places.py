"""Find where an entry of the programme is written, so that a fault can name file, line and key."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.content.load import Content
from bot.content.source import Fault, written
from bot.content.yaml_lines import Entries
from bot.domain.programme import COORDINATOR_CIRCLE, VILLAGE_CIRCLE

Path = tuple[str | int, ...]
PROGRAMME, CALENDAR, POLLS = "programme.yaml", "calendar.yaml", "polls.yaml"
DECISIONS, MILESTONES, GOALS, TONE = (
    "decisions.yaml",
    "milestones.yaml",
    "global_goals.yaml",
    "tone.yaml",
)
CIRCLE_LISTS = {VILLAGE_CIRCLE: "village_circles", COORDINATOR_CIRCLE: "coordinator_circles"}
CIRCLE_WORDS = {VILLAGE_CIRCLE: "village", COORDINATOR_CIRCLE: "coordinator"}  # as in the rules
_LISTS = (
    (CALENDAR, ("phases", "events", *CIRCLE_LISTS.values())),
    (POLLS, ("polls",)),
    (DECISIONS, ("decisions",)),
    (MILESTONES, ("milestones",)),
)


class Places:
    """The lines of one content folder, by the ids of its entries."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._found: dict[tuple[str, str], tuple[str, Path]] = {}
        for file, lists in _LISTS:
            for name in lists:
                for index, row in enumerate(content.sources[file].data.get(name) or ()):
                    kind = "phases" if name == "phases" else file
                    self._found[kind, str(row["id"])] = (file, (name, index))

    def phase(self, phase_id: str, *steps: str | int, problem: str) -> Fault:
        """Return a fault at a phase."""
        return self._at("phases", phase_id, steps, problem)

    def meeting(self, meeting_id: str, *steps: str | int, problem: str) -> Fault:
        """Return a fault at a meeting, or at the circle defaults when the key comes from there."""
        file, path = self._found[CALENDAR, meeting_id]
        row = self._content.sources[file].data[path[0]][path[1]]
        if steps and isinstance(row, Entries) and steps[0] in row:
            kinds = {name: CIRCLE_WORDS[kind] for kind, name in CIRCLE_LISTS.items()}
            if not written(row, steps[0]) and path[0] in kinds:
                defaults = ("circle_defaults", kinds[str(path[0])], *steps)
                return self._content.fault(PROGRAMME, defaults, f"{meeting_id}: {problem}")
        return self._at(CALENDAR, meeting_id, steps, problem)

    def poll(self, poll_id: str, *steps: str | int, problem: str) -> Fault:
        """Return a fault at a standard poll."""
        return self._at(POLLS, poll_id, steps, problem)

    def decision(self, decision_id: str, *steps: str | int, problem: str) -> Fault:
        """Return a fault at a standard decision."""
        return self._at(DECISIONS, decision_id, steps, problem)

    def milestone(self, milestone_id: str, *steps: str | int, problem: str) -> Fault:
        """Return a fault at a milestone."""
        return self._at(MILESTONES, milestone_id, steps, problem)

    def rule(self, *steps: str | int, problem: str) -> Fault:
        """Return a fault at a key of programme.yaml."""
        return self._content.fault(PROGRAMME, steps, problem)

    def letter(self, letter_id: str, *steps: str | int, problem: str) -> Fault:
        """Return a fault in the head of a letter."""
        return self._content.fault(letter_file(letter_id), steps, problem)

    def _at(self, kind: str, entry: str, steps: Sequence[str | int], problem: str) -> Fault:
        file, path = self._found[kind, entry]
        return self._content.fault(file, (*path, *steps), problem)


def letter_file(letter_id: str) -> str:
    """Return the file a letter is written in."""
    return f"newsletters/{letter_id}.md.j2"


def texts_file(content: Content) -> str:
    """Return the file the texts are written in."""
    return f"texts/{content.programme.language}.yaml"


def leaves(data: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield every value of a nested mapping with the keys that lead to it."""
    if not isinstance(data, Mapping):
        yield path, data
        return
    for key, value in data.items():
        yield from leaves(value, (*path, str(key)))
