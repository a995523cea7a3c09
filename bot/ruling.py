"""The rules in force and what staff does about them: silences, and what a command tells of them.

It holds what changes while the daemon runs and is asked for by others: intake, commands, the page. It reads
no file and knows no chat.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.commands import Commands
from bot.metrics import Metrics
from bot.orders import OrderBook, RulesInUse, Silence
from bot.outbox import CONSOLE
from bot.ports import Clock
from bot.settings.load import Settings
from bot.silences import in_force
from bot.texts.languages import texts_in
from rules.lab import RuleLab
from rules.ruleset import RuleSet


@dataclass(kw_only=True)
class Ruling:
    """`tell` takes a key and a text for staff."""

    settings: Settings
    rules: RuleSet
    store: OrderBook
    clock: Clock
    metrics: Metrics
    tell: Callable[[str, str], None]
    silences: tuple[Silence, ...] = ()
    problem: str = ""
    """Why newer rules were not taken over."""
    since: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.use(self.rules)

    async def begin(self) -> None:
        """Know what people silenced before the start. Raises: StoreError."""
        self.use_silences(await self.store.silences(now=self.clock.now()))

    def use(self, rules: RuleSet) -> None:
        """These judge from now on."""
        self.rules, self.since, self.problem = rules, self.clock.now(), ""

    def not_taken_over(self, key: str, text: str) -> None:
        """Newer rules are not used; `text` says why, below its first line."""
        self.problem = (text.partition("\n")[2] or text).partition("\n")[0]
        self.tell(key, text)

    def use_silences(self, silences: tuple[Silence, ...]) -> None:
        self.silences = silences

    def silenced(self, now: datetime) -> Mapping[str, datetime]:
        return in_force(self.silences, now)

    def in_force(self) -> RulesInUse:
        names = tuple(rule.name for rule in self.rules.every if rule.counts)
        return RulesInUse(version=self.rules.version, names=names, since=self.since, problem=self.problem)

    def lab(self) -> RuleLab:
        return RuleLab(
            rules=lambda: self.rules,
            folder=self.settings.rules,
            channels=frozenset(self.settings.channels) | {CONSOLE},
            brand=self.settings.brands[0].name,
        )

    def commands(self) -> Commands:
        names = {person.key: person.name for person in self.settings.people}
        return Commands(
            store=self.store,
            clock=self.clock,
            metrics=self.metrics,
            texts=texts_in(self.settings.language),
            zone=self.settings.timezone,
            people=lambda key: names.get(key, key),
            rules=self.in_force,
            use_silences=self.use_silences,
            tell=self.tell,
        )
