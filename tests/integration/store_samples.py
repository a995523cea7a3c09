"""Our own sentences as posts, mentions and entries, and a store on a temporary file."""

from __future__ import annotations

import functools
import sqlite3
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.changes import Change, Decision
from bot.model import (
    Alert,
    Author,
    ConversationState,
    Cursor,
    Facts,
    Fired,
    Kind,
    Mention,
    Post,
    PostRef,
    Signal,
    Span,
    Urgency,
    Verdict,
)
from bot.records import Answer, CardState, Entry, Judged, Leased, Outcome, Recorded, Sent, Settlement
from bot.staff import Receipt, Verb
from bot.store import schema
from bot.store.sqlite import SqliteStore
from bot.targets import UNPROMISED, Due
from bot.wishes import Route

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LEASE = timedelta(seconds=30)
ROOT = "at://ann/root"


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def post(
    name: str,
    *,
    author: str = "ann",
    minute: float = 0,
    text: str = "my kettle leaks, what now?",
    root: str | None = ROOT,
    parent: tuple[str, str | None] | None = None,
    edited: bool = False,
    revision: str | None = None,
    seen: float | None = None,
) -> Post:
    """`root` None makes it a root itself; `parent` is (post id, author id)."""
    id_ = name if name.startswith("at://") else f"at://{author}/{name}"
    return Post(
        platform="bluesky",
        id=id_,
        author_id=author,
        author_handle=f"{author}.example",
        text=text,
        posted_at=at(minute),
        seen_at=at(minute if seen is None else seen),
        root=None if root is None or root == id_ else PostRef(id=root),
        parent=PostRef(id=parent[0], author_id=parent[1]) if parent else None,
        url=f"https://bsky.example/{author}/{name}",
        langs=("en",),
        alts=("a kettle in a puddle",),
        links=("https://kettle.example",),
        revision=revision,
        is_edit=edited,
    )


def _signals(*, asks: bool) -> dict[str, Signal]:
    return {"question": Signal(value=0.9 if asks else 0.1, evidence=(("whatnow", 1.5),))}


def _facts(of: Post, uid: str, brand: str, parent: Post | None, signals: dict[str, Signal]) -> Facts:
    return Facts(
        mention_id=uid,
        brand=brand,
        platform=of.platform,
        kind=Kind.MENTION,
        text=of.searchable,
        lang="en",
        handle=of.author_handle,
        name="Ann",
        bio="I boil water",
        followers=12,
        age=timedelta(days=400),
        parent_text=parent.text if parent else None,
        signals=signals,
    )


def _fired(rule: str, points: int) -> Fired:
    return Fired(
        rule=rule,
        points=points,
        why="says that something leaks",
        location="rules.yaml:3",
        evidence=("drips",),
        spans=(Span(start=10, end=15),),
    )


A_VERDICT = Verdict(
    mention_id="",
    rules_version="r1",
    engine_version="e1",
    urgency=Urgency.HIGH,
    ignored=False,
    score=20,
    persona="customer",
    route="default",
    tags=("product",),
    respond_in=timedelta(minutes=30),
    alert=Alert.MESSAGE,
)


def _due(at: datetime) -> Due:
    return Due(at=at, by_calendar=at)


def _routes(channel: str | None, routes: tuple[Route, ...] | None) -> tuple[Route, ...]:
    default = () if channel is None else (Route(name="default", to=channel),)
    return default if routes is None else routes


def _drafted(text: str | None) -> dict[str, Any]:
    """As a rule prepares an answer: by its name, with its text."""
    return {"draft": "prepared" if text else None, "draft_text": text}


def judged(
    of: Post,
    *,
    uid: str | None = None,
    brand: str = "acme",
    asks: bool = True,
    urgency: Urgency = Urgency.HIGH,
    alert: Alert = Alert.MESSAGE,
    channel: str | None = "telegram:care",
    routes: tuple[Route, ...] | None = None,
    due: float | None = 30,
    author: Author | None = None,
    parent: Post | None = None,
    ignored: bool = False,
    late: bool = False,
    rules: tuple[str, ...] = ("leaks",),
    draft: str | None = None,
) -> Judged:
    uid, signal = uid or f"M-{brand}-{of.id}-{of.revision or ''}", _signals(asks=asks)
    return Judged(
        mention_id=uid,
        mention=Mention(post=of, brand=brand, kind=Kind.MENTION, spans=(Span(start=3, end=9),)),
        author=author,
        facts=_facts(of, uid, brand, parent, signal),
        verdict=replace(
            A_VERDICT,
            mention_id=uid,
            urgency=urgency,
            ignored=ignored,
            alert=alert,
            **_drafted(draft),
            fired=tuple(_fired(rule, 20 - place) for place, rule in enumerate(rules)),
            signals=signal,
        ),
        asks=asks,
        due=UNPROMISED if due is None or not asks else _due(of.posted_at + timedelta(minutes=due)),
        routes=_routes(channel, routes),
        parent=parent,
        is_late=late,
    )


