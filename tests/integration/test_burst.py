"""Five thousand complaints in five minutes, on three routes to two chats that enforce what they document.

The whole way (intake, rules, store, outbox, the notifiers of Telegram and Slack over HTTP) against the loopback
servers: Telegram's group takes twenty messages a minute, edits included, Slack's channel one a second with short
bursts. Only time is made up: three seconds pass when all that was due in those before has been done.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from bot.briefing import BriefingState
from bot.buttons import Choices
from bot.clock import SystemClock
from bot.drawing import draw
from bot.gates import State
from bot.http import HttpClient
from bot.incidents import USUAL
from bot.intake import Intake
from bot.matcher.plain import PlainMatcher
from bot.metrics import Metrics
from bot.model import Batch, Brand, Post
from bot.outbox import Outbox
from bot.ports import Notifier
from bot.records import Leased
from bot.staff import Card
from bot.store.sqlite import SqliteStore
from bot.testing.clock import ManualClock
from bot.testing.slack_server import CHANNEL, SlackServer
from bot.testing.telegram_server import CHAT, TOKEN, TelegramServer
from bot.texts.en import ENGLISH
from bot.watchlist import LiveWatch, Watchlist
from connectors.slack.api import Api as SlackApi
from connectors.slack.notifier import SlackNotifier
from connectors.telegram.api import Api as TelegramApi
from connectors.telegram.notifier import TelegramNotifier
from connectors.telegram.settings import ChannelSettings
from rules.ruleset import parse_rules
from tests.contract.slack_rig import account, channels
from tests.integration import store_samples as s
from tests.integration.outbox_world import until

COMPLAINTS, SECONDS, STEP, CRITICALS = 5000, 300, 3, 20
PLATFORMS = ("bluesky", "mastodon")
ACME = Brand(name="acme", words=("acme",))
RULES = """
rules:
  broken:  {why: It is broken, when: {text: broken}, score: 50, route: care}
  parcel:  {why: A parcel is late, when: {text: parcel}, score: 50, route: parcels}
  refund:  {why: Wants money back, when: {text: refund}, score: 50, route: billing}
  burning: {why: Something burns, when: {text: burns}, at_least: critical}
routes:
  default: {to: "telegram:care"}
  care:    {to: "telegram:care"}
  parcels: {to: "telegram:care"}
  billing: {to: "slack:care"}
