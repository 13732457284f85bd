"""E-mail addresses are sealed in the database; keys are changed, lost, and made (privacy, PRIVACY.md section 1)."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.cli.keys import seal_all, seal_of
from bot.domain.errors import StartupError
from bot.services.context import Context
from bot.settings import Settings, SettingsError
from bot.storage.models import MailRecipient
from bot.storage.repositories import mail_addresses
from bot.storage.seal import Seal, SealBroken, new_key
from tests.support.polls_world import polls_world
from tests.support.world import KEY, START

IDA = "ida@example.dk"


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_what_stood_in_clear_is_sealed_and_a_new_key_takes_over_from_the_old(context: Context) -> None:
    await polls_world(context)
    database, newer = context.database, new_key()
    async with database.transaction() as session:  # as a version before this one wrote it
        session.add(MailRecipient(cohort_id=1, scope_key="village:1", address=IDA, consent="ja", token="t" * 32,
                                  added_at=START))  # fmt: skip

    async def stands() -> MailRecipient:
        async with database.transaction() as session:
            return (await session.scalars(select(MailRecipient))).one()

    with pytest.raises(StartupError, match="is not set"):
        await seal_all(database, Seal())
    assert await seal_all(database, Seal((KEY,))) == 1 and await seal_all(database, Seal((KEY,))) == 0
    first = await stands()
    async with database.transaction() as session:
        assert await mail_addresses.open_all(session, Seal((KEY,))) == 1
        with pytest.raises(SealBroken):
            await mail_addresses.open_all(session, Seal((newer,)))
    assert IDA not in first.address and Seal((KEY,)).open(first.address) == IDA
    assert await seal_all(database, Seal((newer, KEY))) == 1
    second = await stands()
    assert Seal((newer,)).open(second.address) == IDA and second.fingerprint != first.fingerprint
    with pytest.raises(StartupError, match="none of the keys") as lost:
        await seal_all(database, Seal((KEY,)))
    assert IDA not in str(lost.value) and KEY not in str(lost.value)


def test_the_key_comes_from_the_settings_or_a_file_only_its_owner_reads(tmp_path: Path) -> None:
    beside = f"sqlite:///{tmp_path / 'blup.sqlite3'}"
    made = seal_of(Settings(_env_file=None, BLUP_DATABASE_URL=beside))
    file = tmp_path / "blup.sqlite3.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and list(tmp_path.iterdir()) == [file]
    again = seal_of(Settings(_env_file=None, BLUP_DATABASE_URL=beside))
    assert again.open(made.close(IDA)) == IDA and made.close(IDA) != made.close(IDA)
    file.write_text("half a k", "ascii")
    with pytest.raises(StartupError, match="restore the file"):
        seal_of(Settings(_env_file=None, BLUP_DATABASE_URL=beside))
    far = {"BLUP_DATABASE_URL": "postgresql://u:p@h/blup", "BLUP_SMTP_URL": "smtp://mail.example:587"}
    with pytest.raises(SettingsError, match="BLUP_PRIVATE_KEY is not set"):
        seal_of(Settings(_env_file=None, **far))
    given = seal_of(Settings(_env_file=None, **far, BLUP_PRIVATE_KEY=f"{new_key()}, {KEY}"))
    assert given.open(Seal((KEY,)).close(IDA)) == IDA
    with pytest.raises(SettingsError, match="BLUP_PRIVATE_KEY"):
        Settings(_env_file=None, BLUP_PRIVATE_KEY="password")


def test_processes_that_start_at_once_have_one_key(tmp_path: Path) -> None:
    """None of them reads a file that another has only begun to write."""
    settings = Settings(_env_file=None, BLUP_DATABASE_URL=f"sqlite:///{tmp_path / 'blup.sqlite3'}")
    with ThreadPoolExecutor(8) as pool:
        seals = list(pool.map(lambda _: seal_of(settings), range(8)))
    assert len({seal.fingerprint(IDA) for seal in seals}) == 1
