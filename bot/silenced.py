"""Silences as a mention meets them: what they are about, and what is kept of them with its facts. Values
only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Scope(StrEnum):
    """What a silence is about. A silenced rule counts for nothing; the others hold alerts back."""

    RULE = "rule"
    AUTHOR = "author"
    WORDS = "words"
    SOURCE = "source"
    ROUTE = "route"


def key(scope: Scope, name: str) -> str:
    """What no two silences that stand have in common."""
    return f"{scope.value}:{name}"


def scope_of(name: str) -> Scope:
    """What the silence of a key is about."""
    return Scope(name.partition(":")[0])


def holds_alert(held_by: Iterable[str]) -> bool:
    """Whether any of these is more than a rule that counts for nothing."""
    return any(scope_of(one) is not Scope.RULE for one in held_by)


@dataclass(frozen=True, slots=True, kw_only=True)
class Silenced:
    """A silence that a mention met: one that is about it, or about a route that it may take.

    `name` is as the silence has it, `called` as people read it, `by` how the person is called. `criticals`:
    it holds what is critical too.
    """

    scope: Scope
    name: str
    called: str
    until: datetime
    by: str
    reason: str
    criticals: bool = False

    @property
    def key(self) -> str:
        return key(self.scope, self.name)
