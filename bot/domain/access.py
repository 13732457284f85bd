"""Who may do what: one table, asked by services (S15, S22, S33; DOMAIN section 4). Default is no."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from bot.domain.errors import NotPermitted


class Role(StrEnum):
    """What a person is in a village, a municipality or a cohort."""

    VILLAGER = "villager"
    PANEL = "panel"
    STEERING = "steering"
    STEERING_SECRETARY = "steering_secretary"
    STEERING_LEAD = "steering_lead"
    LOCAL_COUNCIL_CONTACT = "local_council_contact"
    COORDINATOR = "coordinator"
    SECRETARIAT = "secretariat"


V, P, S, R, L, LC, K, SEC = Role
VILLAGE_ROLES = (V, P, S, R, L, LC)
STEERING_GROUP = (S, R, L)


class Action(StrEnum):
    """Everything that needs a right."""

    SEE_VILLAGE = "see_village"
    SUBSCRIBE_GROUP = "subscribe_group"
    ANSWER_MEETING = "answer_meeting"
    START_POLL = "start_poll"
    START_GROUP_POLL = "start_group_poll"
    START_BINDING_POLL = "start_binding_poll"
    SET_POLL_RULES = "set_poll_rules"
    SETTLE_TIE = "settle_tie"
    ASK_SECRECY = "ask_secrecy"
    ENTER_HAND_VOTES = "enter_hand_votes"
    CONFIRM_HAND_VOTES = "confirm_hand_votes"
    RECORD_DECISION = "record_decision"
    RECORD_GROUP_DECISION = "record_group_decision"
    RECORD_AGREEMENT = "record_agreement"
    OBJECT = "object"
    OBJECT_IN_GROUP = "object_in_group"
    FINISH_DECISION = "finish_decision"
    EXPORT_REGISTER = "export_register"
    EXPORT_AGREEMENTS = "export_agreements"
    TICK_NEXT_STEP = "tick_next_step"
    TICK_GROUP_STEP = "tick_group_step"
    PRINT_GROUP_LETTER = "print_group_letter"
    TICK_MILESTONE = "tick_milestone"
    REOPEN_MILESTONE = "reopen_milestone"
    PICK_DATE = "pick_date"
    PICK_FIRST_DATE = "pick_first_date"
    PICK_GROUP_DATE = "pick_group_date"
    ENROL_VILLAGE = "enrol_village"
    KEEP_GUESTS = "keep_guests"
    SEE_WHO_COMES = "see_who_comes"
    GIVE_STEERING_ROLES = "give_steering_roles"
    GIVE_ALL_ROLES = "give_all_roles"
    OPEN_CHANNEL_TO_COORDINATOR = "open_channel_to_coordinator"
    EDIT_CALENDAR = "edit_calendar"
    SEND_NEWSLETTER = "send_newsletter"
    EDIT_MAIL_LIST = "edit_mail_list"
    HOLD_MEETING = "hold_meeting"
    HOLD_GROUP_MEETING = "hold_group_meeting"
    SAVE_NOTES = "save_notes"
    DO_TASK = "do_task"
    PROVISION = "provision"
    SEE_ALL_VILLAGES = "see_all_villages"


_TABLE: dict[Action, frozenset[Role]] = {
    Action.SEE_VILLAGE: frozenset({*VILLAGE_ROLES, SEC}),
    Action.SUBSCRIBE_GROUP: frozenset({K, SEC}),  # the calendar of a coordinator group, or of the cohort
    Action.ANSWER_MEETING: frozenset({*VILLAGE_ROLES, K, SEC}),
    Action.START_POLL: frozenset({S, R, L, SEC}),
    Action.START_GROUP_POLL: frozenset({K, SEC}),
    Action.START_BINDING_POLL: frozenset({L}),
    Action.SET_POLL_RULES: frozenset({R, L}),
    Action.SETTLE_TIE: frozenset({L}),
    Action.ASK_SECRECY: frozenset({*VILLAGE_ROLES, K}),
    Action.ENTER_HAND_VOTES: frozenset({R, L, SEC}),
    Action.CONFIRM_HAND_VOTES: frozenset({S, R, L, SEC}),  # somebody else than who entered them
    Action.RECORD_DECISION: frozenset({R, L}),
    Action.RECORD_GROUP_DECISION: frozenset({K, SEC}),
    Action.RECORD_AGREEMENT: frozenset({SEC}),
    Action.OBJECT: frozenset({*VILLAGE_ROLES}),
    Action.OBJECT_IN_GROUP: frozenset({K}),
    Action.FINISH_DECISION: frozenset({S, R, L, SEC}),  # a group's: who records there
    Action.EXPORT_REGISTER: frozenset({R, L, SEC}),  # a group's: who records there
    Action.EXPORT_AGREEMENTS: frozenset({K}),  # those of their own municipality
    Action.TICK_NEXT_STEP: frozenset({P, S, R, L, SEC}),
    Action.TICK_GROUP_STEP: frozenset({K, SEC}),
    Action.PRINT_GROUP_LETTER: frozenset({K, SEC}),  # a village's: who sees the village
    Action.TICK_MILESTONE: frozenset({S, R, L, SEC}),  # each only those it confirms
    Action.REOPEN_MILESTONE: frozenset({SEC}),
    Action.PICK_DATE: frozenset({R, L, SEC}),
    Action.PICK_FIRST_DATE: frozenset(
        {R, L, LC, SEC}
    ),  # where the steering group is yet to be established (S20)
    Action.PICK_GROUP_DATE: frozenset({K, SEC}),
    Action.ENROL_VILLAGE: frozenset({S, R, L, SEC}),
    Action.KEEP_GUESTS: frozenset({SEC}),  # people without an account, by name
    Action.SEE_WHO_COMES: frozenset({K, SEC}),  # a coordinator only from the villages of the own municipality
    Action.GIVE_STEERING_ROLES: frozenset({L, LC, SEC}),  # LC until the steering group is established
    Action.GIVE_ALL_ROLES: frozenset({SEC}),
    Action.OPEN_CHANNEL_TO_COORDINATOR: frozenset({S, R, L, SEC}),
    Action.EDIT_CALENDAR: frozenset({SEC}),
    Action.SEND_NEWSLETTER: frozenset({SEC}),
    Action.EDIT_MAIL_LIST: frozenset({R, L, SEC}),
    Action.HOLD_MEETING: frozenset({S, R, L, SEC}),  # head count, agenda, opening the sharing
    Action.HOLD_GROUP_MEETING: frozenset({K, SEC}),  # the same in a group, and its notes
    Action.SAVE_NOTES: frozenset({R, L, SEC}),
    Action.DO_TASK: frozenset({SEC}),
    Action.PROVISION: frozenset({SEC}),
    Action.SEE_ALL_VILLAGES: frozenset({SEC}),
}


@dataclass(frozen=True, slots=True)
class RoleHeld:
    """A role and where it is held; a secretariat role everywhere, a coordinator's also in groups."""

    role: Role
    village_id: int | None = None
    municipality_id: int | None = None
    cohort_id: int | None = None
    group_ids: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Actor:
    """The person behind an action. `person_id` is None until the privacy text has been accepted."""

    person_id: int | None
    name: str
    roles: frozenset[RoleHeld] = field(default_factory=frozenset)
    discord_user_id: int | None = None


