"""Automatic acknowledgements on a real database: said once, or not at all, and never taken for an answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.errors import Reason, Rejected
from bot.history import Recall, Stretch, Thread, Whom
from bot.model import ConversationState, Deletion, Kind, Mention
from bot.orders import Account, Ordered
from bot.records import Answer, CardState, Judged
from bot.replies import Acknowledgement, ReplyState
from bot.staff import Verb
from bot.testing.wall import Wall, cut, down
from bot.texts.en import ENGLISH
from tests.integration import store_samples as s
from tests.integration._answers import QUESTION, WORDS, Office, office

SAID = "[automatic] We are on it."
WISH = Acknowledgement(text=SAID, rule="core/outage", per_day=1, until=s.at(70))
OURS = "at://us/1"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.db"


def wished(path: Path, wall: Wall | None = None, **more: Any) -> AbstractAsyncContextManager[Office]:
    """The office, with a first question that is to be acknowledged."""
    return office(path, wall, acknowledge=WISH, **more)


def asked(name: str, author: str = "a0", minute: float = 60.5, **more: Any) -> Judged:
    """Another question, in a thread of its own, that is to be acknowledged."""
    root = more.pop("root", None)
    wish = more.pop("wish", WISH)
    of = s.post(name, author=author, minute=minute, root=root, text=more.pop("text", "is it down?"))
    return replace(s.judged(of, channel="chat:care", **more), acknowledge=wish)


def said(it: Office) -> list[str]:
    """Whose posts were answered automatically."""
    return [to for _, text, to in it.wall.posts if text == SAID]


async def state_of(it: Office) -> tuple[ReplyState, str]:
    acknowledged = (await it.state()).acknowledged
    assert acknowledged
    return acknowledged.state, acknowledged.reason


def back(minute: float = 61.1, text: str = SAID, post: str = OURS) -> Answer:
    """Our own post, as a source brings it."""
    ours = s.post(post, author="did:us", minute=minute, text=text, root=QUESTION, parent=(QUESTION, "a0"))
    return Answer(post=ours, brand="acme")


def waits(state: CardState) -> bool:
    """Whether the first question still waits for an answer, for all that anybody is told."""
    assert state.ask
    told = (state.ask.outcome, state.memory.answered_at)
    return told == (None, None) and state.conversation.state is ConversationState.OPEN


# --- said, and never more than that -------------------------------------------------------------------


async def test_it_is_said_once_and_ends_nothing(path: Path) -> None:
    """In answer to the post, once; the ask goes on, and neither a claim nor an answer is made of it."""
    async with wished(path) as it:
        assert 0.0 == await it.answering.publisher.once()
        assert [(OURS, SAID, QUESTION)] == it.wall.posts
        state = await it.state()
        assert waits(state)
        assert (state.reply, await state_of(it)) == (None, (ReplyState.PUBLISHED, ""))
        for _ in range(4):
            await it.go_on(3600)
        assert 1 == len(it.wall.posts)
        assert [(None,)] == s.rows(path, "SELECT answered_at FROM asks")


async def test_our_own_post_is_known_when_a_source_brings_it(path: Path) -> None:
    """After it was settled: nothing new."""
    async with wished(path) as it:
        await it.go_on(0)
        recorded = await s.record(it.store, back())
        assert (1, 0) == (recorded.duplicates, recorded.answered)
        assert waits(await it.state())


@pytest.mark.parametrize("text", [SAID, "[automatic]  We are\n on it. ", f"@a0@else.example {SAID}"])
async def test_our_own_post_is_known_before_anybody_has_its_id(path: Path, text: str) -> None:
    """The platform took it, its source was quicker than its answer: known by thread and words."""
    async with wished(path) as it:
        [taken] = await it.store.take_replies(["bluesky"], limit=9, now=it.clock.now(), lease_for=s.LEASE)
        assert taken.is_automatic
        recorded = await s.record(it.store, back(text=text))
        assert 0 == recorded.answered
        assert waits(await it.state())
        await it.wall.publish(taken.outgoing)
        await it.go_on(31)  # that try died; the next one finds it
        assert ["publish", "find"] == it.wall.asked
        assert (waits(await it.state()), (await state_of(it))[0]) == (True, ReplyState.PUBLISHED)
        assert [(1,)] == s.rows(path, "SELECT is_automatic FROM answers")


async def test_a_colleagues_answer_meanwhile_is_one(path: Path) -> None:
    """Other words by our account, while it is under way: the ask has ended, and nothing is said any more."""
    async with wished(path) as it:
        await it.hear(back(text="Sorry! Which kettle?", post="at://us/native"))
        state = await it.state()
        assert state.ask
        assert "answered" == state.ask.outcome
        await it.go_on()
        assert ([], (ReplyState.WITHDRAWN, "answered")) == (it.wall.posts, await state_of(it))


async def test_a_second_question_after_it_belongs_to_the_same_wait(path: Path) -> None:
    """Nothing was answered; and one conversation is acknowledged once, whatever becomes of the ask."""
    async with wished(path) as it:
        await it.go_on(0)
        await it.hear(asked("q1", root=QUESTION, minute=61.5))
        await it.go_on()
        assert ([QUESTION], [(1,)]) == (said(it), s.rows(path, "SELECT count(*) FROM asks"))
        await it.approve()
        await it.go_on()
        await it.hear(asked("q2", root=QUESTION, minute=63, wish=replace(WISH, per_day=5)))
        await it.go_on()
        assert (1, [(2,)]) == (len(said(it)), s.rows(path, "SELECT count(*) FROM asks"))


async def test_a_person_answers_as_if_nothing_had_been_said(path: Path) -> None:
    """Before, while or after it is said: their draft is not stale by it, their approval not in its way."""
    async with wished(path, Wall(can_find=False)) as it:
        it.wall.after.append(cut())
        await it.go_on(0)
        assert ReplyState.UNSURE is (await state_of(it))[0]
        await it.write(WORDS)
        await it.hear(back())
        assert "" == (await it.draft()).stale
        told = await it.press(Verb.APPROVE, (await it.draft()).id)
        assert told == ENGLISH.say("answer.approved", seconds=timedelta(seconds=5))
        await it.go_on()
        state = await it.state()
        assert (WORDS, "answered") == (it.wall.posts[-1][1], state.ask and state.ask.outcome)
        assert state.reply
        assert state.reply.state is ReplyState.PUBLISHED


# --- who gets none ----------------------------------------------------------------------------------


async def test_one_author_gets_so_many_a_day(path: Path) -> None:
    """Counted over threads, by author; what surely was not published is not counted."""
    two = replace(WISH, per_day=2)
    async with wished(path) as it:
        await it.hear(asked("q1"))
        await it.hear(asked("q2", wish=two))
        await it.hear(asked("q3", wish=two))
        await it.hear(asked("r1", author="bea"))
        for _ in range(4):
            await it.go_on(0)
        assert [QUESTION, "at://a0/q2", "at://bea/r1"] == said(it)
        tomorrow = replace(WISH, until=s.at(60 + 24 * 60 + 10))
        await s.record(it.store, asked("q4", minute=60 + 24 * 60, wish=tomorrow), minute=60 + 24 * 60 + 1)
        await it.go_on(24 * 3600)
        assert "at://a0/q4" == said(it)[-1]


async def test_a_refused_one_does_not_count(path: Path) -> None:
    """Somebody whose first post could not be answered hears of us under the next."""
    async with wished(path) as it:
        it.wall.before.append(Rejected("gated", reason=Reason.FORBIDDEN))
        await it.go_on(0)
        assert (ReplyState.REFUSED, "forbidden") == await state_of(it)
        await it.hear(asked("q1"))
        await it.go_on()
        assert ["at://a0/q1"] == said(it)


def nobodys() -> Iterator[tuple[str, list[Answer | Judged]]]:
    answer = s.answer("early", minute=60.6, to="cy", root="at://cy/c1")
    unnamed = replace(answer.post, parent=replace(answer.post.parent, id="at://cy/c1", author_id=None))  # type: ignore[type-var]
    opted = asked("stop", author="cy", text="stop", wish=None)
    opted = replace(opted, mention=Mention(post=opted.mention.post, brand="acme", kind=Kind.REPLY))
    yield "it is late", [asked("c1", author="cy", late=True)]
    yield "we have answered already", [answer, asked("c1", author="cy")]
    yield (
        "we have answered the post before",
        [
            asked("c1", author="cy", wish=None),
            Answer(post=unnamed, brand="acme"),
            asked("c2", author="cy", root="at://cy/c1", minute=60.9),
        ],
    )
    yield "they want no answers", [opted, asked("c1", author="cy")]
    yield "they want none of this one", [replace(opted, acknowledge=WISH)]


@pytest.mark.parametrize(("why", "items"), [*nobodys()], ids=lambda it: it if isinstance(it, str) else "")
async def test_nothing_is_said_where(path: Path, why: str, items: list[Answer | Judged]) -> None:
    """What only the database knows speaks against it: nothing is even planned."""
    async with office(path) as it:
        recorded = await s.record(it.store, *items)
        await it.go_on()
        assert ([], ()) == (it.wall.posts, recorded.acknowledged), why
        assert [(0,)] == s.rows(path, "SELECT count(*) FROM replies")


async def test_somebody_who_is_helped_already_gets_none(path: Path) -> None:
    """A conversation that a person has, or has a draft in."""
    async with office(path) as it:
        await it.press(Verb.CLAIM)
        await it.hear(asked("q1", root=QUESTION))
        await it.write(WORDS)
        await it.hear(asked("q2", root=QUESTION))
        await it.go_on()
        assert [] == it.wall.posts


async def test_a_mention_read_twice_is_acknowledged_once(path: Path) -> None:
    """A crash before the cursor was committed reads it again."""
    async with office(path) as it:
        for expected in [1, 0]:
            recorded = await s.record(it.store, asked("q1"))
            assert expected == len(recorded.acknowledged)
        await it.go_on()
        assert 1 == len(it.wall.posts)


# --- what happens before it is out ---------------------------------------------------------------------


async def test_who_is_helped_by_a_colleague_needs_none(path: Path) -> None:
    """Somebody has it now; that they let go of it again changes nothing."""
    async with wished(path) as it:
        await it.press(Verb.CLAIM)
        await it.go_on()
        assert (ReplyState.WITHDRAWN, "taken") == await state_of(it)
        await it.press(Verb.RELEASE)
        await it.go_on(60)
        assert [] == it.wall.posts


async def test_a_deletion_withholds_it(path: Path) -> None:
    """Nobody is told that we are on it who does not ask any more."""
    async with wished(path) as it:
        gone = Deletion(platform="bluesky", author_id="a0", post_id=QUESTION)
        await s.record(it.store, deleted=(gone,))
        await it.go_on()
        assert ([], (ReplyState.WITHDRAWN, "deleted")) == (it.wall.posts, await state_of(it))


async def test_an_opt_out_withholds_it(path: Path) -> None:
    """Looked at when it is leased, as before every reply."""
    async with wished(path) as it:
        await it.order(Ordered(outcome="blocked", reply="", blocks=Account(platform="bluesky", id="a0")))
        await it.go_on()
        assert ([], (ReplyState.WITHDRAWN, "opted_out")) == (it.wall.posts, await state_of(it))


async def test_more_words_of_theirs_do_not_withhold_it(path: Path) -> None:
    """They wait for it all the more."""
    async with wished(path) as it:
        it.wall.before.append(down())
        await it.go_on(0)
        await it.hear(asked("q1", root=QUESTION, wish=None))
        await it.go_on(10)
        assert [QUESTION] == said(it)


async def test_too_late_is_worse_than_not_at_all(path: Path) -> None:
    """The platform was down for ten minutes."""
    async with wished(path) as it:
        it.wall.before.extend([down()] * 3)
        for _ in range(6):
            await it.go_on(200)
        assert [] == it.wall.posts
        assert (await state_of(it)) in {(ReplyState.WITHDRAWN, "late"), (ReplyState.REFUSED, "connection")}


async def test_a_pause_withholds_it_for_good(path: Path) -> None:
    """What goes out by itself does not wait for somebody to let it go."""
    async with wished(path) as it:
        it.answering.publisher.is_paused = lambda: True
        await it.go_on()
        it.answering.publisher.is_paused = lambda: False
        await it.go_on(60)
        assert ([], (ReplyState.WITHDRAWN, "paused")) == (it.wall.posts, await state_of(it))


async def test_people_go_first(path: Path) -> None:
    """However many wait to be acknowledged."""
    async with office(path) as it:
        await it.approve()
        for number in range(5):
            await it.hear(asked("q", author=f"b{number}"))
        await it.go_on()
        assert WORDS == it.wall.posts[0][1]
        await it.go_on(0)
        await it.go_on(0)
        assert 5 == len(said(it))


# --- nobody knows whether it arrived -----------------------------------------------------------------


async def test_it_is_looked_for_and_not_sent_again(path: Path) -> None:
    """As any reply."""
    async with wished(path) as it:
        it.wall.after.append(cut())
        await it.go_on(0)
        await it.go_on(61)
        assert (["publish", "find"], 1) == (it.wall.asked, len(it.wall.posts))
        assert (waits(await it.state()), (await state_of(it))[0]) == (True, ReplyState.PUBLISHED)


async def test_what_nobody_can_find_out_is_left_alone(path: Path) -> None:
    """No second one, no question to staff, and nothing that comes back every minute; the card says it."""
    async with wished(path, Wall(can_find=False)) as it:
        it.wall.after.append(cut())
        await it.go_on(0)
        await it.go_on(61)
        acknowledged = (await it.state()).acknowledged
        assert acknowledged
        assert (ReplyState.UNSURE, False) == (acknowledged.state, acknowledged.asks_staff)
        assert None is await it.store.next_reply_at(["bluesky"])
        assert await it.press(Verb.IS_NOT_THERE, acknowledged.id) == ENGLISH.say("answer.outdated")
        await it.go_on(3600)
        assert (["publish", "find"], 1) == (it.wall.asked, len(it.wall.posts))


async def test_a_source_settles_what_nobody_knew(path: Path) -> None:
    """It brings our own post: then it is known to be there, with its link."""
    async with wished(path, Wall(can_find=False)) as it:
        it.wall.after.append(cut())
        await it.go_on(0)
        await it.go_on(61)
        before = (await it.state()).conversation.version
        await it.hear(back())
        state = await it.state()
        acknowledged = state.acknowledged
        assert acknowledged
        assert state.conversation.version > before  # the card is drawn anew
        assert (ReplyState.PUBLISHED, OURS) == (
            acknowledged.state,
            acknowledged.published and acknowledged.published.post_id,
        )
        assert waits(state)


# --- taken back, told, counted ------------------------------------------------------------------------


async def test_it_can_be_taken_back(path: Path) -> None:
    """By its own button, and nothing else changes."""
    async with wished(path) as it:
        await it.go_on(0)
        acknowledged = (await it.state()).acknowledged
        assert acknowledged
        await it.press(Verb.TAKE_BACK, acknowledged.id)
        await it.go_on()
        assert ([], (ReplyState.TAKEN_BACK, "")) == (it.wall.posts, await state_of(it))
        assert waits(await it.state())


async def test_tries_are_told_apart_from_those_of_people(path: Path) -> None:
    """In the log, in the metrics, and in the conversation's history."""
    async with wished(path) as it:
        with capture_logs() as told:
            await it.go_on(0)
        assert ["acknowledgement.tried"] == [one["event"] for one in told if one["event"].endswith("tried")]
        page = it.answering.metrics.render().decode()
        assert 'outcare_acknowledgements_total{outcome="went",platform="bluesky",reason=""} 1.0' in page
        assert "outcare_replies_total{" not in page
        whole = await it.store.whole((await it.state()).conversation.id)
        assert whole
        assert [("went", True)] == [(one.outcome, one.is_automatic) for one in whole.publications]
        assert [True] == [one.is_ours for one in whole.thread if one.post.id == OURS]


async def test_rules_do_not_take_it_for_a_reply_of_ours(path: Path) -> None:
    """What they ask of the past: when we last replied, whether we spoke in a thread."""
    async with wished(path) as it:
        await it.go_on(0)
        whom = Whom(brand="acme", platform="bluesky", author_id="a0")
        thread = Thread(brand="acme", platform="bluesky", root_id=QUESTION)
        times = Stretch(first=s.at(90), last=s.at(90), roots=frozenset({QUESTION}))
        past = await it.store.recall(Recall(pasts={whom: times}, threads=(thread,)))
        assert ((), {}) == (past.pasts[whom].replies, past.spoke_at)
        assert [None] == [wait.ended_at for wait in past.pasts[whom].waits]
