"""From a draft to an approved reply on a real database: what was seen is published, once, or told why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.ghostwriter import Said, Who
from bot.model import Brand, ConversationState, Deletion, Kind, Mention
from bot.orders import Account, Ordered
from bot.records import Answer, CardState
from bot.replies import ReplyState
from bot.staff import Nap, Verb
from bot.suggestions import Written
from bot.testing.wall import Wall
from bot.texts.en import ENGLISH
from tests.acceptance._world import until
from tests.integration import store_samples as s
from tests.integration._answers import QUESTION, WORDS, Office, RulesDraft, office
from tests.integration.test_desk import FIRST


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.db"


async def test_what_is_written_under_a_card_is_published_when_approved_and_not_before(path: Path) -> None:
    """The whole way: draft, claim, approval, hold, published once, ask ended, all of it on record."""
    async with office(path) as it:
        told = await it.write(f"  {WORDS} ")
        assert told == ENGLISH.say("answer.look_at_it")
        state = await it.state()
        assert (state.conversation.state, state.conversation.claimed_by) == (
            ConversationState.CLAIMED,
            "anna",
        )
        await it.go_on(3600)
        assert [] == it.wall.posts
        await it.press(Verb.APPROVE, (await it.draft()).id)
        await it.go_on(4)
        assert [] == it.wall.posts  # the hold
        await it.go_on(2)
        assert [("at://us/1", WORDS, QUESTION)] == it.wall.posts
        reply, state = await it.reply(), await it.state()
        assert reply.state is ReplyState.PUBLISHED
        assert reply.published
        assert reply.published.url == "https://wall.example/1"
        assert state.conversation.state is ConversationState.ANSWERED
        assert state.ask
        assert state.ask.outcome == "answered"
        await it.go_on(3600)
        assert 1 == len(it.wall.posts)
        said = s.rows(path, "SELECT verb, outcome, person FROM decisions ORDER BY id")
        assert [("edit", "proposed", "anna"), ("approve", "approved", "anna")] == said
        assert [("went", None)] == s.rows(path, "SELECT outcome, reason FROM publications")


async def test_our_own_reply_is_known_when_the_source_brings_it(path: Path) -> None:
    """It ended the ask already; heard again it changes nothing."""
    async with office(path) as it:
        await it.approve()
        await it.go_on()
        ours = s.post(
            "at://us/1", author="did:us", minute=62, text=WORDS, root=QUESTION, parent=(QUESTION, "a0")
        )
        recorded = await s.record(it.store, Answer(post=ours, brand="acme"))
        assert (1, 0) == (recorded.duplicates, recorded.answered)


async def test_an_edit_needs_an_approval_of_its_own(path: Path) -> None:
    """The button of the words before does nothing; what is published is what was seen last."""
    async with office(path) as it:
        await it.write("first words")
        old = (await it.draft()).id
        await it.write("other words")
        assert await it.press(Verb.APPROVE, old) == ENGLISH.say("answer.outdated")
        await it.press(Verb.APPROVE, (await it.draft()).id)
        await it.go_on()
        assert ["other words"] == [text for _, text, _ in it.wall.posts]


async def test_the_prepared_answer_is_one_press_away_and_still_needs_approval(path: Path) -> None:
    """What the rules prepared, with its fields filled in."""
    async with office(path, draft="Hello {author.handle}, which one is it?") as it:
        await it.press(Verb.USE, 1)
        assert (await it.draft()).text == "Hello a0.example, which one is it?"
        assert (await it.draft()).origin == "rule"
        assert await it.press(Verb.USE, 7) == ENGLISH.say("answer.no_text")
        await it.go_on()
        assert [] == it.wall.posts


async def test_an_old_draft_is_shown_again_before_it_is_published(path: Path) -> None:
    """What was right an hour ago may not be now: the same words, to be looked at, with a button of their own."""
    async with office(path) as it:
        await it.write(WORDS)
        old = await it.draft()
        await it.clock.advance(3601)
        told = await it.press(Verb.APPROVE, old.id)
        assert told == ENGLISH.say("answer.expired", after=timedelta(hours=1))
        new = await it.draft()
        assert (new.text, new.origin, new.id != old.id) == (WORDS, old.origin, True)
        await it.go_on()
        assert [] == it.wall.posts
        await it.press(Verb.APPROVE, new.id)
        await it.go_on()
        assert 1 == len(it.wall.posts)


async def test_the_hold_is_as_configured(path: Path) -> None:
    """As long as that it can be canceled."""
    async with office(path, hold=timedelta(minutes=2)) as it:
        await it.approve()
        await it.go_on(119)
        assert [] == it.wall.posts
        await it.go_on(2)
        assert 1 == len(it.wall.posts)


async def test_two_who_approve_publish_once(path: Path) -> None:
    """The second one is told that it has changed."""
    async with office(path) as it:
        await it.write(WORDS)
        number = (await it.draft()).id
        await it.press(Verb.APPROVE, number)
        assert await it.press(Verb.APPROVE, number, who=3) == ENGLISH.say("answer.outdated")
        assert await it.write("me too", who=3) == ENGLISH.say("answer.under_way")
        await it.go_on()
        assert 1 == len(it.wall.posts)


async def test_a_colleague_s_conversation_is_theirs(path: Path) -> None:
    """A lead may all the same; a press by a stranger is refused."""
    async with office(path) as it:
        await it.write(WORDS, who=1)
        assert await it.write("no, this", who=2) == ENGLISH.taken("Anna")
        assert await it.press(Verb.APPROVE, (await it.draft()).id, who=2) == ENGLISH.taken("Anna")
        assert await it.press(Verb.DISCARD, (await it.draft()).id, who=2) == ENGLISH.taken("Anna")
        assert await it.press(Verb.APPROVE, (await it.draft()).id, who=9) == ENGLISH.say(
            "press.not_staff", identity="chat:9"
        )
        await it.press(Verb.APPROVE, (await it.draft()).id, who=3)
        await it.go_on()
        assert [WORDS] == [text for _, text, _ in it.wall.posts]


async def test_what_a_colleague_sleeps_on_is_theirs_too(path: Path) -> None:
    """Snoozed is not given up: proposing an answer takes it from nobody."""
    async with office(path) as it:
        await it.press(Verb.CLAIM, who=1)
        await it.press(Verb.SNOOZE, Nap.HOUR, who=1)
        assert await it.write("no, this", who=2) == ENGLISH.taken("Anna")
        state = await it.state()
        assert (state.draft, state.conversation.claimed_by) == (None, "anna")
        assert await it.write(WORDS, who=1) == ENGLISH.say("answer.look_at_it")
        assert (await it.state()).conversation.state is ConversationState.CLAIMED


async def test_a_card_is_known_in_whichever_channel_its_chat_is(path: Path) -> None:
    """Two channels may name one chat: a message in it says nothing of which of them the card went to."""
    async with office(path) as it:
        assert await it.write(WORDS, channel="chat:loud") == ENGLISH.say("answer.look_at_it")
        assert await it.write("hm", channel="mail:care") == ENGLISH.say("press.reply")


async def test_words_keep_the_language_they_were_proposed_in(path: Path) -> None:
    """Also when they are looked at again, and after a refusal; the platform is told it."""
    async with office(path) as it:
        it.answering.drafts = Writes(lang="es")
        await it.press(Verb.CLAIM)
        state = await it.state()
        await until(lambda: it.answering.equipped(state).means.suggestions, what="it is offered")
        await it.press(Verb.USE, 1)
        await newer(it)
        await it.press(Verb.AGAIN)
        assert (await it.draft()).lang == "es"
        await it.press(Verb.APPROVE, (await it.draft()).id)
        await it.press(Verb.CANCEL, (await it.reply()).id)
        await it.press(Verb.AGAIN)
        assert (await it.draft()).lang == "es"


async def test_cancel_within_the_hold_stops_it(path: Path) -> None:
    """After that it is too late, and the words are still there to be used again."""
    async with office(path) as it:
        await it.approve()
        number = (await it.reply()).id
        assert await it.press(Verb.CANCEL, number, who=2) == ENGLISH.say("answer.canceled")
        await it.go_on()
        assert [] == it.wall.posts
        assert await it.press(Verb.AGAIN, number) == ENGLISH.say("answer.look_at_it")
        await it.press(Verb.APPROVE, (await it.draft()).id)
        await it.go_on()
        assert [WORDS] == [text for _, text, _ in it.wall.posts]
        assert await it.press(Verb.CANCEL, (await it.reply()).id) == ENGLISH.say("answer.too_late")


async def newer(it: Office) -> None:
    await it.hear(s.judged(s.post("q1", author="a0", minute=61, root=QUESTION), uid="M2"))


async def edited(it: Office) -> None:
    await it.hear(
        s.judged(s.post("q0", author="a0", text="other words", root=None, edited=True, seen=62), uid=FIRST)
    )


async def deleted(it: Office) -> None:
    gone = Deletion(platform="bluesky", author_id="a0", post_id=QUESTION)
    await it.store.record(s.entry(deleted=(gone,)), now=s.at(62), lease_for=s.LEASE)


async def answered(it: Office) -> None:
    ours = s.post("ans", author="did:us", minute=62, root=QUESTION, parent=(QUESTION, "a0"))
    await it.hear(Answer(post=ours, brand="acme"))


async def opted_out(it: Office) -> None:
    said = s.post("stop", author="a0", minute=62, text="@acme.example STOP!", root="at://a0/other")
    wish = Mention(post=said, brand="acme", kind=Kind.REPLY)
    await it.hear(replace(s.judged(said, uid="M3", asks=False), mention=wish))


HAPPENS = {"newer": newer, "edited": edited, "deleted": deleted, "answered": answered, "opted_out": opted_out}


@pytest.mark.parametrize("reason", HAPPENS)
async def test_what_happens_before_it_goes_out_withholds_it(path: Path, reason: str) -> None:
    """Approved on what was seen then: a person decides anew, and the card says why."""
    async with office(path) as it:
        await it.approve()
        await it.clock.advance(3)
        await HAPPENS[reason](it)
        await it.go_on()
        reply = await it.reply()
        assert (ReplyState.WITHDRAWN, reason, []) == (reply.state, reply.reason, it.wall.posts)
        assert reply.text == WORDS


@pytest.mark.parametrize("reason", HAPPENS)
async def test_what_happens_before_approval_is_shown_first(path: Path, reason: str) -> None:
    """Approving a stale draft tells why it is; used again, it is one of now, if anything can be answered."""
    async with office(path) as it:
        await it.write(WORDS)
        await it.clock.advance(3)
        await HAPPENS[reason](it)
        told = await it.press(Verb.APPROVE, (await it.draft()).id)
        expected = (
            ENGLISH.say("refusal.deleted") if reason == "deleted" else ENGLISH.say(f"answer.since_{reason}")
        )
        assert told == expected
        told = await it.press(Verb.AGAIN)
        is_final = reason in {"deleted", "opted_out"}
        assert told == (expected if is_final else ENGLISH.say("answer.look_at_it"))
        if not is_final:
            await it.press(Verb.APPROVE, (await it.draft()).id)
        await it.go_on()
        assert (0 if is_final else 1) == len(it.wall.posts)


async def test_too_long_is_never_sent(path: Path) -> None:
    """By the platform's own count; the words are kept."""
    async with office(path, Wall(limit=10)) as it:
        await it.write("eleven char")
        assert await it.press(Verb.APPROVE, (await it.draft()).id) == ENGLISH.say("answer.too_long", over=1)
        await it.go_on()
        assert (await it.draft()).text == "eleven char"
        assert [] == it.wall.asked


