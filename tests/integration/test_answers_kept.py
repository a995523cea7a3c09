"""A good reply becomes an answer of the library: shown to whoever presses, in the chat and on the page."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import pytest

from bot.errors import Reason, Rejected
from bot.model import Deletion
from bot.records import CardState
from bot.replies import Origin, ReplyState, Suggestion
from bot.settings.answers import parse_answers
from bot.staff import Verb
from bot.suggestions import Written
from bot.texts.en import ENGLISH
from tests.integration import store_samples as s
from tests.integration._answers import QUESTION, WORDS, Office, RulesDraft, office
from tests.integration.page_world import Visitor, World, browser, world

FILE = Path("config/answers.yaml")
BEFORE = """# Ours.
answers:
  hours:
    questions: [When are you open?]
    answer: {en: "From 9 to 17."}
"""
ADDED = """--- config/answers.yaml
+++ config/answers.yaml (proposed)
@@ -3,3 +3,8 @@
   hours:
     questions: [When are you open?]
     answer: {en: "From 9 to 17."}
+  kettle-leaks:
+    questions:
+      - "my kettle leaks, what now?"
+    answer:
+      en: "Sorry! Which kettle is it?"
"""


def library(text: str | None = BEFORE) -> RulesDraft:
    drafts = RulesDraft()
    drafts.answers = parse_answers(text, FILE, ("bluesky",)) if text is not None else None
    return drafts


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.db"


async def answered(it: Office, text: str | None = BEFORE) -> int:
    """A reply was written by hand and published; its number."""
    it.answering.drafts = library(text)
    await it.approve()
    await it.go_on()
    return (await it.reply()).id


def on_card(path: Path) -> dict[str, str]:
    """The menu of the card that was pressed last, and what it says."""
    (payload,) = s.rows(path, "SELECT payload FROM effects WHERE kind = 'update' ORDER BY id DESC LIMIT 1")[0]
    found: dict[str, str] = json.loads(payload)
    return found


async def test_a_good_reply_is_proposed_as_an_answer(path: Path) -> None:
    """The card shows what the file would say, until Back; the history has it, and nothing else changes."""
    async with office(path) as it:
        number = await answered(it)
        state = await it.state()
        told = await it.press(Verb.SAVE, number, who=2)
        assert ENGLISH.say("answer.patch_added", entry="kettle-leaks", path=str(FILE)) == told
        assert {"menu": "answer", "shown": ADDED}.items() <= on_card(path).items()
        last = s.rows(path, "SELECT verb, outcome, person, changed FROM decisions ORDER BY id")[-1]
        assert ("save", "patch_shown", "ben", None) == last
        after = await it.state()
        assert (state.conversation.state, state.reply, state.undo) == (
            after.conversation.state,
            after.reply,
            after.undo,
        )
        await it.press(Verb.LESS)
        assert ("", None) == (on_card(path)["menu"], on_card(path).get("shown"))


async def test_without_a_file_it_says_how_to_begin_one(path: Path) -> None:
    """What is shown is a whole file then."""
    async with office(path) as it:
        number = await answered(it, None)
        assert ENGLISH.say("answer.patch_begun") == await it.press(Verb.SAVE, number)
        begun = parse_answers(on_card(path)["shown"], FILE, ())
        assert [{"en": WORDS}] == [dict(one.texts) for one in begun]


async def test_what_the_file_says_already_is_not_proposed(path: Path) -> None:
    """To that question; to another one, the question is new."""
    known = f"""answers:
  kettles:
    questions: [{{question}}]
    answer: {{{{en: "{WORDS}"}}}}
"""
    async with office(path) as it:
        number = await answered(it, known.format(question='"My kettle leaks! What now"'))
        named = {"entry": "kettles", "path": str(FILE)}
        assert ENGLISH.say("answer.patch_none", **named) == await it.press(Verb.SAVE, number)
        it.answering.drafts = library(known.format(question="Is it hot?"))
        assert ENGLISH.say("answer.patch_question", **named) == await it.press(Verb.SAVE, number)
        assert '+    questions: [Is it hot?, "my kettle leaks, what now?"]' in on_card(path)["shown"]


@pytest.mark.parametrize("text", ["answers: {hours: {questions: [Open?], lang: en, answer: Yes.}}\n"])
async def test_a_file_that_only_a_person_can_change_is_left_to_one(path: Path, text: str) -> None:
    """Said, with why."""
    async with office(path) as it:
        number = await answered(it, text)
        told = await it.press(Verb.SAVE, number)
        assert "No change can be proposed: the answers stand in braces" in told


async def test_a_stranger_and_an_old_button_are_refused(path: Path) -> None:
    """Whoever is nobody of the staff; a number that is not the newest reply; one that is not public."""
    async with office(path) as it:
        number = await answered(it)
        told = await it.press(Verb.SAVE, number, who=9)
        assert ENGLISH.say("press.not_staff", identity="chat:9") == told
        assert ENGLISH.say("answer.outdated") == await it.press(Verb.SAVE, number + 1)
        await it.press(Verb.TAKE_BACK, number)
        await it.go_on()
        assert ENGLISH.say("answer.outdated") == await it.press(Verb.SAVE, number)
        outcomes = [one for (one,) in s.rows(path, "SELECT outcome FROM decisions ORDER BY id")]
        assert ["not_staff", "outdated", "leaves", "outdated"] == outcomes[-4:]
        assert not [one for one in s.rows(path, "SELECT payload FROM effects") if "shown" in str(one[0])]


class Offered(RulesDraft):
    """One text, of the library."""

    def suggest(self, state: CardState, written: Written | None = None) -> tuple[Suggestion, ...]:
        return (Suggestion(text="From 9 to 17.", origin=Origin.LIBRARY, name="hours", score=0.9),)


async def test_the_librarys_own_words_are_not_offered_back(path: Path) -> None:
    """Also not when they went out the second time; with other words they are somebody's."""
    async with office(path) as it:
        it.answering.drafts = Offered()
        await it.press(Verb.USE, 1)
        await it.press(Verb.APPROVE, (await it.draft()).id)
        it.wall.before.append(Rejected("no", reason=Reason.INVALID))
        await it.go_on()
        await it.press(Verb.AGAIN, (await it.reply()).id)
        await it.press(Verb.APPROVE, (await it.draft()).id)
        await it.go_on()
        reply = await it.reply()
        assert (ReplyState.PUBLISHED, Origin.LIBRARY, False) == (reply.state, reply.origin, reply.may_be_kept)
        assert ENGLISH.say("answer.outdated") == await it.press(Verb.SAVE, reply.id)
        await it.write("From 9 to 17, on Sundays too.")
        await it.press(Verb.APPROVE, (await it.draft()).id)
        await it.go_on()
        assert (await it.reply()).may_be_kept


