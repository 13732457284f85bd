"""What the seed's lines on meetings, letters and circles come to in a village's channel: the plan of a whole year.

The plan is the same on every database, so most of it is worked out with none.
"""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.domain.access import Actor
from bot.domain.errors import NotFound
from bot.domain.programme import COORDINATOR_CIRCLE, VILLAGE_CIRCLE, AgendaItem, Meeting, Scope
from bot.messages.calendar_files import agenda
from bot.services.context import Context
from bot.services.registry import services_on
from bot.storage.database import Database
from bot.storage.models import Cohort, CoordinatorGroup, Event, Village
from bot.storage.repositories.deliveries import Post
from tests.support.polls_world import SECRETARY, polls_world
from tests.support.world import START, context_on

HOMES = ("village:1", "village:2")
GROUP = "group:1"


class Year:
    """A year's plan for two villages and their coordinators."""

    def __init__(self, context: Context) -> None:
        self.programme = context.programme
        self.texts = context.texts
        cohort = Cohort(id=1, start_year=2027, created_at=START)
        villages = [Village(id=number, cohort_id=1, agreed_at=START) for number in (1, 2)]
        groups = [CoordinatorGroup(id=1, cohort_id=1, created_at=START)]
        services = services_on(context)
        self.events = [
            Event(id=number, cohort_id=1, code=dated.meeting.id, village_id=village, starts_at=dated.starts_at,
                  scope_key=f"village:{village}" if village else "cohort",
                  ends_at=dated.ends_at, newsletter_at=dated.newsletter_at, picked=False)
            for number, (dated, village) in enumerate(
                (dated, village)
                for dated in services.calendar.dated(2027)
                for village in ((None, 1, 2) if _own(dated.meeting) else (None,))
            )
        ]  # fmt: skip
        self.posts = {
            post.key: post for post in services.planning.posts_of(cohort, villages, groups, self.events)
        }

    def meeting(self, code: str) -> Meeting:
        return self.programme.meetings[code]

    def starts_at(self, code: str) -> Event:
        return next(event for event in self.events if event.code == code)

    def of(self, code: str, place: str) -> dict[str, Post]:
        """Return a meeting's posts in a place, by reminder."""
        return {
            key.split(":")[1]: post
            for key, post in self.posts.items()
            if key.startswith(f"{code}:") and post.place_key == place
        }

    def adds(self, code: str, reminder: str) -> tuple[str, ...]:
        """Return what stands with a reminder."""
        found = self.programme.reminders_of(self.meeting(code))
        return next(one.add for one in found if one.id == reminder)

    def points(self, code: str) -> str:
        """Return a meeting's agenda as people's calendars show it."""
        return "\n".join(agenda(self.texts, self.meeting(code)))

    def letter(self, code: str) -> str:
        """Return the whole of a circle's letter."""
        letter = self.programme.newsletters[self.meeting(code).newsletter or ""]
        return "\n".join([letter.title, letter.body, *letter.next_steps])


def _own(meeting: Meeting) -> bool:
    return meeting.scope is Scope.VILLAGE and meeting.window is not None


@pytest.fixture(scope="module")
def year() -> Iterator[Year]:
    yield Year(context_on(Database("sqlite+aiosqlite:///:memory:")))


def circles(year: Year, kind: str = VILLAGE_CIRCLE) -> list[str]:
    return [meeting.id for meeting in year.programme.meetings.values() if meeting.kind == kind]


def test_every_circle_carries_its_letter_its_reminders_and_its_thanks(year: Year) -> None:
    """S03: the circle is what all else hangs on, S07: and the day after each binds the year together."""
    for code in circles(year):
        for home in HOMES:
            around = year.of(code, home)
            assert {"r7", "r1", "r0", "thanks"} <= set(around)
            assert around["r7"].due_at < around["r1"].due_at < around["r0"].due_at
            begins = year.starts_at(code).starts_at
            assert around["r0"].due_at == begins - timedelta(hours=1)
            assert 0 < (around["thanks"].due_at - begins).days + 1 <= 4  # the day after, or after quiet days
            assert {"decisions", "first_next_step"} <= set(year.adds(code, "thanks"))
            assert f"{year.meeting(code).newsletter}:{home}" in year.posts


