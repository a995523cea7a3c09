"""The account's notifications: every page, the same posts as Jetstream's, nothing twice and nothing left out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pydantic import SecretStr

from bot.errors import CursorLost
from bot.http import HttpClient
from bot.model import Batch, Cursor
from bot.ports import Wiring
from bot.settings.load import load
from bot.sides import source_side
from bot.testing.clock import ManualClock
from bot.testing.pds_server import PdsServer
from bot.testing.source_contract import WatchAll
from connectors.bluesky import chat_position, notifications
from connectors.bluesky.account import AccountSettings
from connectors.bluesky.connector import CONNECTOR
from connectors.bluesky.inbox_position import NAMED_AT_MOST, Position, cursor_at, millis
from connectors.bluesky.notifications import NotificationsSource
from connectors.bluesky.record import Origin, Pieces, mended, to_post
from tests.unit.settings_world import MINIMAL

PASSWORD = "aaaa-bbbb-cccc-dddd"


@dataclass
class Stand:
    server: PdsServer
    clock: ManualClock
    source: NotificationsSource

    def tell(self, count: int, *, reason: str = "mention", at: datetime | None = None) -> list[str]:
        made = []
        for _ in range(count):
            number = len(self.server.appview.notifications)
            uri = f"at://did:plc:ann/app.bsky.feed.post/{number:013}"
            stamp = at.isoformat().replace("+00:00", "Z") if at else None
            self.server.appview.notify(reason, uri, "is it down?", at=stamp)
            made.append(uri)
        return made

    async def read(self, after: Cursor | None) -> tuple[list[str], Cursor | None, list[Batch]]:
        batches = [batch async for batch in self.source.read(after, WatchAll())]
        cursors = [batch.cursor for batch in batches if batch.cursor]
        last = cursors[-1] if cursors else after
        return [post.id for batch in batches for post in batch.posts], last, batches


@asynccontextmanager
async def stand() -> AsyncIterator[Stand]:
    clock = ManualClock()
    http = HttpClient(clock)
    async with PdsServer(clock) as server:
        server.account("did:plc:acme", "acme.test", PASSWORD)
        server.appview.handles["ann.test"] = "did:plc:ann"
        settings = AccountSettings(handle="acme.test", app_password=SecretStr(PASSWORD), service=server.url)
        try:
            yield Stand(server, clock, NotificationsSource(settings, Wiring(http=http, clock=clock)))
        finally:
            await http.close()


async def test_reading_begins_where_the_daemon_is_told_to(tmp_path: Path) -> None:
    """`--since` holds for the notifications of an account too, not only for what is listened to besides."""
    file, known = tmp_path / "outcare.yaml", {"bluesky": CONNECTOR}
    file.write_text(f"{MINIMAL}bluesky: {{handle: acme.test, chat: true}}\n", encoding="utf-8")
    settings = load(file, known, env={"OUTCARE_BLUESKY__APP_PASSWORD": PASSWORD}, secrets_dir=None)
    clock = ManualClock()
    http = HttpClient(clock)
    listened = source_side(settings, known, Wiring(http=http, clock=clock))
    await http.close()
    begins, chats = (listened[f"bluesky-{name}"].cursor_at for name in ("notifications", "chat"))
    assert begins is not None
    assert chats is not None
    assert Position.of(begins(clock.now())).since_at == clock.now()
    assert chat_position.cursor_at(clock.now()) == chats(clock.now())


async def test_every_page_is_read() -> None:
    """A crisis fills more than one in half a minute; what comes is in the order of its time."""
    async with stand() as here:
        start = cursor_at(here.clock.now())
        told = here.tell(1234)
        read, after, batches = await here.read(start)
        assert told == read
        assert [500, 500, 234] == [batch.posts_seen for batch in batches]
        assert 13 == here.server.asked.count("app.bsky.notification.listNotifications")
        for batch in batches:
            rest, _, _ = await here.read(batch.cursor)
            assert told[told.index(batch.posts[-1].id) + 1 :] == rest
        assert ([], after) == (await here.read(after))[:2]


async def test_the_first_reading_begins_now() -> None:
    """What was there before is none of its business, what comes is."""
    async with stand() as here:
        here.tell(150)
        read, after, _ = await here.read(None)
        assert [] == read
        await here.clock.advance(30)
        assert here.tell(2) == (await here.read(after))[0]


async def test_an_account_that_nobody_ever_wrote_to() -> None:
    """Its first notification is read, though it was told while nobody looked, by a clock that differs."""
    async with stand() as here:
        _, after, _ = await here.read(None)
        assert after is not None
        assert here.tell(1, at=here.clock.now() - timedelta(minutes=3)) == (await here.read(after))[0]


async def test_what_comes_late_is_found() -> None:
    """The list is sorted by a time that may lie before that of what was read."""
    async with stand() as here:
        start = cursor_at(here.clock.now() - timedelta(hours=1))
        here.tell(3)
        _, after, _ = await here.read(start)
        late = here.tell(1, at=here.clock.now() - timedelta(minutes=5))
        assert late == (await here.read(after))[0]


async def test_a_slow_clock_hides_nobody() -> None:
    """The list is sorted by what the author's own clock said, where that is earlier than the arrival."""
    async with stand() as here:
        _, after, _ = await here.read(cursor_at(here.clock.now() - timedelta(hours=2)))
        here.tell(1)
        _, after, _ = await here.read(after)
        late = here.tell(1, at=here.clock.now() - timedelta(minutes=50))
        assert late == (await here.read(after))[0]


