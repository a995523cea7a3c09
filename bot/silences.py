"""What is silenced when, and what a silence is about: the policy, pure.

Who may silence what stands in `bot.silencing`. It knows no store, no chat, and of words only that somebody
else can find them in a text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.model import Urgency
from bot.silenced import Scope, Silenced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from bot.model import Facts
    from bot.orders import Silence

SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=30)
"""A rule that is to be quiet for longer is switched off in its file, where everybody sees it."""
BY_ANYBODY = timedelta(days=1)
"""So long anybody of the staff may silence an author: who answers sees first who only wants to be seen."""


def in_force(silences: Iterable[Silence], now: datetime) -> Mapping[str, datetime]:
    """Rule → until when, of those that count for nothing now."""
    return {one.name: one.until for one in silences if one.scope is Scope.RULE and one.until > now}


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The silences that stand, ready to be asked of each mention. `finder` makes of a query what finds it."""

    silences: tuple[Silence, ...] = ()
    finder: Callable[[str], Callable[[str], bool]]
    people: Callable[[str], str]
    _finders: Mapping[str, Callable[[str], bool]] = field(init=False)

    def __post_init__(self) -> None:
        queries = {one.name for one in self.silences if one.scope is Scope.WORDS}
        object.__setattr__(self, "_finders", {query: self.finder(query) for query in queries})

    def rules(self, now: datetime) -> Mapping[str, datetime]:
        return in_force(self.silences, now)

    def met_by(self, facts: Facts, source: str, now: datetime) -> tuple[Silenced, ...]:
        """What a mention from this source meets: what is about it, and all that is about a route."""
        return tuple(
            self._as_met(one)
            for one in self.silences
            if one.until > now and (one.scope is Scope.ROUTE or self._is_about(one, facts, source))
        )

    def covers(self, facts: Facts, route: str | None, urgency: Urgency, now: datetime) -> bool:
        """Whether a message to staff about a mention that was judged before is not wanted now."""
        return any(
            self._is_about(one, facts, "") or (one.scope is Scope.ROUTE and one.name == route)
            for one in self.silences
            if one.until > now and (one.criticals or urgency is not Urgency.CRITICAL)
        )

    def covers_route(self, route: str | None, now: datetime, *, has_critical: bool) -> bool:
        """Whether a card of several mentions that goes by this route is not wanted now."""
        return any(
            one.scope is Scope.ROUTE and one.name == route and (one.criticals or not has_critical)
            for one in self.silences
            if one.until > now
        )

    def _is_about(self, silence: Silence, facts: Facts, source: str) -> bool:
        match silence.scope:
            case Scope.AUTHOR:
                return silence.name == f"{facts.platform}:{facts.author_id}"
            case Scope.SOURCE:
                return silence.name in {source, facts.platform}
            case Scope.WORDS:
                return self._finders[silence.name](facts.text)
        return False

    def _as_met(self, silence: Silence) -> Silenced:
        return Silenced(
            scope=silence.scope,
            name=silence.name,
            called=silence.called,
            until=silence.until,
            by=self.people(silence.person),
            reason=silence.reason,
            criticals=silence.criticals,
        )
