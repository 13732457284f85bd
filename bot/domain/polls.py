"""What a vote is and what may be told of it: counting, secrecy, quorum; knows no database, clock or prose.

Rules: PRIVACY section 6, CALENDAR section 6; they serve S30 (voting rules), S41-S43 (secret ratings and
priorities), S49-S52 (goals, projects, plans) and S58.
"""

import hashlib
import hmac
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.access import STEERING_GROUP, VILLAGE_ROLES, Role
from bot.domain.errors import InvalidInput
from bot.domain.programme import SecretResults

QUESTION_LONGEST = 300
ANSWER_LONGEST = 80  # a button's label
FEWEST_ANSWERS, MOST_ANSWERS = 2, 10
HALF = "half"

_VOTERS: Mapping[str, Collection[Role]] = {
    "steering": STEERING_GROUP,
    "steering_member": (Role.STEERING,),
    "initiators": (Role.LOCAL_COUNCIL_CONTACT,),
    "villager": VILLAGE_ROLES,
    "all": VILLAGE_ROLES,
    "public": VILLAGE_ROLES,
    "secretariat": (),  # DOMAIN section 4: the secretariat never votes
    "bot": (),
}


class Shown(StrEnum):
    """How much of a result may be told."""

    NOTHING = "nothing"
    RANKING = "ranking"
    NUMBERS = "numbers"


@dataclass(frozen=True, slots=True)
class Tally:
    """Votes for each answer's position, and how many people voted."""

    votes: Mapping[int, int]
    turnout: int


def tally(positions: Iterable[int], ballots: Mapping[str, Collection[int]]) -> Tally:
    """Count ballots: each voter once for each of the answers they chose."""
    votes = dict.fromkeys(positions, 0)
    for chosen in ballots.values():
        for position in set(chosen):
            votes[position] += 1
    return Tally(votes, sum(1 for chosen in ballots.values() if chosen))


def winners(votes: Mapping[int, int]) -> tuple[int, ...]:
    """Return the positions with most votes, all of them when they are equal, none when nobody voted."""
    most = max(votes.values(), default=0)
    return tuple(sorted(position for position, count in votes.items() if count == most)) if most else ()


def ranks(votes: Mapping[int, int]) -> dict[int, int]:
    """Return each position's place, 1 the best; equal answers share a place and the next follows on."""
    steps = sorted(set(votes.values()), reverse=True)
    return {position: steps.index(count) + 1 for position, count in votes.items()}


def shown(*, secret: bool, turnout: int, rules: SecretResults) -> Shown:
    """Return how much of a closed poll may be told; only a secret one hides anything (S41)."""
    if not secret or turnout >= rules.numbers_from_votes:
        return Shown.NUMBERS
    return Shown.RANKING if turnout >= rules.show_from_votes else Shown.NOTHING


def unanimous(votes: Mapping[int, int], turnout: int) -> bool:
    """Tell whether everybody gave one and the same answer, so that each vote can be worked out."""
    given = [count for count in votes.values() if count]
    return turnout > 0 and given == [turnout]


def quorum_met(quorum: str | None, turnout: int, entitled: int) -> bool:
    """Tell whether enough people voted to decide: `half` is at least half of those entitled (S30)."""
    if quorum == HALF:
        return turnout > 0 and turnout * 2 >= entitled
    return True


def adopted(votes: Mapping[str, int], yes_options: Collection[str]) -> bool | None:
    """Tell whether more said yes than no; None when the answers are not of that kind.

    `votes` is by text; every answer counted as yes stands in the programme's `yes_options`.
    """
    if not set(votes) & set(yes_options):
        return None
    yes = sum(count for text, count in votes.items() if text in yes_options)
    return yes > sum(votes.values()) - yes


def voter_key(poll_key: bytes, account_id: int) -> str:
    """Return the mark that stands for a person on a secret ballot; useless once the key is destroyed."""
    return hmac.new(poll_key, str(account_id).encode(), hashlib.sha256).hexdigest()


def roles_of(voters: Iterable[str]) -> frozenset[Role]:
    """Return the roles that may vote, from the words of content or of the command (DOMAIN section 4)."""
    found: set[Role] = set()
    for word in voters:
        if word in _VOTERS:
            found.update(_VOTERS[word])
        elif word in set(Role):
            found.add(Role(word))
    return frozenset(found)


def checked_choice(positions: Sequence[int], pick: int, offered: Collection[int]) -> tuple[int, ...]:
    """Return the chosen positions in order; pick 0 means any number. Raises InvalidInput."""
    chosen = tuple(sorted(set(positions)))
    if not chosen:
        raise InvalidInput("error_polls.nothing_chosen")
    if not set(chosen) <= set(offered):
        raise InvalidInput("error_polls.unknown_answer")
    if pick and len(chosen) > pick:
        raise InvalidInput("error_polls.too_many_chosen", pick=pick)
    return chosen


def checked_question(question: str) -> str:
    """Return a question on one line. Raises InvalidInput when it is empty or too long."""
    text = one_line(question)
    if not text:
        raise InvalidInput("error_polls.question_missing")
    if len(text) > QUESTION_LONGEST:
        raise InvalidInput("error_polls.question_long", longest=QUESTION_LONGEST)
    return text


def checked_answers(answers: Iterable[str], most: int = MOST_ANSWERS) -> tuple[str, ...]:
    """Return the answers without empty ones. Raises InvalidInput for too few, many, long or equal ones."""
    texts = tuple(text for text in map(one_line, answers) if text)
    if len(texts) < FEWEST_ANSWERS:
        raise InvalidInput("error_polls.answers_few", fewest=FEWEST_ANSWERS)
    if len(texts) > most:
        raise InvalidInput("error_polls.answers_many", most=most)
    for text in texts:
        if len(text) > ANSWER_LONGEST:
            raise InvalidInput(
                "error_polls.answer_long", answer=text[:ANSWER_LONGEST], longest=ANSWER_LONGEST
            )
    seen: set[str] = set()
    for text in texts:
        if text.casefold() in seen:
            raise InvalidInput("error_polls.answer_twice", answer=text)
        seen.add(text.casefold())
    return texts


def one_line(text: str) -> str:
    """Return text with every run of blanks and line breaks made one blank."""
    return " ".join(text.split())