async def test_likes_hide_nobody() -> None:
    """The platform gives out empty pages where nothing but likes stood on them; below them it goes on."""
    async with stand() as here:
        start = cursor_at(here.clock.now())
        told = here.tell(1)
        here.tell(2500, reason="like")
        assert told == (await here.read(start))[0]


async def test_likes_are_not_walked_through_twice() -> None:
    """Of ten thousand that stood there before, only what came since is looked at."""
    async with stand() as here:
        here.tell(10_000, reason="like")
        await here.clock.advance(7200)
        start = cursor_at(here.clock.now())
        here.tell(5, reason="like")
        assert [] == (await here.read(start))[0]
        assert 1 == here.server.asked.count("app.bsky.notification.listNotifications")


async def test_an_outage_is_made_good() -> None:
    """What was told meanwhile is read afterwards, however long it took."""
    async with stand() as here:
        _, after, _ = await here.read(cursor_at(here.clock.now()))
        here.tell(1)
        await here.clock.advance(timedelta(days=3).total_seconds())
        here.tell(1)
        assert 2 == len((await here.read(after))[0])


async def test_other_kinds_are_passed_over() -> None:
    """Likes, follows and what is yet to come move nothing, whatever they hold."""
    async with stand() as here:
        start = cursor_at(here.clock.now())
        for reason in ("like", "repost", "follow", "starterpack-joined", "something-new"):
            here.tell(1, reason=reason)
        here.server.appview.notifications.append({"reason": "like", "indexedAt": "2026-01-05T09:00:01.000Z"})
        assert ([], start, []) == await here.read(start)
        assert here.tell(1) == (await here.read(start))[0]


async def test_a_server_that_knows_no_reasons() -> None:
    """Then it tells all of them, and we take ours."""
    async with stand() as here:
        start = cursor_at(here.clock.now())
        told = here.tell(2) + here.tell(1, reason="quote")
        rows = here.server.appview.notifications
        rows[0]["reason"] = "like"
        rows.insert(
            0, {"reason": "mention", "indexedAt": rows[0]["indexedAt"], "uri": "at://x/app.bsky.graph.list/y"}
        )
        assert told[1:] == (await here.read(start))[0]


async def test_a_post_is_the_same_as_jetstreams() -> None:
    """Field by field, so that whichever comes second is known."""
    async with stand() as here:
        ref = {"uri": "at://did:plc:acme/app.bsky.feed.post/1", "cid": "bafyroot"}
        mention = {"$type": "app.bsky.richtext.facet#mention", "did": "did:plc:acme"}
        facets = [{"index": {"byteStart": 0, "byteEnd": 5}, "features": [mention]}]
        more: dict[str, Any] = {"reply": {"root": ref, "parent": ref}, "facets": facets, "langs": ["en"]}
        uri = "at://did:plc:ann/app.bsky.feed.post/3n2qnlq2bhk2s"
        row = here.server.appview.notify("reply", uri, "@acme is it down?", **more)
        await here.clock.advance(5)
        batches = [
            b async for b in here.source.read(cursor_at(here.clock.now() - timedelta(hours=1)), WatchAll())
        ]
        (post,) = batches[0].posts
        now = here.clock.now()
        indexed = datetime.fromisoformat(row["indexedAt"])
        record = mended(msgspec.json.decode(msgspec.json.encode(row["record"]), type=Pieces))
        origin = Origin(
            did="did:plc:ann", rkey="3n2qnlq2bhk2s", cid=row["cid"], known_at=indexed, seen_at=now
        )
        assert replace(to_post(record, origin), author_handle="ann.test") == post


@pytest.mark.parametrize(
    "damage",
    [{"record": []}, {"author": None}, {"indexedAt": "yesterday"}, {"indexedAt": 5}, {"uri": None}, {"record": {"text": 5}}],
)  # fmt: skip
async def test_a_row_that_cannot_be_read_is_counted_once(damage: dict[str, Any]) -> None:
    """Whatever is wrong with it; its neighbours come."""
    async with stand() as here:
        start = cursor_at(here.clock.now())
        told = here.tell(3)
        here.server.appview.notifications[1] |= damage
        _, after, batches = await here.read(start)
        assert ([told[0], told[2]], 1) == (
            [post.id for batch in batches for post in batch.posts],
            sum(batch.undecodable for batch in batches),
        )
        _, _, again = await here.read(after)
        assert [] == again


async def test_too_many_are_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies below the last page that we read is told as missed."""
    monkeypatch.setattr(notifications, "MOST_PAGES", 2)
    async with stand() as here:
        start = cursor_at(here.clock.now())
        await here.clock.advance(60)
        told = here.tell(250)
        read, after, batches = await here.read(start)
        assert told[50:] == read
        assert batches[0].gap is not None
        assert "overflow" == batches[0].gap.reason
        assert batches[0].gap.started_at < batches[0].gap.ended_at
        assert [] == (await here.read(after))[0]


async def test_a_position_that_cannot_be_read() -> None:
    """Is lost, and said so."""
    async with stand() as here:
        with pytest.raises(CursorLost):
            await here.read(Cursor("v2|host|time|1|"))


def test_a_position_does_not_grow_without_end() -> None:
    """In a storm it remembers a shorter time; it reads itself back."""
    at = datetime(2026, 1, 5, 9, tzinfo=UTC)
    rows = [(f"at://{n}", millis(at) + n) for n in range(2 * NAMED_AT_MOST)]
    position = Position(since=0).moved(rows)
    assert NAMED_AT_MOST == len(position.found)
    assert position == Position.of(position.text)
    assert all(position.has(uri, when) for uri, when in rows)
    assert not position.has("at://new", rows[-1][1])
