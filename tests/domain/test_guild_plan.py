"""What must be done to bring a server in line: stories, and random drift on a simulated server."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.guild import (
    BOT,
    BOT_WORKS,
    EVERYONE,
    HIDDEN,
    REQUIRED_RIGHTS,
    TAKES_PART,
    ActualCategory,
    ActualChannel,
    ActualGuild,
    ActualRole,
    DesiredCategory,
    DesiredChannel,
    DesiredGuild,
    DesiredRole,
    Overwrite,
    member_target,
)
from bot.domain.guild_names import channel_name, distinct_names
from bot.domain.guild_plan import PlanError, plan
from bot.domain.guild_steps import (
    Adopt,
    CreateCategory,
    CreateChannel,
    CreateRole,
    Kind,
    Move,
    Plan,
    Rename,
    SetOverwrites,
    SetTopic,
)

GUILD, THE_BOT = 1, 2


def wish(*villages: tuple[str, str], opened_to: int | None = None) -> DesiredGuild:
    """Wish for villages given as municipality and name; their numbers are their places in the list."""
    roles, channels, categories = [], [], {}
    for number, (municipality, name) in enumerate(villages, 1):
        category = DesiredCategory(f"category:1:{municipality}", f"{municipality} 2027/28")
        categories[category.key] = category
        roles.append(DesiredRole(f"role:village:{number}", f"{name} ({municipality})"))
        overwrites = {EVERYONE: HIDDEN, f"role:village:{number}": TAKES_PART, BOT: BOT_WORKS}
        if opened_to is not None:
            overwrites[member_target(opened_to)] = TAKES_PART
        channels.append(
            DesiredChannel(
                f"village:{number}",
                channel_name(name, "x"),
                f"{name} i {municipality}.",
                f"blup:{municipality}:{name}",
                category.key,
                overwrites,
            )
        )
    return DesiredGuild(tuple(roles), tuple(categories.values()), tuple(channels))


@dataclass
class Server:
    """A simulated server that plans are applied to, with the ids that were written down."""

    known: dict[str, int] = field(default_factory=dict)
    roles: dict[int, ActualRole] = field(default_factory=lambda: {GUILD: ActualRole(GUILD, "@everyone")})
    categories: dict[int, ActualCategory] = field(default_factory=dict)
    channels: dict[int, ActualChannel] = field(default_factory=dict)
    ids: "count[int]" = field(default_factory=lambda: count(100))

    def actual(self, rights: frozenset[str] = REQUIRED_RIGHTS) -> ActualGuild:
        things = tuple(self.roles.values()), tuple(self.categories.values()), tuple(self.channels.values())
        return ActualGuild(GUILD, "Landsbyer", THE_BOT, rights, *things)

    def plan(self, desired: DesiredGuild) -> Plan:
        return plan(desired, self.actual(), self.known)

    def provision(self, desired: DesiredGuild) -> Plan:
        found = self.plan(desired)
        for step in found.steps:
            match step:
                case Adopt():
                    self.known[step.key] = step.discord_id
                case CreateRole():
                    self.known[step.key] = self.add_role(step.name)
                case CreateCategory():
                    self.known[step.key] = self.add_category(step.name)
                case CreateChannel():
                    category, overwrites = self.known[step.category_key], self._resolved(step.overwrites)
                    self.known[step.key] = self.add_channel(step.name, step.topic, category, overwrites)
                case Rename(kind=Kind.ROLE):
                    self._edit_role(step.key, name=step.name)
                case Rename(kind=Kind.CATEGORY):
                    self.categories[self.known[step.key]] = ActualCategory(self.known[step.key], step.name)
                case Rename():
                    self.edit(step.key, name=step.name)
                case Move():
                    self.edit(step.key, category_id=self.known[step.category_key])
                case SetOverwrites():
                    self.edit(step.key, overwrites=self._resolved(step.overwrites))
                case SetTopic():
                    self.edit(step.key, topic=step.topic)
        return found

    def add_role(self, name: str, **options: bool) -> int:
        new = next(self.ids)
        self.roles[new] = ActualRole(new, name, **options)
        return new

    def add_category(self, name: str) -> int:
        new = next(self.ids)
        self.categories[new] = ActualCategory(new, name)
        return new

    def add_channel(
        self,
        name: str,
        topic: str = "",
        category_id: int | None = None,
        overwrites: Mapping[int, Overwrite] | None = None,
    ) -> int:
        new = next(self.ids)
        self.channels[new] = ActualChannel(new, name, topic, category_id, overwrites or {})
        return new

    def channel(self, key: str) -> ActualChannel:
        return self.channels[self.known[key]]

    def edit(self, key: str, **changes: object) -> None:
        self.channels[self.known[key]] = replace(self.channel(key), **changes)  # type: ignore[arg-type]

    def _edit_role(self, key: str, **changes: object) -> None:
        role = self.roles[self.known[key]]
        self.roles[role.id] = replace(role, **changes)  # type: ignore[arg-type]

    def delete(self, key: str) -> None:
        gone = self.known[key]
        self.roles.pop(gone, None)
        self.channels.pop(gone, None)
        if self.categories.pop(gone, None):
            for channel in list(self.channels.values()):
                if channel.category_id == gone:
                    self.channels[channel.id] = replace(channel, category_id=None)

    def _resolved(self, overwrites: Mapping[str, Overwrite]) -> dict[int, Overwrite]:
        own = {EVERYONE: GUILD, BOT: THE_BOT}
        return {
            own.get(target) or self.known.get(target) or int(target.rpartition(":")[2]): overwrite
            for target, overwrite in overwrites.items()
        }


@pytest.fixture
def server() -> Server:
    return Server()


TWO = wish(("Næstved", "Ølsted"), ("Assens", "Nørre Åby"))


def lines(found: Plan) -> list[str]:
    return [str(step) for step in found.steps]


def test_an_empty_server_gets_everything_in_a_safe_order_and_then_nothing_more(server: Server) -> None:
    assert lines(server.provision(TWO)) == [
        'create role "Ølsted (Næstved)"',
        'create role "Nørre Åby (Assens)"',
        'create category "Næstved 2027/28"',
        'create category "Assens 2027/28"',
        'create channel #ølsted in "Næstved 2027/28"',
        'create channel #nørre-åby in "Assens 2027/28"',
    ]
    assert server.plan(TWO).is_empty
    assert server.plan(TWO).lines() == ["nothing to change"]


def test_a_village_channel_is_seen_by_its_own_role_and_the_bot_only(server: Server) -> None:
    server.provision(TWO)
    overwrites = server.channel("village:1").overwrites
    assert overwrites[GUILD].deny == {"view_channel"}
    role = server.known["role:village:1"]
    assert "view_channel" in overwrites[role].allow and "send_messages" in overwrites[role].allow
    assert set(overwrites) == {GUILD, role, THE_BOT}


def test_a_deleted_channel_is_made_again(server: Server) -> None:
    server.provision(TWO)
    server.delete("village:1")
    assert lines(server.provision(TWO)) == ['create channel #ølsted in "Næstved 2027/28" again']
    assert server.plan(TWO).is_empty


def test_a_deleted_role_is_made_again_and_let_into_its_channel(server: Server) -> None:
    server.provision(TWO)
    server.delete("role:village:1")
    assert lines(server.provision(TWO)) == [
        'create role "Ølsted (Næstved)" again',
        "set who may see channel #ølsted",
    ]
    assert server.plan(TWO).is_empty


def test_a_channel_renamed_by_hand_gets_its_name_back(server: Server) -> None:
    server.provision(TWO)
    server.edit("village:1", name="hygge")
    assert lines(server.provision(TWO)) == ["rename channel #hygge to #ølsted"]
    assert server.channel("village:1").name == "ølsted"


def test_a_village_renamed_in_the_database_keeps_its_channel_under_the_new_name(server: Server) -> None:
    server.provision(TWO)
    before = server.known["village:1"]
    renamed = wish(("Næstved", "Ølsted Strand"), ("Assens", "Nørre Åby"))
    assert lines(server.provision(renamed)) == [
        'rename role "Ølsted (Næstved)" to "Ølsted Strand (Næstved)"',
        "rename channel #ølsted to #ølsted-strand",
        "set the topic of channel #ølsted-strand",
    ]
    assert server.known["village:1"] == before
    assert server.plan(renamed).is_empty


def test_a_channel_that_strangers_can_see_is_closed_before_anything_slow_is_done(server: Server) -> None:
    server.provision(TWO)
    open_to_all = {**server.channel("village:2").overwrites, GUILD: Overwrite()}
    server.edit("village:1", name="hygge")
    server.edit("village:2", overwrites=open_to_all)
    assert lines(server.provision(TWO)) == [
        "set who may see channel #nørre-åby",
        "rename channel #hygge to #ølsted",
    ]
    assert server.channel("village:2").overwrites[GUILD] == HIDDEN


def test_a_stranger_let_in_by_hand_is_let_out_and_an_opened_door_lets_the_coordinator_in(
    server: Server,
) -> None:
    server.provision(TWO)
    server.edit("village:1", overwrites={**server.channel("village:1").overwrites, 77: TAKES_PART})
    server.provision(TWO)
    assert 77 not in server.channel("village:1").overwrites
    server.provision(wish(("Næstved", "Ølsted"), ("Assens", "Nørre Åby"), opened_to=77))
    assert server.channel("village:1").overwrites[77] == TAKES_PART


def test_an_overwrite_that_changes_nothing_is_left_alone(server: Server) -> None:
    server.provision(TWO)
    server.edit("village:1", overwrites={**server.channel("village:1").overwrites, 77: Overwrite()})
    assert server.plan(TWO).is_empty


def test_a_moved_channel_is_put_back(server: Server) -> None:
    server.provision(TWO)
    server.edit("village:1", category_id=server.add_category("Andet"))
    assert lines(server.provision(TWO)) == ['move channel #ølsted to "Næstved 2027/28"']


def test_a_deleted_category_is_made_again_with_its_channels_in_it(server: Server) -> None:
    server.provision(TWO)
    server.delete("category:1:Næstved:1")
    assert lines(server.provision(TWO)) == [
        'create category "Næstved 2027/28" again',
        'move channel #ølsted to "Næstved 2027/28"',
    ]
    assert server.plan(TWO).is_empty


def without_roles(known: dict[str, int]) -> dict[str, int]:
    return {key: discord_id for key, discord_id in known.items() if not key.startswith("role:")}


def test_what_was_made_before_a_kill_is_taken_over_and_not_made_twice(server: Server) -> None:
    server.provision(TWO)
    ids = dict(server.known)
    server.known.clear()
    found = server.provision(TWO)
    assert not [step for step in found.steps if isinstance(step, CreateChannel | CreateCategory)]
    assert without_roles(server.known) == without_roles(ids)
    assert server.plan(TWO).is_empty


def test_a_full_category_is_known_again_after_the_database_was_lost(server: Server) -> None:
    many = wish(*(("Næstved", f"By {n}") for n in range(60)))
    server.provision(many)
    ids = dict(server.known)
    server.known.clear()
    server.provision(many)
    assert without_roles(server.known) == without_roles(ids)
    assert server.plan(many).is_empty


def test_a_channel_of_the_same_name_without_our_mark_is_somebody_elses(server: Server) -> None:
    theirs = server.add_channel("ølsted", "Vores egen kanal")
    server.provision(TWO)
    assert server.known["village:1"] != theirs
    assert server.channels[theirs] == ActualChannel(theirs, "ølsted", "Vores egen kanal")


def test_a_role_of_the_same_name_is_never_taken_for_ours_for_anybody_may_hold_it(server: Server) -> None:
    powerful = server.add_role("Ølsted (Næstved)")
    plain = server.add_role("Nørre Åby (Assens)")
    server.provision(TWO)
    assert not {powerful, plain} & set(server.known.values())
    assert server.plan(TWO).is_empty


def test_a_second_channel_with_our_mark_is_pointed_out_and_never_deleted(server: Server) -> None:
    server.provision(TWO)
    copy = server.add_channel("ølsted-kopi", server.channel("village:1").topic)
    found = server.plan(TWO)
    assert found.is_empty
    assert found.lines() == [
        f"note: #ølsted-kopi ({copy}) is a second channel for village:1; delete one by hand"
    ]


def test_the_51st_village_of_a_municipality_opens_a_second_category(server: Server) -> None:
    villages = [("Næstved", f"By {n}") for n in range(51)]
    found = server.provision(wish(*villages))
    made = [step.name for step in found.steps if isinstance(step, CreateCategory)]
    assert made == ["Næstved 2027/28", "Næstved 2027/28 (2)"]
    inside = Counter(channel.category_id for channel in server.channels.values())
    assert sorted(inside.values()) == [1, 50]
    grown = wish(*villages, ("Næstved", "Allerførst"))
    assert lines(server.provision(grown)) == [
        'create role "Allerførst (Næstved)"',
        'create channel #allerførst in "Næstved 2027/28 (2)"',
    ]


def test_channels_of_other_people_take_room_in_a_category_too(server: Server) -> None:
    server.provision(TWO)
    for n in range(49):
        server.add_channel(f"deres-{n}", category_id=server.known["category:1:Næstved:1"])
    more = wish(("Næstved", "Ølsted"), ("Assens", "Nørre Åby"), ("Næstved", "Herlufmagle"))
    server.provision(more)
    assert server.channel("village:3").category_id == server.known["category:1:Næstved:2"]


def test_discords_limit_of_channels_is_named_before_anything_is_done_and_the_last_room_is_used(
    server: Server,
) -> None:
    for n in range(497):
        server.add_channel(f"gammel-{n}")
    one = wish(("Næstved", "Ølsted"))
    with pytest.raises(PlanError, match=r"has 497 channels and categories and needs 4 more; .* allows 500"):
        server.plan(TWO)
    server.provision(one)
    assert server.plan(one).is_empty


def test_discords_limit_of_roles_is_named_before_anything_is_done_and_the_last_room_is_used(
    server: Server,
) -> None:
    for n in range(248):
        server.add_role(f"gammel {n}")
    with pytest.raises(PlanError, match=r"has 249 roles and needs 2 more; .* second server"):
        server.plan(TWO)
    server.provision(wish(("Næstved", "Ølsted")))
    assert len(server.roles) == 250


def test_missing_rights_are_named_and_all_of_them_or_administrator_are_enough(server: Server) -> None:
    lacking = REQUIRED_RIGHTS - {"manage_roles", "manage_channels"}
    with pytest.raises(PlanError, match=r"the bot lacks: Manage Channels, Manage Roles\."):
        plan(TWO, server.actual(lacking), {})
    assert plan(TWO, server.actual(REQUIRED_RIGHTS), {}).steps
    assert plan(TWO, server.actual(frozenset({"administrator"})), {}).steps
    assert "administrator" not in REQUIRED_RIGHTS


def test_a_role_above_the_bots_own_is_named_and_one_below_it_is_fine(server: Server) -> None:
    server.provision(TWO)
    role = server.roles[server.known["role:village:1"]]
    server.roles[role.id] = replace(role, below_bot=False)
    with pytest.raises(PlanError, match=r'may not give the role "Ølsted \(Næstved\)"'):
        server.plan(TWO)
    server.roles[role.id] = role
    assert server.plan(TWO).is_empty


def test_a_village_that_is_no_longer_wanted_keeps_its_channel(server: Server) -> None:
    server.provision(TWO)
    standing = dict(server.channels)
    assert server.provision(wish(("Næstved", "Ølsted"))).is_empty
    assert server.channels == standing


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Sønder Ørslev", "sønder-ørslev"),
        ("Nørre Åby", "nørre-åby"),
        ("Sct. Jørgens-Bjerge", "sct-jørgens-bjerge"),
        ("  Ål  /  Å  ", "ål-å"),
        ("Vester Aaby & omegn!", "vester-aaby-omegn"),
        ("Kongens Lyngby 2", "kongens-lyngby-2"),
        ("O'Neill", "oneill"),
        ("A\u030aby", "åby"),
        ("***", "village-7"),
        ("x" * 120, "x" * 100),
    ],
)
def test_a_channel_is_named_as_discord_writes_names(name: str, shown: str) -> None:
    assert channel_name(name, "village-7") == shown


@given(st.text(max_size=130))
def test_a_channel_name_is_written_the_same_when_written_again(text: str) -> None:
    name = channel_name(text, "village-7")
    assert channel_name(name, "other") == name
    assert 1 <= len(name) <= 100


def test_roles_of_villages_with_one_name_are_told_apart_by_municipality_and_then_by_cohort() -> None:
    names = distinct_names(
        {
            1: ["Nørre Åby", "Nørre Åby (Assens)", "Nørre Åby (Assens, 2027-28)"],
            2: ["nørre åby", "nørre åby (Middelfart)", "nørre åby (Middelfart, 2027-28)"],
            3: ["Ølsted", "Ølsted (Faaborg)", "Ølsted (Faaborg, 2027-28)"],
            4: ["Ølsted", "Ølsted (Faaborg)", "Ølsted (Faaborg, 2028-29)"],
            5: ["Agerskov", "Agerskov (Tønder)", "Agerskov (Tønder, 2027-28)"],
        }
    )
    assert list(names.values()) == [
        "Nørre Åby (Assens)",
        "nørre åby (Middelfart)",
        "Ølsted (Faaborg, 2027-28)",
        "Ølsted (Faaborg, 2028-29)",
        "Agerskov",
    ]


def test_a_very_long_role_name_keeps_what_tells_it_apart() -> None:
    long = "Bjerg" * 30
    names = distinct_names({1: [long, f"{long} (Assens)"], 2: [long, f"{long} (Næstved)"]})
    assert all(len(name) <= 100 for name in names.values())
    assert [name[-9:] for name in names.values()] == [" (Assens)", "(Næstved)"]


_NAMES = ["Ølsted", "Nørre Åby", "Ål", "Sct. Jørgens", "Å", "Hedehusene Øst"]
_VILLAGES = st.lists(
    st.tuples(st.sampled_from(["Næstved", "Assens"]), st.sampled_from(_NAMES)), max_size=8, unique=True
)
_DRIFTS = ("delete", "rename", "topic", "open", "move", "forget", "copy")


def _drift(server: Server, kind: str, key: str) -> None:
    """Let somebody meddle with a place of ours; what a kind of place cannot suffer is passed over."""
    is_channel = server.known.get(key) in server.channels
    if kind == "delete" and key in server.known:
        server.delete(key)
    elif kind == "forget":
        server.known.pop(key, None)
    elif not is_channel:
        return
    elif kind == "rename":
        server.edit(key, name="hygge")
    elif kind == "topic":
        server.edit(key, topic="Noget helt andet")
    elif kind == "open":
        server.edit(key, overwrites={})
    elif kind == "move":
        server.edit(key, category_id=None)
    elif kind == "copy":
        server.add_channel("kopi", server.channel(key).topic)


@settings(max_examples=150, deadline=None)
@given(
    first=_VILLAGES,
    then=_VILLAGES,
    drifts=st.lists(st.tuples(st.sampled_from(_DRIFTS), st.integers(0, 40)), max_size=12),
)
def test_after_any_drift_one_run_mends_everything_and_the_next_changes_nothing(
    first: Sequence[tuple[str, str]], then: Sequence[tuple[str, str]], drifts: Sequence[tuple[str, int]]
) -> None:
    server = Server()
    server.provision(wish(*first))
    for kind, number in drifts:
        keys = sorted(server.known)
        if keys:
            _drift(server, kind, keys[number % len(keys)])
    standing = {*server.roles, *server.categories, *server.channels}
    wanted = wish(*then)
    server.provision(wanted)
    assert server.plan(wanted).is_empty
    assert standing <= {*server.roles, *server.categories, *server.channels}
    assert len(set(server.known.values())) == len(server.known)
    for channel in wanted.channels:
        actual = server.channel(channel.key)
        assert (actual.name, actual.topic) == (channel.name, channel.topic)
        assert actual.overwrites[GUILD] == HIDDEN
        assert actual.category_id == server.known[f"{channel.category}:1"]


@settings(max_examples=15, deadline=None)
@given(first=st.integers(0, 120), more=st.integers(0, 60), gone=st.integers(1, 7))
def test_no_category_is_ever_over_full_however_many_villages_come_and_go(
    first: int, more: int, gone: int
) -> None:
    server = Server()
    server.provision(wish(*(("Næstved", f"By {n}") for n in range(first))))
    for number in range(1, first + 1, gone):
        server.delete(f"village:{number}")
    wanted = wish(*(("Næstved", f"By {n}") for n in range(first + more)))
    server.provision(wanted)
    assert server.plan(wanted).is_empty
    inside = Counter(channel.category_id for channel in server.channels.values())
    assert all(number <= 50 for number in inside.values())
