"""Hold a letter against the programme's voice and its receivers: LIX, sentences, words, spelling, placeholders, length.

What is found comes in three weights: faults stop a letter, doubts ask for a reason, notes are only told.
"""

import re
from collections.abc import Sequence
from functools import cached_property

from sqlalchemy.ext.asyncio import AsyncSession

from bot.content.filling import TemplateFault
from bot.content.findings import Finding, Remark
from bot.content.letter_text import letter_names
from bot.content.letters import LetterCheck
from bot.content.manners import Manners
from bot.content.places import leaves
from bot.content.samples import Samples
from bot.content.simple_letters import faults
from bot.content.spelling import Speller, dictionary_path, own_words
from bot.content.tone import read_tone
from bot.domain.programme import Newsletter, is_extra
from bot.services.context import Context
from bot.services.letter_measure import measure
from bot.services.letters import Letters

TITLE_LONGEST = 100
_LINK = re.compile(r"(?i)\bhttp://\S*|\]\((?!https://)[^)]*\)")


class LetterGate:
    """The check before a letter is approved."""

    def __init__(self, context: Context, letters: Letters) -> None:
        self._context, self._letters = context, letters

    async def remarks(self, session: AsyncSession, cohort_id: int, letter: Newsletter) -> list[Remark]:
        """Return everything found in a letter as it stands, what stops it first; nothing of it is filled unread."""
        found = list(self._plain(letter))
        if not any(remark.stops for remark in found):
            found += self._judged(letter)
            measured = await measure(session, self._context, self._letters, cohort_id, letter)
            found += [Remark(0, finding) for finding in measured]
        return sorted(_without_doubles(found), key=lambda remark: (not remark.stops, remark.only_told))

    def _plain(self, letter: Newsletter) -> Sequence[Remark]:
        """Return what can be said without filling anything."""
        programme = self._context.programme
        template = programme.newsletters.get(letter.id)
        found: list[Remark] = []
        if template is None or template.body != letter.body:
            names = letter_names(programme.circle_of(letter.id))
            found += [Remark(line, fault) for line, fault in faults(letter.body, names, programme.meetings)]
        bounds, count = programme.rules.next_steps, len(letter.next_steps)
        if not is_extra(letter.id) and not bounds.min <= count <= bounds.max:
            values = {"count": count, "least": bounds.min, "most": bounds.max}
            found.append(Remark(0, Finding("steps_count", f"{count} next steps", values)))
        if len(letter.title) > TITLE_LONGEST:
            values = {"count": len(letter.title), "limit": TITLE_LONGEST}
            found.append(Remark(0, Finding("title_long", "a long title", values)))
        if not letter.title.strip() or not letter.body.strip():
            found.append(Remark(0, Finding("empty", "is empty")))
        for number, line in enumerate(letter.body.splitlines(), start=1):
            for link in _LINK.finditer(line):
                if "{{" not in link.group():
                    found.append(
                        Remark(number, Finding("bad_link", link.group(), {"link": link.group()[:80]}))
                    )
        return found

    def _judged(self, letter: Newsletter) -> list[Remark]:
        circle = self._context.programme.circle_of(letter.id)
        try:
            return [Remark(*found) for found in self._check.judge(letter, circle, self._commands)]
        except TemplateFault as fault:
            return [Remark(fault.line, Finding("template", fault.problem, {"text": ""}))]

    @cached_property
    def _check(self) -> LetterCheck:
        content = self._context.content
        tone = read_tone(content)
        speller: Speller | None = None
        if tone.dictionary is not None:
            path = dictionary_path(content.folder, tone.dictionary)
            if path.with_suffix(".dic").is_file():
                speller = Speller(path, tone.own_words | own_words(content.folder))
        return LetterCheck(content, tone, Manners(tone, speller), Samples(content, tone))

    @cached_property
    def _commands(self) -> frozenset[str]:
        """Every slash command, as people write it: the texts name them."""
        texts = {".".join(map(str, path)): str(text) for path, text in leaves(self._context.content.texts)}
        names = {key.removesuffix(".name"): name.strip() for key, name in texts.items()
                 if key.startswith("command.") and key.endswith(".name") and ".options." not in key}  # fmt: skip
        groups = {key.rpartition(".")[0] for key in names}
        return frozenset(
            f"{names[parent]} {name}" if (parent := key.rpartition(".")[0]) in names else name
            for key, name in names.items()
            if key not in groups
        )


def _without_doubles(remarks: Sequence[Remark]) -> list[Remark]:
    """Return each remark once: a letter is read with and without its links."""
    seen: dict[tuple[str, str], Remark] = {}
    for remark in remarks:
        seen.setdefault((remark.finding.code, remark.finding.said), remark)
    return list(seen.values())
