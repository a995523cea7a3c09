"""Credentials that a platform refuses: staff hear of it once, and once that they work again.

Who mends them starts the program again, or another one starts it: so what is refused is kept across
restarts, beside the database. Knows sources by name; knows no platform and no channel by name.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
import structlog

from bot.errors import BotError, Unauthorized
from bot.notices import Notices
from bot.ports import Clock
from bot.vault import Vault

log = structlog.get_logger()

KEPT = "outcare.refused"


@dataclass(kw_only=True)
class Credentials:
    """What each source's loop tells, in order: `failed` of every try that failed, `works` of the others."""

    notices: Notices
    vault: Vault
    clock: Clock
    _refused: dict[str, datetime] | None = field(default=None, init=False)
    """By source: since when."""
    _asides: set[asyncio.Task[None]] = field(default_factory=set, init=False)

    def failed(self, source: str, platform: str, error: BotError) -> None:
        """Only a refusal of what we signed in with is told; anything else passes by itself."""
        if isinstance(error, Unauthorized):
            self._aside(self._begin(source, platform, error))

    def works(self, source: str, platform: str) -> None:
        if self._refused is None or source in self._refused:
            self._aside(self._end(source, platform))

    async def _begin(self, source: str, platform: str, error: Unauthorized) -> None:
        async with self.vault.turn(KEPT):
            refused = await self._open()
            is_new = source not in refused
            since = refused.setdefault(source, self.clock.now())
            if is_new:
                await self._keep()
        said = {"platform": self.notices.texts.platform(platform), "source": source}
        text = self.notices.texts.say("notice.source_refused", cause=error, **said)
        self._tell(f"{source}:refused", since, text, platform)

    async def _end(self, source: str, platform: str) -> None:
        async with self.vault.turn(KEPT):
            since = (await self._open()).pop(source, None)
            if since is None:
                return
            await self._keep()
        said = {"platform": self.notices.texts.platform(platform), "source": source}
        text = self.notices.texts.say("notice.source_works", after=self.clock.now() - since, **said)
        self._tell(f"{source}:works", since, text, platform)

    def _tell(self, what: str, since: datetime, text: str, platform: str) -> None:
        """By no channel of the platform in trouble. A refusal has one key, however often it is met."""

        def is_theirs(channel: str) -> bool:
            return channel.partition(":")[0] == platform

        self.notices.tell(f"credential:{what}:{since.isoformat()}", text, not_by=is_theirs, once=True)

    async def _open(self) -> dict[str, datetime]:
        if self._refused is None:
            try:
                self._refused = read(await asyncio.to_thread(self.vault.read, KEPT))
            except OSError as error:
                log.warning("credentials.unread", reason=error.strerror)
                self._refused = {}
        return self._refused

    async def _keep(self) -> None:
        """What the disk does not take is told all the same; the next life may tell it once more."""
        content = msgspec.json.encode(self._refused)
        try:
            await asyncio.to_thread(self.vault.write, KEPT, content)
        except OSError as error:
            log.warning("credentials.unsaved", reason=error.strerror)

    def _aside(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._asides.add(task)
        task.add_done_callback(self._asides.discard)

    async def stop(self) -> None:
        """Give up what is not told yet: it is met again."""
        for task in self._asides:
            task.cancel()
        await asyncio.gather(*self._asides, return_exceptions=True)


def read(content: bytes | None) -> dict[str, datetime]:
    """What cannot be read is nothing. Pure."""
    try:
        return msgspec.json.decode(content or b"{}", type=dict[str, datetime])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