@dataclass(frozen=True, slots=True)
class Where:
    """The place an action is about."""

    village_id: int | None = None
    municipality_id: int | None = None
    cohort_id: int | None = None
    group_id: int | None = None


def roles_at(actor: Actor, where: Where) -> frozenset[Role]:
    """Return the roles that count at a place: a village role only in its own village, a group's in the group."""
    return frozenset(held.role for held in actor.roles if _counts(held, where))


def _counts(held: RoleHeld, where: Where) -> bool:
    if held.role is SEC:
        return True
    if held.role is K:
        in_group = where.group_id is None or where.group_id in held.group_ids
        return where.cohort_id is not None and held.cohort_id == where.cohort_id and in_group
    return where.village_id is not None and held.village_id == where.village_id


def may(actor: Actor, action: Action, where: Where) -> bool:
    """Tell whether the person may do this there."""
    return bool(roles_at(actor, where) & _TABLE[action])


def require(actor: Actor, action: Action, where: Where) -> Role:
    """Return the role that gives the right, or raise NotPermitted."""
    held = roles_at(actor, where) & _TABLE[action]
    if not held:
        raise NotPermitted(f"error.not_allowed.{action}")
    return strongest(held)


def looked_after(actor: Actor, cohort_id: int) -> set[int]:
    """Return the municipalities somebody coordinates in a cohort."""
    return {
        held.municipality_id
        for held in actor.roles
        if held.role is K and held.cohort_id == cohort_id and held.municipality_id is not None
    }


def may_or_holds(actor: Actor, action: Action, where: Where, also: str | None) -> Role | None:
    """Return the role that gives a right, or `also` where the person holds that one there; None for neither."""
    here = roles_at(actor, where)
    held = here & _TABLE[action] or {role for role in here if role == also}
    return strongest(held) if held else None


def strongest(roles: Iterable[Role]) -> Role:
    """Return the role that weighs most, in the order of the table."""
    return max(roles, key=list(Role).index)