"""
WORDS = ("my kettle is broken", "where is my parcel", "I want a refund")


@dataclass(kw_only=True)
class Burst:
    """What runs, and whom it writes to."""

    path: Path
    clock: ManualClock
    store: SqliteStore
    intake: Intake
    outbox: Outbox
    telegram: TelegramServer
    slack: SlackServer

    async def step(self, *posts: Post) -> None:
        """What is read in it, and all that follows."""
        by_platform: dict[str, list[Post]] = {name: [] for name in PLATFORMS}
        for post in posts:
            by_platform[post.platform].append(post)
        for name, found in by_platform.items():
            batch = Batch(posts=tuple(found), observed_to=self.clock.now())
            await self.intake.take(name, batch)
        await self.settled()
        await self.clock.advance(STEP)

    async def settled(self) -> None:
        """Until nothing is due, and nothing under way."""
        while True:
            self.outbox.wake()
            for _ in range(3):
                await asyncio.sleep(0)
            await until(lambda: not self.outbox.in_flight)
            due_at = await self.store.next_due_at()
            if not self.outbox.in_flight and (due_at is None or due_at > self.clock.now()):
                return

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        return s.rows(self.path, sql)

    def said(self) -> list[tuple[str, int]]:
        """Each message as it stands now, and how often it was written."""
        chat = [(one.text, one.versions) for one in self.telegram.messages]
        return chat + [(one.shown, one.edits + 1) for one in self.slack.messages]


@asynccontextmanager
async def burst(path: Path) -> AsyncIterator[Burst]:
    clock, http = ManualClock(s.at(5)), HttpClient(SystemClock())
    async with TelegramServer() as telegram, SlackServer(burst=3) as slack, s.opened(path) as store:
        telegram.telegram.per_minute, telegram.telegram.now = 20, clock.monotonic
        slack.workspace.now = clock.monotonic
        store.incidents = USUAL
        await store.save_brands([ACME])
        outbox = an_outbox(store, clock, notifiers(telegram, slack, http, clock))
        task = asyncio.create_task(outbox.run())
        intake = an_intake(store, clock, outbox)
        yield Burst(
            path=path, clock=clock, store=store, intake=intake, outbox=outbox, telegram=telegram, slack=slack
        )
        task.cancel()
        await asyncio.wait([task])
        await outbox.drain(5)
    await http.close()


def notifiers(
    telegram: TelegramServer, slack: SlackServer, http: HttpClient, clock: ManualClock
) -> dict[str, Notifier]:
    to = {"care": ChannelSettings(chat=CHAT, ping_again=None)}
    bot = TelegramApi(token=SecretStr(TOKEN).get_secret_value(), base_url=telegram.url, http=http)
    app = SlackApi(account(slack), http=http, clock=SystemClock())
    return {
        "telegram": TelegramNotifier(api=bot, channels=to, clock=clock),
        "slack": SlackNotifier(api=app, channels=channels(ping_again=None), clock=clock),
    }


def an_outbox(store: SqliteStore, clock: ManualClock, notifiers: dict[str, Notifier]) -> Outbox:
    def render(leased: Leased, state: State) -> Card:
        assert not isinstance(state, BriefingState)
        choices = Choices(people={})
        return draw(leased, state, texts=ENGLISH, zone=ZoneInfo("UTC"), now=clock.now(), choices=choices)

    return Outbox(
        store=store,
        notifiers=notifiers,
        render=render,
        route=parse_rules({"rules.yaml": RULES}).route,
        clock=clock,
        metrics=Metrics(),
        rng=random.Random(1),
    )


def an_intake(store: SqliteStore, clock: ManualClock, outbox: Outbox) -> Intake:
    watchlist = Watchlist([ACME], ids={}, matcher=PlainMatcher)
    return Intake(
        store=store,
        judge=parse_rules({"rules.yaml": RULES}),
        watches={name: LiveWatch(watchlist, {}, name) for name in PLATFORMS},
        lookups={},
        clock=clock,
        metrics=Metrics(),
        deliver=outbox.push,
        wake=outbox.wake,
    )


def complaint(number: int, clock: ManualClock) -> Post:
    """Every 250th of them is critical."""
    words = WORDS[number % len(WORDS)]
    burns = " and burns" if number % (COMPLAINTS // CRITICALS) == 100 else ""
    at = clock.now()
    return Post(
        platform=PLATFORMS[number % len(PLATFORMS)],
        id=f"post-{number}",
        author_id=f"author-{number % 2500}",
        author_handle=f"a{number % 2500}.example",
        text=f"acme, {words}{burns} ({number})",
        posted_at=at,
        seen_at=at,
        url=f"https://wall.example/{number}",
    )


async def happened(one: Burst) -> None:
    """The five minutes, and what comes after them."""
    said = 0
    for second in range(STEP, SECONDS + 1, STEP):
        due = second * COMPLAINTS // SECONDS
        await one.step(*(complaint(number, one.clock) for number in range(said, due)))
        said = due
    for _ in range(40):
        await one.clock.advance(30)
        await one.settled()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outcare.db"


async def test_a_burst_is_one_card_a_route_and_the_criticals(path: Path) -> None:
    """Nothing is lost, nothing told twice, no limit exceeded, and the cards change a few times a minute."""
    with capture_logs():
        async with burst(path) as one:
            await happened(one)
            _one_card_each(one)
            _criticals_alone_and_soon(one)
            _nothing_lost(one)
            _within_the_limits(one)


def _one_card_each(one: Burst) -> None:
    ended = [text for text, _ in one.said() if text.startswith(("Ended", "*Ended"))]
    assert 3 == len(ended), [text[:60] for text, _ in one.said()]
    counts = one.rows(
        "SELECT i.route, count(*) FROM incidents i JOIN burst_posts b ON b.incident = i.id GROUP BY 1"
    )
    assert sorted([("care", 1667), ("parcels", 1667), ("billing", 1666)]) == sorted(counts)
    for route, number in counts:
        assert [True] == [
            f"{number:,} posts" in text for text in ended if f"· {route}" in text.split("\n")[0]
        ]


def _criticals_alone_and_soon(one: Burst) -> None:
    delays = one.rows(
        "SELECT e.receipt_at - p.seen_at FROM effects e JOIN mentions m ON m.id = e.mention"
        " JOIN posts p ON p.id = m.post WHERE e.kind = 'alert' AND e.urgency = 3 AND e.state = 'sent'"
    )
    assert CRITICALS == len(delays)
    assert timedelta(seconds=10) >= max(timedelta(microseconds=delay) for (delay,) in delays)  # type: ignore[arg-type]


def _nothing_lost(one: Burst) -> None:
    """Each stands on a card of its own or on one of many that was delivered, and staff was alerted of each."""
    told = (
        "SELECT count(DISTINCT mention) FROM (SELECT e.mention FROM effects e WHERE e.kind = 'alert' AND"
        " e.state = 'sent' UNION SELECT d.mention FROM digest_items d JOIN effects e ON e.id = d.effect"
        " WHERE e.state = 'sent')"
    )
    assert [(COMPLAINTS,)] == one.rows(told)
    assert [(COMPLAINTS, COMPLAINTS)] == one.rows("SELECT count(*), count(alerted_at) FROM asks")
    assert [] == one.rows("SELECT id FROM effects WHERE state IN ('pending', 'leased', 'dead')")


def _within_the_limits(one: Burst) -> None:
    assert (0, 0) == (one.telegram.telegram.refused, one.slack.workspace.refused)
    edits = [versions for text, versions in one.said() if "Ended" in text[:8]]
    assert all(5 <= versions <= 35 for versions in edits), edits
    alone = [text for text, _ in one.said() if "Ended" not in text[:8]]
    assert len(alone) <= 3 * 15 + CRITICALS
    assert CHANNEL in one.slack.workspace.channels
