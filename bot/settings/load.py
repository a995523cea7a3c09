"""The configuration as one frozen value: environment > secrets files > config/outcare.yaml.

Knows what the keys mean together and turns them into the domain's words (brands, staff). Connectors come in
as a mapping; it opens no connection, and a value that may not be shown is not shown by `repr`, by an error
or by a traceback. docs/configuration.md explains every key.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError

from bot.acknowledging import Acknowledge
from bot.answers import Answers
from bot.errors import ConfigError, Problem
from bot.escalation import Escalation
from bot.incidents import Incidents
from bot.model import Account, Brand
from bot.noise import Noise
from bot.oncall import OnCall
from bot.ports import Connector
from bot.settings.acknowledging import acknowledge
from bot.settings.answering import DraftsSection, RepliesSection, ai_replies, voices
from bot.settings.answers import DEFAULT_ANSWERS, load_answers
from bot.settings.bursts import incidents
from bot.settings.bursts import strangers as strangers_of_incidents
from bot.settings.checks import check_together, is_channel, why_unknown
from bot.settings.customers import DEFAULT_CUSTOMERS, Customers, load_customers
from bot.settings.escalation import Named, escalation, with_people
from bot.settings.fields import is_id
from bot.settings.hidden import secrets_of
from bot.settings.inviting import deaf
from bot.settings.mornings import mornings
from bot.settings.problems import Inspection, explain, in_order, locate
from bot.settings.quieting import noise
from bot.settings.rotations import rotations
from bot.settings.shape import (
    File,
    Http,
    Log,
    PersonSection,
    RivalSection,
    Web,
    file_model,
    kind_of,
    kinds,
    lacks_secret,
    needs_nothing,
    parts,
    platforms,
    readers,
    spots,
    with_secrets,
)
from bot.settings.sources import Given, overlay, put, read_file
from bot.settings.targets import strangers, targets
from bot.staff import PAGE, Person, Staff
from bot.suggestions import AiReply
from bot.targets import Targets
from bot.voice import Voices
from bot.wishes import CONSOLE

T = TypeVar("T")

DEFAULT_RULES = Path("config/rules")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that a person configured, checked. `brands`: our own first, the rivals after it.

    `sources` by connector, `channels` by their whole name ("telegram:care", "console"), each with the
    connector's own settings. `heartbeat_url` may hold a key: it is not shown. `customers`: None: no list.
    `answers`: None: no file. `ai_reply`: by platform, whether a model may write a draft there. `acknowledge`:
    what is answered automatically. `hours_of`: by route that has hours (or is named for incidents), what
    to say if there is no such route. `deaf`: platforms on which we answer and read no direct messages.
    """

    aim: str
    brands: tuple[Brand, ...]
    sources: Mapping[str, BaseModel]
    channels: Mapping[str, BaseModel]
    people: tuple[Person, ...]
    staff: Staff
    language: str
    languages: tuple[str, ...]
    timezone: ZoneInfo
    targets: Targets
    hours_of: Mapping[str, Problem]
    on_call: OnCall
    noise: Noise
    escalation: Escalation
    incidents: Incidents
    database: Path
    rules: Path
    customers: Customers | None
    answers: Answers | None
    voices: Voices
    drafts: DraftsSection
    replies: RepliesSection
    acknowledge: Acknowledge
    ai_reply: Mapping[str, AiReply]
    http: Http
    web: Web
    heartbeat_url: str | None = field(repr=False)
    heartbeat_every: timedelta
    lookup_budget: timedelta
    fresh_for: timedelta
    log: Log
    accounts: Mapping[str, BaseModel]
    deaf: frozenset[str] = frozenset()

    def account(self, kind: str) -> BaseModel | None:
        """The connector's own section; None if it has none, or needs one that nobody wrote."""
        return self.accounts.get(kind)

    @property
    def own_handles(self) -> frozenset[str]:
        """Those of the brand's accounts."""
        own = (account for brand in self.brands if not brand.is_rival for account in brand.accounts)
        return frozenset(account.handle for account in own)

    def secrets(self) -> tuple[str, ...]:
        """Every text that no log and no message may show: secrets, and what a connector's repr leaves out."""
        connectors = (*self.accounts.values(), *self.sources.values(), *self.channels.values())
        sections = (*connectors, self.web, self.drafts)
        found = {text for section in sections for text in secrets_of(section)}
        if self.heartbeat_url:
            found.add(self.heartbeat_url)
        return tuple(sorted(found))


