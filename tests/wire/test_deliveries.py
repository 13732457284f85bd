"""`blup deliveries` in a process of its own: the ledger as it is printed, and compared with what stands on Discord."""

import asyncio
import json

from simcord.backend.models import Message, Overwrite
from simcord.enums import OverwriteType

from tests.wire.conftest import Scene, Scenes

PATIENCE = 60.0
PAGE = 100  # messages that Discord gives at once
AT = "'2026-01-01 00:00:00'"


async def after_a_day(scene: Scene) -> None:
    """Let the bot post its welcome and a notice in every village's channel."""
    scene.server()
    scene.ledger(
        "INSERT INTO delivery (key, place_key, kind, due_at, urgent, at_once, state, attempts, payload)"
        f" SELECT 'test:' || id, 'village:' || id, 'notice', {AT}, 1, 1, 'pending', 0,"
        """ '{"said": "Hej ' || id || '"}' FROM village"""
    )
    bot = scene.machine.start("run")
    await scene.discord.until(lambda: scene.settled() and scene.welcomes(), PATIENCE)
    bot.stop()
    assert (await bot.ended()).code == 0


def post(scene: Scene, text: str) -> Message:
    """Return the post that stands once with this text."""
    everywhere = [m for held in scene.discord.backend.messages.values() for m in held.values()]
    (found,) = [message for message in everywhere if message.content == text]
    return found


def double(scene: Scene, of: Message, *, mark: int | None = None) -> Message:
    """Post a message of the bot's again, or one like it with another mark."""
    backend = scene.discord.backend
    parts = json.dumps(of.components)
    if mark is not None:
        old = of.components[0]["components"][0]["custom_id"].rsplit(":", 1)[1]
        parts = parts.replace(f':{old}"', f':{mark}"')
    return backend.create_message(
        of.channel_id, backend.bot_user.id, of.content, components=json.loads(parts)
    )


def posts_of(scene: Scene) -> str:
    return str(scene.ledger("SELECT count(*) FROM delivery WHERE state = 'sent'")[0][0])


async def test_lost_doubled_and_unknown_posts_are_found_among_what_people_write(scene: Scene) -> None:
    await after_a_day(scene)
    backend = scene.discord.backend
    chat = post(scene, "Hej 2").channel_id
    writer = backend.make_user("Bo")
    backend.add_member(next(iter(backend.guilds)), writer.id)
    for number in range(2 * PAGE + 5):
        backend.create_message(chat, writer.id, f"Kaffe {number}")
    well = await scene.machine.blup("deliveries", "verify")
    assert (well.code, well.err) == (0, "")
    assert well.out == f"6 channel(s), {posts_of(scene)} post(s) sent: 0 lost, 0 doubled, 0 unknown\n"
    pages = scene.discord.requests.count(("GET", f"/channels/{chat}/messages"))
    assert pages == 3, "a long channel is read page by page, the first post first"

    lost, twice, strange = (post(scene, f"Hej {number}") for number in (1, 2, 3))
    backend.delete_message(lost.channel_id, lost.id)
    again = double(scene, twice)
    unknown = double(scene, strange, mark=99_999)
    copied = backend.create_message(chat, writer.id, "Hej 2", components=twice.components)
    bad = await scene.machine.blup("deliveries", "verify")
    assert copied.author_id != twice.author_id, "only the bot's own messages count"
    assert bad.code == 1
    *findings, summary = bad.out.splitlines()
    assert findings == [
        "lost: test:1, in Nørre Åby (Assens)",
        f"doubled: test:2, in Nørre Åby (Middelfart), message {twice.id} and {again.id}",
        "unknown: mark 99999, which the ledger does not have as sent there, in Sct. Jørgens (Assens), message"
        f" {unknown.id}",
    ]
    assert summary.endswith("post(s) sent: 1 lost, 1 doubled, 1 unknown")


async def test_a_channel_that_is_gone_has_lost_its_posts(scene: Scene) -> None:
    await after_a_day(scene)
    scene.discord.backend.delete_channel(post(scene, "Hej 3").channel_id)
    end = await scene.machine.blup("deliveries", "verify")
    assert end.code == 1
    assert "lost: test:3, in Sct. Jørgens (Assens)\n" in end.out


