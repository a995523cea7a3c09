"""The stop of all publishing (`/pause publishing`): who wanted it, since when, why; and how to ask for it.

No SQL, no wording. Whatever publishes asks `PublishingSwitch` first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused:
    """Nothing is published until somebody resumes; `reason` may be empty."""

    person: str
    reason: str
    since: datetime


class PublishingSwitch(Protocol):
    """The store, for whoever publishes."""

    async def publishing_paused(self) -> Paused | None:
        """None: what is approved may go out. Raises: StoreError."""
        ...
