"""Plays the day: publishes what is said when its time has come, and has the colleagues press their buttons.

Knows the day and the chat, and platforms as one function. Decides what depends on the visitor: a card that
they claim is answered soon, one that they dismiss is not answered at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.demo import story
from bot.demo.chat import StaleButtonError, url_of
from bot.demo.day import DayClock, Said, minutes

if TYPE_CHECKING:
    from bot.demo.chat import Chat, Colleague
    from bot.demo.day import Day, Scene
    from bot.demo.platforms import Published
    from bot.testing.telegram_chats import Sent

CLAIM, DISMISS = "Claim", "Dismiss"
ANSWER_AFTER = 8
"""Minutes of the day after a Claim of the visitor until the brand's answer is out."""
CARD_WITHIN = 20.0
"""Seconds in which the card of a post comes, if one comes at all."""

Publish = Callable[["Scene", Said | None, "Published | None", datetime], Awaitable["Published"]]


@dataclass(eq=False, slots=True, kw_only=True)
class _Thread:
    """A scene while it is played. `answers`: so many of the brand's are still to come."""

    scene: Scene
    answers: int
    claimed: asyncio.Event = field(default_factory=asyncio.Event)
    is_dismissed: bool = False
    is_written: bool = False
    was_claimed: bool = False


@dataclass(kw_only=True)
class Director:
    """`publish` puts a post of a scene (or what is said below it) onto its platform.

    `staff`: the colleagues by their key in the day, who reaches for the visitor's first card at the front.
    """

    day: Day
    chat: Chat
    publish: Publish
    pace: float
    staff: Mapping[str, Colleague]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    clock: DayClock = field(init=False)
    _posts: dict[str, tuple[_Thread, Published, str]] = field(default_factory=dict, init=False)
    _asides: set[asyncio.Task[None]] = field(default_factory=set, init=False)
    _theirs: set[str] = field(default_factory=set, init=False)
    _told: set[str] = field(default_factory=set, init=False)

    async def play(self) -> None:
        """The whole day; then wait for what the visitor does. Ends only when it is cancelled."""
        self.clock = DayClock(day=self.day, began=self.now(), pace=self.pace)
        self.chat.on_visitor = self._pressed
        self.chat.note(story.WELCOME)
        try:
            async with asyncio.TaskGroup() as group:
                for scene in self.day.scenes:
                    group.create_task(self._scene(scene))
            self.chat.note(story.THE_END)
            await asyncio.Event().wait()
        finally:
            for task in self._asides:
                task.cancel()

    # --- one scene ---

    async def _scene(self, scene: Scene) -> None:
        at = await self._until(self.clock.at(minutes(scene.at)))
        thread = _Thread(scene=scene, answers=sum(said.by == self.day.ours for said in scene.then))
        first = await self._post(thread, None, None, at)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._below(thread, first, at))
            group.create_task(self._colleagues(scene, first.url, at))

    async def _below(self, thread: _Thread, first: Published, at: datetime) -> None:
        last = first
        for said in thread.scene.then:
            at = await self._turn(thread, said, at)
            if thread.is_dismissed or thread.is_written:
                return
            last = await self._post(thread, said, last if said.to == "last" else first, at)

    async def _turn(self, thread: _Thread, said: Said, last_at: datetime) -> datetime:
        """Wait for its time: the brand's answer comes sooner if the visitor has claimed the card."""
        due = asyncio.create_task(self._until(self.clock.after(last_at, minutes(said.after))))
        hurried = asyncio.create_task(self._hurried(thread))
        waited = {due, hurried} if said.by == self.day.ours else {due}
        try:
            done, _ = await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            return min(task.result() for task in done)
        finally:
            due.cancel()
            hurried.cancel()

    async def _hurried(self, thread: _Thread) -> datetime:
        await thread.claimed.wait()
        return await self._until(self.clock.after(self.now(), ANSWER_AFTER))

    async def _post(
        self, thread: _Thread, said: Said | None, below: Published | None, at: datetime
    ) -> Published:
        post = await self.publish(thread.scene, said, below, at)
        by = said.by if said else thread.scene.by
        self._posts[post.url] = (thread, post, by)
        if by == self.day.ours:
            thread.answers -= 1
            thread.claimed.clear()
            if thread.was_claimed:
                self._tell_once(story.CLOSED)
        elif said and said.is_thanks and thread.was_claimed:
            self._tell_once(story.thanked(self.day.cast[by].name), key="thanks")
        return post

    async def _until(self, at: datetime) -> datetime:
        await asyncio.sleep(max(0.0, (at - self.now()).total_seconds()))
        return at

    # --- colleagues ---

    async def _colleagues(self, scene: Scene, url: str, at: datetime) -> None:
        """Each reaches for the card in their turn; of two in the same minute the second is too late."""
        for claim in scene.claims:
            await self._until(self.clock.after(at, minutes(claim.after)))
            try:
                async with asyncio.timeout(CARD_WITHIN):
                    card = await self.chat.card(url)
            except TimeoutError:
                return
            self._aside(self._reach(self.staff[claim.by], card))

    async def _reach(self, who: Colleague, card: Sent) -> None:
        """Press Claim; who comes too late is told who has it."""
        try:
            toast = await self.chat.press(card.message_id, CLAIM, who)
        except StaleButtonError:
            return  # their phone shows it as claimed already
        if toast and toast.is_loud:
            self.chat.note(story.lost(who.name, toast.text))
            self.chat.say(who.name, story.GIVES_WAY)

    # --- the visitor ---

    def claimed(self, url: str) -> None:
        """The visitor has the conversation of that post, wherever they claimed it; again changes nothing."""
        known = self._posts.get(url)
        if known is None or url in self._theirs:
            return
        self._theirs.add(url)
        thread, post, by = known
        thread.was_claimed = True
        if thread.is_written:
            return
        if thread.scene.is_for_the_visitor:
            self._tell_once(story.ONLY_YOU)
            return
        self._tell_once(story.ANSWER_SOON)
        thread.claimed.set()
        if not thread.answers:
            self._aside(self._answer(thread, post, by))

    def dismissed(self, url: str) -> None:
        """The visitor wants no answer to it."""
        if (known := self._posts.get(url)) and not known[0].is_dismissed:
            known[0].is_dismissed = True
            self._tell_once(story.LEFT_ALONE)

    def written(self, url: str) -> None:
        """The visitor writes the answer: nobody else does."""
        if (known := self._posts.get(url)) and not known[0].is_written:
            known[0].is_written = True
            self._tell_once(story.YOURS_TO_SAY)

    def _pressed(self, label: str, card: Sent) -> None:
        """On the phone: the first time a colleague, whose phone does not show it yet, presses too."""
        if label == DISMISS:
            self.dismissed(url_of(card))
        elif label == CLAIM:
            if not self._theirs:
                self._aside(self._reach(next(iter(self.staff.values())), card))
            self.claimed(url_of(card))

    async def _answer(self, thread: _Thread, post: Published, by: str) -> None:
        """The day has no answer to this; the brand finds one."""
        thread.answers += 1
        at = await self._until(self.clock.after(self.now(), ANSWER_AFTER))
        member = self.day.cast[by]
        said = Said(after="0m", by=self.day.ours, says=story.answer(member.name, member.lang))
        if not thread.is_dismissed and not thread.is_written:
            await self._post(thread, said, post, at)

    def _tell_once(self, text: str, *, key: str = "") -> None:
        if (key or text) not in self._told:
            self._told.add(key or text)
            self.chat.note(text)

    def _aside(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._asides.add(task)
        task.add_done_callback(self._asides.discard)
