"""The account of a letter: readable in one message however many channels there are, and whole as a file."""

import csv
import io
from datetime import UTC, datetime

from bot.domain.receipts import NO_CHANNEL, MailCount, PostReceipt
from bot.messages.message import Message
from bot.messages.receipts import account
from bot.messages.texts import Texts
from tests.support.world import loaded

CONTENT = loaded()
TEXTS = Texts(CONTENT.texts, CONTENT.programme.language, CONTENT.programme.timezone)
DUE = datetime(2027, 10, 14, 6, 0, tzinfo=UTC)
FORBIDDEN = "403 Forbidden (error code: 50013): Missing Permissions"
GUILD = 77


def receipt(number: int, state: str, error: str | None = None, tries: int = 1) -> PostReceipt:
    sent = state == "sent"
    return PostReceipt(
        f"NL-V01:village:{number}", f"Landsby *{number}* (Næstved)", "newsletter", DUE,
        DUE if sent else None, state, 500 + number if sent else None, 9000 + number if sent else None,
        tries, error,
    )  # fmt: skip


def told(*receipts: PostReceipt) -> Message:
    return account(TEXTS, "Hvem skal med?", receipts, GUILD, MailCount())


def rows(message: Message) -> list[dict[str, str]]:
    text = message.files[0].data.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


def test_a_short_account_shows_every_channel_those_that_failed_first() -> None:
    message = told(
        receipt(1, "sent"), receipt(2, "claimed", "TimeoutError()", 2), receipt(3, "parked", FORBIDDEN, 3)
    )
    head, counts, *lines = message.text.split("\n")
    assert head == "**Kvittering: Hvem skal med?**"
    assert counts == "Én kanal har fået det, 1 venter, og 1 har ikke fået det."
    assert lines[0] == (
        "- Landsby \\*3\\* (Næstved): ikke fået det. Jeg må ikke skrive i kanalen. Giv mig lov, og skriv /kanal ret."
        " Det skulle være sendt torsdag den 14. oktober kl. 08.00. Jeg har prøvet 3 gange."
    )
    assert lines[1].endswith("Jeg kunne ikke nå Discord. Jeg har prøvet 2 gange og prøver igen.")
    assert lines[2] == (
        "- Landsby \\*1\\* (Næstved): fået det torsdag den 14. oktober kl. 08.00."
        " [Se brevet](https://discord.com/channels/77/501/9001)"
    )
    assert len(lines) == 3


def test_450_channels_fit_in_one_message_with_what_failed_and_waits_and_the_rest_as_a_count() -> None:
    many = [receipt(n, "sent") for n in range(446)]
    message = told(*many, receipt(446, "pending"), receipt(447, "parked", NO_CHANNEL))
    lines = message.text.split("\n")
    assert "446 kanaler har fået det, 1 venter, og 1 har ikke fået det." in message.text
    assert [line.split("(")[0] for line in lines[2:4]] == ["- Landsby \\*447\\* ", "- Landsby \\*446\\* "]
    assert lines[4:] == ["… og 446 til i filen."]
    assert len(rows(message)) == 448


def test_450_channels_where_nothing_arrived_fit_too_and_the_file_has_each_of_them() -> None:
    message = told(*(receipt(n, "parked", FORBIDDEN, 5) for n in range(450)))
    assert len(message.text) <= 2000
    shown = message.text.count("ikke fået det. Jeg må ikke")
    assert shown > 5
    assert message.text.endswith(f"… og {450 - shown} til i filen.")
    assert len({row["Kanal"] for row in rows(message)}) == 450
    assert rows(message)[7] == {
        "Kanal": "Landsby *7* (Næstved)", "Status": "ikke fået det", "Skulle sendes": "2027-10-14 06:00",
        "Sendt": "", "Besked": "", "Forsøg": "5", "Til teknikeren": FORBIDDEN,
        "Hvad gik galt": "Jeg må ikke skrive i kanalen. Giv mig lov, og skriv /kanal ret.",
    }  # fmt: skip


def test_a_letter_that_is_planned_nowhere_says_so_without_a_file() -> None:
    assert (told().text, told().files) == ("»Hvem skal med?« skal ikke til nogen kanal endnu.", ())


def test_a_letter_that_was_deleted_again_has_no_link() -> None:
    gone = PostReceipt("k", "Nyby", "newsletter", DUE, DUE, "sent", 5, None, 2, None)
    assert told(gone).text.endswith("kl. 08.00. Det er slettet igen.")
