"""Which rules run, since when, and what keeps those of the files from it: kept, measured, and told once.

A start and a reload say here how they ended. Knows the store and the words for staff; it knows neither how
rules are read nor what they say.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

import structlog

from bot.errors import BotError, ConfigError, StoreError
from bot.problems import in_a_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from bot.metrics import Metrics
    from bot.ports import Clock
    from bot.ruleslog import RulesLog
    from bot.texts.catalogue import Texts

log = structlog.get_logger()


class Part(StrEnum):
    """What holds the mistake. `TESTS`: rules whose tests fail, and that run all the same."""

    SETTINGS = "settings"
    RULES = "rules"
    TESTS = "tests"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBack:
    """Why a daemon does not begin with what stands in its files, or does so although their tests fail."""

    part: Part
    error: Exception

    @property
    def state(self) -> str:
        """The same for the same mistakes."""
        return hashlib.sha256(str(self.error).encode()).hexdigest()


def mistakes(error: Exception, *, below: Iterable[Path] = ()) -> tuple[str, ...]:
    """What is wrong, a line each. An error that is none of ours is a bug, and its text may hold anything."""
    if isinstance(error, ConfigError):
        wrong = [one for one in error.problems if not one.is_warning] or error.problems
        return tuple(in_a_line(one, below=below) for one in wrong)
    if isinstance(error, BotError):
        return (str(error),)
    return (f"a bug of Outcare: {type(error).__name__} (the log has more)",)


@dataclass(kw_only=True)
class Bulletin:
    """`tell` takes a key and a text for staff; `config` is the settings' file as people call it.

    `trouble` says for people why the files' rules do not run; "" while they do.
    """

    store: RulesLog
    clock: Clock
    metrics: Metrics
    texts: Texts
    zone: ZoneInfo
    tell: Callable[[str, str], None]
    config: str = "outcare.yaml"
    version: str = field(default="", init=False)
    since: datetime | None = field(default=None, init=False)
    _part: Part | None = field(default=None, init=False)
    _problems: tuple[str, ...] = field(default=(), init=False)
    _known: str = field(default="", init=False)

    @property
    def trouble(self) -> str:
        return self.told(self.texts) if self._part else ""

    def told(self, texts: Texts) -> str:
        """What the last reading of the files came to, in these words."""
        if self._part is None:
            return texts.say("notice.rules_loaded", version=self.version)
        if self._part is Part.TESTS:
            instead = texts.say("notice.runs_all_the_same", version=self.version)
            return texts.held_back(texts.say("notice.tests_fail"), self._problems, instead)
        now = self.clock.now()
        time = texts.time_of_day(self.since or now, now=now, zone=self.zone)
        instead = texts.say("notice.still_running", version=self.version, time=time)
        return texts.held_back(self._head(texts), self._problems, instead)

    def _head(self, texts: Texts) -> str:
        if self._part is Part.SETTINGS:
            return texts.say("notice.settings_not_loaded", file=self.config)
        return texts.say("notice.rules_not_loaded")

    async def runs(self, version: str) -> None:
        """These run, and they are what stands in the files. Told only to who heard of trouble before."""
        part, self._part, self._known = self._part, None, ""
        await self._keep(version, ())
        if part is not None:
            if part is Part.SETTINGS:
                text = self.texts.say("notice.settings_loaded", file=self.config, version=version)
            else:
                text = self.told(self.texts)
            self.tell(f"loaded:{self.clock.now().isoformat()}", text)

    async def held_back(
        self, version: str, part: Part, problems: tuple[str, ...], *, state: str, key: str = ""
    ) -> None:
        """These run, and not what stands in the files: told once per `state` of the files.

        `key`: the same one is told again within the hour by no other life of the daemon.
        """
        self._part, self._problems = part, problems
        known, self._known = self._known, f"{state}{problems}"
        await self._keep(version, problems)
        if self._known != known:
            self.tell(f"held_back:{key or self.clock.now().isoformat()}", self.trouble)

    async def begin(self, version: str, why: HeldBack | None, *, below: Iterable[Path]) -> None:
        """These run from the start. What the life before left in trouble and is not any more is told as that.

        Raises: StoreError.
        """
        last = await self.store.rules_state()
        if last is not None:
            self.version, self.since = last.version, last.since
            self._part = Part.RULES if last.problems else None
        if why is None:
            await self.runs(version)
            return
        log.error("rules.held_back", problems=mistakes(why.error), running=version)
        problems = mistakes(why.error, below=below)
        await self.held_back(version, why.part, problems, state=why.state, key=f"start:{why.state}")

    async def _keep(self, version: str, problems: tuple[str, ...]) -> None:
        self.metrics.rules_reload_ok.set(not problems)
        now = self.clock.now()
        if version != self.version or self.since is None:
            self.version, self.since = version, now
        try:
            await self.store.save_rules_state(version, problems, now=now)
        except StoreError as error:  # the rules run all the same; the next life may know less
            log.warning("rules.state_unsaved", reason=str(error))
