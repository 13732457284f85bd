"""Seats at a meeting: whatever people answer in whatever order, nobody is promised a seat that is not there."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.seats import MOST_PEOPLE, has_room, moving_up

Party = tuple[int, int]  # who, and how many


@dataclass
class Room:
    """A room kept with the two rules alone, as the service keeps it in the database."""

    seats: int | None
    seated: list[Party] = field(default_factory=list)
    waiting: list[Party] = field(default_factory=list)

    @property
    def taken(self) -> int:
        return sum(people for _, people in self.seated)

    def come(self, who: int, people: int) -> None:
        at_once = has_room(people, self.taken, self.seats, somebody_waits=bool(self.waiting))
        (self.seated if at_once else self.waiting).append((who, people))

    def leave(self, who: int) -> None:
        self.seated = [party for party in self.seated if party[0] != who]
        self.waiting = [party for party in self.waiting if party[0] != who]
        self.move_up()

    def move_up(self) -> None:
        count = moving_up(self.taken, self.seats, [people for _, people in self.waiting])
        self.seated += self.waiting[:count]
        self.waiting = self.waiting[count:]


_ANSWERS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, MOST_PEOPLE)), max_size=40)


@given(st.integers(0, 20), st.integers(0, 10), _ANSWERS)
def test_no_seat_is_promised_twice_nobody_is_lost_and_the_order_is_kept(
    seats: int, more: int, answers: list[Party]
) -> None:
    room, came = Room(seats), list[int]()
    for who, people in answers:
        if who in came:
            came.remove(who)
            room.leave(who)
        if people:
            came.append(who)
            room.come(who, people)
        assert room.taken <= seats, "never overbooked"
        assert sorted(came) == sorted(who for who, _ in [*room.seated, *room.waiting]), "nobody is lost"
        assert [who for who, _ in room.waiting] == [who for who in came if who in dict(room.waiting)]
        if room.waiting:
            assert room.taken + room.waiting[0][1] > seats, "the first in the row waits for a reason"
    before = [who for who, _ in room.waiting]
    room.seats = seats + more
    room.move_up()
    assert room.taken <= seats + more
    assert [who for who, _ in room.waiting] == before[len(before) - len(room.waiting) :], "from the front"
    room.seats = None
    room.move_up()
    assert not room.waiting, "without a limit nobody waits"
