"""Check a whole content folder beyond its form: `blup content check` shows what this finds.

Every part runs, whatever the others found; only dates wait for sound references, and language for a language.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from bot.content.asked import check_polls, check_reminders
from bot.content.belonging import check_belonging
from bot.content.blackouts import check_blackouts
from bot.content.circles import check_circles, warn_of_circles
from bot.content.dates import check_dates
from bot.content.letter_text import LETTER_TEXTS
from bot.content.letters import LetterCheck
from bot.content.load import Content
from bot.content.manners import Manners
from bot.content.numbers import check_numbers
from bot.content.places import TONE, Places
from bot.content.references import check_references
from bot.content.samples import Samples
from bot.content.source import ContentError, Fault
from bot.content.spelling import Speller, dictionary_path, own_words
from bot.content.structure import check_setting, check_structure
from bot.content.text_check import (
    check_commands,
    check_keys,
    check_placeholders,
    check_post_texts,
    check_wording,
)
from bot.content.titles import check_letters_of_files, check_titles
from bot.content.tone import Tone, read_tone, warn_of_silence


@dataclass
class Report:
    """What a check found: faults must be mended, warnings are for somebody to look at."""

    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Tell whether the content can be used."""
        return not self.faults


def check(
    content: Content,
    *,
    supplies: Mapping[str, frozenset[str]] | None = None,
    commands: frozenset[str] | None = None,
    spelling: bool = True,
) -> Report:
    """Check everything and report everything, sorted by file and line.

    Without `supplies` (which placeholders the code gives to each text) keys and placeholders are
    left out; without `commands`, mentions of commands; without `spelling`, the dictionary.
    """
    places, programme = Places(content), content.programme
    faults: list[Fault] = []
    references = [*check_references(programme, places)]
    faults += references
    structure = [*check_structure(content, places)]
    faults += structure
    faults += check_circles(programme, places)
    faults += check_polls(programme, places)
    faults += check_reminders(programme, places)
    faults += check_letters_of_files(content)
    faults += check_post_texts(content)
    setting = [*check_setting(programme, places)]
    faults += setting
    numbers = [*check_numbers(programme, places), *check_blackouts(programme, places)]
    faults += numbers
    faults += check_belonging(programme, places)
    if not references and not setting and not structure and not numbers:
        faults += check_dates(programme, places)
    warnings = [*warn_of_circles(programme, places)]
    try:
        tone = read_tone(content)
    except ContentError as error:
        faults += error.faults
        tone = Tone()
    if not setting:
        faults += _language(content, tone, supplies, commands, spelling)
    warnings += warn_of_silence(content, tone)
    warnings += _left_out(content, supplies, commands)
    return Report(_in_order(faults), _in_order(warnings))


def _language(
    content: Content,
    tone: Tone,
    supplies: Mapping[str, frozenset[str]] | None,
    commands: frozenset[str] | None,
    spelling: bool,
) -> Iterator[Fault]:
    speller: Speller | None = None
    if spelling and tone.dictionary is not None:
        path = dictionary_path(content.folder, tone.dictionary)
        missing = [end for end in (".aff", ".dic") if not path.with_suffix(end).is_file()]
        for end in missing:
            problem = f"the file dictionary/{path.name}{end} is missing"
            yield content.fault(TONE, ("dictionary",), problem)
        try:
            accepted = tone.own_words | own_words(content.folder)
        except ContentError as error:
            yield from error.faults
        else:
            speller = None if missing else Speller(path, accepted)
    manners, samples = Manners(tone, speller), Samples(content, tone)
    yield from check_titles(content, tone, manners)
    yield from LetterCheck(content, tone, manners, samples).faults(commands)
    yield from check_wording(content, tone, manners, samples)
    if supplies is not None:
        supplies = {**LETTER_TEXTS, **supplies}
        yield from check_keys(content, supplies)
        yield from check_placeholders(content, supplies)
    if commands is not None:
        yield from check_commands(content, commands)


def _left_out(
    content: Content,
    supplies: Mapping[str, frozenset[str]] | None,
    commands: frozenset[str] | None,
) -> Iterator[Fault]:
    folder = f"texts/{content.programme.language}"
    if supplies is None:
        problem = "keys and placeholders are not checked: what the code supplies was not given"
        yield Fault(folder, 1, "(folder)", problem)
    if commands is None:
        yield Fault(folder, 1, "(folder)", "commands are not checked: they were not given")


def _in_order(found: Iterable[Fault]) -> list[Fault]:
    return sorted(set(found))
