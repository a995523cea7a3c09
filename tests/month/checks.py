"""What must have come of a month: each promise is one function from a world to what is wrong in it.

They compare what was written on the plaza and what the chat got with the rows that are left. None asks the
program; all are shown to bite (`test_bites`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from bot.model import Post
from tests.month.plaza import BRAND
from tests.month.room import Message
from tests.month.world import World

AT_ONCE = timedelta(seconds=10)
CATCHES_UP = timedelta(minutes=10)
"""A critical mention of an outage waits so long, at most, for what else is read: its answer may be there."""
UNDER_WAY = timedelta(seconds=5)
"""What was sent before an answer was stored may arrive a little after it."""
EXCUSED = frozenset({"already_answered", "already_dismissed", "post_deleted", "nothing_left", "mention_gone"})


@dataclass(frozen=True, slots=True)
class Finding:
    """A promise that was broken, for whom (a row's id, a post's), and when."""

    promise: str
    about: object
    at: datetime
    detail: str

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.promise}: {self.about}: {self.detail}"


Check = Callable[[World], Iterator[Finding]]


def every(world: World) -> Iterator[Finding]:
    for check in CHECKS:
        yield from check(world)


def stored_once(world: World) -> Iterator[Finding]:
    """Each post that names the brand is stored, but for those that the plaza never told."""
    stored = Counter(
        post for (post,) in world.rows("SELECT p.post_id FROM mentions m JOIN posts p ON p.id = m.post")
    )
    gaps = [(moment(a), moment(b)) for a, b in world.rows("SELECT started_at, ended_at FROM gaps")]
    for post in world.plaza.posts:
        if post.author_id == BRAND or "acme" not in post.text:
            continue
        is_lost = any(since <= post.posted_at <= until for since, until in gaps) and _is_after_loss(
            world, post
        )
        count = stored[post.id]
        if count > 1 or (count == 0 and not is_lost):
            yield Finding("a mention is stored once", post.id, post.posted_at, f"stored {count} times")


def _is_after_loss(world: World, post: Post) -> bool:
    """Whether it was written when nothing was told any more: a gap begins where something was last heard of."""
    return any(one.forgets and one.starts_at <= post.posted_at for one in world.plaza.outages)


def gaps_true(world: World) -> Iterator[Finding]:
    """A hole in what was heard is where the plaza forgot, and nowhere else."""
    gaps = [(moment(a), moment(b)) for a, b in world.rows("SELECT started_at, ended_at FROM gaps")]
    forgot = [one for one in world.plaza.outages if one.forgets and one.ends_at < world.plan.ends]
    for since, until in gaps:
        if not any(since < one.ends_at and one.starts_at < until for one in forgot):
            yield Finding("a gap has a cause", str(since), since, f"until {until}")


def told(world: World) -> Iterator[Finding]:
    """Whoever the rules want to be heard of stands on something that the chat got, or is known to have been
    answered before it went.
    """
    now = int(world.clock.now().timestamp() * 1e6)
    refs = {f"{one.room}/{one.ref}" for one in world.chat.messages.values()}
    for mention, post, at, ask in world.rows(_TO_BE_TOLD):
        about = world.rows(_ABOUT, mention, mention, ask or -1, mention)
        if any(_has_arrived(channel, receipt, refs) for _, _, _, channel, receipt, _ in about):
            continue
        if any(state in {"pending", "leased"} and due > now for state, _, due, *_ in about):
            continue
        reasons = {reason for state, reason, *_ in about if state == "dropped"}
        ends = world.rows("SELECT outcome FROM asks WHERE id = ?", ask or -1)
        if reasons & EXCUSED or (ends and ends[0][0] and not about):
            continue
        yield Finding("staff is told", post, moment(at), f"mention {mention}: {about or 'nothing'}")


_TO_BE_TOLD = """
SELECT m.id, p.post_id, p.posted_at, m.ask FROM mentions m JOIN posts p ON p.id = m.post
JOIN verdicts v ON v.id = (SELECT max(x.id) FROM verdicts x WHERE x.mention = m.id)
LEFT JOIN asks a ON a.id = m.ask
WHERE v.alert <> 'none' AND m.asks AND p.stored_at - p.posted_at < 86400000000
 AND (a.answered_at IS NULL OR a.answered_at > p.stored_at)
"""
_ABOUT = """
SELECT e.state, e.reason, e.due_at, e.channel, e.receipt, e.kind FROM effects e
WHERE e.mention = ? OR e.ask = (SELECT ask FROM mentions WHERE id = ?) OR e.ask = ?
 OR e.id IN (SELECT d.effect FROM digest_items d WHERE d.mention = ?)
