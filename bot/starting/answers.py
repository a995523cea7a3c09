"""What `outcare init` wants to know, as frozen values, and how people write it in one line. Pure.

Every `read_…` raises ValueError with a line that says how to write it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError

from bot.settings.fields import Handle, Language, Zone, is_id

USUAL = "bluesky"
"""The platform of an account that is written without one, where it is installed."""
_NOTHING: Mapping[str, tuple[str, ...]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A brand or a rival: its name, what is looked for, and its accounts by platform."""

    name: str
    words: tuple[str, ...] = ()
    accounts: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """Where staff is told on Telegram, and who presses buttons there (None: nobody yet)."""

    id: int
    thread: int | None = None
    person_id: int | None = None
    person_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Everything that the files are written from. `context`: words beside which an everyday word means us."""

    aim: str
    brand: Named
    rivals: tuple[Named, ...] = ()
    context: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    timezone: str = "UTC"
    chat: Chat | None = None


def read_list(text: str) -> tuple[str, ...]:
    """`acme, acme support` → both, each once."""
    return tuple(dict.fromkeys(part for part in (" ".join(one.split()) for one in text.split(",")) if part))


def read_accounts(text: str, platforms: Collection[str]) -> dict[str, tuple[str, ...]]:
    """`@acme.example, mastodon:acme` → handles by platform; without a platform it is Bluesky."""
    found: dict[str, tuple[str, ...]] = {}
    for item in read_list(text):
        platform, handle = _account(item, platforms)
        found[platform] = (*found.get(platform, ()), handle)
    return found


def _account(item: str, platforms: Collection[str]) -> tuple[str, str]:
    usual = USUAL if USUAL in platforms else next(iter(platforms), USUAL)
    platform, colon, handle = item.partition(":")
    if is_id(item) or not colon:
        platform, handle = usual, item
    if "/" in item:
        raise ValueError(f"{item!r} is a link; write it like @acme.example")
    if platform not in platforms:
        message = f"nobody has an account on {platform!r} here"
        raise ValueError(f"{message}; write it like @acme.example or {usual}:acme.example")
    return platform, _checked(Handle, handle, f"{item!r} is no handle; write it like @acme.example")


def read_named(text: str, platforms: Collection[str]) -> Named:
    """`Globex: globex, globex app, @globex.example` → a rival; without words its name is the word."""
    name, _, rest = text.partition(":")
    name = " ".join(name.split())
    if not name:
        raise ValueError("a rival begins with its name; write it like Globex: globex app, @globex.example")
    items = read_list(rest)
    accounts = [item for item in items if _is_account(item, platforms)]
    words = tuple(item for item in items if item not in accounts)
    return Named(name=name, words=words or (name,), accounts=read_accounts(", ".join(accounts), platforms))


def _is_account(item: str, platforms: Collection[str]) -> bool:
    return item.startswith("@") or is_id(item) or item.partition(":")[0] in platforms


def read_rivals(texts: Iterable[str], platforms: Collection[str]) -> tuple[Named, ...]:
    """Each text may hold several, parted by `;`."""
    parts = [part for text in texts for part in text.split(";") if part.strip()]
    return tuple(read_named(part, platforms) for part in parts)


def read_languages(text: str) -> tuple[str, ...]:
    """`en, de`."""
    return tuple(
        _checked(Language, item, f"{item!r} is no language code; write them like en, de, pt-BR")
        for item in read_list(text)
    )


def read_zone(text: str) -> str:
    """`Europe/Berlin`."""
    zone: ZoneInfo = _checked(
        Zone, text.strip(), f"{text.strip()!r} is no time zone; write it like Europe/Berlin"
    )
    return zone.key


def _checked(kind: Any, value: str, complaint: str) -> Any:
    adapter: TypeAdapter[Any] = TypeAdapter(kind, config={"arbitrary_types_allowed": True})
    try:
        return adapter.validate_python(value)
    except ValidationError:
        raise ValueError(complaint) from None


def key_of(name: str) -> str:
    """A person's name as a key of the file: `Anna Smith` → `anna`."""
    first = re.sub(r"[^a-z0-9]+", "-", name.casefold().strip().partition(" ")[0]).strip("-")
    return first if first and not first.isdigit() else "me"
