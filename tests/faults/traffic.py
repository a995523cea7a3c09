"""What happens on the network and in the chats, numbered, and the book of it that the audit reads."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field

from bot.testing.telegram_server import TelegramServer
from tests.faults.world import ACME, CHATS, World

EVERY_SECONDS = 0.015
LABELS = ("Claim", "Claim", "Dismiss", "More…", "Back", "Why", "Was it right?", "Too high")
PRESSES_PER_MESSAGE = 3
ANNA, BEN, STRANGER = 1, 2, 77


@dataclass(frozen=True, slots=True)
class Version:
    """What a post was from `time_us` on; None: deleted."""

    time_us: int
    text: str | None


@dataclass(slots=True, kw_only=True)
class Sent:
    """A post that concerns the brand. `is_lost`: the network forgot it before we could read it."""

    number: int
    uri: str
    did: str
    rkey: str
    versions: list[Version]
    is_card: bool
    answer_uri: str | None = None
    answered_us: int = 0
    is_lost: bool = False
    is_retired: bool = False

    @property
    def is_deleted(self) -> bool:
        return self.versions[-1].text is None


@dataclass(kw_only=True)
class Traffic:
    """Posts and presses without a pause, from `start` to `stop`."""

    world: World
    rng: random.Random
    sent: dict[str, Sent] = field(default_factory=dict)
    answers: set[str] = field(default_factory=set)
    pressed: dict[str, int] = field(default_factory=dict)
    """Press → its update's number."""
    dismissed: set[int] = field(default_factory=set)
    """Messages on which one of the staff pressed Dismiss."""
    _number: int = 0
    _beats: int = 0
    _presses: dict[int, int] = field(default_factory=dict)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def start(self) -> None:
        self._tasks = [asyncio.create_task(self._post()), asyncio.create_task(self._press())]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        for ended in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended
        self._tasks = []

    @property
    def numbered(self) -> list[Sent]:
        return [one for one in self.sent.values() if not one.is_card]

    @property
    def cards(self) -> list[Sent]:
        return [one for one in self.sent.values() if one.is_card]

    # --- the network ---

    async def _post(self) -> None:
        while True:
            self._beats += 1
            if self._beats % 25 == 0:
                await self.question()
            elif self._beats % 60 == 0:
                await self._answer()
            elif self._beats % 20 == 0:
                await self._edit()
            elif self._beats % 33 == 0:
                await self._delete()
            elif self._beats % 2:
                await self.world.network.post(f"did:plc:noise{self._beats % 97}", "nothing about anybody")
            else:
                await self.numbered_post()
            await asyncio.sleep(EVERY_SECONDS)

    async def numbered_post(self) -> Sent:
        self._number += 1
        return await self._publish(f"acme numbered {self._number}", is_card=False)

    async def question(self) -> Sent:
        self._number += 1
        lane = len(self.cards) % len(CHATS)
        return await self._publish(f"hey acme, is request {self._number} stuck? lane{lane}", is_card=True)

    async def _publish(self, text: str, *, is_card: bool) -> Sent:
        did, rkey = f"did:plc:writer{self._number}", f"3key{self._number:07}"
        self.world.appview.profile(did, f"writer{self._number}.test", displayName=f"Writer {self._number}")
        uri = await self.world.network.post(did, text, rkey=rkey)
        version = Version(self._last_us(), text)
        one = Sent(
            number=self._number, uri=uri, did=did, rkey=rkey, versions=[version], is_card=is_card
        )  # fmt: skip
        self.sent[uri] = one
        return one

    async def _edit(self) -> None:
        one = self._some()
        if one is not None:
            text = f"{one.versions[0].text} edited {len(one.versions)}"
            await self.world.network.edit(one.did, one.rkey, text)
            one.versions.append(Version(self._last_us(), text))

    async def _delete(self) -> None:
        one = self._some()
        if one is not None:
            await self.world.network.delete(one.did, one.rkey)
            one.versions.append(Version(self._last_us(), None))

    async def _answer(self) -> None:
        """The brand answers a question, in the platform's own app."""
        waiting = [one for one in self.cards if not (one.answer_uri or one.is_deleted or one.is_retired)]
        if waiting:
            one = self.rng.choice(waiting[-5:])
            ref = {"uri": one.uri, "cid": "bafyreiparent"}
            one.answer_uri = await self.world.network.post(
                ACME, f"Sorry about {one.number}", reply={"root": ref, "parent": ref}
            )
            one.answered_us = self._last_us()
            self.answers.add(one.answer_uri)

    def _some(self) -> Sent | None:
        alive = [one for one in list(self.sent.values())[-60:] if not (one.is_deleted or one.is_retired)]
        return self.rng.choice(alive) if alive else None

    def _last_us(self) -> int:
        time_us: int = self.world.network.events[-1]["time_us"]
        return time_us

    # --- the chats ---

    async def _press(self) -> None:
        while True:
            for message in self.world.chat.messages[-30:]:
                label, times = self.rng.choice(LABELS), self._presses.get(message.message_id, 0)
                is_meant = self.rng.random() < 0.2 and times < PRESSES_PER_MESSAGE
                if is_meant and label in message.labels:
                    self._presses[message.message_id] = times + 1
                    self.press(self.world.chat, message.message_id, label)
            await asyncio.sleep(0.05)

    def press(self, chat: TelegramServer, message_id: int, label: str) -> str:
        user = self.rng.choice((ANNA, ANNA, BEN, STRANGER))
        number = chat.telegram.next_update_id
        press = chat.press(message_id, label, user=user, name={ANNA: "Anna", BEN: "Ben"}.get(user, "Eve"))
        self.pressed[press] = number
        if label == "Dismiss" and user != STRANGER:
            self.dismissed.add(message_id)
        return press