def test_every_circle_has_the_four_parts_in_their_order(year: Year) -> None:
    """S04: inspirationsindlæg, drøftelser, vidensdeling og koordinering."""
    for code in (*circles(year), *circles(year, COORDINATOR_CIRCLE)):
        points = [point for point in year.meeting(code).agenda if isinstance(point, AgendaItem)]
        assert [point.part for point in points] == list(year.programme.rules.circle_agenda_parts)
        assert sum(point.minutes or 0 for point in points) == year.meeting(code).minutes


def test_one_letter_leads_up_to_each_circle_with_steps_and_videos(year: Year) -> None:
    """S05 and S06: exactly one, before its circle, with two to five next steps and one to three short videos."""
    for kind, places in ((VILLAGE_CIRCLE, HOMES), (COORDINATOR_CIRCLE, (GROUP,))):
        for code in circles(year, kind):
            name = year.meeting(code).newsletter or ""
            letter, rules = year.programme.newsletters[name], year.programme.rules
            posts = [post for post in year.posts.values() if post.kind == "newsletter"]
            sent = [post for post in posts if post.payload["newsletter"] == name]
            assert sorted(post.place_key for post in sent) == sorted(places)
            assert all(post.due_at < year.starts_at(code).starts_at for post in sent)
            assert rules.next_steps.min <= len(letter.next_steps) <= rules.next_steps.max
            assert rules.videos.min <= len(letter.videos) <= rules.videos.max
            assert all(video.minutes <= rules.videos.max_minutes for video in letter.videos)
    names = [year.meeting(code).newsletter for code in (*circles(year), *circles(year, COORDINATOR_CIRCLE))]
    assert len(set(names)) == len(names)


def test_there_are_twelve_circles_for_villages_and_six_for_coordinators(year: Year) -> None:
    """S08: two kinds, each in its own channels."""
    assert (len(circles(year)), len(circles(year, COORDINATOR_CIRCLE))) == (12, 6)
    for code in circles(year, COORDINATOR_CIRCLE):
        assert year.of(code, GROUP) and not any(year.of(code, home) for home in HOMES)


def test_coordinators_are_invited_to_every_village_circle(year: Year) -> None:
    """S09: an invitation with an answer in their own channel, before the circle; the village's own posts stay there."""
    for code in circles(year):
        invited = year.of(code, GROUP)
        assert "guests" in invited and invited["guests"].due_at < year.starts_at(code).starts_at
        assert "rsvp" in year.adds(code, "guests")
        assert not {"r7", "thanks"} & set(invited)


def test_the_kick_off_speaks_of_the_goals_and_of_the_good_steering_group(year: Year) -> None:
    """S21: BLUP som værktøj, S22: den gode styregruppe; both on the agenda, taken up again by circle and letter 1."""
    assert "BLUP som værktøj – med Verdensmålene som greb" in year.points("EV-M1-OPSTART")
    assert "Verdensmål" in year.letter("VC01")
    assert "Etablering af den gode styregruppe" in year.points("EV-M1-OPSTART")
    assert "Den gode styregruppe" in year.points("VC01")
    assert year.programme.decisions["D04"].milestone == "M1-03"


def test_volunteers_are_what_the_first_letters_and_circles_are_about(year: Year) -> None:
    """S24: mobilisering og involvering, for villages and for those who support them."""
    opens = "- Inspirationsindlæg (25 minutter): Mobilisering og involvering af de frivillige i jeres lokalsamfund"
    assert year.points("VC01").startswith(opens)
    asked = year.programme.newsletters["NL-V01"].next_steps
    assert {"Spørg én af dem over en kop kaffe", "Tryk på Jeg kommer"} <= set(asked), (
        "who is asked, and how to come"
    )
    assert all(f"NL-V01:{home}" in year.posts and "r7" in year.of("VC01", home) for home in HOMES)
    assert "frivillige" in year.letter("CC02")
    assert {"M1-05"} <= {*year.meeting("VC01").milestones} & {*year.meeting("VC02").milestones}