async def test_the_question_is_the_one_that_was_answered(path: Path) -> None:
    """The card may show a later one by then."""
    async with office(path) as it:
        number = await answered(it)
        later = s.post("q9", author="a0", minute=90, root=QUESTION, text="and when are you open?")
        await it.hear(s.judged(later, uid="01ARZ3NDEKTSV4RRFFQ69G5FAV"))
        await it.press(Verb.SAVE, number)
        shown = on_card(path)["shown"]
        assert ("my kettle leaks" in shown, "and when" in shown) == (True, False)


# --- on the page -------------------------------------------------------------------------------------


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as made:
        made.page.answers.drafts = library()  # type: ignore[attr-defined]
        yield made


@pytest.fixture
async def anna(at: World) -> AsyncIterator[Visitor]:
    async with browser(at, "anna") as visitor:
        yield visitor


async def published(at: World, visitor: Visitor) -> tuple[int, str]:
    """The conversation that was answered, and what its button hands back."""
    key, uid = await at.mention(text="my kettle leaks, what now?", spans=())
    await visitor.post("/answer", {"press": f"edit:{uid}", "text": WORDS})
    state = await at.store.card_of(uid)
    assert state
    assert state.draft
    await visitor.post("/answer", {"press": f"approve:{uid}:{state.draft.id}"})
    await at.go_on()
    html = (await visitor.get(f"/c/{key}"))[1]
    token = re.search(r'<button name="press" value="(save:[^"]+)" class="save">Save as answer</button>', html)
    assert token
    return key, token[1]


async def test_the_page_shows_all_of_it_and_gives_it_as_a_file(at: World, anna: Visitor) -> None:
    """On a page of its own, without a script too; what is downloaded is what was shown."""
    key, token = await published(at, anna)
    status, html, _ = await anna.post("/answer", {"press": token, "back": f"/c/{key}"})
    assert 200 == status
    assert ENGLISH.say("answer.patch_added", entry="kettle-leaks", path=str(FILE)) in html
    shown = re.search(r'<pre class="code" id="patch">(.*?)</pre>', html, re.DOTALL)
    assert shown
    assert ADDED == unescape(shown[1])
    assert f'<a href="/c/{key}">' in html
    assert ENGLISH.on_page("answer_patch_hint").replace("<", "&lt;") in html
    status, text, headers = await anna.post("/answer/patch", {"press": token})
    assert (200, ADDED) == (status, text)
    assert 'attachment; filename="answers.patch"' == headers["Content-Disposition"]
    html = (await anna.get(f"/c/{key}"))[1]
    assert ENGLISH.on_page("event_patch_shown", name="Anna") in html
    assert 1 == len(s.rows(at.database, "SELECT 1 FROM decisions WHERE verb = 'save'"))


async def test_a_file_that_is_to_be_begun_is_downloaded_as_one(at: World, anna: Visitor) -> None:
    """Not as a patch of nothing."""
    at.page.answers.drafts = library(None)  # type: ignore[attr-defined]
    _, token = await published(at, anna)
    _, html, _ = await anna.post("/answer", {"press": token})
    assert ENGLISH.say("answer.patch_begun") in html
    assert ENGLISH.on_page("answer_patch_hint").replace("<", "&lt;") not in html
    _, text, headers = await anna.post("/answer/patch", {"press": token})
    assert [{"en": WORDS}] == [dict(one.texts) for one in parse_answers(text, FILE, ())]
    assert 'attachment; filename="answers.yaml"' == headers["Content-Disposition"]


async def test_what_is_no_reply_any_more_has_no_file(at: World, anna: Visitor) -> None:
    """An old button; a post whose author took it back: its words are not kept."""
    key, token = await published(at, anna)
    old = f"{token}9"
    assert 404 == (await anna.post("/answer/patch", {"press": old}))[0]
    assert ENGLISH.say("answer.outdated") in (await anna.post("/answer", {"press": old}))[1]
    assert 400 == (await anna.post("/answer/patch", {"press": "save"}))[0]
    gone = Deletion(platform="bluesky", author_id="user1", post_id="at://user1/p1")
    await s.record(at.store, deleted=(gone,))
    assert 'class="save"' not in (await anna.get(f"/c/{key}"))[1]
