"""What is to be done as values: where alerts go, and the stored wish to act.

Knows no channel, no table and no rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

CONSOLE = "console"
"""The channel that is always there: where alerts go when nothing else takes them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where the alerts of a route go: `to` is a channel ("telegram:care"), `fallback` another one.

    `group_by` names what makes several alerts one group ("author", "thread", "rule", "platform"; nothing:
    each conversation is one); the first of a group waits for `wait`, the next ones for `interval` since the
    last, and one that nobody takes rings again each `repeat_every`.
    """

    name: str
    to: str
    fallback: str | None = None
    group_by: tuple[str, ...] = ()
    wait: timedelta | None = None
    interval: timedelta | None = None
    repeat_every: timedelta | None = None


class EffectKind(StrEnum):
    ALERT = "alert"
    UPDATE = "update"
    DIGEST = "digest"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """A stored wish to act. `key` is computed from what it is for and UNIQUE: writing it twice is a no-op."""

    key: str
    kind: EffectKind
    channel: str
    route: str | None = None
    brand: str | None = None
    conversation_id: int | None = None
    mention_id: int | None = None
    due_at: datetime | None = None
    payload: Mapping[str, object] = field(default_factory=dict)
