"""Seats at a meeting: whatever people answer in whatever order, nobody is promised a seat that is not there."""

from collections import Counter
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.seats import MOST_PEOPLE, Room, has_room, moving_up
from bot.domain.seats import Party as Coming

Party = tuple[int, int]  # who, and how many
HOMES = ("village:1", "village:2", None)


def home_of(who: int) -> str | None:
    return HOMES[who % 3]


@dataclass
class Kept:
    """A room kept with the two rules alone, as the service keeps it in the database."""

    seats: int | None
    share: int | None = None
    seated: list[Party] = field(default_factory=list)
    waiting: list[Party] = field(default_factory=list)

    @property
    def taken(self) -> int:
        return sum(people for _, people in self.seated)

    @property
    def room(self) -> Room:
        return Room(self.seats, self.taken, self.share, self.held)

    @property
    def held(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for who, people in self.seated:
            if home := home_of(who):
                found[home] += people
        return found

    def come(self, who: int, people: int) -> None:
        at_once = has_room(self.room, self._parties(), Coming(people, home_of(who)))
        (self.seated if at_once else self.waiting).append((who, people))

    def answer(self, came: list[int], who: int, people: int) -> None:
        """Let somebody answer anew; `came` is who comes, in the order of their answers."""
        if who in came:
            came.remove(who)
            self.leave(who)
        if people:
            came.append(who)
            self.come(who, people)

    def leave(self, who: int) -> None:
        self.seated = [party for party in self.seated if party[0] != who]
        self.waiting = [party for party in self.waiting if party[0] != who]
        self.move_up()

    def move_up(self) -> None:
        moved = moving_up(self.room, self._parties())
        self.seated += [self.waiting[number] for number in moved]
        self.waiting = [party for number, party in enumerate(self.waiting) if number not in moved]

    def _parties(self) -> list[Coming]:
        return [Coming(people, home_of(who)) for who, people in self.waiting]


_ANSWERS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, MOST_PEOPLE)), max_size=40)


@given(st.integers(0, 20), st.integers(0, 10), _ANSWERS)
def test_no_seat_is_promised_twice_nobody_is_lost_and_the_order_is_kept(
    places: int, more: int, answers: list[Party]
) -> None:
    room, came = Kept(places), list[int]()
    for who, people in answers:
        room.answer(came, who, people)
        assert room.taken <= places, "never overbooked"
        assert sorted(came) == sorted(who for who, _ in [*room.seated, *room.waiting]), "nobody is lost"
        assert [who for who, _ in room.waiting] == [who for who in came if who in dict(room.waiting)]
        if room.waiting:
            assert room.taken + room.waiting[0][1] > places, "the first in the row waits for a reason"
    before = [who for who, _ in room.waiting]
    room.seats = places + more
    room.move_up()
    assert room.taken <= places + more
    assert [who for who, _ in room.waiting] == before[len(before) - len(room.waiting) :], "from the front"
    room.seats = None
    room.move_up()
    assert not room.waiting, "without a limit nobody waits"


@given(st.integers(0, 20), st.integers(1, 10), _ANSWERS)
def test_a_villages_share_is_kept_for_it_and_keeps_nobody_else_waiting_until_it_ends(
    places: int, share: int, answers: list[Party]
) -> None:
    """S40."""
    room, came = Kept(places, share), list[int]()
    for who, people in answers:
        room.answer(came, who, people)
        assert room.taken <= places and all(held <= share for held in room.held.values())
        for home in HOMES:
            order = [who for who, _ in room.waiting if home_of(who) == home]
            assert order == [who for who in came if who in order], "in order within a village"
        over = set[str | None]()
        for waits, size in room.waiting:
            home = home_of(waits)
            if home in over or (home and room.held[home] + size > share):
                over.add(home)
                continue
            assert room.taken + size > places, "the first within the share waits because the room is full"
            break
    room.share = None
    room.move_up()
    assert not room.waiting or room.taken + room.waiting[0][1] > places, "then the row alone counts"
