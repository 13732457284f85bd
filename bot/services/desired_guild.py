"""What the server should look like for the villages and groups of the database (DOMAIN: channel plan).

Who sees what is decided here: a village's channel is seen by its own people and the secretariat, and by the
coordinators of its municipality only when the village has opened it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from bot.domain.calendar import on_year_day
from bot.domain.guild import (
    BOT,
    BOT_WORKS,
    EVERYONE,
    HIDDEN,
    READS_ONLY,
    TAKES_PART,
    DesiredCategory,
    DesiredChannel,
    DesiredGuild,
    DesiredRole,
    Overwrite,
    member_target,
)
from bot.domain.guild_names import MAX_NAME, channel_name, distinct_names
from bot.domain.programme import Programme
from bot.messages.texts import Texts
from bot.services.places import SECRETARIAT, WELCOME, group_key, village_key
from bot.storage.models import Cohort, CoordinatorGroup, Village

KEPT = timedelta(days=183)  # a cohort's channels are looked after for half a year beyond its last phase
COMMON = "category:common"
SECRETARIAT_ROLE = f"role:{SECRETARIAT}"
_TO_CATEGORY_NUMBER = 6  # room for " (2)" after a category's name


def village_role(village_id: int) -> str:
    """Return the place key of a village's role."""
    return f"role:{village_key(village_id)}"


def group_role(group_id: int) -> str:
    """Return the place key of a coordinator group's role."""
    return f"role:{group_key(group_id)}"


def is_looked_after(programme: Programme, start_year: int, today: date) -> bool:
    """Tell whether a cohort's channels and roles are still kept in order; later cohorts are, too."""
    end = max(on_year_day(phase.end, start_year) for phase in programme.phases)
    return today <= end + KEPT


@dataclass(frozen=True, slots=True)
class Taking:
    """Who takes part: agreed villages, coordinator groups, and coordinators by cohort and municipality."""

    villages: Sequence[Village] = ()
    groups: Sequence[CoordinatorGroup] = ()
    coordinators: Mapping[tuple[int, int | None], Sequence[int]] = field(default_factory=dict)


def desired_guild(programme: Programme, texts: Texts, taking: Taking) -> DesiredGuild:
    """Return every role, category and channel that should stand."""
    names = _Names(programme, taking)
    common = [_welcome(programme, texts), _secretariat(programme, texts)]
    common += [_group(programme, texts, names, group) for group in taking.groups]
    categories = {COMMON: DesiredCategory(COMMON, names.pattern(programme.discord.common_category))}
    villages = []
    for village in taking.villages:
        category = names.category(village)
        categories.setdefault(category.key, category)
        villages.append(_village(programme, texts, taking, village, category.key))
    roles = tuple(DesiredRole(key, name) for key, name in names.roles().items())
    return DesiredGuild(roles, tuple(categories.values()), (*common, *villages))


