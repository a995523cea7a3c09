"""The shape of outcare.yaml as pydantic models, and what a model says of itself.

Knows which settings exist, their types and their defaults; the parts that connectors bring are fitted in by
`file_model`. It knows no file, no environment and no wording of errors.
"""

from __future__ import annotations

import typing
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from functools import lru_cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    RootModel,
    Secret,
    SecretBytes,
    SecretStr,
    ValidationError,
    create_model,
)

from bot.ports import Connector
from bot.settings.answering import (
    AcknowledgeSection,
    DraftsSection,
    Model,
    RepliesSection,
    VoiceSection,
    VoicesSection,
)
from bot.settings.fields import (
    Duration,
    Handle,
    Identity,
    Language,
    PathText,
    Section,
    Spoken,
    Text,
    WebAddress,
    Zone,
    between,
    lower,
)
from bot.settings.hours import HoursSection
from bot.settings.incidents import IncidentsSection
from bot.settings.mornings import Mornings
from bot.settings.noise import BudgetSection, DigestSection, QuietSection
from bot.settings.oncall import RotationSection
from bot.settings.sources import Given, Spot, Trail, Wanted, variable_name
from bot.settings.steps import ClaimedSection, EscalationSection, StepSection
from bot.staff import Role
from bot.suggestions import AiReply

AnySection = TypeVar("AnySection", bound="Section")

DEEPEST = 6
"""A connector's model may contain itself; variables reach so many levels down."""


class Nothing(Section):
    """The settings of a source or channel that has none."""


class RivalSection(Section):
    words: tuple[Text, ...] = ()
    accounts: Any = None


class BrandSection(RivalSection):
    name: Text


class PersonSection(Section):
    name: Text | None = None
    role: Role = Role.AGENT
    language: Spoken | None = None
    timezone: Zone | None = None
    pager: Text | None = None
    morning: Mornings | None = None


class Http(Section):
    """Where `/healthz`, `/readyz` and `/metrics` are served; port 0 takes a free one."""

    host: Text = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)


class Web(Section):
    """The page, served where `http` says."""

    url: WebAddress | None = None
    password: Annotated[SecretStr, Field(min_length=12)] | None = None


class Log(Section):
    level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(lower)] = "info"
    format: Annotated[Literal["auto", "console", "json"], BeforeValidator(lower)] = "auto"


class File(Section):
    """The keys that stand in every outcare.yaml, whatever connectors are installed."""

    aim: str = ""
    brand: Any
    rivals: Any = None
    sources: Any = None
    channels: Any = None
    people: Any = None
    language: Spoken = "en"
    languages: tuple[Language, ...] = ()
    timezone: Zone = ZoneInfo("UTC")
    hours: dict[Text, HoursSection] = Field(default_factory=dict)
    on_call: dict[Text, RotationSection] = Field(default_factory=dict)
    quiet_hours: dict[Text, QuietSection] = Field(default_factory=dict)
    digests: dict[Text, DigestSection] = Field(default_factory=dict)
    budgets: dict[Text, BudgetSection] = Field(default_factory=dict)
    escalation: EscalationSection = EscalationSection()
    incidents: IncidentsSection = IncidentsSection()
    database: PathText = "data/outcare.db"
    rules: PathText = "rules"
    customers: PathText | None = None
    answers: PathText | None = None
    voice: Any = None
    drafts: Any = None
    replies: RepliesSection = RepliesSection()
    acknowledge: AcknowledgeSection = AcknowledgeSection()
    http: Http = Http()
    web: Web = Web()
    heartbeat_url: WebAddress | None = None
    heartbeat_every: Annotated[Duration, between("1s", "1d")] = timedelta(minutes=1)
    lookup_budget: Annotated[Duration, between("0s", "1m")] = timedelta(seconds=1.5)
    fresh_for: Annotated[Duration, between("1m", "24h")] = timedelta(minutes=30)
    log: Log = Log()


