"""What was sent, compared with what is stored and delivered.

`glance` is cheap and true at any moment, also with the daemon dead; `settle` waits until nothing is left to do
and then asks for everything (`whole`). Both read the database through a copy or a read-only connection, so that no audit
repairs what the daemon must repair itself. A broken promise is a `Violation`.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.testing.telegram_server import TOKEN
from tests.faults.traffic import Sent, Traffic
from tests.faults.world import SECRET, Violation, World, until

SETTLE_WITHIN = 60.0
STILL = 0.5
"""So long nothing was finished: what is left waits for a time to come."""
REWIND_US = 2_000_000
"""So far before its position reading begins again, because events may come a little out of order."""
GAP_SLACK_US = 30_000_000
"""How far the edges of a recorded gap may be from the hole's: the network writes something every 20 s."""
_NUMBERED = re.compile(rb"acme numbered (\d+)")
_REQUEST = re.compile(r"request (\d+)")
_BUGS = ("Traceback", '"reason":"bug"', "process.crashed", "thread.crashed", "error.ignored", "log.failed",
         "delivery.crashed")  # fmt: skip
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hole:
    """What the script took out of the network before the daemon could read it."""

    start_us: int
    end_us: int
    reason: str


@dataclass(kw_only=True)
class Auditor:
    """Of one episode. `holes` are those that must be in the gap table; no other may be."""

    world: World
    traffic: Traffic
    holes: list[Hole] = field(default_factory=list)
    _settled: dict[str, int] = field(default_factory=dict)
    """Alerts that the store knew as settled, and how often their receivers had got them by then."""
    _shuffled_to_us: int = 0

    # --- at any moment ---

    def glance(self, *, is_shuffled: bool = False) -> None:
        """`is_shuffled`: events came in another order just now. Until the position is well beyond them, what lies
        in the margin before it may still have to be read.
        """
        if is_shuffled:
            sent = (version.time_us for one in self.traffic.sent.values() for version in one.versions)
            self._shuffled_to_us = max(sent, default=0)
        if not self.world.database.exists():
            return
        with self.database() as read:
            if not read("SELECT 1 FROM sqlite_master WHERE name = 'cursors'"):
                return
            if not self.world.is_alive:
                self._sound(read)
            self._stored_once(read)
            certain_us = (at_us := position_us(read)) - REWIND_US
            self._cursor_not_ahead(read, certain_us if certain_us <= self._shuffled_to_us else at_us)
            self._presses_kept(read)
            self._gaps(read)
            settled = self._alerts_settled(read)
        self._no_repeats(settled)
        self._log_clean()

    @contextmanager
    def database(self) -> Iterator[Any]:
        """A function that reads rows."""
        live = self.world.database
        if self.world.is_alive:
            path = live
        else:
            path = self.world.folder / "copy.db"
            for suffix in ("", "-wal", "-shm"):
                Path(f"{path}{suffix}").unlink(missing_ok=True)
            for suffix in ("", "-wal"):
                if Path(f"{live}{suffix}").exists():
                    shutil.copyfile(f"{live}{suffix}", f"{path}{suffix}")
        mode = "ro" if self.world.is_alive else "rw"
        with closing(sqlite3.connect(f"file:{path}?mode={mode}", uri=True, timeout=10)) as connection:
            connection.execute("BEGIN")  # one moment for all questions
            yield lambda query: connection.execute(query).fetchall()

    def _sound(self, read: Any) -> None:
        expect([("ok",)], read("PRAGMA integrity_check"), "the database is sound")
        expect([], read("PRAGMA foreign_key_check"), "references lead somewhere")

    def _stored_once(self, read: Any) -> None:
        held = Counter(str(uri) for (uri,) in read("SELECT post_id FROM posts"))
        expect({}, {uri: n for uri, n in held.items() if n > 1}, "each post is stored once")
        foreign = held.keys() - self.traffic.sent.keys() - self.traffic.answers
        expect(set(), foreign, "what nobody asked for is not stored")
        expect(
            [],
            read("SELECT post, brand FROM mentions GROUP BY 1, 2 HAVING count(*) > 1"),
            "one mention a post",
        )

    def _cursor_not_ahead(self, read: Any, position: int) -> None:
        """Whatever happened up to the committed position is in the database."""
        held = {
            uri: None if gone else text
            for uri, text, gone in read("SELECT post_id, text, deleted_at FROM posts")
        }
        for one in self.traffic.sent.values():
            due = [version for version in one.versions if version.time_us <= position]
            if due and not one.is_retired:
                self._as_sent(one, due, held)

    def _as_sent(self, one: Sent, due: list[Any], held: dict[str, str | None]) -> None:
        if one.uri not in held:
            if all(version.text is not None for version in due):
                raise Violation(f"{one.uri} ({one.versions}) is missing, the cursor is beyond it")
            return  # created and deleted before it was read
        possible = [version.text for version in one.versions[len(due) - 1 :]]
        if held[one.uri] not in possible:
            raise Violation(f"{one.uri} is stored as {held[one.uri]!r}, and should be one of {possible}")

    def _presses_kept(self, read: Any) -> None:
        """What Telegram was allowed to forget has been decided, and nothing twice."""
        decided = Counter(str(press) for (press,) in read("SELECT press_id FROM decisions"))
        expect({}, {press: n for press, n in decided.items() if n > 1}, "each press is decided once")
        forgotten = set(self.world.chat.telegram.confirmed)
        lost = [
            press
            for press, number in self.traffic.pressed.items()
            if number in forgotten and press not in decided
        ]
        expect([], lost, "no press is lost")
        expect(set(), decided.keys() - self.traffic.pressed.keys(), "nothing is decided that nobody pressed")
        winners = read(
            "SELECT conversation FROM decisions WHERE outcome = 'claimed' GROUP BY 1 HAVING count(*) > 1"
        )
        expect([], winners, "one person gets a claim")

    def _gaps(self, read: Any) -> None:
        for start, end, reason in read("SELECT started_at, ended_at, reason FROM gaps"):
            if not any(is_in(hole, start, end) for hole in self.holes):
                raise Violation(f"a gap that nobody made: {start}-{end} ({reason}), {self.holes}")

    def _alerts_settled(self, read: Any) -> list[str]:
        found = read(
            "SELECT p.post_id FROM effects e JOIN mentions m ON m.id = e.mention JOIN posts p ON p.id = m.post"
            " WHERE e.kind = 'alert' AND e.state = 'sent'"
        )
        return [str(uri) for (uri,) in found]

    def _no_repeats(self, settled: list[str]) -> None:
        arrived = self.arrived()
        for uri in settled:
            count = arrived[uri]
            if not count:
                raise Violation(f"the alert about {uri} counts as sent, and never came")
            if count > self._settled.setdefault(uri, count):
                raise Violation(f"the alert about {uri} came again after it was settled")

    def arrived(self) -> Counter[str]:
        """How often the receivers got the alert about each post (not its updates)."""
        numbers: Counter[int] = Counter()
        for delivery in self.world.webhook.deliveries:
            if delivery.told["event"] != "update" and (found := _NUMBERED.search(delivery.body)):
                numbers[int(found[1])] += 1
        for entry in self.world.chat.journal.read():
            if entry["event"] == "sendMessage" and (request := _REQUEST.search(entry["text"])):
                numbers[int(request[1])] += 1
        return Counter({uri: numbers[one.number] for uri, one in self.traffic.sent.items()})

    def _dismissed(self) -> set[int]:
        """The numbers of the posts on whose cards one of the staff pressed Dismiss."""
        pressed = (one.text for one in self.world.chat.messages if one.message_id in self.traffic.dismissed)
        return {int(request[1]) for text in pressed if (request := _REQUEST.search(text))}

    def _log_clean(self) -> None:
        output = self.world.output
        for bug in _BUGS:
            if bug in output:
                at = output.index(bug)
                raise Violation(f"the log holds {bug!r}:\n{output[max(0, at - 1500) : at + 2500]}")
        for secret in (TOKEN, TOKEN.partition(":")[2], SECRET):
            expect(False, secret in output, "no secret in the log")

    def forget(self, before_us: int) -> None:
        """The network forgot what is older, while the daemon was dead: what it has not read, it never will."""
        with self.database() as read:
            held = {str(uri) for (uri,) in read("SELECT post_id FROM posts")}
        for one in self.traffic.sent.values():
            if one.versions[0].time_us < before_us:
                one.is_retired = True
                one.is_lost = one.uri not in held

    def lose(self, hole: Hole) -> None:
        """A hole that was made before the daemon had looked at the one before it swallows that one."""
        self.holes = [one for one in self.holes if one.start_us < hole.start_us or one.end_us > hole.end_us]
        self.holes.append(hole)

    # --- when all is quiet ---

    async def settle(self) -> None:
        """Wait until everything is read, delivered and decided, then ask for all of it."""
        await until(self._caught_up, within=SETTLE_WITHIN, what="it catches up")
        await self._all_done()
        self.glance()
        self.whole()

    def whole(self) -> None:
        """What is true once nothing is left to do."""
        with self.database() as read:
            self._all_stored(read)
            self._all_delivered(read)
            self._all_decided(read)
            self._cards_true(read)
            self._all_answered(read)
            self._all_gaps(read)

    async def _all_done(self) -> None:
        """Nothing is left to do; patient with a slow machine, as long as one thing after the other is done."""
        left, changed_at = self._open(), time.monotonic()
        while left:
            await asyncio.sleep(0.1)
            before, left = left, self._open()
            if {id_ for id_, *_ in left} != {id_ for id_, *_ in before}:
                changed_at = time.monotonic()
            still_for = time.monotonic() - changed_at
            if still_for > SETTLE_WITHIN:
                raise Violation(f"nothing was done for {SETTLE_WITHIN} s, and this is left: {left[:10]}")
            if left and still_for > STILL:
                await self._reach(max(due_at for *_, due_at in left))

    async def _reach(self, at_us: int) -> None:
        """What was put off while the clock was ahead comes late, and so does what a chat takes no more of in this
        minute: let that time come.
        """
        ahead = (at_us - self.world.its_now_us()) / 1e6
        if ahead > 3:
            await self.world.pass_time(ahead)

    def _caught_up(self) -> bool:
        with self.database() as read:
            rows = read("SELECT post_id, text, deleted_at FROM posts")
            decided = read("SELECT count(*) FROM decisions")[0][0]
        held = {uri: None if gone else text for uri, text, gone in rows}
        wanted = {one.uri: one.versions[-1].text for one in self._kept() if not one.is_deleted}
        gone = [one.uri for one in self._kept() if one.is_deleted and held.get(one.uri) is not None]
        is_read = all(held.get(uri) == text for uri, text in wanted.items()) and not gone
        return is_read and decided >= len(self.traffic.pressed)

    def _kept(self) -> list[Sent]:
        return [one for one in self.traffic.sent.values() if not one.is_retired]

    def _open(self) -> list[Row]:
        with self.database() as read:
            found: list[Row] = read(
                "SELECT id, key, state, attempts, reason, due_at FROM effects"
                " WHERE state IN ('pending', 'leased') AND kind != 'digest' AND key NOT LIKE '%:undo%'"
            )
        return found

    def _all_stored(self, read: Any) -> None:
        held = {str(uri) for (uri,) in read("SELECT post_id FROM posts")}
        missing = [one.uri for one in self._kept() if one.uri not in held and not one.is_deleted]
        expect([], missing, "every post is stored")
        lost = [one.uri for one in self.traffic.sent.values() if one.is_lost and one.uri in held]
        expect([], lost, "what the network forgot is not made up")

    def _all_delivered(self, read: Any) -> None:
        bad = read("SELECT key, state, reason FROM effects WHERE state = 'dead' AND kind != 'update'")
        expect([], bad, "no alert is given up")
        arrived = self.arrived()
        is_told = {str(uri) for (uri,) in read(
            "SELECT p.post_id FROM effects e JOIN mentions m ON m.id = e.mention JOIN posts p ON p.id = m.post"
            " WHERE e.kind = 'alert' AND e.state = 'dropped'"
        )}  # fmt: skip
        missing = [
            one.uri for one in self.traffic.sent.values()
            if not (arrived[one.uri] or one.uri in is_told or one.is_lost or one.is_deleted or one.answer_uri)
        ]  # fmt: skip
        expect([], missing, "every alert is delivered")
        # One that arrived, and whose receipt was lost, may be dismissed by a press on it before it is repeated.
        dismissed = self._dismissed()
        wrong = [
            uri
            for uri in is_told
            if not (self.traffic.sent[uri].is_deleted or self.traffic.sent[uri].answer_uri)
            and self.traffic.sent[uri].number not in dismissed
        ]
        expect([], wrong, "only alerts that nobody wants are dropped")

    def _all_decided(self, read: Any) -> None:
        decided = {str(press) for (press,) in read("SELECT press_id FROM decisions")}
        expect(set(self.traffic.pressed), decided, "every press is decided")

    def _cards_true(self, read: Any) -> None:
        """Each message that the store knows shows its conversation as it stands."""
        messages = {f"{one.chat.id}:{one.message_id}": one for one in self.world.chat.messages}
        found = read(
            "SELECT e.receipt, c.state, c.claimed_by, p.post_id, p.deleted_at FROM effects e"
            " JOIN conversations c ON c.id = e.conversation JOIN mentions m ON m.id = e.mention"
            " JOIN posts p ON p.id = m.post"
            " WHERE e.kind = 'alert' AND e.state = 'sent' AND e.channel LIKE 'telegram:%'"
        )
        for receipt, state, person, uri, deleted_at in found:
            shown = messages[receipt].text
            for word in _marks(state, person, is_deleted=deleted_at is not None):
                if word not in shown:
                    raise Violation(f"the card of {uri} ({state}, {person}) says:\n{shown}\nand not {word!r}")
            text = self.traffic.sent[uri].versions[-1].text
            is_current = self.traffic.sent[uri].is_retired or deleted_at or (text or "") in shown
            if not is_current:
                raise Violation(f"the card of {uri} says:\n{shown}\nand not {text!r}")

    def _all_answered(self, read: Any) -> None:
        """The brand's public answer ended each wait that it was an answer to."""
        states = dict(read(
            "SELECT p.post_id, c.state FROM mentions m JOIN posts p ON p.id = m.post"
            " JOIN conversations c ON c.id = m.conversation"
        ))  # fmt: skip
        waiting = [
            one.uri
            for one in self._kept()
            if one.answer_uri and not one.is_deleted and states[one.uri] not in {"answered", "dismissed"}
        ]
        expect([], waiting, "what was answered does not wait")

    def _all_gaps(self, read: Any) -> None:
        gaps = read("SELECT started_at, ended_at, reason FROM gaps")
        for hole in self.holes:
            if not any(is_of(hole, start, end) for start, end, _ in gaps):
                raise Violation(f"no gap tells of {hole}, only {gaps}")


