"""What one judging sees and notes: the frozen facts, the texts folded once, the results of named conditions.

Lives for one call of `judge`; nothing of it is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from bot.model import Facts, Span
from rules.signals.language import canonical
from rules.terms import Text


class Evidence(NamedTuple):
    """Why something is true, as staff reads it; `span` where it stands in the facts' text."""

    text: str
    span: Span | None = None


Trace = tuple[Evidence, ...] | None
"""None: false. Otherwise true, with the evidence for it (none for what is true by absence)."""


@dataclass
class Scene:
    """One mention before the rules."""

    facts: Facts
    notes: set[str] = field(default_factory=set)
    known: dict[str, Trace] = field(default_factory=dict)

    @cached_property
    def text(self) -> Text:
        return Text(self.facts.text, self.lang)

    @cached_property
    def bio(self) -> Text:
        return Text(self.facts.bio or "", self.lang)

    @cached_property
    def lang(self) -> str | None:
        """As languages are written here; one that we do not know stays as it is."""
        spoken = self.facts.lang
        return (canonical(spoken) or spoken) if spoken else None


Check = Callable[[Scene], Trace]
"""A compiled condition."""

Parts = tuple[tuple[str, Check], ...]
"""The conditions that stand side by side in a `when`, by their keys."""