FIXED = frozenset(
    key
    for section in (
        File, BrandSection, PersonSection, Http, Web, Log, VoicesSection, VoiceSection, DraftsSection, Model,
        RepliesSection, AcknowledgeSection, HoursSection, RotationSection, QuietSection, IncidentsSection,
        DigestSection, BudgetSection, EscalationSection, StepSection, ClaimedSection,
    )
    for key in section.model_fields
)  # fmt: skip
"""Every key that is ours, whatever connectors are installed."""


def file_model(connectors: Mapping[str, Connector], channels: Iterable[str]) -> type[File]:
    """The whole file's model: what connectors bring stands under their names, a channel under its own."""
    return _file_model(tuple(connectors.items()), tuple(channels))


@lru_cache(maxsize=2)
def _file_model(installed: tuple[tuple[str, Connector], ...], channels: tuple[str, ...]) -> type[File]:
    """Made once: a model is full of cycles, which a reload must not leave behind."""
    connectors = dict(installed)
    accounts = _section("Accounts", dict.fromkeys(platforms(connectors), tuple[Handle, ...]), Section)
    rival = create_model("Rival", __base__=RivalSection, accounts=(accounts, accounts()))
    brand = create_model("Brand", __base__=BrandSection, accounts=(accounts, accounts()))
    person = _section("Person", dict.fromkeys(kinds(connectors), Identity), PersonSection)
    sources = {name: connectors[name].source_settings or Nothing for name in readers(connectors)}
    cards = {name: connectors[kind_of(name)].channel_settings or Nothing for name in channels}
    own = {name: one.account_settings for name, one in connectors.items() if one.account_settings}
    voices = _section("Voices", dict.fromkeys(platforms(connectors), VoiceSection), VoicesSection)
    replies = _section("AiReplies", dict.fromkeys(platforms(connectors), AiReply), Section)
    drafts = create_model("Drafts", __base__=DraftsSection, ai_reply=(replies, replies()))
    return create_model(
        "File",
        __base__=_section("Sections", own, File),
        brand=(brand, ...),
        rivals=(dict[Text, rival], Field(default_factory=dict)),  # type: ignore[valid-type]
        sources=(_section("Sources", sources, Section), ...),
        channels=(_section("Channels", cards, Section), ...),
        voice=(voices, voices()),
        drafts=(drafts, drafts()),
        people=(dict[Text, person], Field(default_factory=dict)),  # type: ignore[valid-type]
    )


def readers(connectors: Mapping[str, Connector]) -> list[str]:
    """The connectors that can be sources."""
    return [name for name, connector in connectors.items() if connector.source]


def platforms(connectors: Mapping[str, Connector]) -> list[str]:
    """The connectors on whose platform a brand can have accounts that we recognise."""
    return [name for name, one in connectors.items() if one.source or one.lookup or one.replier or one.inbox]


def kinds(connectors: Mapping[str, Connector]) -> list[str]:
    """The connectors that can be channels."""
    return [name for name, connector in connectors.items() if connector.notifier]


def kind_of(channel: str) -> str:
    return channel.partition(":")[0]


def needs_nothing(*models: type[BaseModel] | None) -> bool:
    """Whether the models are content without any setting."""
    try:
        for model in models:
            if model is not None:
                model.model_validate({})
    except ValidationError:
        return False
    return True


def lacks_secret(model: type[BaseModel], value: Mapping[str, Any]) -> bool:
    """Whether a secret that must be given is not among the values."""
    fields, keys = model.model_fields, _keys(model)
    needed = (name for name, info in fields.items() if info.is_required() and is_secret(info.annotation))
    return any(keys[name] not in value for name in needed)


def with_secrets(annotation: Any, value: Any) -> Any:
    """The values, and something for each secret that is not among them."""
    if not isinstance(value, Mapping):
        return value
    inside = children(annotation, Given(dict(value)))
    model = model_of(annotation)
    absent = {key for key, one in inside.items() if model and is_secret(one) and key not in value}
    filled = {key: with_secrets(inside.get(key, Any), one) for key, one in value.items()}
    return {**filled, **dict.fromkeys(absent, "…")}


