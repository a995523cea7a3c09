"""Presses of buttons, commands and what is written in the threads of cards, by Socket Mode.

An envelope is acknowledged when the caller has committed what was in it, and before anything else is done
(decision 28): Slack waits three seconds, then it sends an event again, or tells the person that a press
failed. What is no press is acknowledged at once. Knows nothing of what a press means.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.errors import Reason, Rejected, Unavailable
from bot.staff import MOST_TEXT, Press, Presses
from bot.texts.en import ENGLISH
from connectors.slack.incoming import Incoming, incoming, place_of
from connectors.slack.lines import LINGERS, Envelope, Lines
from connectors.slack.message import told

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

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
    _waiting: dict[str, Envelope] = field(default_factory=dict, init=False, repr=False)

    async def read(self, after: Cursor | None) -> AsyncIterator[Presses]:
        me = self._me = self._me or await self.api.me()
        lines = Lines(self.api, self.http, lingers=self.lingers, is_suspicious=self._is_suspicious)
        self._is_suspicious = False
        self._waiting.clear()
        try:
            while True:
                envelope = await lines.next()
                found = incoming(envelope.kind, envelope.payload, me.person)
                if found is None or not await self._is_for_staff(found, envelope):
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

    async def answer(self, press: Press, text: str, *, is_loud: bool) -> None:
        """Only the person sees it. The desk answers what is committed, so it is acknowledged first: to say
        something takes longer than Slack may be willing to wait.
        """
        await self._confirm(press.id)
        if text:
            await self._say(*place_of(press.id), text)

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

    async def _is_for_staff(self, found: Incoming, envelope: Envelope) -> bool:
        """What is written in a channel that is none of ours is not for us; /id is answered here."""
        if found.token.partition(" ")[0] == _SETUP:
            await envelope.acknowledge()
            ids = self.texts.your_ids(found.channel, found.person, None)
            with contextlib.suppress(Unavailable, Rejected):  # a help, never in the way of presses
                await self._say(found.channel, found.person, found.thread or None, ids)
            return False
        return found.kind != "m" or found.is_private or self._name_of(found.channel) != "?"

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
