"""Every letter of the programme on paper: one A4 page, all its words, tagged for screen readers (S05)."""

import io
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from pypdf import PdfReader

from bot.content.letter_text import MeetingText, letter_values, render_letter, video_block, videos_ready
from bot.content.tone import read_tone
from bot.domain.letter_blocks import blocks_of, wordless
from bot.messages.letter_sheet import PrintedLetter, PrintedMeeting, paper
from tests.messages.test_polls import CONTENT, TEXTS

PROGRAMME = CONTENT.programme
BEGINS, ENDS = datetime(2027, 9, 29, 17, tzinfo=UTC), datetime(2027, 9, 29, 18, 30, tzinfo=UTC)
NOW = datetime(2027, 9, 15, 8, tzinfo=UTC)
INVITATION = "https://discord.gg/k3RjKq9ZxA"
LINK = "https://www.youtube.com/watch?v=dQw4w9WgXcQ&t={}"


def printed(code: str, village: str, *, ready: bool = True, invitation: str = INVITATION) -> PrintedLetter:
    letter = PROGRAMME.newsletters[code]
    urls = [LINK.format(number) if ready else None for number, _ in enumerate(letter.videos)]
    circle = PROGRAMME.circle_of(code)
    values = letter_values(
        circle,
        describe=lambda id: MeetingText(
            "onsdag den 29. september", "19.00-20.30", 1, PROGRAMME.meetings[id].title
        ),
        village=village,
        phone="+45 12 34 56 78",
        coordinator="Anne-Margrethe Rosenkilde Thorsteinsen",
        videos=video_block(letter, urls, TEXTS),
        videos_ready=videos_ready(letter, urls),
    )
    return PrintedLetter(code, render_letter(letter, values=values), village, "village:1", "da", "+45 12 34 56 78",
                         PrintedMeeting(BEGINS, ENDS, "online"), invitation=invitation)  # fmt: skip


def squeezed(text: str) -> str:
    """Return the signs of a text alone: a page breaks its lines where it likes."""
    return re.sub(r"\s+", "", text)


@pytest.mark.parametrize("code", sorted(PROGRAMME.newsletters))
def test_a_letter_is_one_a4_page_with_all_its_words_in_letters_that_old_eyes_read(code: str) -> None:
    longest = max(read_tone(CONTENT).longest_names, key=len)
    letter = printed(code, longest)
    reader = PdfReader(io.BytesIO(paper(TEXTS, letter, NOW).data))
    (page,) = reader.pages
    assert (round(page.mediabox.width), round(page.mediabox.height)) == (595, 842)
    root = cast(dict[str, Any], reader.trailer["/Root"])
    assert root["/MarkInfo"]["/Marked"] and root["/Lang"].startswith("da"), "tagged, and in Danish"
    sizes: dict[float, int] = {}

    def look(text: str, _cm: object, _tm: object, _font: object, size: float) -> None:
        sizes[size] = sizes.get(size, 0) + len(text)

    told = page.extract_text(visitor_text=look)
    on_page = squeezed(told)
    for block in blocks_of(wordless(letter.text)):
        for line in block.lines:
            for run in line:
                assert squeezed(run.text) in on_page and squeezed(run.url) in on_page
    for words in (
        "onsdagden29.september2027kl.19.00-20.30",
        "+4512345678",
        "discord.gg/k3RjKq9ZxA",
        squeezed(longest),
    ):
        assert words in on_page
    assert max(sizes, key=lambda size: sizes[size]) >= 10.5, "most of it"


def test_paper_without_an_invitation_has_the_telephone_alone() -> None:
    bare = paper(TEXTS, printed("NL-V01", "Ålby", ready=False, invitation=""), NOW)
    (page,) = PdfReader(io.BytesIO(bare.data)).pages
    told = " ".join(page.extract_text().split())
    assert bare.name == "nyhedsbrev-1-hvem-skal-med-ålby.pdf"
    assert "Er du ikke på Discord? Ring på +45 12 34 56 78." in told and "kamera" not in told
    assert "Videoerne er ikke klar endnu." in told


def test_markup_of_a_name_is_shown_and_not_obeyed_and_a_long_letter_still_is_one_page() -> None:
    rude = replace(
        printed("NL-V01", "Ålby"),
        text="**Brev**\n\nKære \\*alle\\* i \\[by\\](x) #eval(1)\n" + "lang tekst " * 180,
    )
    (page,) = PdfReader(io.BytesIO(paper(TEXTS, rude, NOW).data)).pages
    assert "Kære *alle* i [by](x) #eval(1)" in page.extract_text()
