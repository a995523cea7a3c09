"""Which rules a daemon begins with: those of its files, else the last good ones that the database keeps.

The one place outside of `rules` that knows where rules lie. Knows nothing of mentions, and tells nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import structlog

from bot.acknowledging import Acknowledge
from bot.bulletin import HeldBack, Part, mistakes
from bot.errors import ConfigError, Problem
from bot.reload import in_thread, outcome
from bot.settings.load import Settings
from bot.settings.nights import nights
from bot.storing import Store
from bot.wishes import CONSOLE, Route
from bot.yamlfile import closest
from rules.assemble import Assembly
from rules.engine import DEFAULT_ROUTE
from rules.everyday import Shares
from rules.folder import list_files, rule_files
from rules.ruleset import Examined, RuleSet, examine_rules, parse_rules
from rules.signals.measure import measure
from rules.trial import failures

log = structlog.get_logger()


def examined(
    settings: Settings, *, shares: Shares | None = None, instead: Mapping[Path, str] | None = None
) -> Examined:
    """The rules of the configuration with all that is wrong with them (see `examine_rules`).

    Raises: ConfigError for what cannot be read at all.
    """
    return examine_rules(
        settings.rules,
        Assembly(
            channels=frozenset(settings.channels) | {CONSOLE},
            brand=settings.brands[0].name,
            shares=shares,
            deaf=settings.deaf,
            nights=nights(settings.targets, settings.on_call),
        ),
        measure=measure,
        instead=instead,
    )


def load_ruleset(settings: Settings) -> RuleSet:
    """The rules of the configuration. Raises: ConfigError with every problem, also of a name in the
    configuration that is no rule's.
    """
    rules = examined(settings).usable()
    if strangers := [*unknown(settings.acknowledge, rules), *_unrouted(settings, rules)]:
        raise ConfigError([*strangers, *rules.warnings])
    return rules


def unknown(acknowledge: Acknowledge, rules: RuleSet) -> list[Problem]:
    """The rules that are to be acknowledged and are not there."""
    if not acknowledge.words:
        return []
    names = {rule.name for rule in rules.every}
    return [
        replace(problem, suggestion=closest(name, names))
        for name, problem in acknowledge.strangers.items()
        if name not in names
    ]


def _unrouted(settings: Settings, rules: RuleSet) -> list[Problem]:
    """The routes that hours, people on call or steps are for, or that are to be quiet, and that the rules
    have not; likewise personas.
    """
    routes = rules.routes
    found = [
        replace(problem, suggestion=closest(name, routes))
        for name, problem in _named(settings)
        if name not in routes
    ]
    personas = tuple(persona.name for persona in rules.program.personas)
    for (kind, name), problem in settings.escalation.strangers.items():
        known = routes if kind == "routes" else personas
        if name not in known:
            found.append(replace(problem, suggestion=closest(name, known)))
    return found


def _named(settings: Settings) -> Iterator[tuple[str, Problem]]:
    yield from settings.hours_of.items()
    yield from settings.on_call.strangers.items()
    yield from settings.noise.strangers.items()


def tested(settings: Settings) -> RuleSet:
    """The same for rules that are to replace some that work: a failing test is a mistake like any other."""
    rules = load_ruleset(settings)
    if failed := failures(rules):
        raise ConfigError([*failed, *rules.warnings])
    return rules


@dataclass
class ConfigFiles:
    """The files that make a daemon what it is: its configuration, its rules, the lists that these name, the
    list of customers and prepared answers (`others`).
    """

    config: Path
    folder: Path
    others: tuple[Path, ...]
    _lists: tuple[Path, ...] = field(default=(), init=False)

    def __post_init__(self) -> None:
        self._lists = list_files(self.folder)

    def rules(self, settings: Settings) -> RuleSet:
        """`tested`; which lists are named is remembered also where a mistake keeps them from being used."""
        self._lists = list_files(self.folder)
        return tested(settings)

    def paths(self) -> Iterable[Path]:
        return (self.config, *self.others, *rule_files(self.folder), *self._lists)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """What a daemon begins with."""

    rules: RuleSet
    held_back: HeldBack | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the files gave: rules, an error, or both (rules whose tests fail)."""

    rules: RuleSet | None
    error: Exception | None

    async def or_last_good(self, settings: Settings, store: Store) -> Beginning:
        """The rules to begin with. Raises: the error, if there is nothing else that could run; StoreError."""
        if self.error is None:
            return Beginning(rules=self.usable())
        last = await store.rules_state()
        if last is not None and (self.rules is None or last.version != self.rules.version):
            source = await store.rules_source(last.version)
            kept = None if source is None else _from_source(source, settings)
            if kept is not None:
                return Beginning(rules=kept, held_back=HeldBack(part=Part.RULES, error=self.error))
        return Beginning(rules=self.usable(), held_back=HeldBack(part=Part.TESTS, error=self.error))

    def usable(self) -> RuleSet:
        """The rules of the files, whatever their tests say. Raises: the error, if there are none."""
        if self.rules is None:
            raise self.error or ConfigError("there are no rules")
        return self.rules


async def found(settings: Settings) -> Found:
    """The rules of the files, tried by their own tests."""
    rules, error = await outcome(in_thread(partial(load_ruleset, settings)))
    if rules is not None:
        failed = await in_thread(partial(failures, rules))
        error = ConfigError([*failed]) if failed else None
    return Found(rules=rules, error=error)


def _from_source(source: Mapping[str, str], settings: Settings) -> RuleSet | None:
    """What the database keeps; None: a program that is newer than the rules can't read them.

    Names of the settings are not checked, for they may have changed since: an alert for a channel that is
    gone goes where it would go if that channel refused it.
    """
    try:
        rules = parse_rules(source, measure=measure)
    except ConfigError as error:
        log.warning("rules.last_good_unusable", problems=mistakes(error))
        return None
    channels = {*settings.channels, CONSOLE}

    def reached(route: Route) -> Route:
        wanted = (route.to, route.fallback, rules.route(DEFAULT_ROUTE).to, CONSOLE)
        return replace(route, to=next(channel for channel in wanted if channel in channels))

    return replace(rules, routes={name: reached(route) for name, route in rules.routes.items()})
