"""A circle's evening as the village lives it: the hour's post leads to the count, the agenda, the thread and the notes."""

from datetime import UTC, datetime, timedelta

from bot.delivery.gateway import DiscordMessages
from bot.demo.hands import answer, private_ids
from bot.demo.year import ProgrammeYear
from tests.journeys.test_polls_by_buttons import fill, press
from tests.support.year import part, posts, said, starting

BEGINS = datetime(2027, 10, 26, 17, 0, tzinfo=UTC)  # VC01, 19.00 in Denmark


async def test_an_evening_from_the_first_minute_to_the_steps_that_are_ticked_on(year: ProgrammeYear) -> None:
    """A circle hangs together (S03, S04, S07, S23): counted, led, shared in a thread, noted, and taken on."""
    cast, hands = year.villages[0], year.hands
    lead, secretary, villager = cast.lead, cast.secretary, cast.who("villager")[0]
    await year.discord.advance_to(BEGINS + timedelta(minutes=5))
    hour = next(post for post in reversed(posts(year, cast)) if "Om lidt begynder vi" in post.content)
    panel = await hands.press(lead, hour, part(hour, "meeting_day"))
    assert "Antallet er ikke skrevet endnu" in said(panel)
    assert private_ids(await hands.press(villager, hour, part(hour, "meeting_day"))) == []
    counted = await fill(lead, await press(lead, panel, "head_count"), "14")
    assert "I var 14" in said(counted)
    point = await press(lead, panel, "agenda_step")
    assert "Punkt 1 af 4" in said(point)
    assert "Punkt 2 af 4" in said(await press(lead, point, "agenda_step"))

    await press(lead, panel, "share_open")
    await year.discord.settle()
    (question,) = starting(year, cast, "**Vidensdeling: ")
    backend = year.discord.env.backend
    thread = backend.get_channel(question.id)
    listed = {event.name for guild in backend.guilds.values() for event in guild.scheduled_events.values()}
    assert "Hvem skal med? De første frivillige" in listed and "Fremtidsværksted" not in listed
    assert thread.is_thread and (thread.name or "").startswith("Vidensdeling: Hvem skal med?")
    with year.discord.inside_bot():  # a second try, after a crash: the thread that stands is left alone
        await DiscordMessages(year.discord.env.bot).open_thread(cast.channel_id, question.id, "Endnu en")
    assert backend.get_channel(question.id).name == thread.name
    form = await hands.press(villager, question, part(question, "share"))
    assert "uden dit navn" in said(await fill(villager, form, "Spørg én ad gangen"))
    (advice,) = year.discord.messages(thread.id)
    assert advice.content == "Et godt råd: Spørg én ad gangen"
    assert villager.name not in advice.content
    inside = await hands.press(secretary, advice, part(advice, "share"))  # a button inside the thread
    await fill(secretary, inside, "Kag hjælper")
    assert [m.content for m in year.discord.messages(thread.id)][1:] == ["Et godt råd: Kag hjælper"]

    panel = await hands.press(secretary, hour, part(hour, "meeting_day"))
    notes = await press(secretary, panel, "notes_edit")
    drafted = next(row["component"]["value"] for row in notes.modal["components"])
    assert drafted == "- Spørg én ad gangen\n- Kag hjælper"
    await fill(secretary, notes, "Spørg én ad gangen, og tag kage med.", "Ring til tre naboer")
    await year.discord.settle()
    (told,) = starting(year, cast, "Noterne fra »Hvem skal med?")
    assert "tag kage med" in said(await hands.press(villager, told, part(told, "notes_show")))
    steps = await hands.command(lead, cast.channel_id, "next")
    assert "Ring til tre naboer" in said(steps)
    assert "Ring til tre naboer (klar)" in said(await press(lead, steps, "step_done"))
    letter = next(post for post in posts(year, cast) if post.content.startswith("**Nyhedsbrev 1: "))
    file = await hands.press(villager, letter, part(letter, "ics"))
    assert [one.filename for one in answer(file).attachments] == ["kalender.ics"]
    offered = await press(villager, await hands.command(villager, cast.channel_id, "calendar"), "feed")
    assert "https://blup.example.dk/kalender/" in said(await press(villager, offered, "feed_make"))
    await year.discord.advance_to(BEGINS + timedelta(days=1))
    (thanks,) = [post for post in posts(year, cast) if "I var 14." in post.content]
    assert "I var 14. Tryk på Vis noterne, så kan I læse dem.\nI næste nyhedsbrev" in thanks.content
    assert "tag kage med" in said(await hands.press(villager, thanks, part(thanks, "notes_show")))
    year.discord.raise_errors()
