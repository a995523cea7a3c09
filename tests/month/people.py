"""Three people who answer, more or less: what they see in the chat makes them press, write and forget.

They know what is on their screens and what the plaza shows, and act by a seed. Ben claims, and now and then
falls asleep over it: what he took then, nobody gets from him.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.staff import REASONS
from tests.month.plan import BERLIN, NEW_YORK
from tests.month.room import Message
from tests.month.team import IDS
from tests.month.world import World

MINUTE = 60.0
LOOKS_EVERY = timedelta(minutes=50)
OPEN = (
    "SELECT (SELECT m.uid FROM mentions m WHERE m.ask = a.id ORDER BY m.id DESC LIMIT 1), c.claimed_by, c.state"
    " FROM asks a JOIN conversations c ON c.id = a.conversation WHERE a.outcome IS NULL"
    " ORDER BY a.due_at IS NULL, a.due_at, a.id LIMIT 40"
)
"""What `/inbox` lists, in its order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Somebody:
    """`hours`: of which they are at work, by their own clocks; `sleepy`: how often a claim is forgotten."""

    key: str
    zone: ZoneInfo
    hours: tuple[int, int] = (8, 18)
    weekends: bool = False
    sleepy: float = 0.0

    def is_there(self, at: datetime) -> bool:
        local = at.astimezone(self.zone)
        begins, ends = self.hours
        return begins <= local.hour < ends and (self.weekends or local.weekday() < 5)

    def is_awake(self, at: datetime) -> bool:
        return 7 <= at.astimezone(self.zone).hour < 23


CREW = (
    Somebody(key="anna", zone=BERLIN, hours=(8, 18), weekends=True),
    Somebody(key="ben", zone=BERLIN, sleepy=0.35),
    Somebody(key="li", zone=NEW_YORK, hours=(9, 18)),
)


