"""The lookup against a loopback AppView."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.clock import SystemClock
from bot.errors import BotError, Reason, Refused, Rejected, Unauthorized, Unavailable
from bot.http import HttpClient
from bot.measured import Engagement
from bot.model import Author
from bot.ports import Wiring
from bot.testing.appview_server import AppViewServer
from bot.testing.clock import ManualClock
from bot.testing.loopback import Refuse
from connectors.bluesky import lookup as lookup_module
from connectors.bluesky.answers import Answers
from connectors.bluesky.connector import CONNECTOR
from connectors.bluesky.jetstream import Settings
from connectors.bluesky.lookup import AppViewLookup

ANN = "did:plc:ann"
ROOT = "at://did:plc:ann/app.bsky.feed.post/3kroot"
MIDDLE = "at://did:plc:wolke/app.bsky.feed.post/3kmiddle"
LEAF = "at://did:plc:ann/app.bsky.feed.post/3kleaf"


@pytest.fixture
async def server() -> AsyncIterator[AppViewServer]:
    async with AppViewServer() as server:
        server.profile(ANN, "ann.example", displayName="Ann", description="Beds & more", followersCount=12)
        server.profile("did:plc:wolke", "wolke.example", displayName="Wolke")
        yield server


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def lookup(server: AppViewServer, clock: ManualClock) -> AsyncIterator[AppViewLookup]:
    http = HttpClient(SystemClock())
    yield AppViewLookup(Settings(appview=server.url + "/"), Wiring(http=http, clock=clock))
    await http.close()


def thread(server: AppViewServer) -> None:
    server.post(ROOT, "Does it come in green?")
    server.post(MIDDLE, "It does!", parent=ROOT)
    server.post(LEAF, "Thanks", parent=MIDDLE)


async def failure(lookup: AppViewLookup) -> BotError:
    with pytest.raises(BotError) as caught:
        await lookup.author(ANN)
    return caught.value


async def test_an_author(server: AppViewServer, lookup: AppViewLookup) -> None:
    """What the profile says is known; what it does not say is unknown, not zero."""
    expected = Author(
        platform="bluesky", id=ANN, handle="ann.example", name="Ann", bio="Beds & more", followers=12
    )
    assert await lookup.author(ANN) == expected


async def test_all_a_profile_can_tell(server: AppViewServer, lookup: AppViewLookup) -> None:
    """Counts, age and the check mark; a handle that does not resolve back is none."""
    server.profile(
        "did:plc:ben",
        "handle.invalid",
        followersCount=0,
        followsCount=3,
        createdAt="2023-05-01T10:00:00.000Z",
        verification={"verifiedStatus": "valid", "trustedVerifierStatus": "none", "verifications": []},
    )
    author = await lookup.author("did:plc:ben")
    assert (author.handle, author.followers, author.following) == (None, 0, 3)
    assert (author.verified, author.created_at) == (True, datetime(2023, 5, 1, 10, tzinfo=UTC))


async def test_a_handle(server: AppViewServer, lookup: AppViewLookup) -> None:
    """A handle leads to its DID, with @ and capitals too, asked once."""
    assert [await lookup.resolve(handle) for handle in ("wolke.example", "@Wolke.Example")] == [
        "did:plc:wolke"
    ] * 2
    assert server.asked == ["com.atproto.identity.resolveHandle wolke.example"]


async def test_who_is_not_there(server: AppViewServer, lookup: AppViewLookup) -> None:
    """No such author, handle or post is a refusal, and is not asked again at once."""
    for _ in range(2):
        for asking in (lookup.author("did:plc:x"), lookup.resolve("x.example"), lookup.thread(LEAF)):
            with pytest.raises(Rejected) as caught:
                await asking
            assert caught.value.reason == Reason.NOT_FOUND
    assert len(server.asked) == 3


async def test_the_posts_above(server: AppViewServer, lookup: AppViewLookup) -> None:
    """Root first, the post itself last, with author and time; replies to it are not among them."""
    thread(server)
    above = await lookup.thread(MIDDLE)
    assert [(post.id, post.text, post.author_handle) for post in above] == [
        (ROOT, "Does it come in green?", "ann.example"),
        (MIDDLE, "It does!", "wolke.example"),
    ]
    assert {post.posted_at for post in above} == {datetime(2026, 1, 5, 8, tzinfo=UTC)}


async def test_blocked_and_deleted_ancestors(server: AppViewServer, lookup: AppViewLookup) -> None:
    """What is gone or blocked is left out."""
    thread(server)
    server.block(ROOT)
    server.post(LEAF + "2", "Hello?", parent="at://did:plc:ann/app.bsky.feed.post/3kgone")
    assert [post.id for post in await lookup.thread(LEAF)] == [MIDDLE, LEAF]
    assert [post.id for post in await lookup.thread(LEAF + "2")] == [LEAF + "2"]


async def test_an_odd_ancestor_does_not_cost_the_thread(server: AppViewServer, lookup: AppViewLookup) -> None:
    """What others put into an embed is theirs: the words above a mention are still told."""
    odd = "at://did:plc:ann/app.bsky.feed.post/3kodd"
    server.post(odd, "Look at my poll", parent=ROOT, embed={"$type": "com.example.poll", "images": ["a"]})
    server.post(LEAF + "3", "Which?", parent=odd)
    posts = await lookup.thread(LEAF + "3")
    assert ["Look at my poll", "Which?"] == [post.text for post in posts[-2:]]


async def test_a_blocked_post_is_refused(server: AppViewServer, lookup: AppViewLookup) -> None:
    """A post that we may not see is refused."""
    thread(server)
    server.block(LEAF)
    with pytest.raises(Rejected):
        await lookup.thread(LEAF)


async def test_answers_are_kept_for_an_hour(
    server: AppViewServer, lookup: AppViewLookup, clock: ManualClock
) -> None:
    """The same author is not asked about twice within the hour, but is after it."""
    for seconds in (0, 3599, 1):
        await clock.advance(seconds)
        await lookup.author(ANN)
    assert len(server.asked) == 2


async def test_the_same_question_at_once_is_one_call(server: AppViewServer, lookup: AppViewLookup) -> None:
    """Ten mentions of one author in one second ask once."""
    server.delay = 0.05
    authors = await asyncio.gather(*(lookup.author(ANN) for _ in range(10)))
    assert {author.name for author in authors} == {"Ann"}
    assert len(server.asked) == 1


async def test_one_who_gives_up_does_not_take_it_from_the_others(
    server: AppViewServer, lookup: AppViewLookup
) -> None:
    """A caller with a short time budget leaves the call to those who still wait."""
    server.delay = 0.1
    patient = asyncio.create_task(lookup.author(ANN))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await lookup.author(ANN)
    assert (await patient).name == "Ann"
    assert len(server.asked) == 1


async def test_a_call_that_nobody_waits_for_ends(server: AppViewServer, lookup: AppViewLookup) -> None:
    """Where everybody gave up, no task stays, and the next caller asks anew."""
    server.delay = 0.1
    before = asyncio.all_tasks()
    for _ in range(2):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await lookup.author(ANN)
    await asyncio.sleep(0.01)
    left = [task for task in asyncio.all_tasks() - before if "_asked" in repr(task.get_coro())]
    assert left == []
    server.delay = 0
    assert (await lookup.author(ANN)).name == "Ann"


async def test_too_many_requests(server: AppViewServer, lookup: AppViewLookup, clock: ManualClock) -> None:
    """After a 429 nothing is asked until the time that was named."""
    server.faults.append(Refuse(status=429, headers={"Retry-After": "30"}))
    first = await failure(lookup)
    await clock.advance(10)
    second = await failure(lookup)
    assert isinstance(first, Unavailable)
    assert isinstance(second, Unavailable)
    assert (first.retry_after, second.retry_after) == (timedelta(seconds=30), timedelta(seconds=20))
    assert server.requests == 1
    await clock.advance(20)
    assert (await lookup.author(ANN)).name == "Ann"


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, Unauthorized), (403, Refused), (404, Rejected), (429, Unavailable), (500, Unavailable)],
)
async def test_statuses(
    server: AppViewServer, lookup: AppViewLookup, status: int, kind: type[BotError]
) -> None:
    """Each status is the error that says what to do; a failure is not remembered, and no body comes out."""
    server.faults.append(Refuse(status=status, body="hunter2"))
    error = await failure(lookup)
    assert type(error) is kind
    assert "hunter2" not in str(error)
    if kind is Unavailable:
        assert (await lookup.author(ANN)).name == "Ann"


@pytest.mark.parametrize(
    "body", ["<html>sign in</html>", "{}", '{"did": 7, "handle": []}', "", "[" * 10_000, '{"did":"\\ud800"}']
)
async def test_answers_that_are_something_else(
    server: AppViewServer, lookup: AppViewLookup, body: str
) -> None:
    """A 200 that is no profile is unavailable, not unknown, and not kept."""
    server.faults.append(Refuse(status=200, body=body))
    error = await failure(lookup)
    assert (type(error), error.reason) == (Unavailable, Reason.PROTOCOL)
    assert (await lookup.author(ANN)).name == "Ann"


@pytest.mark.parametrize("body", ["no json", '{"error": "<b>"}', '{"error": 5}', "{}"])
async def test_a_strange_refusal(server: AppViewServer, lookup: AppViewLookup, body: str) -> None:
    """A 400 is a refusal whatever it says, and nothing of what it says is repeated unchecked."""
    server.faults.append(Refuse(status=400, body=body))
    error = await failure(lookup)
    assert type(error) is Rejected
    assert str(error).endswith("/xrpc/app.bsky.actor.getProfile knows no such thing (InvalidRequest)")


async def test_an_answer_beyond_all_measure(
    server: AppViewServer, lookup: AppViewLookup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A profile of megabytes is cut off."""
    monkeypatch.setattr(lookup_module, "_LIMIT", 100)
    server.profile(ANN, "ann.example", description="x" * 1000)
    assert (await failure(lookup)).reason == Reason.PROTOCOL


