"""The page with a hundred thousand conversations: how long the inbox takes to answer (issue 4: 100 ms).

`python -m benchmarks.page [--json] [--conversations N]`. Every conversation is open and most of them are
asked for again and again: lists, filters, searches, the last page, over HTTP on loopback, signed in. The
median of the answers by the clock, client included; the slowest view is the one that is judged.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import aiohttp

from benchmarks.harness import Finding, told
from bot.answering import Answering
from bot.clock import SystemClock
from bot.desk import Desk
from bot.ids import ulid
from bot.inquiries import Inquiries
from bot.listing import Wanted
from bot.metrics import Metrics
from bot.model import Alert, Brand, Urgency
from bot.orders import RulesInUse
from bot.overrides import Promise
from bot.staff import PAGE, Person, Role, Staff
from bot.store.sqlite import SqliteStore
from bot.texts.en import ENGLISH
from bot.web.door import Door
from bot.web.filters import Choices, place_text
from bot.web.health import WebServer
from bot.web.page import Page
from bot.web.sessions import key_beside
from rules.lab import RuleLab
from rules.ruleset import parse_rules
from tests.integration import store_samples as samples
from tests.integration._answers import RulesDraft
from tests.unit._values import GOES_OUT

BATCH = 500
ROUNDS = 15
ANNA = Person(key="anna", name="Anna", role=Role.AGENT)
RULES = parse_rules({"rules.yaml": "rules: {all: {why: x, when: {text: kettle}, score: 5}}"})
TARGET_MS = 100.0
TEXT = "my kettle leaks since this morning and nobody answers, what can I do now? number "


class Address:
    host = "127.0.0.1"
    port = 0


async def fill(store: SqliteStore, count: int) -> None:
    """Conversations of every urgency and platform, a tenth of them Anna's, in a day."""
    clock, chance = SystemClock(), random.Random(7)
    now = clock.now()
    for start in range(0, count, BATCH):
        items = []
        for number in range(start, start + BATCH):
            at = now - timedelta(seconds=chance.randrange(86_400))
            post = samples.post(f"p{number}", author=f"user{number}", root=None, text=f"{TEXT}{number}")
            post = replace(post, posted_at=at, seen_at=at, platform=chance.choice(["bluesky", "hackernews"]))
            made = samples.judged(post, uid=ulid(at), urgency=Urgency(chance.randrange(4)), channel=None)
            items.append(made)
        await store.record(samples.entry(*items), now=now, lease_for=timedelta(seconds=60))


async def serve(store: SqliteStore, path: Path) -> tuple[WebServer, str, Page]:
    clock, people = SystemClock(), {"anna": ANNA}
    page = Page(
        shelf=store,
        desk=Desk(
            store=store,
            staff=Staff(by_identity={(PAGE, "anna"): ANNA}),
            clock=clock,
            metrics=Metrics(),
            texts=ENGLISH,
            zone=ZoneInfo("UTC"),
            promise=lambda _: Promise(respond_in=None, alert=Alert.MESSAGE),
            personas=tuple,
            deliver=lambda _: None,
        ),
        answers=Answering(
            repliers={},
            drafts=RulesDraft(),
            store=store,
            clock=clock,
            metrics=Metrics(),
            deliver=lambda _: None,
            on_unauthorized=lambda _platform, _error: None,
            **GOES_OUT,
        ),
        inquiries=Inquiries(store=store, zone=ZoneInfo("UTC"), people=str, link=lambda *_: None),
        checks=lambda: (),
        bills=lambda: (),
        rules=lambda: RulesInUse(version=RULES.version, names=(), since=clock.now()),
        lab=RuleLab(rules=lambda: RULES, folder=path.parent, channels=frozenset(), brand="acme"),
        choices=lambda: Choices(brands=("acme",), platforms=("bluesky", "hackernews")),
        people=people,
        clock=clock,
        zone=ZoneInfo("UTC"),
        language="en",
        door=Door(key=lambda: key_beside(path), people=people, clock=clock),
    )
    server = WebServer(Address(), lambda: (), Metrics(), page=page)
    return server, await server.start(), page


async def views(store: SqliteStore, count: int) -> dict[str, str]:
    """What is asked for, by name."""
    now = SystemClock().now()
    middle = await store.listing(Wanted(brand="acme", urgency=Urgency.LOW, limit=50), now=now)
    for _ in range(20):
        middle = await store.listing(Wanted(brand="acme", limit=50, after=middle.after), now=now)
    return {
        "inbox": "/",
        "list": "/list",
        "overdue": "/list?view=overdue",
        "everything": "/list?view=all",
        "critical on one platform": "/list?urgency=critical&platform=hackernews",
        "persona": "/list?persona=customer",
        "a persona that nobody has": "/list?persona=astronaut",
        "mine": "/list?mine=1",
        "answered (none)": "/list?view=answered",
        "search, many found": "/list?q=kettle",
        "search, one found": f"/list?q=number+{count - 1}",
        "search, none found": "/list?q=nothing+of+the+kind",
        "a later page": f"/list?after={place_text(middle.after)}" if middle.after else "/list",
        "a conversation": "/c/77",
        "JSON": "/api/inbox",
    }


async def measure(count: int, folder: Path) -> list[Finding]:
    store = await SqliteStore.open(folder / "page.db", upgrade=True)
    await store.save_brands([Brand(name="acme", words=("acme",))])
    begun = time.perf_counter()
    await fill(store, count)
    print(
        f"{count:,} conversations stored in {time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True
    )
    server, url, page = await serve(store, folder / "page.db")
    found = []
    cookie = page.door.sessions.cookie(page.door.sessions.begin("anna"))
    try:
        async with aiohttp.ClientSession(cookies={"outcare": cookie}) as client:
            for name, path in (await views(store, count)).items():
                took = [await ask(client, url + path) for _ in range(ROUNDS)]
                found.append((name, statistics.median(took), max(took)))
    finally:
        await server.stop()
        await store.close()
    return [
        Finding(
            target="page",
            what=f"{name}, {count:,} conversations",
            figure=round(median, 1),
            unit="ms",
            at_most=TARGET_MS,
            detail=f"slowest of {ROUNDS}: {slowest:.1f}",
        )
        for name, median, slowest in found
    ]


async def ask(client: aiohttp.ClientSession, url: str) -> float:
    """Milliseconds from the request to the last byte."""
    begun = time.perf_counter()
    async with client.get(url, allow_redirects=False) as response:
        await response.read()
        assert response.status == 200, (url, response.status)
    return (time.perf_counter() - begun) * 1000


def main() -> None:
    told("page", __doc__, measure, of="conversations")


if __name__ == "__main__":
    main()
