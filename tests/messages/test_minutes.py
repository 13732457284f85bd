"""The register on paper: whatever people wrote stands there, whole, and inside the page."""

import io
from dataclasses import replace
from datetime import UTC, date, datetime

from pypdf import PdfReader

from bot.domain.decisions import DecisionView, Details, Kind, Link, Minutes, Objection
from bot.messages import minutes
from bot.messages.texts import Texts
from tests.support.world import loaded

CONTENT = loaded()
TEXTS = Texts(CONTENT.texts, CONTENT.programme.language, CONTENT.programme.timezone)
NOW = datetime(2027, 8, 5, 10, tzinfo=UTC)
MARKUP = (
    "#pagebreak() $x^2$ *fed* _kursiv_ <mærke> @navn \\ \\n `kode` = overskrift - punkt + 1. / ~ \" ' -- --- ... "
    '[a](b) {{ x }} {% x %} // /* */ #let x = 1; #import "x" //kommentar &amp; <b>b</b>'
)
LONG_WORD = "speciallægepraksisplanlægningsstabiliseringsperiode" * 5 + "x" * 300
EMOJI = "Fest 🎉🌱👋☕📅🙂 👨‍👩‍👧‍👦 🇩🇰 ❤️ 1️⃣ 👍🏽 ✅ → ½ € ™ ‰ Ελλάδα Привет"
SENTENCES = ("Vi vil have et fælleshus, hvor både gamle og unge kan mødes. " * 70)[:4000]
ADDRESS = "https://example.org/en/ret/lang/vej/til/et/referat_fra_møde#afsnit*2?a=1&b=$2"
VIEW = DecisionView(
    id=1, number=1, place_key="village:1", place_name="Sønder Ørslev", kind=Kind.DECISION, title="Titel",
    text="Tekst.", how="Enighed", decided_on=date(2027, 8, 2), recorded_by="steering_secretary", recorded_at=NOW,
    ref="SØND-2027-001",
)  # fmt: skip


def pages(*views: DecisionView, place: str = "Sønder Ørslev") -> list[str]:
    """Return what stands on each page, without its foot."""
    chain = (Link(1, "recorded", VIEW.ref, NOW, "steering_secretary", {}, "0" * 64, "a1b2" * 16),)
    found = Minutes(place, "Næstved", "BLUP 2027/28", views, chain)
    file = minutes.paper(TEXTS, CONTENT.programme, [found], NOW)
    read = [page.extract_text() for page in PdfReader(io.BytesIO(file.data)).pages]
    return [page[: page.rindex("Beslutningsprotokol · ")] for page in read]


def bare(text: str) -> str:
    """Return a text without blanks and the marks that let a long word break."""
    return "".join(text.replace("\u200b", "").split())


def test_what_people_wrote_is_read_back_from_the_paper_letter_by_letter() -> None:
    hostile = [MARKUP, LONG_WORD, EMOJI, SENTENCES, "\n".join(f"Linje {n}" for n in range(120))]
    views = [
        replace(
            VIEW, id=n, ref=f"SØND-2027-{n:03}", title=text[:100], text=text, how=text[:200],
            details=Details(background=f"Baggrund {n}: {text[:4000]}", links=(ADDRESS,)),
            objections=(Objection(NOW, text[:300].replace("\n", " "), answered=False),),
        )
        for n, text in enumerate(hostile)
    ]  # fmt: skip
    read = pages(*views, place=MARKUP[:60])
    said = bare("".join(read))
    for view in views:
        for words in (
            view.title,
            view.text,
            view.how,
            view.details.background,
            f"»{view.objections[0].words}«",
        ):
            assert bare(words) in said, words
    assert said.count(bare(ADDRESS)) == len(views) and bare(MARKUP[:60]) in said
    assert max(len(line) for page in read for line in page.splitlines()) < 120, "nothing runs out of the page"


def test_what_is_copied_from_the_paper_works() -> None:
    (said,) = pages(replace(VIEW, details=Details(links=(ADDRESS,))))
    assert "a1b2" * 16 in said
    assert "\u200b" not in said


def test_letters_of_other_scripts_and_empty_texts_do_no_harm() -> None:
    odd = "שלום תודה\u202e \x07\x00\ufeff 你好 \ue000 slut"
    read = bare(pages(replace(VIEW, text="", how=""), replace(VIEW, text=odd, title=odd))[0])
    assert "□□□slut" in read, "what no font can show is an empty box"
    assert {letter for letter in odd if "א" <= letter <= "ת"} <= set(read)