async def test_the_memory_is_bounded() -> None:
    """The oldest answer goes first."""
    answers = Answers[str](ManualClock(), size=2, keep=60, keep_refusal=60)
    asked: list[str] = []

    async def ask(key: str) -> str:
        asked.append(key)
        return key

    for key in ("a", "b", "a", "c", "a", "b"):
        await answers.get(key, lambda key=key: ask(key))  # type: ignore[misc]
    assert asked == ["a", "b", "c", "a", "b"]


async def test_an_answer_that_is_no_longer_good_is_let_go() -> None:
    """The next answer takes its place in memory; nobody has to ask for the same again."""

    class Thread:
        """Large."""

    clock = ManualClock()
    answers = Answers[Thread](clock, size=9, keep=60, keep_refusal=60)

    async def ask() -> Thread:
        return Thread()

    first, second = [weakref.ref(await answers.get(key, ask)) for key in ("a", "b")]
    await clock.advance(59)
    third = weakref.ref(await answers.get("c", ask))
    await clock.advance(1)
    await answers.get("d", ask)
    await asyncio.sleep(0)  # what is left of the task
    gc.collect()
    assert (first(), second()) == (None, None)
    assert third() is not None


async def test_a_remembered_refusal_keeps_nothing_alive() -> None:
    """What the call had at hand when it was refused (the whole response) is let go."""
    answers = Answers[str](ManualClock(), size=9, keep=60, keep_refusal=60)

    class Response:
        """Large."""

    seen: list[weakref.ref[Response]] = []

    async def ask() -> str:
        response = Response()
        seen.append(weakref.ref(response))
        raise Rejected("there is no such author", reason=Reason.NOT_FOUND)

    for _ in range(2):
        with pytest.raises(Rejected, match="no such author"):
            await answers.get("a", ask)
    await asyncio.sleep(0)  # what is left of the task
    gc.collect()
    assert [one() for one in seen] == [None]


