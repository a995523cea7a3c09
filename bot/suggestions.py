"""Up to three drafts for a mention: the rule's, the library's, a model's. Pure.

Knows in which order they are shown and what is told of each; not where they come from, nor what becomes of
them. Whatever fills a field is put on one line first, as on cards.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING

from bot.cards import prepared
from bot.model import NO_DRAFT
from bot.replies import Origin, Suggestion

if TYPE_CHECKING:
    from bot.library import Found
    from bot.records import CardState
    from bot.voice import Voice

MOST = 3


class AiReply(StrEnum):
    """Whether a model may write a draft for a platform, and whether that must be said."""

    ALLOWED = "allowed"
    NEEDS_APPROVAL = "needs_approval"
    FORBIDDEN = "forbidden"


NEVER_BY_A_MODEL = frozenset({"hackernews", "stackexchange"})
"""Platforms whose rules forbid it: https://news.ycombinator.com/newsguidelines.html,
https://stackoverflow.com/help/gen-ai-policy
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a model wrote, its fields not filled in. `sources`: the answers that it was given."""

    text: str
    by: str
    lang: str | None
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a draft answers: a mention, its author as far as known, and what the rules say of drafts."""

    text: str
    platform: str
    brand: str
    lang: str | None = None
    name: str | None = None
    handle: str | None = None
    url: str | None = None
    draft: str | None = None
    draft_text: str | None = None

    @property
    def is_forbidden(self) -> bool:
        """A rule wants no draft at all."""
        return self.draft == NO_DRAFT

    def filled(self, text: str, url: str | None) -> str:
        return prepared(text, name=self.name, handle=self.handle, brand=self.brand, url=url)


def asked(state: CardState) -> Asked:
    post, facts = state.mention.post, state.facts
    return Asked(
        text=post.text or post.title,
        platform=post.platform,
        brand=state.mention.brand,
        lang=facts.lang,
        name=state.name,
        handle=state.handle,
        url=post.url,
        draft=state.verdict.draft,
        draft_text=state.verdict.draft_text,
    )


def suggestions(
    asked: Asked, found: Sequence[Found], voice: Voice, written: Written | None, ai_reply: AiReply
) -> tuple[Suggestion, ...]:
    """The rule's first, then the best answer, then the model's, then further answers; no text twice.

    None at all where a rule forbids drafts; none by a model where the platform does.
    """
    if asked.is_forbidden:
        return ()
    several: dict[str, Suggestion] = {}
    for one in _in_order(asked, found, voice, None if ai_reply is AiReply.FORBIDDEN else written, ai_reply):
        if one.text:
            several.setdefault(one.text, one)
    return tuple(islice(several.values(), MOST))


def _in_order(
    asked: Asked, found: Sequence[Found], voice: Voice, written: Written | None, ai_reply: AiReply
) -> Iterator[Suggestion]:
    if asked.draft_text is not None and asked.draft is not None:
        text = voice.signed(asked.filled(asked.draft_text, asked.url))
        yield Suggestion(text=text, origin=Origin.RULE, name=asked.draft)
    yield from (of_library(one, _said(one, asked, voice)) for one in found[:1])
    if written is not None:
        yield Suggestion(
            text=voice.signed(asked.filled(written.text, None)),
            origin=Origin.MODEL,
            name=written.by,
            lang=written.lang,
            sources=written.sources,
            needs_approval=ai_reply is AiReply.NEEDS_APPROVAL,
        )
    yield from (of_library(one, _said(one, asked, voice)) for one in found[1:])


def _said(found: Found, asked: Asked, voice: Voice) -> str:
    return voice.signed(asked.filled(found.text, found.answer.link))


def of_library(found: Found, text: str) -> Suggestion:
    """A prepared answer with its text as it is to be said."""
    return Suggestion(
        text=text,
        origin=Origin.LIBRARY,
        name=found.answer.name,
        score=found.score,
        lang=found.lang,
        is_foreign=found.is_foreign,
    )