class _Names:
    """The programme's own patterns, filled in."""

    def __init__(self, programme: Programme, taking: Taking) -> None:
        self._programme, self._taking = programme, taking

    def pattern(self, pattern: str, cohort: Cohort | None = None, **values: str) -> str:
        """Fill in {programme}, and of the cohort {start}, {end}, {end_short}, {code} and {title}."""
        known = {"programme": self._programme.name, **values}
        if cohort is not None:
            end = cohort.start_year + max(phase.end.year for phase in self._programme.phases)
            known |= {"start": str(cohort.start_year), "end": str(end), "end_short": f"{end % 100:02}"}
            known |= {"code": cohort.code, "title": cohort.title}
        return pattern.format(**known)[: MAX_NAME - _TO_CATEGORY_NUMBER].strip()

    def category(self, village: Village) -> DesiredCategory:
        """Return the category of a village's municipality and cohort."""
        name = self.pattern(
            self._programme.discord.category, village.cohort, municipality=village.municipality.name
        )
        return DesiredCategory(f"category:{village.cohort_id}:{village.municipality_id}", name)

    def group_channel(self, group: CoordinatorGroup) -> str:
        """Return the name of a group's channel."""
        name = self.pattern(self._programme.discord.coordinator_channel, group.cohort)
        return channel_name(f"{name} {self._own_name(group)}", f"group-{group.id}")

    def _own_name(self, group: CoordinatorGroup) -> str:
        """Return a group's own name where its cohort has several; the default group (no key) needs none."""
        several = sum(other.cohort_id == group.cohort_id for other in self._taking.groups) > 1
        return group.name if several and group.key else ""

    def roles(self) -> dict[str, str]:
        """Return every role's name; villages of one name get their municipality, then their cohort, too."""
        choices: dict[str, Sequence[str]] = {
            SECRETARIAT_ROLE: [self.pattern(self._programme.discord.secretariat_role)]
        }
        for group in self._taking.groups:
            name = self.pattern(self._programme.discord.coordinator_role, group.cohort)
            own = self._own_name(group)
            choices[group_role(group.id)] = [f"{name} ({own})" if own else name, f"{name} ({group.id})"]
        for village in self._taking.villages:
            name, where, code = village.name, village.municipality.name, village.cohort.code
            longer = [f"{name} ({where})", f"{name} ({where}, {code})", f"{name} ({code}, {village.id})"]
            choices[village_role(village.id)] = [name, *longer]
        return distinct_names(choices)


def _mark(programme: Programme, *parts: str) -> str:
    """Return what ends a topic: made of names, so that it is still true after the database was lost."""
    return ":".join("-".join(part.split()) for part in (programme.id, *parts) if part)


def _village(
    programme: Programme, texts: Texts, taking: Taking, village: Village, category: str
) -> DesiredChannel:
    where = village.municipality
    overwrites = {
        EVERYONE: HIDDEN,
        village_role(village.id): TAKES_PART,
        SECRETARIAT_ROLE: TAKES_PART,
        BOT: BOT_WORKS,
    }
    if village.open_to_coordinator:
        for user_id in taking.coordinators.get((village.cohort_id, where.id), ()):
            overwrites[member_target(user_id)] = TAKES_PART
    about = texts("provisioning.topic.village", village=village.name, municipality=where.name)
    mark = _mark(programme, village.cohort.code, where.key, village.key)
    name = channel_name(village.name, f"village-{village.id}")
    return DesiredChannel(village_key(village.id), name, about, mark, category, overwrites)


def _group(programme: Programme, texts: Texts, names: _Names, group: CoordinatorGroup) -> DesiredChannel:
    about = texts("provisioning.topic.group", title=group.cohort.title)
    mark = _mark(programme, "coordinators", group.cohort.code, group.key)
    overwrites = {
        EVERYONE: HIDDEN,
        group_role(group.id): TAKES_PART,
        SECRETARIAT_ROLE: TAKES_PART,
        BOT: BOT_WORKS,
    }
    return DesiredChannel(group_key(group.id), names.group_channel(group), about, mark, COMMON, overwrites)


def _secretariat(programme: Programme, texts: Texts) -> DesiredChannel:
    overwrites = {EVERYONE: HIDDEN, SECRETARIAT_ROLE: TAKES_PART, BOT: BOT_WORKS}
    return _common(programme, texts, SECRETARIAT, programme.discord.secretariat_channel, overwrites)


def _welcome(programme: Programme, texts: Texts) -> DesiredChannel:
    overwrites = {EVERYONE: READS_ONLY, BOT: BOT_WORKS}
    return _common(programme, texts, WELCOME, programme.discord.welcome_channel, overwrites)


def _common(
    programme: Programme, texts: Texts, key: str, name: str, overwrites: Mapping[str, Overwrite]
) -> DesiredChannel:
    about = texts(f"provisioning.topic.{key}", programme=programme.name)
    name = channel_name(name.format(programme=programme.name), key)
    return DesiredChannel(key, name, about, _mark(programme, key), COMMON, overwrites)