def _marks(state: str, person: str | None, *, is_deleted: bool) -> Iterator[str]:
    if is_deleted:
        yield "Deleted by its author"
    if state == "claimed":
        yield f"Claimed by {(person or '').title()}"
    elif state in {"answered", "dismissed"}:
        yield state.title()


def is_of(hole: Hole, start_us: int, end_us: int) -> bool:
    """Whether a gap is this hole, give or take."""
    return abs(start_us - hole.start_us) <= GAP_SLACK_US and abs(end_us - hole.end_us) <= GAP_SLACK_US


def is_in(hole: Hole, start_us: int, end_us: int) -> bool:
    """Whether a gap tells of a part of a hole (told again, after a wrong clock held the position back)."""
    return start_us >= hole.start_us - GAP_SLACK_US and end_us <= hole.end_us + GAP_SLACK_US


def position_us(read: Any) -> int:
    """The committed position, as the network's time; 0: none yet. The one place that reads a cursor."""
    found = read("SELECT cursor FROM cursors WHERE name = 'bluesky'")
    if not found:
        return 0
    number = re.search(r"\b\d{16}\b", str(found[0][0]))
    if number is None:
        raise Violation(f"a position that says no time: {found[0][0]!r}")
    return int(number[0])


def expect(wanted: object, found: object, what: str) -> None:
    """Raises: Violation with both sides."""
    if wanted != found:
        raise Violation(
            f"not so: {what}\n  expected {wanted!r}\n  found    {json.dumps(found, default=str)[:3000]}"
        )
