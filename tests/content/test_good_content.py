"""The content as it stands is sound, and so is another programme: nothing of BLUP is built into the code."""

import shutil
import time

from bot.cli.checked import report_on
from bot.content.check import check
from bot.content.load import Content
from bot.domain.programme import COORDINATOR_CIRCLE, VILLAGE_CIRCLE
from tests.content.folder import Folder


def test_the_real_programme_has_no_faults(blup: Content) -> None:
    report = check(blup)
    assert report.faults == [], "\n".join(map(str, report.faults))
    skipped = {w.problem for w in report.warnings if w.file != f"texts/{blup.programme.language}"}
    assert skipped == set()


def test_a_check_without_spelling_is_quick(blup: Content) -> None:
    started = time.process_time()
    check(blup, spelling=False)
    assert time.process_time() - started < 1.5 * 2  # twice the aim: machines differ


def test_the_real_programme_has_the_shape_it_promises(blup: Content) -> None:
    circles = {k: len(list(blup.programme.circles(k))) for k in (VILLAGE_CIRCLE, COORDINATOR_CIRCLE)}
    assert circles == {VILLAGE_CIRCLE: 12, COORDINATOR_CIRCLE: 6}
    assert len(blup.programme.newsletters) == 18
    assert [phase.number for phase in blup.programme.phases] == [0, 1, 2, 3, 4]
    assert len(blup.programme.global_goals) == 17


def test_another_programme_in_another_language_is_just_as_sound(folder: Folder) -> None:
    report = folder.check()
    assert report.faults == []
    skipped = {w.key for w in report.warnings if w.file == "tone.yaml"}
    assert {"dictionary", "banned", "kinds", "letter"} <= skipped
    assert folder.load().programme.name == "Harbour School"


def test_another_programme_needs_the_texts_of_this_one_but_for_the_posts_its_reminders_name(
    blup: Content, folder: Folder
) -> None:
    texts = folder.path / "texts" / "en"
    (texts / "all.yaml").unlink()
    shutil.copytree(blup.folder / "texts" / "da", texts, dirs_exist_ok=True)
    faults = report_on(folder.load()).faults
    assert {fault.key for fault in faults if "is missing" in fault.problem} == {
        "post.day_before",
        "post.hour_before",
    }
    spare = {fault.key for fault in faults if "is used nowhere" in fault.problem}
    assert spare == {f"post.{r.text}" for row in blup.programme.reminders.values() for r in row}
    assert len(faults) == len(spare) + 2 + 2, "the two are said of the reminders, too"
