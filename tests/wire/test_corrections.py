"""A letter is corrected while the bot is killed between Discord's change and our record of it (S05)."""

import signal

from tests.wire.conftest import Scene
from tests.wire.troubles import Trouble

PATIENCE = 60.0
CHANGE = ("PATCH", "/channels/*/messages/*")
AT = "'2026-01-01 00:00:00'"


def letters(scene: Scene) -> list[str]:
    """Return the letters that stand, wherever it is."""
    everywhere = [m.content for held in scene.discord.backend.messages.values() for m in held.values()]
    return [text for text in everywhere if text.startswith("**Nyhedsbrev 12")]


async def test_killed_between_a_change_and_its_record_every_letter_stands_once_and_corrected(
    scene: Scene,
) -> None:
    scene.server()
    scene.ledger(
        f"UPDATE delivery SET due_at = {AT}, state = 'claimed', attempts = 1, lease_until = {AT}"
        " WHERE key LIKE 'NL-V12:village:%'"
    )
    bot = scene.machine.start("run")
    await scene.discord.until(lambda: scene.settled() and len(letters(scene)) == 3, PATIENCE)
    bot.stop()
    assert (await bot.ended()).code == 0
    before = letters(scene)

    scene.ledger(
        "INSERT INTO delivery (key, place_key, kind, due_at, urgent, at_once, state, attempts, payload,"
        " cohort_id, event_id, edits_id) SELECT 'correction:' || key, place_key, 'correction', "
        f"{AT}, 0, 1, 'pending', 0,"
        """ '{"newsletter": "NL-V12", "at": "2026-01-02T09:00:00+00:00"}', cohort_id, event_id, id"""
        " FROM delivery WHERE key LIKE 'NL-V12:village:%'"
    )
    held = scene.discord.go_wrong(*CHANGE, Trouble.HOLD)
    killed = scene.machine.start("run")
    await scene.discord.until(lambda: held.met, PATIENCE)
    killed.stop(signal.SIGKILL)
    await killed.ended()
    assert not scene.settled()
    scene.ledger("UPDATE delivery SET lease_until = '2026-01-01 00:00:00' WHERE state = 'claimed'")

    scene.machine.start("run")
    await scene.discord.until(scene.settled, PATIENCE)
    noted = "\n\nRettet fredag den 2. januar kl. 10.00."
    assert sorted(letters(scene)) == sorted(text + noted for text in before)