def parts(section: BaseModel) -> dict[str, Any]:
    """What a section holds, by the names that people write; without what was left out."""
    values = {key: getattr(section, name) for name, key in _keys(type(section)).items()}
    return {key: value for key, value in values.items() if value is not None}


def spots(model: type[BaseModel], tree: Given) -> dict[str, list[Spot]]:
    """Every setting that exists, by its variable: the models' keys and the tree's own names."""
    found: dict[str, list[Spot]] = {}
    for spot in _spots(model, tree, ()):
        found.setdefault(variable_name(spot.path), []).append(spot)
    return found


def children(annotation: Any, given: Given | None) -> dict[str, Any]:
    """The annotations of what may stand inside: a model's keys, or the names given in an open mapping."""
    model = model_of(annotation)
    if model is not None:
        fields = model.model_fields
        return {key: fields[name].annotation for name, key in _keys(model).items()}
    if wanted(annotation) == "mapping" and given is not None and isinstance(given.value, dict):
        arguments = typing.get_args(_bare(annotation))
        return dict.fromkeys(given.value, arguments[1] if len(arguments) > 1 else Any)
    return {}


def model_of(annotation: Any) -> type[BaseModel] | None:
    """The model that an annotation asks for, if it is one with keys."""
    bare = _bare(annotation)
    is_model = isinstance(bare, type) and issubclass(bare, BaseModel) and not issubclass(bare, RootModel)
    return bare if is_model else None


def item_of(annotation: Any) -> Any:
    """What a list's annotation says of its entries."""
    return next(iter(typing.get_args(_bare(annotation))), Any)


def wanted(annotation: Any) -> Wanted:
    bare = _bare(annotation)
    origin = typing.get_origin(bare) or bare
    if model_of(bare) is not None or (isinstance(origin, type) and issubclass(origin, Mapping)):
        return "mapping"
    if isinstance(origin, type) and issubclass(origin, (list, tuple, set, frozenset)):
        return "list"
    return "scalar"


def is_number(annotation: Any) -> bool:
    return _bare(annotation) in {int, float}


def is_secret(annotation: Any) -> bool:
    """Whether a value here is a secret, or may be one."""
    bare = _bare(annotation)
    if typing.get_origin(bare) in {typing.Union, UnionType}:
        return any(is_secret(choice) for choice in typing.get_args(bare))
    origin = typing.get_origin(bare) or bare
    return isinstance(origin, type) and issubclass(origin, (SecretStr, SecretBytes, Secret))


def _section(name: str, inside: Mapping[str, Any], base: type[AnySection]) -> type[AnySection]:
    """A model with a key for each name; the names come from outside, so that they are aliases."""
    fields: dict[str, Any] = {
        f"part_{number}": (annotation | None, Field(default=None, alias=key))
        for number, (key, annotation) in enumerate(inside.items())
    }
    return create_model(name, __base__=base, **fields)


def _keys(model: type[BaseModel]) -> dict[str, str]:
    """Field name → the key that people write."""
    return {
        name: next(key for key in (info.alias, info.validation_alias, name) if isinstance(key, str))
        for name, info in model.model_fields.items()
    }


def _spots(annotation: Any, given: Given | None, path: Trail) -> Iterator[Spot]:
    if path:
        yield Spot(path, wanted(annotation))
    if len(path) < DEEPEST:
        for key, inside in children(annotation, given).items():
            yield from _spots(inside, given.child(key) if given else None, (*path, key))


def _bare(annotation: Any) -> Any:
    """The type itself: without Annotated, without "or None"."""
    origin = typing.get_origin(annotation)
    if origin is Annotated:
        return _bare(typing.get_args(annotation)[0])
    if origin in {typing.Union, UnionType}:
        choices = [choice for choice in typing.get_args(annotation) if choice is not NoneType]
        if len(choices) == 1:
            return _bare(choices[0])
    return annotation