@dataclass(kw_only=True)
class Crew:
    """`did`: what they did, counted; `forgot`: the mentions that somebody claimed and slept over."""

    world: World
    rng: random.Random
    did: Counter[str] = field(default_factory=Counter)
    forgot: set[str] = field(default_factory=set)
    _busy: dict[str, str] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def begin(self) -> None:
        self.world.chat.on_message = self.see
        for one in CREW:
            self._spawn(self._look_around(one))

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def failed(self) -> None:
        """Raise what went wrong in the world itself."""
        for task in [one for one in self._tasks if one.done()]:
            self._tasks.discard(task)
            task.result()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.add(asyncio.create_task(work))

    # --- seeing ---

    def see(self, message: Message) -> None:
        """Whom it rings looks at once; else somebody who is there may."""
        who = self._reader(message)
        if who is None:
            return
        card = message.first.data
        uids = [str(card["mention_id"])] if "mention_id" in card else list(card.get("mention_ids", ()))  # type: ignore[call-overload]
        for number, uid in enumerate(uids[:20]):
            self._take_on(who, uid, message, after=number * 2 * MINUTE)

    def _reader(self, message: Message) -> Somebody | None:
        now = self.world.clock.now()
        rung = [one for one in CREW if IDS[one.key] in message.rang]
        if rung and (rung[0].is_awake(now) or self.rng.random() < 0.6):
            return rung[0]
        there = [one for one in CREW if one.is_there(now)]
        return self.rng.choice(there) if there and self.rng.random() < 0.75 else None

    def _take_on(self, who: Somebody, uid: str, message: Message, *, after: float) -> None:
        if uid not in self._busy:
            self._busy[uid] = who.key
            self._spawn(self._handle(who, uid, message, after))

    async def _look_around(self, who: Somebody) -> None:
        """As long as they are at work, everybody looks now and then at what waits."""
        while True:
            await asyncio.sleep(LOOKS_EVERY.total_seconds() * self.rng.uniform(0.7, 1.3))
            if not who.is_there(self.world.clock.now()) or not self.world.is_running:
                continue
            self._press(who, "/inbox")
            messages = self.world.chat.messages
            last = next(reversed(messages.values()), None)
            for number, (uid, owner, state) in enumerate(self.world.rows(OPEN)):
                free = owner is None and state == "open"
                mine = owner == who.key and (uid not in self.forgot)
                if last is not None and uid and (free or mine):
                    self._busy.pop(uid, None)
                    self._take_on(who, uid, last, after=number * 3 * MINUTE)

    # --- doing ---

    async def _handle(self, who: Somebody, uid: str, message: Message, after: float) -> None:
        """One card, from the first look to the answer, if it comes to that."""
        try:
            is_ring = IDS[who.key] in message.rang
            await asyncio.sleep(after + self._while(1.5 if is_ring else 7))
            what = self.rng.choices(
                ("claim", "answer", "dismiss", "snooze", "hand_over", "leave"), weights=(64, 10, 9, 6, 5, 6)
            )[0]
            await getattr(self, f"_{what}")(who, uid, message.room)
        finally:
            self._busy.pop(uid, None)

    async def _claim(self, who: Somebody, uid: str, room: str) -> None:
        self._press(who, f"claim:{uid}", room)
        if self.rng.random() < who.sleepy:
            self.forgot.add(uid)
            self.did["slept"] += 1
            return
        await asyncio.sleep(self._while(9))
        if self.rng.random() < 0.05:
            self._press(who, f"release:{uid}", room)
            return
        self._write(uid)

    async def _answer(self, who: Somebody, uid: str, room: str) -> None:
        """Without a word to anybody."""
        await asyncio.sleep(self._while(5))
        self._write(uid)

    async def _dismiss(self, who: Somebody, uid: str, room: str) -> None:
        self._press(who, f"dismiss:{uid}:{self.rng.choice(REASONS)}", room)
        if self.rng.random() < 0.1:
            await asyncio.sleep(self._while(1))
            self._press(who, f"reopen:{uid}", room)

    async def _snooze(self, who: Somebody, uid: str, room: str) -> None:
        self._press(who, f"snooze:{uid}:{self.rng.choice(('10m', '1h', 'morning', 'reply'))}", room)

    async def _hand_over(self, who: Somebody, uid: str, room: str) -> None:
        other = self.rng.choice([one for one in CREW if one.key != who.key])
        self._press(who, f"hand_over:{uid}:{other.key}", room)

    async def _leave(self, who: Somebody, uid: str, room: str) -> None:
        """Somebody else will."""
        self.did["left"] += 1

    def storm(self) -> None:
        """Everybody presses on the newest card at once, some of it told twice by the chat."""
        cards = [one for one in self.world.chat.messages.values() if "mention_id" in one.first.data]
        if not cards:
            return
        self.did["storms"] += 1
        uid, room = cards[-1].first.data["mention_id"], cards[-1].room
        for number in range(12):
            who = self.rng.choice(CREW)
            verb = self.rng.choice(("claim", "dismiss", "release", "snooze"))
            again = f"storm-{uid}-{number // 2}" if number % 3 == 0 else None
            token = f"{verb}:{uid}:1h" if verb == "snooze" else f"{verb}:{uid}"
            self.world.chat.press(room, IDS[who.key], token, press_id=again)

    def say(self, who: str, command: str) -> None:
        one = next(one for one in CREW if one.key == who)
        self._press(one, command)

    def _press(self, who: Somebody, token: str, room: str = "care") -> None:
        self.did[token.partition(":")[0].partition(" ")[0]] += 1
        self.world.chat.press(room, IDS[who.key], token)

    def _write(self, uid: str) -> None:
        """An answer in the platform's own app, where most see that somebody was faster."""
        post = self.world.post_of(uid)
        if post is None or (post in self.world.plaza.answered and self.rng.random() < 0.8):
            self.did["saw it answered"] += 1
            return
        self.did["answers"] += 1
        self.world.plaza.answer(post, "We are on it, and sorry for the trouble.")

    def _while(self, minutes: float) -> float:
        """Mostly about so long, now and then much longer."""
        return self.rng.lognormvariate(0, 0.8) * minutes * MINUTE
