"""Who is told what as shifts begin, out of the settings and the rules in force; and what they are shown.

Knows how a person is reached (`Personal` notifiers) and in which words; when something is told is
`bot.handing_over`'s, what it says `bot.briefing_cards`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from bot import briefing_cards
from bot.briefing import is_direct
from bot.ports import Notifier
from bot.shifts import Posting, Roster
from bot.texts.languages import texts_in
from bot.told_rows import Reader

if TYPE_CHECKING:
    from datetime import datetime

    from bot.briefing import BriefingState
    from bot.oncall import OnCall, Rotation
    from bot.settings.load import Settings
    from bot.staff import Card, Person
    from bot.wishes import Route

DEFAULT_ROUTE = "default"


@runtime_checkable
class Personal(Notifier, Protocol):
    """A notifier that can write to one person alone."""

    def direct(self, identity: str) -> str | None:
        """The channel of that identity; None: it cannot be reached so. It begins with @, as none of the
        configuration does. Pure.
        """
        ...


@dataclass(kw_only=True)
class Rostering:
    """`on_call`, `routes`: those in force. `use` is called with the roster that follows from them."""

    settings: Settings
    notifiers: Mapping[str, Notifier]
    link: Callable[[str, str], str | None]
    on_call: Callable[[], OnCall]
    routes: Callable[[], Mapping[str, Route]]
    use: Callable[[Roster], None]

    def refresh(self) -> None:
        on_call, routes = self.on_call(), self.routes()
        default = routes.get(DEFAULT_ROUTE)
        self.use(
            Roster(
                postings=tuple(posting(one, on_call, routes) for one in on_call.rotations.values()),
                mornings=on_call.mornings,
                direct=MappingProxyType(dict(self._direct())),
                lobby=default.to if default else None,
            )
        )

    def draw(self, state: BriefingState, channel: str, now: datetime) -> Card:
        """In the words and by the clocks of whoever reads it: one person, or the staff."""
        person = self._person(state.due.person) if is_direct(channel) else None
        names = {one.key: one.name for one in self.settings.people}
        reader = Reader(
            texts=texts_in((person and person.language) or self.settings.language),
            zone=(person and person.timezone) or self.settings.timezone,
            now=now,
            people=lambda key: names.get(key, key),
            link=self.link,
            channel=channel,
        )
        return briefing_cards.card(state, reader)

    def _person(self, key: str) -> Person | None:
        return next((one for one in self.settings.people if one.key == key), None)

    def _direct(self) -> Iterator[tuple[str, str]]:
        """By the first kind of channel that can, in the order of the configuration."""
        kinds = dict.fromkeys(channel.partition(":")[0] for channel in self.settings.channels)
        for person in self.settings.people:
            ids = dict(person.identities)
            found = (_direct(kind, self.notifiers.get(kind), ids) for kind in kinds if kind in ids)
            channel = next((one for one in found if one is not None), None)
            if channel is not None:
                yield person.key, channel


def _direct(kind: str, notifier: Notifier | None, ids: Mapping[str, str]) -> str | None:
    channel = notifier.direct(ids[kind]) if isinstance(notifier, Personal) else None
    return None if channel is None else f"{kind}:{channel}"


def posting(rotation: Rotation, on_call: OnCall, routes: Mapping[str, Route]) -> Posting:
    """The routes that exist and have this rotation, and where their alerts go."""
    own = [one for one in routes.values() if on_call.rotation(one.name) is rotation]
    return Posting(
        rotation=rotation,
        routes=tuple(one.name for one in own),
        channels=MappingProxyType({one.name: one.to for one in own}),
    )
