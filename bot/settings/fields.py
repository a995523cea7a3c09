"""What single settings are: texts, durations, handles, paths; and what each says of a wrong value.

Knows how one value is written, not which settings there are. `shape` puts them together.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints
from pydantic_core import PydanticCustomError

from bot import duration
from bot.texts.language import CODE
from bot.texts.languages import LANGUAGES
from bot.yamlfile import closest

PLAIN = "outcare"
"""The type of our own validation errors: their text follows the setting's name."""


def complaint(message: str, suggestion: str | None = None) -> PydanticCustomError:
    """An error whose text reads on after the name of the setting."""
    return PydanticCustomError(PLAIN, "{message}", {"message": message, "suggestion": suggestion})


def _duration(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str):
        raise complaint("must be a duration like 30s, 15m, 4h or 3d")
    try:
        return duration.parse(value)
    except ValueError as error:
        raise complaint("must be a duration like 30s, 15m, 4h or 3d") from error


def _zone(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        near = closest(value, available_timezones())
        raise complaint("must be a time zone of the IANA data, like Europe/Berlin", near) from None


def _web_address(value: str) -> str:
    try:
        parts = urlsplit(value)
        is_good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_good = False
    if not is_good or re.search(r"\s", value):
        raise complaint("must be a web address like https://monitor.example/ping")
    return value


def _language(value: Any) -> Any:
    if isinstance(value, str) and not re.fullmatch(CODE, value):
        raise complaint("must be a language code like en or pt-BR")
    return value


def _spoken(value: Any) -> Any:
    if isinstance(value, str) and value not in LANGUAGES:
        known = ", ".join(sorted(LANGUAGES))
        raise complaint(f"must be a language that Outcare speaks: {known}", closest(value, LANGUAGES))
    return value


def _handle(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    handle = normal_handle(value)
    if re.search(r"[\s/]", handle) or not handle:
        raise complaint("must be a handle like acme.example or an id like did:plc:…, not a link")
    return handle


def normal_handle(handle: str) -> str:
    """Handles are compared without case and without `@`; ids (`did:…`) stay as they are."""
    bare = handle.strip().removeprefix("@")
    return bare if is_id(bare) else bare.lower()


def is_id(handle: str) -> bool:
    """Whether it is a platform's id already (https://www.w3.org/TR/did-core/#did-syntax)."""
    return handle.startswith("did:")


def _identity(value: Any) -> Any:
    return str(value) if type(value) is int else value


def _visible(value: str) -> str:
    """Python knows more blanks than the library that strips text; a word of blanks would be everywhere."""
    if not value.split():
        raise complaint("must not be empty")
    return value


def lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _path(value: str) -> str:
    if not value.isprintable():
        raise complaint("must be a path without control characters")
    return value


def between(low: str, high: str) -> AfterValidator:
    def check(value: timedelta) -> timedelta:
        if not duration.parse(low) <= value <= duration.parse(high):
            raise complaint(f"must be between {low} and {high}")
        return value

    return AfterValidator(check)


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(_visible)]
Handle = Annotated[str, BeforeValidator(_handle)]
Identity = Annotated[Text, BeforeValidator(_identity)]
Duration = Annotated[timedelta, BeforeValidator(_duration)]
Zone = Annotated[ZoneInfo, BeforeValidator(_zone)]
Language = Annotated[str, BeforeValidator(_language)]
Spoken = Annotated[str, BeforeValidator(_spoken)]
"""A language that our own texts are in."""
PathText = Annotated[Text, AfterValidator(_path)]
WebAddress = Annotated[Text, AfterValidator(_web_address)]


class Section(BaseModel):
    """A part of the file: nothing that it does not know, nothing that changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)