def load(
    path: Path | None,
    connectors: Mapping[str, Connector],
    *,
    env: Mapping[str, str],
    secrets_dir: Path | None = None,
    needs_secrets: bool = True,
) -> Settings:
    """Read, check and freeze the configuration.

    `path` None: no file, only the environment and the defaults. `env` is the process's environment: every
    name in it that begins with `OUTCARE_` must be a setting (the caller takes out those that it reads
    itself). `secrets_dir` holds one file per setting, named like its variable. Without `needs_secrets` those
    that are missing are no mistake: whoever only reads the database signs in nowhere.

    Raises: ConfigError with every problem that can be found, without any value from outside the file.
    """
    model, tree, problems = _gather(path, connectors, env, secrets_dir)
    inspection = Inspection(model, tree, why_unknown(connectors), problems)
    data = _with_accounts(inspection.data(), connectors)
    problems.extend(check_together(tree, connectors))
    if not needs_secrets:
        data = _without_locked(data, connectors)
    file: File | None = None
    try:
        file = model.model_validate(data)
    except ValidationError as error:
        problems.extend(explain(error, inspection))
    if file is None or problems:  # not in the except block: pydantic's error shows what it was given
        raise ConfigError(in_order(problems))
    known = platforms(connectors)
    other = partial(_other, file, tree, path)
    beside = _Beside(
        rules=_rules(file, tree, path),
        customers=other(
            "customers", default=DEFAULT_CUSTOMERS, read=partial(load_customers, platforms=known)
        ),
        answers=other("answers", default=DEFAULT_ANSWERS, read=partial(load_answers, platforms=known)),
    )
    made = _settings(file, beside, known, _told(file, tree))
    return replace(made, deaf=deaf(made.accounts, connectors))


def _told(file: File, tree: Given) -> _Told:
    on_call = rotations(file.on_call, tuple(file.people), file.timezone, tree)
    return _Told(
        acknowledge=acknowledge(file.acknowledge, file.language, tree),
        targets=targets(file.hours, file.timezone, tree, today=datetime.now(UTC).date()),
        hours_of={**strangers_of_incidents(file.incidents, tree), **strangers(file.hours, tree)},
        on_call=replace(on_call, mornings=mornings(file)),
        noise=noise(file, tuple(parts(file.channels)), tree),
        escalation=escalation(file.escalation, _named(file), on_call, tree),
    )


def _named(file: File) -> Named:
    return Named(people=tuple(file.people), channels=(*parts(file.channels), CONSOLE))


def _gather(
    path: Path | None, connectors: Mapping[str, Connector], env: Mapping[str, str], secrets_dir: Path | None
) -> tuple[type[File], Given, list[Problem]]:
    """The file with the defaults under it and the environment over it, and the model that it is to fit.

    Twice, because a whole section out of a variable (`OUTCARE_CHANNELS`) may name what others refine.
    """
    _check_names(connectors)
    tree = _with_defaults(read_file(path) if path else Given({}), connectors)
    channels = _channels(tree, connectors)
    model = file_model(connectors, channels)
    tree, _ = overlay(tree, spots(model, tree), env, secrets_dir)
    if channels != _channels(tree, connectors):
        model = file_model(connectors, _channels(tree, connectors))
    tree, problems = overlay(tree, spots(model, tree), env, secrets_dir)
    return model, tree, problems


def _channels(tree: Given, connectors: Mapping[str, Connector]) -> list[str]:
    return [name for name in tree.entries("channels") if is_channel(name, connectors)]


def _check_names(connectors: Mapping[str, Connector]) -> None:
    for name in connectors:
        if name in File.model_fields or name in PersonSection.model_fields:
            raise ConfigError(f"the connector {name!r} has the name of a setting; it needs another one")


def _with_defaults(tree: Given, connectors: Mapping[str, Connector]) -> Given:
    """Sources and channels that nobody wrote down: every connector that needs no settings at all."""
    if not isinstance(tree.value, dict):
        kind = tree.node_kind
        raise ConfigError(f"a configuration is a mapping (key: value), not {kind}", tree.location)
    sources = {name: connectors[name].source_settings for name in readers(connectors)}
    channels = {name: connectors[name].channel_settings for name in kinds(connectors)}
    for section, able in (("sources", sources), ("channels", channels)):
        if section not in tree.value:
            ready = [
                name for name, own in able.items() if needs_nothing(own, connectors[name].account_settings)
            ]
            tree = put(tree, (section,), Given({name: Given({}) for name in ready}))
    return tree


def _with_accounts(data: dict[str, Any], connectors: Mapping[str, Connector]) -> dict[str, Any]:
    """An empty section for each connector that is used or content without one."""
    sections = [data.get(section) for section in ("sources", "channels")]
    used = {kind_of(name) for section in sections if isinstance(section, dict) for name in section}
    own = {name: one.account_settings for name, one in connectors.items() if one.account_settings}
    return {**{name: {} for name in own if name in used or needs_nothing(own[name])}, **data}


