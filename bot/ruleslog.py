"""Which rules ran when: a value, and what it needs of the store. No SQL, no wording."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesState:
    """The rules that run (or ran last), since when; `problems`: why they are not those of the files, as found
    at `read_at`.
    """

    version: str
    since: datetime
    read_at: datetime
    problems: tuple[str, ...] = ()


class RulesLog(Protocol):
    """Which rules ran when, and their sources."""

    async def save_rules_state(self, version: str, problems: Sequence[str], *, now: datetime) -> None:
        """Note which (saved) rules run, and what keeps those of the files from it; nothing new is no news."""
        ...

    async def rules_state(self) -> RulesState | None:
        """The last thing noted of that; None before the first."""
        ...

    async def rules_source(self, version: str) -> Mapping[str, str] | None:
        """The source of a rule set that was saved; None: none was."""
        ...
