"""What a person can do on Discord: press, choose, fill in, write a command by the names the content gives it."""

from collections.abc import Mapping
from typing import Any

from simcord.actors import MemberActor
from simcord.builders import ChannelHandle
from simcord.results import InteractionResult, ResponseMessage

from bot.demo.embedded_discord import EmbeddedDiscord
from bot.demo.world import MessageRecord
from bot.messages.texts import Texts


class Hands:
    """Acts as people do, and keeps the private answers that were not what somebody hoped for."""

    def __init__(self, discord: EmbeddedDiscord, texts: Texts) -> None:
        self.discord, self._texts = discord, texts

    async def command(
        self, actor: MemberActor, channel_id: int, key: str, **options: Any
    ) -> InteractionResult:
        """Write the command that stands under a key ("poll.start"), options named as in the code."""
        parts = key.split(".")
        name = " ".join(self._texts(f"command.{'.'.join(parts[: i + 1])}.name") for i in range(len(parts)))
        said = {str(self._texts(f"command.{key}.options.{k}.name")): v for k, v in options.items()}
        return await actor.slash(self.channel(channel_id), name, **said)

    def channel(self, channel_id: int) -> ChannelHandle:
        """Return a channel to act in."""
        return self.discord.channel(channel_id)

    async def press(self, actor: MemberActor, record: MessageRecord, custom_id: str) -> InteractionResult:
        """Press a button under a post."""
        return await actor.click(self.discord.clickable(record), custom_id=custom_id)

    async def choose(
        self, actor: MemberActor, record: MessageRecord, custom_id: str, values: list[str]
    ) -> InteractionResult:
        """Choose in a menu under a post."""
        return await actor.select(self.discord.clickable(record), values, custom_id=custom_id)

    @staticmethod
    def filled(shown: InteractionResult, written: Mapping[str, str]) -> dict[str, Any]:
        """Return a form filled in by the boxes' own names; what stands in the others already is kept."""
        assert shown.modal is not None, "no form came"
        return {key: written.get(key, there) for key, there in standing_in(shown).items()}

    async def join(self, actor: MemberActor, welcome_id: int, municipality_id: int, village_id: int) -> None:
        """Come in as a newcomer does: the welcome button, the privacy text, municipality, village."""
        await self.accept(actor, welcome_id)
        await self._choose_private(actor, welcome_id, "municipality", municipality_id)
        await self._choose_private(actor, welcome_id, "village", village_id)

    async def _choose_private(self, actor: MemberActor, channel_id: int, what: str, value: int) -> None:
        """Choose in the private menu, turning its pages until the choice is on one."""
        turned = 0
        while True:
            private = self._latest_private(channel_id)
            menu = self._id(private, f"choose_{what}")
            if str(value) in _values(private, menu):
                await actor.select(private, [str(value)], custom_id=menu)
                return
            turned += 1
            more = [
                c for c in _ids(private) if f":{what}_page:" in c and c.split(":")[2].endswith(str(turned))
            ]
            if not more:
                raise LookupError(f"{what} {value} is in no menu")
            await actor.click(private, custom_id=more[0])

    async def accept(self, actor: MemberActor, welcome_id: int) -> None:
        """Press the welcome button and say yes to the privacy text."""
        post = next(m for m in self.discord.messages(welcome_id) if any(":start:" in c for c in m.custom_ids))
        shown = await self.press(actor, post, next(c for c in post.custom_ids if ":start:" in c))
        assert shown.response is not None, "the welcome button did not answer"
        await actor.click(shown.response, custom_id=self._id(shown.response, "accept_privacy"))

    def _latest_private(self, channel_id: int) -> Any:
        record = self.discord.messages(channel_id, ephemeral=True)[-1]
        return self.discord.clickable(record)

    @staticmethod
    def _id(message: Any, action: str) -> str:
        for custom_id in _ids(message):
            if f":{action}:" in custom_id:
                return custom_id
        raise LookupError(f"no {action} under: {message.content!r}")


def _parts(message: Any) -> list[dict[str, Any]]:
    return [part for row in message.components for part in row.get("components", ())]


def _ids(message: Any) -> list[str]:
    return [str(part["custom_id"]) for part in _parts(message) if part.get("custom_id")]


def _values(message: Any, menu: str) -> set[str]:
    """Return what can be chosen in a menu."""
    options = [part.get("options", ()) for part in _parts(message) if part.get("custom_id") == menu]
    return {str(option["value"]) for found in options for option in found}


def standing_in(shown: InteractionResult) -> dict[str, Any]:
    """Return a form's texts and the choices of its menus before anybody writes, by key, from the top."""
    assert shown.modal is not None, "no form came"
    boxes = [part.get("component") or part["components"][0] for part in shown.modal["components"]]
    return {
        str(box["custom_id"]): _chosen(box) if "options" in box else box.get("value", "") for box in boxes
    }


def _chosen(menu: Mapping[str, Any]) -> list[str]:
    return [str(option["value"]) for option in menu["options"] if option.get("default")]


def private_ids(shown: InteractionResult) -> list[str]:
    """Return the ids of the buttons and menus in a private answer."""
    return [] if shown.response is None else _ids(shown.response)


def answer(shown: InteractionResult) -> ResponseMessage:
    """Return the private answer that came."""
    assert shown.response is not None, "no answer came"
    return shown.response