async def test_a_reply_that_begins_with_note_is_one(path: Path) -> None:
    """It stands on the card, and nothing is proposed."""
    async with office(path) as it:
        assert await it.write(" Note: wrote to the press office too") == ENGLISH.say("press.note")
        state = await it.state()
        assert ["wrote to the press office too"] == [note.text for note in state.memory.notes]
        assert state.draft is None


async def test_staff_says_who_gets_no_answers(path: Path) -> None:
    """As good as if they had said so themselves, until it is taken back."""
    async with office(path) as it:
        await it.write(WORDS)
        account = Account(platform="bluesky", id="a0")
        await it.order(Ordered(outcome="blocked", reply="", blocks=account))
        assert await it.press(Verb.APPROVE, (await it.draft()).id) == ENGLISH.say("answer.since_opted_out")
        await it.order(Ordered(outcome="unblocked", reply="", unblocks=account))
        await it.press(Verb.APPROVE, (await it.draft()).id)
        await it.go_on()
        assert 1 == len(it.wall.posts)


async def test_stop_said_to_a_rival_is_no_word_to_us(path: Path) -> None:
    """They want to be left alone by somebody else."""
    async with office(path) as it:
        await it.store.save_brands(
            (Brand(name="acme", words=()), Brand(name="rival", words=(), is_rival=True))
        )
        await it.write(WORDS)
        said = s.post("stop", author="a0", minute=62, text="@rival.example STOP!", root="at://a0/other")
        wish = Mention(post=said, brand="rival", kind=Kind.REPLY)
        await it.hear(replace(s.judged(said, uid="M3", brand="rival", asks=False), mention=wish))
        await it.press(Verb.APPROVE, (await it.draft()).id)
        await it.go_on()
        assert 1 == len(it.wall.posts)


