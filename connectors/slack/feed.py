"""Presses of buttons, commands, and what is written in forms and in the threads of cards.

An envelope is acknowledged when the caller has committed what was in it, and before anything else is done
(decision 28): Slack waits three seconds, then it sends an event again, or tells the person that a press
failed. What is no press is acknowledged at once. Knows nothing of what a press means.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.errors import BotError, Reason, Rejected, Unavailable
from bot.staff import MOST_TEXT, Press, Presses
from bot.texts.en import ENGLISH
from connectors.slack.form import FORM_WITHIN, filled, view, wanted
from connectors.slack.incoming import Incoming, incoming, place_of
from connectors.slack.lines import LINGERS, Envelope, Lines
from connectors.slack.message import told

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Mapping

    from bot.model import Cursor
    from bot.ports import Clock, Http
    from bot.texts.catalogue import Texts
    from connectors.slack.api import Api, Me
    from connectors.slack.settings import ChannelSettings

_SETUP = "/id"


@dataclass(kw_only=True)
class SlackFeed:
    """`bot.ports.DecisionFeed`. Slack keeps no position: what is acknowledged does not come again."""

    api: Api
    http: Http
    channels: Mapping[str, ChannelSettings]
    clock: Clock
    texts: Texts = ENGLISH
    lingers: float = LINGERS
    name: str = "slack"
    _me: Me | None = field(default=None, init=False)
    _is_suspicious: bool = field(default=False, init=False)
    _asides: set[asyncio.Task[None]] = field(default_factory=set, init=False, repr=False)
    _waiting: dict[str, Envelope] = field(default_factory=dict, init=False, repr=False)

    async def read(self, after: Cursor | None) -> AsyncIterator[Presses]:
        me = self._me = self._me or await self.api.me()
        lines = Lines(self.api, self.http, lingers=self.lingers, is_suspicious=self._is_suspicious)
        self._is_suspicious = False
        self._waiting.clear()
        try:
            while True:
                envelope = await lines.next()
                found = self._understood(envelope, me)
                if found is None:
                    await envelope.acknowledge()
                    continue
                press = self._press(found)
                self._waiting[press.id] = envelope
                yield Presses(presses=(press,))
                await self._confirm(press.id)
        except Unavailable as error:
            self._is_suspicious = error.reason is Reason.CONFLICT
            raise
        finally:
            await lines.close()
            await self._leave_asides()

    async def answer(self, press: Press, text: str, *, is_loud: bool) -> None:
        """Only the person sees it. The desk answers what is committed, so it is acknowledged first: to say
        something takes longer than Slack may be willing to wait.
        """
        await self._confirm(press.id)
        if text:
            await self._say(*place_of(press.id), text)

    def _understood(self, envelope: Envelope, me: Me) -> Incoming | None:
        """What is for staff. To ask for a form, or for ids, is nothing that has to be kept."""
        kind, payload = envelope.kind, envelope.payload
        if asked := wanted(kind, payload):
            self._begin(self.api.open_form(asked.trigger, view(asked, self.texts)))
            return None
        found = filled(kind, payload) or incoming(kind, payload, me.person)
        if found is None:
            return None
        if found.token.partition(" ")[0] == _SETUP:
            own = self.texts.say("ids.person", person=found.person)
            ids = f"{self.texts.say('ids.channel', channel=found.channel)}\n{own}"
            self._begin(self._say(found.channel, found.person, found.thread or None, ids))
            return None
        is_elsewhere = found.kind == "m" and not found.is_private and self._name_of(found.channel) == "?"
        return None if is_elsewhere else found

    def _begin(self, work: Awaitable[None]) -> None:
        """Beside the reading: others press meanwhile."""
        self._asides.add(aside := asyncio.create_task(self._do(work)))
        aside.add_done_callback(self._asides.discard)

    async def _do(self, work: Awaitable[None]) -> None:
        """Who sees nothing asks again."""
        with contextlib.suppress(BotError, TimeoutError):
            async with asyncio.timeout(FORM_WITHIN):
                await work

    async def _leave_asides(self) -> None:
        for aside in self._asides:
            aside.cancel()
        await asyncio.gather(*self._asides, return_exceptions=True)

    async def _confirm(self, press_id: str) -> None:
        envelope = self._waiting.pop(press_id, None)
        if envelope is not None:
            await envelope.acknowledge()

    async def _say(self, channel: str, person: str, thread: str | None, text: str) -> None:
        """In the channel; a command may come from where the app is not: then in private."""
        message = told(text)
        try:
            if channel.startswith("D"):
                await self.api.post(channel, message, thread=thread)
            else:
                await self.api.whisper(channel, person, message, thread=thread)
        except Rejected as error:
            if self._name_of(channel) == "?":
                with contextlib.suppress(Rejected):
                    await self.api.post(person, message)
            elif error.reason is Reason.INVALID:
                raise

    def _press(self, found: Incoming) -> Press:
        return Press(
            id=found.id,
            channel=f"{self.name}:{self._name_of(found.channel)}",
            person=f"{self.name}:{found.person}",
            token=found.token,
            at=self.clock.now(),
            name=found.name,
            text=found.text[:MOST_TEXT],
            receipt=found.receipt,
        )

    def _name_of(self, channel: str) -> str:
        """The configured name of a channel; `?`: it is none of ours."""
        return next((name for name, to in self.channels.items() if to.channel == channel), "?")
