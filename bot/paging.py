"""Pagers: whoever is called by a card is called where a silenced phone lets it through, too.

Knows whose pager is which channel, and which cards call; no platform, no SQL. A page is an effect of its own
beside the card: it goes out also while the card's channel does not work, and shows from then on what is true.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from bot.model import Alert
from bot.records import LEASE_FOR
from bot.staff import Person
from bot.wishes import EffectKind

if TYPE_CHECKING:
    from bot.oncall import Duty
    from bot.ports import Clock
    from bot.records import Leased
    from bot.staff import Card


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A card that goes out calls a person: their pager is to show it, too."""

    card: Leased
    person: str
    pager: str


class Pages(Protocol):
    """The store, for pages."""

    async def page(self, page: Page, *, now: datetime, lease_for: timedelta) -> Leased | None:
        """Wish it, and take it at once; None: that person is called already. Raises: StoreError."""
        ...


@dataclass(kw_only=True)
class Paging:
    """`duty` tells who is on call for a route."""

    store: Pages
    staff: Iterable[Person]
    duty: Callable[[str, datetime], Duty | None]
    clock: Clock
    deliver: Callable[[tuple[Leased, ...]], None]
    pagers: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.pagers = {person.key: person.pager for person in self.staff if person.pager}

    def may_call(self, leased: Leased) -> bool:
        """Whether it is worth a look at its card."""
        rings = leased.effect.kind is EffectKind.ALERT or (
            leased.is_group and leased.effect.kind is not EffectKind.UPDATE
        )
        return bool(self.pagers) and rings and not leased.is_page

    async def call(self, leased: Leased, people: Iterable[str]) -> None:
        """Call by pager whomever the card calls. Raises: StoreError."""
        now = self.clock.now()
        for person in people:
            page = Page(card=leased, person=person, pager=self.pagers[person])
            taken = await self.store.page(page, now=now, lease_for=LEASE_FOR)
            if taken is not None:
                self.deliver((taken,))

    def called(self, leased: Leased, card: Card, now: datetime) -> tuple[str, ...]:
        """Those of whom the card calls that have a pager elsewhere."""
        people = self._called(leased, card, now)
        return tuple(one for one in people if self.pagers.get(one) not in {None, leased.effect.channel})

    def _called(self, leased: Leased, card: Card, now: datetime) -> tuple[str, ...]:
        if card.alert is not Alert.PING:
            return ()
        if card.people or not leased.is_group:
            return card.people
        duty = self.duty(leased.effect.route or "", now)  # the card of a group names nobody
        return (duty.person,) if duty and duty.person else ()
