"""`voice`, `drafts`, `replies` and `acknowledge`: how drafts sound, who may write one, how they go out, and
what goes out by itself.

Knows these sections of outcare.yaml; the platforms and rules in them come from outside.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, Field, SecretStr

from bot.drafts import FIELDS, called
from bot.proofreading import PROMISES
from bot.settings.fields import Duration, Language, Section, Text, WebAddress, between, complaint
from bot.suggestions import NEVER_BY_A_MODEL, AiReply
from bot.voice import Emoji, Voice, Voices
from bot.yamlfile import closest

LOCAL = "http://127.0.0.1:11434/v1"
"""Where Ollama listens: https://docs.ollama.com/api/openai-compatibility."""

NAME = "author.name"
_OURS = tuple(name for name in FIELDS if name != NAME)

S = TypeVar("S", bound=Section)


def _host(value: str) -> str:
    if "/" in value or "@" in value or "." not in value.strip("."):
        raise complaint("must be a host like acme.example, without https:// and path")
    return value.lower().strip(".")


def _words(value: str) -> str:
    """Nobody reads it before it is published: no words of a stranger's choice are in it."""
    for name in called(value):
        if name == NAME:
            raise complaint(
                f"must not have {{{NAME}}}: people call themselves as they like, and nobody looks"
            )
        if name not in FIELDS:
            known = ", ".join(f"{{{one}}}" for one in _OURS)
            raise complaint(f"has an unknown field in braces; known here: {known}", closest(name, _OURS))
    return value


Host = Annotated[Text, AfterValidator(_host)]


class VoiceSection(Section):
    """What is left out is as in `default`."""

    tone: Text | None = None
    emoji: Emoji | None = None
    signature: Text | None = None


class VoicesSection(Section):
    """Platforms stand beside `default`."""

    default: VoiceSection = VoiceSection()


class Model(Section):
    """An OpenAI-compatible endpoint; without a `name` no draft is written by a model."""

    url: WebAddress = LOCAL
    name: Text | None = None
    key: SecretStr | None = None
    timeout: Annotated[Duration, between("1s", "1m")] = timedelta(seconds=8)
    languages: tuple[Language, ...] = ()


class DraftsSection(Section):
    model: Model = Model()
    links: tuple[Host, ...] = ()
    promises: tuple[Text, ...] = PROMISES
    ai_reply: Any = Field(default=None)


class RepliesSection(Section):
    """An approved reply waits for `hold`; nothing older than `expires` is approved or published."""

    hold: Annotated[Duration, between("1s", "5m")] = timedelta(seconds=5)
    expires: Annotated[Duration, between("10m", "24h")] = timedelta(hours=1)


Words = Annotated[Text, AfterValidator(_words)]


class AcknowledgeSection(Section):
    """`rules`: the name of a rule → what is said when it fires."""

    platforms: tuple[Text, ...] = ()
    rules: dict[Text, Words] = Field(default_factory=dict)
    per_day: int = Field(default=1, ge=1, le=5)
    label: Text | None = None


def voices(section: VoicesSection, by_platform: Mapping[str, VoiceSection]) -> Voices:
    """Each platform's with what it leaves out filled in."""
    default = _over(Voice(), section.default)
    several = {name: _over(default, one) for name, one in by_platform.items()}
    return Voices(default=default, by_platform=MappingProxyType(several))


def _over(voice: Voice, section: VoiceSection) -> Voice:
    given = {
        name: value for name in VoiceSection.model_fields if (value := getattr(section, name)) is not None
    }
    return replace(voice, **given)


def ai_replies(given: Mapping[str, AiReply], platforms: Collection[str]) -> Mapping[str, AiReply]:
    """By platform; one that forbids them itself is not asked."""
    usual = {
        name: AiReply.FORBIDDEN if name in NEVER_BY_A_MODEL else AiReply.NEEDS_APPROVAL for name in platforms
    }
    return MappingProxyType({**usual, **given})
