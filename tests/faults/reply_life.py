"""One life of a daemon that answers: a question is stored and answered, and the process dies where it is told.

Real store, real approval, real publisher, real client libraries; only time is in a hurry. Run in a forked
process by `tests.faults.replies`, which plays the platforms and audits what they were told.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import urllib.request
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot import publishing
from bot.answering import Answering
from bot.buttons import token
from bot.clock import SystemClock
from bot.desk import Desk
from bot.http import HttpClient
from bot.metrics import Metrics
from bot.model import Cursor, Post
from bot.ports import DecisionFeed, Wiring
from bot.records import Entry
from bot.replies import LIVE, Replier
from bot.staff import Person, Press, Presses, Role, Staff, Verb
from bot.store import replying
from bot.store.sqlite import SqliteStore
from bot.testing.telegram_server import CHAT, TOKEN
from bot.testing.x_oauth import Keys
from bot.texts.en import ENGLISH
from bot.vault import FileVault
from connectors.bluesky.account import AccountSettings as BlueskyAccount
from connectors.bluesky.connector import CONNECTOR as BLUESKY
from connectors.mastodon.account import AccountSettings as MastodonAccount
from connectors.mastodon.connector import CONNECTOR as MASTODON
from connectors.telegram.connector import CONNECTOR as TELEGRAM
from connectors.telegram.settings import AccountSettings as TelegramAccount
from connectors.x.account import AccountSettings as XAccount
from connectors.x.connector import CONNECTOR as X
from tests.integration import store_samples as s
from tests.integration._answers import RulesDraft
from tests.unit._values import GOES_OUT, IN_BERLIN

ANNA = Person(key="anna", name="Anna", role=Role.AGENT, identities=(("chat", "1"),))
DID, HANDLE, PASSWORD = "did:plc:acme", "acme.test", "aaaa-bbbb-cccc-dddd"
MASTODONS = {"mastodon": "mastodon", "gotosocial": "gotosocial"}
"""Platforms of the Mastodon API, by the manners of their server: the first honours the key, the other does not."""
FEDIVERSE_TOKEN, ANN_THERE = "token-of-acme", "ann@else.example"
KEYS = Keys()
DEATHS = ("taken", "sending", "answered", "settling", "settled")
"""Where a life ends: with the lease, before anything is sent; while the platform has it; with its answer in
hand; within the transaction that writes it; behind that.
"""
PATIENCE = 0.4
"""Seconds that a platform has to answer: it is beside us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """`death` is one of `DEATHS`, or empty. `later` is how far time has moved on before."""

    folder: Path
    platform: str
    urls: dict[str, str]
    number: int
    question: str
    death: str = ""
    later: timedelta = timedelta()

    @property
    def mention(self) -> str:
        return f"01KAJ4ZC00{self.number:016d}"

    @property
    def words(self) -> str:
        return f"answer number {self.number}"


class Hurry(SystemClock):
    """Sleep takes no time, and time moves on by it."""

    def __init__(self, later: timedelta) -> None:
        self.later = later

    def now(self) -> datetime:
        return datetime.now(UTC) + self.later

    async def sleep(self, seconds: float) -> None:
        self.later += timedelta(seconds=seconds)
        await asyncio.sleep(0)


class Feed:
    """Nobody is told anything."""

    name = "chat"

    async def answer(self, press: Press, text: str, *, is_loud: bool) -> None:
        """It goes nowhere."""


def live(life: Life) -> None:
    """Until nothing is left to do, or death."""
    publishing.PUBLISH_WITHIN = timedelta(seconds=PATIENCE)
    asyncio.run(_live(life))


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def _live(life: Life) -> None:
    clock = Hurry(life.later)
    http = HttpClient(clock)
    store = await SqliteStore.open(life.folder / "x.db")
    wiring = Wiring(http=http, clock=clock, vault=FileVault(life.folder / "vault"))
    doom(life, store)
    answering = Answering(
        repliers={life.platform: Doomed(life, replier(life, wiring))},
        drafts=RulesDraft(),
        store=store,
        clock=clock,
        metrics=Metrics(),
        deliver=lambda _: None,
        on_unauthorized=lambda *_: None,
        **GOES_OUT,
    )
    staff = Staff(by_identity=dict.fromkeys(ANNA.identities, ANNA))
    desk = Desk(
        store=store, staff=staff, clock=clock, metrics=Metrics(), texts=ENGLISH, deliver=lambda _: None,
        answers=answering, **IN_BERLIN,
    )  # fmt: skip
    press = Presser(life, desk, clock)
    try:
        await _ask(life, store, clock)
        await _answer(life, store, answering, press, clock)
    finally:
        await http.close()
        await store.close()


