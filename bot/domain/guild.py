"""What a server should be and what it is, as plain data: roles, categories, channels, who may see them.

Knows neither Discord's library nor the database. A permission is named as Discord's developers name it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

EVERYONE, BOT = "everyone", "bot"
MAX_CHANNELS, MAX_ROLES, MAX_IN_CATEGORY, MAX_TOPIC = 500, 250, 50, 1024


def member_target(discord_user_id: int) -> str:
    """Return one person as the target of an overwrite; a role is a target by its place key."""
    return f"member:{discord_user_id}"


@dataclass(frozen=True, slots=True)
class Overwrite:
    """What a channel allows and denies one target, whatever the server says otherwise."""

    allow: frozenset[str] = frozenset()
    deny: frozenset[str] = frozenset()

    @property
    def is_empty(self) -> bool:
        """Tell whether it changes nothing."""
        return not (self.allow or self.deny)


_READ = frozenset({"view_channel", "read_message_history", "use_application_commands"})
_WRITE = frozenset({"send_messages", "send_messages_in_threads"})
_THREADS = frozenset({"create_public_threads", "create_private_threads"})
_BOT = frozenset(
    {
        "view_channel",
        "read_message_history",
        "send_messages",
        "embed_links",
        "attach_files",
        "manage_messages",
    }
)

HIDDEN = Overwrite(deny=frozenset({"view_channel"}))
TAKES_PART = Overwrite(allow=_READ | {"send_messages"})
READS_ONLY = Overwrite(allow=_READ, deny=_WRITE | _THREADS)  # threads would be a back door to writing
BOT_WORKS = Overwrite(allow=_BOT)

# Discord lets a bot allow or deny in a channel only what it holds itself: hence reading, writing, threads.
REQUIRED_RIGHTS: frozenset[str] = _READ | _WRITE | _THREADS | _BOT | {"manage_channels", "manage_roles"}

# What the bot does without when a server does not give it: Discord's own list of events.
EVENT_RIGHTS: frozenset[str] = frozenset({"create_events", "manage_events"})


# Asked for when the bot is invited; without them it does a little less and complains to nobody.
OPTIONAL_RIGHTS: frozenset[str] = frozenset({"create_instant_invite"})


def missing_rights(held: frozenset[str]) -> list[str]:
    """Return the rights the bot needs and lacks, named as in Discord's English settings, in order."""
    if "administrator" in held:
        return []
    return [name.replace("_", " ").title() for name in sorted(REQUIRED_RIGHTS - held)]


@dataclass(frozen=True, slots=True)
class DesiredRole:
    """A role of ours; it gives no rights on the server by itself."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class DesiredCategory:
    """A category, as many times as its channels need: "Næstved 2027/28", "Næstved 2027/28 (2)"."""

    key: str
    name: str

    def nth_key(self, n: int) -> str:
        """Return the place key of the nth category, from 1."""
        return f"{self.key}:{n}"

    def nth_name(self, n: int) -> str:
        """Return the name of the nth category, from 1."""
        return self.name if n == 1 else f"{self.name} ({n})"


@dataclass(frozen=True, slots=True)
class DesiredChannel:
    """A text channel. By the `mark` at the end of its topic we find it again when its id was lost."""

    key: str
    name: str
    about: str
    mark: str
    category: str
    overwrites: Mapping[str, Overwrite]

    @property
    def topic(self) -> str:
        """The topic as people see it, ending in the mark."""
        ending = f" · {self.mark}"
        return self.about[: MAX_TOPIC - len(ending)] + ending

    def is_marked(self, topic: str) -> bool:
        """Tell whether a topic carries this channel's mark."""
        return topic.endswith(f" · {self.mark}")


@dataclass(frozen=True, slots=True)
class DesiredGuild:
    """All that should stand on the server."""

    roles: tuple[DesiredRole, ...] = ()
    categories: tuple[DesiredCategory, ...] = ()
    channels: tuple[DesiredChannel, ...] = ()


@dataclass(frozen=True, slots=True)
class ActualRole:
    """A role that stands, and whether it is `below_bot`, who may then give it."""

    id: int
    name: str
    below_bot: bool = True


@dataclass(frozen=True, slots=True)
class ActualCategory:
    """A category that stands."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class ActualChannel:
    """A channel that stands, of any kind but a category; overwrites by the id of their role or member."""

    id: int
    name: str
    topic: str = ""
    category_id: int | None = None
    overwrites: Mapping[int, Overwrite] = field(default_factory=dict)
    is_text: bool = True


@dataclass(frozen=True, slots=True)
class ActualGuild:
    """All that stands on the server, ours or not; its id is also the id of the role @everyone."""

    id: int
    name: str
    bot_id: int
    bot_rights: frozenset[str] = REQUIRED_RIGHTS
    roles: tuple[ActualRole, ...] = ()
    categories: tuple[ActualCategory, ...] = ()
    channels: tuple[ActualChannel, ...] = ()