async def test_what_cannot_be_verified_or_printed_ends_with_code_2_and_one_plain_line(
    scenes: Scenes,
) -> None:
    async def end_of(*args: str, **settings: str) -> tuple[int, str]:
        scene = await scenes()
        guild_id = scene.server().guild_id
        hidden = Overwrite(guild_id, OverwriteType.ROLE, deny=1024)
        channel = scene.discord.backend.create_channel(guild_id, "lukket", overwrites=[hidden])
        scene.ledger(f"INSERT INTO discord_place (key, discord_id) VALUES ('village:1', {channel.id})")
        settings = {name: value.format(home=scene.machine.home) for name, value in settings.items()}
        end = await scene.machine.blup("deliveries", *args, settings=settings)
        (line,) = end.err.splitlines()
        assert line.startswith("blup: ")
        return end.code, line

    missing = "sqlite:///{home}/none.sqlite3"
    ends = {
        "DISCORD_TOKEN is": end_of("verify", DISCORD_TOKEN=""),
        "DISCORD_TOKEN: Discord does not": end_of("verify", DISCORD_TOKEN="MTIz.another.token"),
        "Discord cannot be reached": end_of("verify", BLUP_DISCORD_API="http://127.0.0.1:9"),
        "Discord refuses: Nørre Åby (Assens): 403": end_of("verify"),
        "the database is at version none": end_of("verify", BLUP_DATABASE_URL=missing),
        "run `blup db upgrade`": end_of(BLUP_DATABASE_URL=missing),
        "they are NL-": end_of("--letter", "NL-V99"),
        "no cohort begins in that year": end_of("--cohort", "2001"),
    }
    for words, (code, line) in zip(ends, await asyncio.gather(*ends.values()), strict=True):
        assert (code, words in line) == (2, True), line


async def test_the_ledger_is_printed_as_a_table_and_as_one_list_of_objects(scene: Scene) -> None:
    columns = "key, place_key, kind, due_at, urgent, at_once, state, attempts, payload"
    letter = '\'{"newsletter": "NL-V01"}\''
    scene.ledger("DELETE FROM delivery")
    scene.ledger(
        f"INSERT INTO delivery ({columns}, cohort_id, sent_at, channel_id, message_id, last_error) VALUES"
        f" ('NL-V01:village:1', 'village:1', 'newsletter', {AT}, 1, 0, 'sent', 2, {letter}, 1, {AT}, 5,"
        " 1234567890123456789, NULL),"
        f" ('NL-V01:village:2', 'village:2', 'newsletter', {AT}, 1, 0, 'parked', 3, {letter}, 1, NULL, NULL,"
        " NULL, '403 Forbidden'),"
        f" ('NL-V02:village:1', 'village:1', 'newsletter', {AT}, 1, 0, 'claimed', 1, {letter}, 1, NULL, NULL,"
        " NULL, 'TimeoutError()'),"
        f" ('NL-V02:village:2', 'village:2', 'newsletter', {AT}, 1, 0, 'claimed', 1, {letter}, 1, NULL, NULL,"
        " NULL, NULL),"
        f" ('welcome:1', 'welcome', 'welcome', {AT}, 0, 1, 'pending', 0, '{{}}', NULL, NULL, NULL, NULL, NULL)"
    )
    (year,) = scene.ledger("SELECT start_year FROM cohort")[0]
    whole, letters, failed, cohort, table, nothing = await asyncio.gather(
        scene.machine.blup("deliveries", "--format", "json"),
        scene.machine.blup("deliveries", "--format", "json", "--letter", "nl-v01"),
        scene.machine.blup("deliveries", "--format", "json", "--failed"),
        scene.machine.blup("deliveries", "--format", "json", "--cohort", str(year)),
        scene.machine.blup("deliveries", "--letter", "NL-V01"),
        scene.machine.blup("deliveries", "--format", "json", "--failed", "--letter", "NL-V03"),
    )
    rows = json.loads(whole.out)
    assert (whole.code, whole.err, len(rows)) == (0, "", 5)
    assert rows[0] == {
        "key": "NL-V01:village:1", "place": "Nørre Åby (Assens)", "kind": "newsletter",
        "due_at": "2026-01-01T01:00:00+01:00", "sent_at": "2026-01-01T01:00:00+01:00", "state": "sent",
        "message_id": "1234567890123456789", "tries": 2, "last_error": None,
    }  # fmt: skip
    assert [row["key"] for row in json.loads(letters.out)] == ["NL-V01:village:1", "NL-V01:village:2"]
    assert [row["key"] for row in json.loads(failed.out)] == ["NL-V01:village:2", "NL-V02:village:1"]
    assert [row["key"] for row in json.loads(cohort.out)] == [row["key"] for row in rows[:4]]
    head, first, second = table.out.splitlines()
    assert head.split()[:3] == ["key", "place", "kind"]
    assert "2026-01-01 01:00  sent        1234567890123456789   2" in first
    assert second.startswith("NL-V01:village:2") and second.endswith(
        "parked" + " " * 28 + "3      403 Forbidden"
    )
    assert (nothing.code, nothing.out) == (0, "[]\n")