async def test_a_refused_call_needs_no_collector(server: AppViewServer, lookup: AppViewLookup) -> None:
    """Nothing of it stands in a circle: a reload freezes what is there, and a circle would stay for ever."""
    gc.collect()
    gc.disable()
    try:
        try:
            await lookup.author("did:plc:nobody")
        except Rejected as error:  # `pytest.raises` makes a circle of its own
            seen = weakref.ref(error)
        await asyncio.sleep(0)  # what is left of the task
        assert seen() is None
    finally:
        gc.enable()


def test_what_bluesky_offers() -> None:
    """A source and a lookup with one section of settings; a start in the past; no channel."""
    assert (CONNECTOR.name, CONNECTOR.source_settings) == ("bluesky", Settings)
    assert CONNECTOR.cursor_at is not None
    assert CONNECTOR.cursor_at(datetime(2026, 1, 5, 9, tzinfo=UTC)) == "v2||time|1767603600000000||"
    assert (CONNECTOR.notifier, CONNECTOR.feed) == (None, None)


async def test_how_many_reacted(server: AppViewServer, lookup: AppViewLookup) -> None:
    """Likes, reposts and quotes together, replies; nobody says how many saw it."""
    thread(server)
    server.react(ROOT, likeCount=7, repostCount=2, quoteCount=3, replyCount=1)
    assert Engagement(likes=7, shares=5, replies=1) == await lookup.engagement(ROOT)
    assert Engagement(likes=0, shares=0, replies=0) == await lookup.engagement(LEAF)
    server.block(LEAF)
    with pytest.raises(Rejected, match="deleted, or nobody may see it"):
        await lookup.engagement(LEAF)


async def test_a_direct_message_is_asked_of_nobody(server: AppViewServer, lookup: AppViewLookup) -> None:
    """What a private conversation is called is no business of a public index's."""
    before = server.requests
    for ask in (lookup.thread, lookup.answers, lookup.engagement):
        with pytest.raises(Rejected):
            await ask("chat:3lconvo/3lmessage")
    assert before == server.requests
