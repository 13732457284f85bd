"""What goes to Discord: a post that cannot be written says so at once, and a nonce belongs to one channel."""

from dataclasses import replace
from datetime import UTC, datetime

import discord
import pytest

from bot.delivery.dispatcher import PermanentFailure, nonce_of
from bot.delivery.gateway import DiscordMessages
from bot.messages.message import Button, Message, Picture
from bot.services.outgoing import Outgoing

NOW = datetime(2027, 10, 14, 8, tzinfo=UTC)
POST = Outgoing(7, "NL-V01:village:3", 501, Message("Hej"), False, NOW, "en", NOW)


@pytest.mark.parametrize(
    "message",
    [
        Message("Hej", (Button("Tryk", "vote", ("a" * 100,)),)),
        Message("Hej", pictures=(Picture("resultat.png", "poll_result", {}, "Resultat"),)),
    ],
)
async def test_a_post_that_cannot_be_written_is_not_tried_for_ever(message: Message) -> None:
    client = discord.Client(intents=discord.Intents.none())
    with pytest.raises(PermanentFailure, match="cannot be written"):
        await DiscordMessages(client).send(501, message, 7, "nonce")


def test_a_post_has_one_nonce_in_a_channel_and_another_in_one_made_anew() -> None:
    assert nonce_of(POST) == nonce_of(replace(POST, retry=True, claimed_by="to"))
    assert nonce_of(POST) != nonce_of(replace(POST, channel_id=502))
    assert len(nonce_of(POST)) <= 25
