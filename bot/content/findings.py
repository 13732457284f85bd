"""What a check finds in a text: in English for whoever mends the content, and by a code for those who write letters."""

from collections.abc import Mapping
from dataclasses import dataclass, field

# Every code, and what its text is given: "letter_desk.finding.<code>" says it in the programme's language.
WORDING: Mapping[str, frozenset[str]] = {
    "chars": frozenset({"count", "limit"}),
    "sentence": frozenset({"count", "limit", "start"}),
    "lix": frozenset({"lix", "limit"}),
    "emoji": frozenset({"emoji", "allowed"}),
    "emoji_place": frozenset({"emoji"}),
    "emoji_many": frozenset({"count", "limit"}),
    "banned": frozenset({"word", "say"}),
    "ascii": frozenset({"word", "right"}),
    "forbidden": frozenset({"text"}),
    "nfc": frozenset(),
    "bold": frozenset({"text"}),
    "spelling": frozenset({"word"}),
    "command": frozenset({"command"}),
    "empty": frozenset(),
}
TEMPLATES: Mapping[str, frozenset[str]] = {
    "template": frozenset({"text"}),
    "template_complex": frozenset(),
    "unknown_placeholder": frozenset({"name", "allowed"}),
    "unknown_part": frozenset({"name", "allowed"}),
    "unknown_meeting": frozenset({"name"}),
}
MEASURES: Mapping[str, frozenset[str]] = {
    "too_long": frozenset({"place", "count", "over", "limit", "more"}),
    "not_filled": frozenset({"place", "more"}),
    "no_coordinator": frozenset({"place", "more"}),
    "no_receiver": frozenset(),
    "no_video": frozenset({"number", "title"}),
    "dead_video": frozenset({"number", "title"}),
    "no_subtitles": frozenset({"number", "title"}),
}
PARTS: Mapping[str, frozenset[str]] = {
    "steps_count": frozenset({"count", "least", "most"}),
    "bad_link": frozenset({"link"}),
    "title_long": frozenset({"count", "limit"}),
}
NOTES = frozenset({"no_coordinator"})  # only told
STOPS = frozenset({*TEMPLATES, "too_long", "not_filled", "bad_link", "steps_count", "title_long", "empty"})
SAID = {**WORDING, **TEMPLATES, **MEASURES, **PARTS}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong; `said` is English, `values` are the parts of it."""

    code: str
    said: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Remark:
    """Something found in a letter; `line` counts the lines of its text, 0 is none of them."""

    line: int
    finding: Finding

    @property
    def stops(self) -> bool:
        """Tell whether nobody can approve the letter with it."""
        return self.finding.code in STOPS

    @property
    def only_told(self) -> bool:
        """Tell whether it asks for nothing."""
        return self.finding.code in NOTES
