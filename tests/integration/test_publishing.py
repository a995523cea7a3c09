"""How tries at a reply end: published once, whatever goes wrong, or left to a person who is told why."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.errors import BotError, Reason, Rejected, StoreError, Unauthorized, Unavailable
from bot.model import ConversationState
from bot.records import Leased
from bot.replies import ReplyState
from bot.staff import Verb
from bot.store.rows import micros
from bot.store.sqlite import SqliteStore
from bot.testing.wall import Wall, cut, down
from bot.texts.en import ENGLISH
from bot.tries import Taken, Tried
from tests.integration import store_samples as s
from tests.integration._answers import QUESTION, WORDS, office


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.db"


@pytest.mark.parametrize("is_idempotent", [False, True])
async def test_an_answer_that_did_not_come_is_looked_for(path: Path, *, is_idempotent: bool) -> None:
    """It was published: found, and not sent again; whether or not the platform knows a key again."""
    async with office(path, Wall(is_idempotent=is_idempotent)) as it:
        it.wall.after.append(cut())
        await it.approve()
        await it.go_on()
        assert (await it.reply()).state is ReplyState.UNSURE
        await it.go_on(61)
        assert ["publish", "find"] == it.wall.asked
        assert (await it.reply()).state is ReplyState.PUBLISHED
        assert 1 == len(it.wall.posts)


async def test_what_surely_did_not_arrive_is_sent_again(path: Path) -> None:
    """Looked for first, then published: once."""
    async with office(path) as it:
        it.wall.before.append(cut())
        await it.approve()
        await it.go_on()
        assert [] == it.wall.posts
        await it.go_on(61)
        assert ["publish", "find", "publish"] == it.wall.asked
        assert 1 == len(it.wall.posts)


@pytest.mark.parametrize("refusal", [Unauthorized("revoked"), Rejected("no"), down()])
async def test_who_may_not_look_does_not_know(path: Path, refusal: BotError) -> None:
    """Accepted, the answer lost, and then the credential is refused: it may stand there, so that it is neither
    told to be unpublished nor sent again before somebody looked.
    """
    async with office(path) as it:
        it.wall.after.append(cut())
        it.wall.looking.append(refusal)
        await it.approve()
        await it.go_on()
        await it.go_on(61)
        assert (ReplyState.UNSURE, refusal.reason) == ((await it.reply()).state, (await it.reply()).reason)
        assert len(it.refused) == isinstance(refusal, Unauthorized)
        assert await it.press(Verb.AGAIN) == ENGLISH.say("answer.under_way")
        await it.go_on(600)
        assert (await it.reply()).state is ReplyState.PUBLISHED
        assert 1 == len(it.wall.posts)


async def test_who_may_never_look_asks_a_person(path: Path) -> None:
    """After eight tries."""
    async with office(path) as it:
        it.wall.after.append(cut())
        it.wall.looking.extend([Unauthorized("revoked")] * 20)
        await it.approve()
        for _ in range(12):
            await it.go_on(600)
        assert (await it.reply()).asks_staff
        assert it.wall.asked.count("find") < 10
        await it.press(Verb.IS_THERE, (await it.reply()).id)
        assert (await it.reply()).state is ReplyState.PUBLISHED
        assert 1 == len(it.wall.posts)


@pytest.mark.parametrize("is_there", [True, False])
async def test_what_nobody_can_find_out_is_asked(path: Path, *, is_there: bool) -> None:
    """A platform that cannot be asked: a person looks, and until they did nothing is sent."""
    async with office(path, Wall(can_find=False)) as it:
        (it.wall.after if is_there else it.wall.before).append(cut())
        await it.approve()
        await it.go_on()
        await it.go_on(61)
        reply = await it.reply()
        assert reply.asks_staff
        await it.go_on(7200)
        assert await it.write("more words") == ENGLISH.say("answer.under_way")
        assert (["publish", "find"], int(is_there)) == (it.wall.asked, len(it.wall.posts))
        await it.press(Verb.IS_THERE if is_there else Verb.IS_NOT_THERE, reply.id)
        await it.go_on()
        # said two hours later, that it is not there: by then it has expired, and a person decides anew
        state = ReplyState.PUBLISHED if is_there else ReplyState.WITHDRAWN
        assert (await it.reply()).state is state
        assert int(is_there) == len(it.wall.posts)


async def test_a_crash_after_sending_is_looked_for(path: Path) -> None:
    """The lease ran out while it was tried: it may be there."""
    async with office(path) as it:
        await it.approve()
        await it.clock.advance(6)
        taken = await it.store.take_replies(["bluesky"], limit=9, now=it.clock.now(), lease_for=s.LEASE)
        await it.wall.publish(taken[0].outgoing)
        await it.go_on(31)
        assert ["publish", "find"] == it.wall.asked
        assert (await it.reply()).state is ReplyState.PUBLISHED


async def test_a_platform_that_is_down_is_tried_until_it_expires(path: Path) -> None:
    """Surely not sent: again, with growing pauses, as long as the approval holds."""
    async with office(path) as it:
        it.wall.before.extend([down()] * 3)
        await it.approve()
        for _ in range(4):
            await it.go_on(60)
        assert 1 == len(it.wall.posts)
        assert ["publish"] * 4 == it.wall.asked


async def test_a_platform_that_is_down_for_an_hour_leaves_it_to_a_person(path: Path) -> None:
    """Hours later nobody wants it to appear by itself."""
    async with office(path) as it:
        it.wall.before.append(Unavailable("later", reason=Reason.RATE_LIMITED))
        await it.approve()
        await it.go_on()
        await it.go_on(3700)
        reply = await it.reply()
        assert (ReplyState.WITHDRAWN, "late", []) == (reply.state, reply.reason, it.wall.posts)


async def test_a_refusal_is_told_at_once_with_the_clock_running(path: Path) -> None:
    """The cause in plain words, the text to copy, the ask still open."""
    async with office(path) as it:
        it.wall.gone.add(QUESTION)
        await it.approve()
        await it.go_on()
        reply, state = await it.reply(), await it.state()
        assert (ReplyState.REFUSED, "not_found", WORDS) == (reply.state, reply.reason, reply.text)
        assert state.ask
        assert state.ask.outcome is None
        await it.go_on(3600)
        assert ["publish"] == it.wall.asked


async def test_a_password_that_is_wrong_is_told_to_somebody(path: Path) -> None:
    """Nothing is published, and nothing is tried over and over."""
    async with office(path) as it:
        it.wall.before.append(Unauthorized("wrong password"))
        await it.approve()
        await it.go_on()
        assert ["bluesky"] == [platform for platform, _ in it.refused]
        assert (await it.reply()).reason == "unauthorized"


async def test_a_bug_in_a_connector_is_asked_about(path: Path) -> None:
    """Nobody knows how far it came."""
    async with office(path) as it:
        it.wall.after.append(ZeroDivisionError())  # type: ignore[arg-type]
        await it.approve()
        await it.go_on()
        assert (await it.reply()).asks_staff


async def test_paused_publishing_holds_everything_back(path: Path) -> None:
    """Nothing is asked of the platform; let go, it is published."""
    async with office(path) as it:
        it.answering.publisher.is_paused = lambda: True
        await it.approve()
        await it.go_on()
        reply = await it.reply()
        assert (ReplyState.HELD, "paused", []) == (reply.state, reply.reason, it.wall.asked)
        it.answering.publisher.is_paused = lambda: False
        await it.go_on(31)
        assert 1 == len(it.wall.posts)


async def test_a_published_reply_is_taken_back(path: Path) -> None:
    """It is gone there, the ask goes on, and whoever published it has it again."""
    async with office(path) as it:
        await it.approve()
        await it.go_on()
        it.wall.before.append(down())
        await it.press(Verb.TAKE_BACK, (await it.reply()).id)
        await it.go_on()
        assert (await it.reply()).state is ReplyState.LEAVING
        await it.go_on(60)
        state = await it.state()
        assert (await it.reply()).state is ReplyState.TAKEN_BACK
        assert [] == it.wall.posts
        assert state.ask
        assert state.ask.outcome is None
        assert (state.conversation.state, state.conversation.claimed_by) == (
            ConversationState.CLAIMED,
            "anna",
        )


async def test_a_changed_row_is_not_published(path: Path) -> None:
    """The hash of what was approved is looked at before it goes out."""
    async with office(path) as it:
        await it.approve()
        s.execute(path, "UPDATE replies SET text = 'buy now'")
        await it.go_on()
        reply = await it.reply()
        assert (ReplyState.WITHDRAWN, "altered", []) == (reply.state, reply.reason, it.wall.posts)


async def test_a_message_that_answers_no_card_publishes_nothing(path: Path) -> None:
    """Talk in a staff chat stays there."""
    async with office(path) as it:
        assert await it.write("we should fire them", receipt="msg-77") == ENGLISH.say("press.reply")
        assert await it.write("   ") == ENGLISH.say("answer.no_text")
        await it.go_on(3600)
        assert (None, [], []) == ((await it.state()).draft, it.wall.asked, it.wall.posts)


async def test_a_bug_while_it_is_taken_back_never_publishes_it_again(path: Path) -> None:
    """It stands there still, and the card says that it could not be taken back: nobody is asked to send it."""
    async with office(path) as it:
        await it.approve()
        await it.go_on()
        it.wall.before.append(ZeroDivisionError())  # type: ignore[arg-type]
        await it.press(Verb.TAKE_BACK, (await it.reply()).id)
        await it.go_on()
        reply = await it.reply()
        assert (ReplyState.PUBLISHED, "bug", False) == (reply.state, reply.reason, reply.asks_staff)
        assert await it.press(Verb.IS_NOT_THERE, reply.id) == ENGLISH.say("answer.outdated")
        await it.press(Verb.TAKE_BACK, reply.id)
        await it.go_on()
        assert (ReplyState.TAKEN_BACK, []) == ((await it.reply()).state, it.wall.posts)


async def test_what_a_person_found_has_answered(path: Path) -> None:
    """No source may ever tell of it: the ask ended when it was last tried, not when somebody looked."""
    async with office(path, Wall(can_find=False)) as it:
        it.wall.after.append(cut())
        await it.approve()
        await it.go_on()
        await it.go_on(61)
        tried_at = it.clock.now()
        await it.clock.advance(3600)
        await it.press(Verb.IS_THERE, (await it.reply()).id)
        state = await it.state()
        assert state.conversation.state is ConversationState.ANSWERED
        assert state.ask
        assert ("answered", tried_at) == (state.ask.outcome, state.ask.answered_at)


async def test_what_was_asked_after_that_still_waits(path: Path) -> None:
    """The answer that a person found is older than that question."""
    async with office(path, Wall(can_find=False)) as it:
        it.wall.after.append(cut())
        await it.approve()
        await it.go_on()
        await it.go_on(61)
        s.execute(path, "UPDATE asks SET started_at = ?", micros(it.clock.now()) + 1)
        await it.press(Verb.IS_THERE, (await it.reply()).id)
        state = await it.state()
        assert state.ask
        assert state.ask.outcome is None
        assert state.conversation.state is ConversationState.CLAIMED


@dataclass(kw_only=True)
class Full:
    """A database whose disk is full the first few times that something is to be leased."""

    store: SqliteStore
    troubles: int

    async def take_replies(self, platforms: Collection[str], **more: Any) -> tuple[Taken, ...]:
        self.troubles -= 1
        if self.troubles >= 0:
            raise StoreError("the disk is full")
        return await self.store.take_replies(platforms, **more)

    async def settle_reply(self, tried: Tried, **more: Any) -> tuple[Leased, ...] | None:
        return await self.store.settle_reply(tried, **more)

    async def next_reply_at(self, platforms: Collection[str]) -> datetime | None:
        return await self.store.next_reply_at(platforms)


async def test_a_database_in_trouble_is_said_once_and_publishing_goes_on(path: Path) -> None:
    """However long it lasts; what was approved goes out as soon as it can be leased."""
    async with office(path) as it:
        await it.approve()
        await it.clock.advance(5)
        publisher = it.answering.publisher
        publisher.store = full = Full(store=it.store, troubles=5)
        with capture_logs() as lines:
            running = asyncio.create_task(publisher.run())
            for _ in range(200):
                await it.clock.advance(0.5)
                await asyncio.sleep(0.01)
                said = [line["event"] for line in lines if line["event"].startswith("publishing.")]
                if "publishing.recovered" in said and (await it.reply()).state is ReplyState.PUBLISHED:
                    break
            running.cancel()
        assert (1, True) == (len(it.wall.posts), full.troubles < 0)
        assert ["publishing.failed", "publishing.recovered"] == said