def _without_locked(data: dict[str, Any], connectors: Mapping[str, Connector]) -> dict[str, Any]:
    """Without the accounts and channels that cannot be used, since their secret is not there."""
    own = {name: one.account_settings for name, one in connectors.items() if one.account_settings}
    given = {name: data[name] for name in own if isinstance(data.get(name), dict)}
    locked = {
        name
        for name, values in given.items()
        if lacks_secret(own[name], values) or _wants_a_secret(own[name], values)
    }
    kept = {key: value for key, value in data.items() if key not in locked}
    channels = data.get("channels")
    if isinstance(channels, dict):
        kept["channels"] = {
            name: values
            for name, values in channels.items()
            if (model := connectors[kind_of(name)].channel_settings) is None
            or not lacks_secret(model, values)
        }
    return kept


def _wants_a_secret(model: type[BaseModel], values: Mapping[str, Any]) -> bool:
    """Whether one that may be left out is missing beside what is there: with it, all would be right."""
    return not _fits(model, values) and _fits(model, with_secrets(model, values))


def _fits(model: type[BaseModel], values: Mapping[str, Any]) -> bool:
    try:
        model.model_validate(values)
    except ValidationError:
        return False
    return True


def _rules(file: File, tree: Given, path: Path | None) -> Path:
    if path is None and tree.child("rules") is None:
        return DEFAULT_RULES
    return _beside(file.rules, tree.child("rules"), path)


def _beside(name: str, given: Given | None, path: Path | None) -> Path:
    """Beside the file, unless the path is absolute or comes from the environment."""
    return Path(name) if path is None or (given is not None and given.by) else path.parent / name


@dataclass(frozen=True, slots=True, kw_only=True)
class _Beside:
    """What stands in files of its own."""

    rules: Path
    customers: Customers | None
    answers: Answers | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What must know in which line it stands."""

    acknowledge: Acknowledge
    targets: Targets
    hours_of: Mapping[str, Problem]
    on_call: OnCall
    noise: Noise
    escalation: Escalation


def _other(
    file: File, tree: Given, path: Path | None, key: str, *, default: str, read: Callable[[Path], T]
) -> T | None:
    """What a file beside the configuration holds: one that is named must be there. Raises: ConfigError."""
    named: str | None = getattr(file, key)
    where = _beside(named or default, tree.child(key), path)
    is_there = os.path.isfile(where)  # noqa: PTH113 - pathlib's own raises for a name that is too long
    if named is not None and not is_there:
        place = locate(tree, (key,))
        raise ConfigError([place.problem(f"{place.subject()} names a file that is not there")])
    return read(where) if is_there and (named is not None or path is not None) else None


def _settings(file: File, beside: _Beside, known: Collection[str], told: _Told) -> Settings:
    people = tuple(_person(key, section) for key, section in file.people.items())
    own = _brand(file.brand.name, file.brand, is_rival=False)
    rivals = (_brand(name, section, is_rival=True) for name, section in file.rivals.items())
    fixed = set(File.model_fields)
    return Settings(
        aim=file.aim,
        brands=(own, *rivals),
        sources=MappingProxyType(parts(file.sources)),
        channels=MappingProxyType(parts(file.channels)),
        people=people,
        staff=_staff(people),
        language=file.language,
        languages=tuple(dict.fromkeys(file.languages)),
        timezone=file.timezone,
        targets=told.targets,
        hours_of=told.hours_of,
        on_call=told.on_call,
        noise=told.noise,
        escalation=with_people(told.escalation, people),
        incidents=incidents(file.incidents),
        database=Path(file.database),
        rules=beside.rules,
        customers=beside.customers,
        answers=beside.answers,
        voices=voices(file.voice, {key: one for key, one in parts(file.voice).items() if key != "default"}),
        drafts=file.drafts,
        replies=file.replies,
        acknowledge=told.acknowledge,
        ai_reply=ai_replies(parts(file.drafts.ai_reply), known),
        http=file.http,
        web=file.web,
        heartbeat_url=file.heartbeat_url,
        heartbeat_every=file.heartbeat_every,
        lookup_budget=file.lookup_budget,
        fresh_for=file.fresh_for,
        log=file.log,
        accounts=MappingProxyType({key: one for key, one in parts(file).items() if key not in fixed}),
    )


def _staff(people: tuple[Person, ...]) -> Staff:
    return Staff(
        by_identity={identity: one for one in people for identity in (*one.identities, (PAGE, one.key))}
    )


def _brand(name: str, section: RivalSection, *, is_rival: bool) -> Brand:
    accounts = (
        Account(brand=name, platform=platform, handle=handle, id=handle if is_id(handle) else None)
        for platform, handles in parts(section.accounts).items()
        for handle in handles
    )
    words = tuple(dict.fromkeys(section.words))
    return Brand(name=name, words=words, accounts=tuple(dict.fromkeys(accounts)), is_rival=is_rival)


def _person(key: str, section: PersonSection) -> Person:
    fixed = set(PersonSection.model_fields)
    identities = tuple((kind, own) for kind, own in parts(section).items() if kind not in fixed)
    return Person(
        key=key,
        name=section.name or key,
        role=section.role,
        identities=identities,
        language=section.language,
        timezone=section.timezone,
        pager=section.pager,
    )