async def _ask(life: Life, store: SqliteStore, clock: Hurry) -> None:
    """The question, stored once."""
    now = clock.now()
    post = Post(
        platform=life.platform, id=life.question,
        author_id=ANN_THERE if life.platform in MASTODONS else "did:plc:ann",
        text=f"{'@acme ' if life.platform == 'x' else ''}what now? {life.number}",
        posted_at=now, seen_at=now,
    )  # fmt: skip
    entry = Entry(source="script", items=(s.judged(post, uid=life.mention, channel=None),))
    await store.record(entry, now=now, lease_for=s.LEASE)


@dataclass
class Presser:
    life: Life
    desk: Desk
    clock: Hurry
    count: int = 0

    async def __call__(self, verb: Verb, number: int = 0, text: str = "") -> None:
        self.count += 1
        now = self.clock.now()
        press = Press(
            id=f"{self.life.mention}-{now.timestamp()}-{self.count}", channel="chat:care", person="chat:1",
            token=token(verb, self.life.mention, str(number or "")), at=now, text=text,
        )  # fmt: skip
        feed: DecisionFeed = Feed()  # type: ignore[assignment]
        await self.desk.take(feed, Presses(presses=(press,), cursor=Cursor(press.id)))


async def _answer(life: Life, store: SqliteStore, answering: Answering, press: Presser, clock: Hurry) -> None:
    """Draft and approve, unless that was done in a life before; then publish until nothing is left."""
    state = await store.card_of(life.mention)
    assert state is not None
    if state.draft is None and state.reply is None:
        await press(Verb.EDIT, text=life.words)
    state = await store.card_of(life.mention)
    if state and state.draft is not None:
        await press(Verb.APPROVE, state.draft.id)
    for _ in range(60):
        state = await store.card_of(life.mention)
        reply = state.reply if state else None
        if reply is None or reply.state not in LIVE:
            return
        if reply.asks_staff:
            there = await asyncio.to_thread(public, life.urls[life.platform], life.platform, life.words)
            await press(Verb.IS_THERE if there else Verb.IS_NOT_THERE, reply.id)
        await clock.sleep(await answering.publisher.once())


# --- where it dies ----------------------------------------------------------------------------------


class Doomed:
    """A replier in a process that may die beside it."""

    def __init__(self, life: Life, inner: Replier) -> None:
        self._life, self._inner = life, inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def publish(self, reply: Any) -> Any:
        if self._life.death == "taken":
            die()
        if self._life.death == "sending":
            asyncio.get_running_loop().call_later(PATIENCE / 2, die)
        published = await self._inner.publish(reply)
        if self._life.death == "answered":
            die()
        return published


def doom(life: Life, store: SqliteStore) -> None:
    if life.death == "settling":
        settle = replying.settle

        def half(*given: Any) -> Any:
            settle(*given)
            die()

        replying.settle = half  # type: ignore[assignment]
    if life.death == "settled":
        whole: Callable[..., Awaitable[Any]] = store.settle_reply

        async def then_die(*given: Any, **named: Any) -> Any:
            await whole(*given, **named)
            die()

        store.settle_reply = then_die  # type: ignore[method-assign]


def replier(life: Life, wiring: Wiring) -> Replier:
    """The real one, for the loopback platform."""
    if life.platform == "bluesky":
        account = BlueskyAccount(
            handle=HANDLE, app_password=SecretStr(PASSWORD), service=life.urls["bluesky"]
        )
        made = BLUESKY.replier(account, wiring) if BLUESKY.replier else None
    elif life.platform in MASTODONS:
        there = MastodonAccount(
            server=life.urls[life.platform], handle="acme", token=SecretStr(FEDIVERSE_TOKEN)
        )
        made = MASTODON.replier(there, wiring) if MASTODON.replier else None
    elif life.platform == "x":
        given = {name: getattr(KEYS, name) for name in ("consumer_key", "consumer_secret")}
        given |= {"access_token": KEYS.token, "access_token_secret": KEYS.token_secret}
        on_x = XAccount.model_validate(
            {"handle": "acme", "api": life.urls["x"], "budget": {"month": 100_000}, **given}
        )
        made = X.replier(on_x, wiring) if X.replier else None
    else:
        bot = TelegramAccount(token=SecretStr(TOKEN), base_url=life.urls["telegram"])
        made = TELEGRAM.replier(bot, wiring) if TELEGRAM.replier else None
    assert made is not None
    return made


def tell(url: str, **command: Any) -> Any:
    """Steer a platform, or ask it what the public sees."""
    request = urllib.request.Request(  # noqa: S310 - ours, on loopback
        f"{url}/_control", data=json.dumps(command).encode(), headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
        return json.loads(answer.read())


def public(url: str, platform: str, words: str) -> int:
    """How often these words stand there: what a person finds who looks."""
    if platform == "bluesky":
        posts = tell(url, do="posts", did=DID)
    elif platform in MASTODONS:
        posts, words = tell(url, do="said", acct="acme"), f"@{ANN_THERE} {words}"
    elif platform == "x":
        posts = tell(url, do="said")
    else:
        posts = tell(url, do="state")["messages"]
    return sum(one["text"] == words for one in posts)


def telegram_question(message_id: int) -> str:
    return f"{CHAT}/{message_id}"