@pytest.mark.parametrize(
    ("code", "minutes", "points"),
    [
        ("EV-M1-KURSUS", 300, ("Formål", "Tidshorisont", "Google Drev", "BLUP output", "Forretningsordenen")),
        ("EV-M2-KURSUS", 300, ("Analyse af jeres bæredygtighed", "Trendspotting", "Landsbymål")),
        (
            "EV-M4-KONF",
            330,
            ("Fremlæggelse af landsbyfortællinger og planer", "Inspirerende oplæg", "Netværk"),
        ),
    ],
)
def test_a_gathering_is_one_meeting_for_all_with_a_sign_up_in_every_channel(
    year: Year, code: str, minutes: int, points: tuple[str, ...]
) -> None:
    """S25: the course of five hours, S40: the second course, S62, S63, S64: the conference, its talks and network."""
    meeting = year.meeting(code)
    assert (meeting.gathering, meeting.minutes, meeting.scope) == (True, minutes, Scope.COHORT)
    assert len([event for event in year.events if event.code == code]) == 1
    assert all(point in year.points(code) for point in points)
    for home in HOMES:
        around = year.of(code, home)
        shared = ["share"] if "public" in meeting.audience else []
        assert list(around) == ["save", "signup", "last", "r2", "thanks", *shared]
        assert {"rsvp", "calendar_file"} <= set(year.adds(code, "signup"))


def test_the_conference_is_for_those_outside_too_and_ends_in_a_poll(year: Year) -> None:
    """S59: circle 12 leads up to it, S62: the coordinators are asked, S64: a secret poll and D22 round it off."""
    assert "BLUP-konference" in year.points("VC12") and "konference" in year.letter("VC12").casefold()
    assert {"public", "coordinator"} <= set(year.meeting("EV-M4-KONF").audience)
    assert "signup" in year.of("EV-M4-KONF", GROUP)
    poll = year.programme.polls["PL21"]
    assert (poll.opens.meeting, poll.ballot) == ("EV-M4-KONF", "secret")
    assert "D22" in year.programme.decisions


@pytest.mark.parametrize(
    ("codes", "about", "milestone"),
    [
        (("VC01", "VC02", "VC03"), "frivillige", "M1-04"),
        (("VC04", "VC05", "VC06"), "Kortlægning", "M2-01"),
        (("VC07", "VC08", "VC09"), "Fremtidsværksted", "M3-01"),
        (("VC10", "VC11", "VC12"), "Årshjul og organisering", "M4-01"),
    ],
)
def test_each_phase_has_three_letters_and_circles_on_its_theme(
    year: Year, codes: tuple[str, ...], about: str, milestone: str
) -> None:
    """S23: 1 to 3, S36: 4 to 6 on mapping, S46: 7 to 9 on the workshop, S55: 10 to 12 on what comes after."""
    phases = {year.meeting(code).phase for code in codes}
    assert len(phases) == 1
    assert any(about in year.meeting(code).title + year.points(code) for code in codes)
    assert all(milestone in year.meeting(code).milestones for code in codes)
    for home in HOMES:
        assert all(f"{year.meeting(code).newsletter}:{home}" in year.posts for code in codes)


def test_the_online_course_in_storytelling_is_common_and_comes_with_a_link(year: Year) -> None:
    """S60: for all steering groups, online, with reminders."""
    meeting = year.meeting("EV-M4-STORY")
    assert (meeting.mode, meeting.scope, meeting.audience) == ("online", Scope.COHORT, ("steering",))
    assert "Historiefortælling som værktøj" in year.points("EV-M4-STORY")
    for home in HOMES:
        assert {"r7", "r1", "r0", "thanks"} <= set(year.of("EV-M4-STORY", home))
    assert "link" in year.adds("EV-M4-STORY", "r0")


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("code", "minutes"),
    [("EV-M1-OPSTART", 60), ("EV-M1-INFO", 90), ("EV-M3-FREMTID", 360), ("EV-M4-COACH", 30)],
)
async def test_a_villages_own_meeting_is_dated_invited_to_and_counted_there_alone(
    context: Context, code: str, minutes: int
) -> None:
    """S20: the kick-off with each village, S31: the information meeting, S48: the workshop, S61: story coaching."""
    world = await polls_world(context)
    services = services_on(context)
    lead: Actor = await world.lead()
    assert world.village.cohort is not None
    day = services.calendar.choices(world.village.cohort, code)[1]
    before = {m.event_id: m for m in await services.calendar.upcoming(world.neighbour, 50)}
    picked = await services.planning.pick(lead, world.village, code, day)
    assert (picked.ends_at - picked.starts_at) == timedelta(minutes=minutes)
    assert {m.event_id: m for m in await services.calendar.upcoming(world.neighbour, 50)} == before
    assert picked.event_id not in before
    world.at(picked.starts_at + timedelta(minutes=20))
    assert (await services.meeting_day.enter(lead, world.village, picked.event_id, "23"))[1] == 23
    with pytest.raises(NotFound):
        await services.meeting_day.enter(SECRETARY, world.neighbour, picked.event_id, "23")