"""


def _has_arrived(channel: str, receipt: str | None, refs: set[str]) -> bool:
    return receipt is not None and f"{channel.partition(':')[2]}/{receipt}" in refs


def told_once(world: World) -> Iterator[Finding]:
    """One message for each wish, but where the daemon died between sending and noting that."""
    by_key: dict[str, list[Message]] = {}
    for message in world.chat.messages.values():
        by_key.setdefault(message.key, []).append(message)
    for key, messages in by_key.items():
        for before, after in pairwise(messages):
            if _same_life(world, before.at, after.at):
                yield Finding("a message is sent once", key, after.at, f"{before.ref} and {after.ref}")


def _same_life(world: World, one: datetime, other: datetime) -> bool:
    return any(began <= one and (ended is None or other <= ended) for began, ended in world.lives)


def critical_at_once(world: World) -> Iterator[Finding]:
    """Ten seconds after it was read, or after the start that found it in its database."""
    first: dict[int, datetime] = {}
    for mention, ask, channel, receipt in world.rows(_CRITICAL):
        message = world.chat.messages.get(receipt or "")
        if message is not None and f"chat:{message.room}" == channel:
            key = ask if ask is not None else -mention
            first[key] = min(first.get(key, message.at), message.at)
    for mention, ask, post, posted_at, seen_at in world.rows(_CRITICALS):
        at = first.get(ask if ask is not None else -mention)
        seen = moment(seen_at)
        bound = CATCHES_UP + AT_ONCE if seen - moment(posted_at) > timedelta(minutes=30) else AT_ONCE
        if at is None or at - _ready(world, seen, bound) > bound:
            yield Finding("what is critical is told at once", post, seen, f"told at {at}")


_CRITICAL = """
SELECT m.id, m.ask, e.channel, e.receipt FROM effects e JOIN mentions m ON m.id = e.mention
WHERE e.kind = 'alert' AND e.receipt IS NOT NULL
"""
_CRITICALS = """
SELECT m.id, m.ask, p.post_id, p.posted_at, p.seen_at FROM mentions m JOIN posts p ON p.id = m.post
JOIN verdicts v ON v.id = (SELECT max(x.id) FROM verdicts x WHERE x.mention = m.id)
LEFT JOIN asks a ON a.id = m.ask
WHERE v.urgency = 3 AND v.alert = 'ping' AND p.stored_at - p.posted_at < 86400000000
 AND (a.ended_at IS NULL OR a.ended_at > p.stored_at + 10000000)
 AND (a.answered_at IS NULL OR a.answered_at > p.stored_at + 10000000)
"""


def _ready(world: World, seen: datetime, bound: timedelta) -> datetime:
    """When the daemon could first have told it: at once, or if it was ended just then, when it runs again."""
    ready = seen
    for (_, ended), (again, _) in pairwise(world.lives):
        if ended is not None and seen <= ended <= seen + bound:
            ready = again
    for at, until in world.slept:
        if seen - timedelta(seconds=1) <= at <= seen + bound:
            ready = until
    return ready


def silent_when_answered(world: World) -> Iterator[Finding]:
    """Nothing rings for an ask once its answer is stored."""
    for ask, key, receipt, stored_at in world.rows(_RUNG_AFTER):
        for message in _sent(world, key, receipt):
            if message.at > moment(stored_at) + UNDER_WAY:
                yield Finding("nothing rings after the answer", ask, message.at, f"message {message.ref}")


_RUNG_AFTER = """
SELECT a.id, e.key, e.receipt, p.stored_at FROM asks a JOIN posts p ON p.id = a.answered_by
JOIN effects e ON e.ask = a.id WHERE e.kind = 'alert' AND e.receipt IS NOT NULL
"""


def _sent(world: World, key: str, receipt: str) -> list[Message]:
    message = world.chat.messages.get(receipt)
    return [message] if message is not None and message.key == key else []


def pressed(world: World) -> Iterator[Finding]:
    """Every press was decided once, whoever died meanwhile."""
    wanted = {press.id for press in world.chat.presses}
    kept = Counter(id_ for (id_,) in world.rows("SELECT press_id FROM decisions"))
    for id_ in sorted(wanted):
        if kept[id_] != 1:
            yield Finding("a press is decided once", id_, world.clock.now(), f"{kept[id_]} times")


def sound(world: World) -> Iterator[Finding]:
    """The database is whole, and the daemon had nothing to complain of but the plaza's outages."""
    now = world.clock.now()
    if world.rows("PRAGMA integrity_check") != [("ok",)] or world.rows("PRAGMA foreign_key_check"):
        yield Finding("the database is sound", str(world.database), now, "it is damaged")
    for one in world.warnings:
        if one["level"] in {"error", "critical"} or one.get("reason") == "bug":
            yield Finding("the log is clean", one["event"], one["at"], str(dict(one)))


def moment(micros: int) -> datetime:
    return datetime.fromtimestamp(micros / 1e6, UTC)


CHECKS: tuple[Check, ...] = (
    stored_once,
    gaps_true,
    told,
    told_once,
    critical_at_once,
    silent_when_answered,
    pressed,
    sound,
)
