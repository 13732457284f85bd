"""Who votes and what may be told of it: secrecy, quorum, texts; knows no database, clock or prose.

Rules: PRIVACY section 6, CALENDAR section 6; they serve S30 (voting rules), S41-S43 (secret ratings and
priorities), S49-S52 (goals, projects, plans) and S58.
"""

import hashlib
import hmac
from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from unicodedata import category

from bot.domain.access import STEERING_GROUP, VILLAGE_ROLES, Role
from bot.domain.errors import InvalidInput
from bot.domain.programme_rules import SecretResults

QUESTION_LONGEST = 300
ANSWER_LONGEST = 80  # a button's label
REASON_LONGEST = 300
_UNSEEN = ("Cc", "Cs")  # what a terminal obeys, and halves of signs
FEWEST_ANSWERS, MOST_ANSWERS = 2, 25  # a menu holds 25
FEWEST_DAYS, USUAL_DAYS, MOST_DAYS = 1, 7, 32  # that a poll written in a form is open
HALF = "half"
SHARES = {HALF: (1, 2), "third": (1, 3), "two_thirds": (2, 3)}  # of those entitled, that must vote
NUMBERS = ("5", "10", "20")  # of people, that must vote
ASKABLE = ("all", "panel", "steering")  # whom a village may ask by itself
ADVISORY = "advisory"

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
    """Tell whether enough people voted to decide: a share of those entitled, or a number of people (S30)."""
    if quorum is None:
        return True
    if quorum not in SHARES:
        return turnout >= int(quorum)
    part, whole = SHARES[quorum]
    return turnout > 0 and turnout * whole >= entitled * part


def yes_and_no(
    votes: Mapping[str, int], yes_options: Collection[str], no_begins: str = ""
) -> tuple[int, int] | None:
    """Return how many said yes and how many no; None when the answers are not of that kind.

    `votes` is by text; every answer counted as yes stands in the programme's `yes_options`. Of the others those
    count as no that begin with `no_begins`, and there must be one; the rest, "I do not know", counts neither for nor
    against.
    """
    yes, no = yes_and_no_among(votes, yes_options, no_begins)
    if not yes or not no:
        return None
    return sum(votes[text] for text in yes), sum(votes[text] for text in no)


def yes_and_no_among(
    texts: Collection[str], yes_options: Collection[str], no_begins: str
) -> tuple[set[str], set[str]]:
    """Return which answers mean yes, and which no."""
    yes = {text for text in texts if text in yes_options}
    return yes, {text for text in texts if text.casefold().startswith(no_begins.casefold())} - yes


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


def checked_question(question: str) -> str:
    """Return a question on one line. Raises InvalidInput when it is empty or too long."""
    text = one_line(question)
    if not text:
        raise InvalidInput("error_polls.question_missing")
    if len(text) > QUESTION_LONGEST:
        raise InvalidInput("error_polls.question_long", longest=QUESTION_LONGEST)
    return text


def checked_reason(reason: str) -> str:
    """Return a voter's reason on one line, "" for none. Raises InvalidInput when it is too long."""
    text = one_line(reason)
    if len(text) > REASON_LONGEST:
        raise InvalidInput("error_polls.why_long", longest=REASON_LONGEST)
    return text


def checked_cancellation(reason: str) -> str:
    """Return why a poll is cancelled, on one line. Raises InvalidInput when nothing is said, or too much."""
    text = checked_reason(reason)
    if not text:
        raise InvalidInput("error_polls.cancel_why_missing")
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
    """Return text with every run of blanks and line breaks made one blank, and without signs nobody sees."""
    return " ".join("".join(sign for sign in text if sign.isspace() or category(sign) not in _UNSEEN).split())