class Writes(RulesDraft):
    """A model that writes the same to everybody."""

    has_model = True

    def __init__(self, lang: str = "en") -> None:
        self.lang = lang
        self.threads: list[tuple[Said, ...]] = []

    async def write(self, state: CardState, thread: Sequence[Said], length: object) -> Written | None:
        self.threads.append(tuple(thread))
        return Written(text="Hello {author.handle}, tell us the order.", by="small-1", lang=self.lang)


async def test_a_model_is_given_the_whole_thread(path: Path) -> None:
    """Whose words which are, oldest first, the mention's own last; what was taken back is left out."""
    async with office(path) as it:
        it.answering.drafts = writes = Writes()
        ours = s.post(
            "ans", author="did:us", minute=62, text="Since when?", root=QUESTION, parent=(QUESTION, "a0")
        )
        await it.hear(Answer(post=ours, brand="acme"))
        gone = s.post("q1", author="a0", minute=63, text="oops", root=QUESTION)
        await it.hear(s.judged(gone, uid="M2"))
        lost = Deletion(platform="bluesky", author_id="a0", post_id=gone.id)
        await it.store.record(s.entry(deleted=(lost,)), now=s.at(64), lease_for=s.LEASE)
        await it.hear(
            s.judged(s.post("q2", author="a0", minute=65, text="Since May.", root=QUESTION), uid="M3")
        )
        await it.press(Verb.CLAIM)
        await until(lambda: writes.threads, what="it is written")
        assert [
            Said(who=Who.US, text="Since when?"),
            Said(who=Who.AUTHOR, text="Since May."),
            Said(who=Who.AUTHOR, text="my kettle leaks, what now?"),
        ] == list(writes.threads[0])


async def test_what_a_model_writes_is_offered_to_whoever_claims(path: Path) -> None:
    """Asked once somebody has it, shown on the card as one of the drafts, and no more than a draft."""
    async with office(path) as it:
        it.answering.drafts = writes = Writes()
        await it.press(Verb.CLAIM)
        state = await it.state()
        await until(lambda: it.answering.equipped(state).means.suggestions, what="it is offered")
        assert [Said(who=Who.AUTHOR, text="my kettle leaks, what now?")] == list(writes.threads[0])
        updates = s.rows(path, "SELECT count(*) FROM effects WHERE kind = 'update'")
        assert updates[0][0] >= 1
        await it.press(Verb.USE, 1)
        assert (await it.draft()).text == "Hello a0.example, tell us the order."
        assert (await it.draft()).origin == "model"
        await it.go_on(3600)
        assert [] == it.wall.posts
