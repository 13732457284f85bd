"""The table of rights: every action by every role, at home and elsewhere; what is not allowed is refused."""

import pytest

from bot.domain.access import Action, Actor, Role, RoleHeld, Where, may, require, roles_at, strongest
from bot.domain.errors import NotPermitted

COHORT, OTHER_COHORT = 3, 4
HOME = Where(village_id=7, municipality_id=5, cohort_id=COHORT)
NEXT_VILLAGE = Where(village_id=8, municipality_id=5, cohort_id=COHORT)
OTHER_YEAR = Where(village_id=9, municipality_id=5, cohort_id=OTHER_COHORT)
GROUP = Where(cohort_id=COHORT, group_id=2)
NEXT_GROUP = Where(cohort_id=COHORT, group_id=3)
OTHER_GROUP = Where(cohort_id=OTHER_COHORT)
NOWHERE = Where()

V, P, S, R, L = Role.VILLAGER, Role.PANEL, Role.STEERING, Role.STEERING_SECRETARY, Role.STEERING_LEAD
LC, K, SEC = Role.LOCAL_COUNCIL_CONTACT, Role.COORDINATOR, Role.SECRETARIAT
VILLAGE = {V, P, S, R, L, LC}
# DOMAIN section 4, row by row.
TABLE: dict[Action, set[Role]] = {
    Action.SEE_VILLAGE: {*VILLAGE, SEC},
    Action.SUBSCRIBE_GROUP: {K, SEC},
    Action.ANSWER_MEETING: {*VILLAGE, K, SEC},
    Action.START_POLL: {S, R, L, SEC},
    Action.START_GROUP_POLL: {K, SEC},
    Action.START_BINDING_POLL: {L},
    Action.SET_POLL_RULES: {R, L},
    Action.SETTLE_TIE: {L},
    Action.ASK_SECRECY: {*VILLAGE, K},
    Action.ENTER_HAND_VOTES: {R, L, SEC},
    Action.CONFIRM_HAND_VOTES: {S, R, L, SEC},
    Action.RECORD_DECISION: {R, L},
    Action.RECORD_GROUP_DECISION: {K, SEC},
    Action.RECORD_AGREEMENT: {SEC},
    Action.OBJECT: VILLAGE,
    Action.OBJECT_IN_GROUP: {K},
    Action.FINISH_DECISION: {S, R, L, SEC},
    Action.EXPORT_REGISTER: {R, L, SEC},
    Action.EXPORT_AGREEMENTS: {K},
    Action.TICK_NEXT_STEP: {P, S, R, L, SEC},
    Action.TICK_GROUP_STEP: {K, SEC},
    Action.PRINT_GROUP_LETTER: {K, SEC},
    Action.TICK_MILESTONE: {S, R, L, SEC},
    Action.REOPEN_MILESTONE: {SEC},
    Action.PICK_DATE: {R, L, SEC},
    Action.PICK_FIRST_DATE: {R, L, LC, SEC},
    Action.PICK_GROUP_DATE: {K, SEC},
    Action.KEEP_GUESTS: {SEC},
    Action.ENROL_VILLAGE: {S, R, L, SEC},
    Action.GIVE_STEERING_ROLES: {L, LC, SEC},
    Action.GIVE_ALL_ROLES: {SEC},
    Action.OPEN_CHANNEL_TO_COORDINATOR: {S, R, L, SEC},
    Action.EDIT_CALENDAR: {SEC},
    Action.SEND_NEWSLETTER: {SEC},
    Action.EDIT_MAIL_LIST: {R, L, SEC},
    Action.HOLD_MEETING: {S, R, L, SEC},
    Action.HOLD_GROUP_MEETING: {K, SEC},
    Action.SAVE_NOTES: {R, L, SEC},
    Action.DO_TASK: {SEC},
    Action.PROVISION: {SEC},
    Action.SEE_WHO_COMES: {K, SEC},
    Action.SEE_ALL_VILLAGES: {SEC},
}
EVERY_RIGHT = [(action, role) for action in Action for role in Role]


def someone(role: Role) -> Actor:
    """A person with one role: of village 7, of cohort 3 and its group 2, or of the secretariat."""
    held = {
        K: RoleHeld(K, municipality_id=5, cohort_id=COHORT, group_ids=frozenset({2})),
        SEC: RoleHeld(SEC),
    }.get(role, RoleHeld(role, village_id=7))
    return Actor(1, "Ida", frozenset({held}))


def test_the_table_here_knows_every_action() -> None:
    assert set(TABLE) == set(Action)


@pytest.mark.parametrize(("action", "role"), EVERY_RIGHT)
def test_a_right_holds_for_the_roles_of_the_table_and_no_other(action: Action, role: Role) -> None:
    actor, allowed = someone(role), role in TABLE[action]
    assert may(actor, action, HOME) is allowed
    if allowed:
        assert require(actor, action, HOME) is role
    else:
        with pytest.raises(NotPermitted) as caught:
            require(actor, action, HOME)
        assert caught.value.key.endswith(f"not_allowed.{action}")


@pytest.mark.parametrize(("action", "role"), EVERY_RIGHT)
def test_a_village_role_counts_in_its_own_village_only(action: Action, role: Role) -> None:
    actor = someone(role)
    for elsewhere in (NEXT_VILLAGE, OTHER_YEAR, GROUP, NOWHERE):
        if role in VILLAGE:
            assert not may(actor, action, elsewhere)
    assert may(actor, action, HOME) is (role in TABLE[action])


@pytest.mark.parametrize("action", list(Action))
def test_a_coordinators_role_counts_in_the_whole_cohort_and_the_own_group_and_in_no_other(
    action: Action,
) -> None:
    actor, allowed = someone(K), K in TABLE[action]
    for place in (HOME, NEXT_VILLAGE, GROUP):
        assert may(actor, action, place) is allowed
    for place in (OTHER_YEAR, OTHER_GROUP, NEXT_GROUP, NOWHERE):
        assert not may(actor, action, place)


@pytest.mark.parametrize("action", list(Action))
def test_the_secretariats_role_counts_everywhere(action: Action) -> None:
    for place in (HOME, NEXT_VILLAGE, OTHER_YEAR, GROUP, OTHER_GROUP, NOWHERE):
        assert may(someone(SEC), action, place) is (SEC in TABLE[action])


@pytest.mark.parametrize("action", list(Action))
def test_someone_without_a_role_may_do_nothing(action: Action) -> None:
    for place in (HOME, GROUP, NOWHERE):
        assert not may(Actor(None, "Ny"), action, place)


def test_several_roles_add_up_and_the_strongest_is_named() -> None:
    held = frozenset({RoleHeld(V, village_id=7), RoleHeld(L, village_id=7), RoleHeld(S, village_id=8)})
    actor = Actor(1, "Ida", held)
    assert roles_at(actor, HOME) == {V, L}
    assert roles_at(actor, NEXT_VILLAGE) == {S}
    assert require(actor, Action.SEE_VILLAGE, HOME) is L
    assert may(actor, Action.START_BINDING_POLL, HOME)
    assert not may(actor, Action.START_BINDING_POLL, NEXT_VILLAGE)
    assert strongest([V, SEC, L]) is SEC


def test_only_the_secretariat_is_the_secretariat() -> None:
    assert [role for role in Role if may(someone(role), Action.PROVISION, Where())] == [SEC]