def answer(
    name: str,
    *,
    minute: float,
    to: str = "ann",
    root: str | None = ROOT,
    brand: str = "acme",
    text: str = "on it",
) -> Answer:
    return Answer(
        post=post(
            name, author=f"{brand}-care", minute=minute, root=root, parent=(f"at://{to}/x", to), text=text
        ),
        brand=brand,
    )


def entry(*items: Answer | Judged, cursor: str | None = None, **more: Any) -> Entry:
    return Entry(source="jetstream", items=items, cursor=Cursor(cursor) if cursor else None, **more)


async def record(store: SqliteStore, *items: Answer | Judged, minute: float = 60, **more: Any) -> Recorded:
    return await store.record(entry(*items, **more), now=at(minute), lease_for=LEASE)


async def settle(
    store: SqliteStore, leased: Leased, outcome: Outcome | None = None, *, minute: float = 60
) -> None:
    ended = outcome or Sent(receipt=Receipt(ref=f"msg-{leased.id}", at=at(minute)))
    await store.settle(Settlement(leased=leased, outcome=ended, started_at=at(minute), ended_at=at(minute)))


async def lease(store: SqliteStore, *, minute: float = 60, limit: int = 100) -> tuple[Leased, ...]:
    return await store.lease(limit=limit, now=at(minute), lease_for=LEASE)


def press(number: int, verb: Verb, mention: str, *, person: str = "pia") -> Decision:
    return Decision(
        press_id=f"press-{number}",
        feed="telegram",
        channel="telegram:care",
        person=person,
        verb=verb,
        mention_id=mention,
        at=at(61),
    )


def transition(state: CardState, decision: Decision) -> Change:
    """A small desk: claim once, dismiss, open and close the menu, take feedback."""
    if decision.verb is Verb.CLAIM:
        return _claim(state, decision)
    if decision.verb is Verb.DISMISS:
        return Change(outcome="dismissed", reply="gone", state=ConversationState.DISMISSED, updates_all=True)
    if decision.verb in (Verb.MORE, Verb.LESS):
        return Change(outcome=decision.verb, reply="", menu="more" if decision.verb is Verb.MORE else "")
    return Change(outcome="noted", reply="thanks", feedback=decision.verb)


def _claim(state: CardState, decision: Decision) -> Change:
    if state.conversation.claimed_by is not None:
        holder = state.conversation.claimed_by
        return Change(outcome="lost", reply=f"{holder} has it", is_loud=True)
    return Change(
        outcome="claimed",
        reply="yours",
        state=ConversationState.CLAIMED,
        claimed_by=decision.person,
        updates_all=True,
    )


@functools.cache
def _template() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.db"
        schema.upgrade(path)
        return path.read_bytes()


def lay(path: Path) -> None:
    if not path.exists() and path.parent.exists():
        path.write_bytes(_template())


@asynccontextmanager
async def opened(
    path: Path, *, store: type[SqliteStore] = SqliteStore, **options: Any
) -> AsyncIterator[SqliteStore]:
    """A store on `path`; a new file starts from one that was migrated once for all tests."""
    lay(path)
    made = await store.open(path, **options)
    try:
        yield made
    finally:
        await made.close()


def rows(path: Path, sql: str, *values: object) -> list[tuple[Any, ...]]:
    """What stands in the file, read by plain sqlite3."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql, values).fetchall()


def execute(path: Path, sql: str, *values: object) -> None:
    """Change the file behind the program's back."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(sql, values)


def asks(path: Path) -> list[tuple[float, float | None, str | None]]:
    """(started, answered, outcome) of every ask, in minutes after noon, by start."""
    found = rows(path, "SELECT started_at, answered_at, outcome FROM asks ORDER BY started_at, id")
    return [(_minute(start), None if end is None else _minute(end), outcome) for start, end, outcome in found]


def _minute(micros: int) -> float:
    return (datetime.fromtimestamp(micros / 1e6, UTC) - NOON) / timedelta(minutes=1)


def state(path: Path) -> list[str]:
    return [value for (value,) in rows(path, "SELECT state FROM conversations ORDER BY id")]


def effects(path: Path) -> list[tuple[str, str]]:
    """(kind, state) of every effect, in the order written."""
    return rows(path, "SELECT kind, state FROM effects ORDER BY id")
