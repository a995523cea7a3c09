"""What is put together of several sides: notifiers and decision feeds by kind; who looks at asks again.

It knows which kinds a configuration needs; it knows no connector by name, but the console as a last resort.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.errors import Unavailable
from bot.expenses import Bill
from bot.intake import Intake
from bot.model import Cursor
from bot.overview import Linked
from bot.ports import Clock, Connector, Dated, Http, Lookup, Notifier, Source, Wiring
from bot.replies import Replier
from bot.second_looks import SecondLooks
from bot.settings.load import Settings
from bot.store.sqlite import SqliteStore
from bot.texts.languages import texts_in
from bot.vault import Vault
from bot.wishes import CONSOLE


@dataclass(frozen=True, slots=True)
class Listened:
    """A source, and what makes its cursor of a time; None: it begins where it can."""

    source: Source
    cursor_at: Callable[[datetime], Cursor] | None


def channel_side(
    settings: Settings, connectors: Mapping[str, Connector], wiring: Wiring, side: str
) -> dict[str, Any]:
    """Notifiers or feeds of the kinds that are configured; the console is always there as a last resort.

    A feed also of an account without a channel: it tells who sets one up which id to write there.
    """
    kinds = dict.fromkeys(channel.partition(":")[0] for channel in settings.channels)
    if side == "notifier":
        kinds[CONSOLE] = None
    else:
        kinds |= dict.fromkeys(kind for kind in settings.accounts if connectors[kind].channel_settings)
    built = {}
    for kind in kinds:
        factory = getattr(connectors[kind], side)
        mine = {
            name.partition(":")[2]: given
            for name, given in settings.channels.items()
            if name.partition(":")[0] == kind
        }
        if factory:
            built[kind] = factory(settings.account(kind), mine, wiring)
    return built


def in_order(settings: Settings) -> tuple[str, ...]:
    """By which channels staff is told of ourselves: pagers last, nobody is woken for what a chat can say."""
    pagers = {person.pager for person in settings.people}
    chats = (name for name in settings.channels if name not in pagers)
    return (*chats, *(name for name in settings.channels if name in pagers), CONSOLE)


def reply_side(
    settings: Settings, connectors: Mapping[str, Connector], wiring: Wiring
) -> Mapping[str, Replier]:
    """By platform: as which account we answer there, where one is configured."""
    made = (
        make(given, wiring)
        for kind, given in settings.accounts.items()
        if (make := connectors[kind].replier) is not None
    )
    return {replier.platform: replier for replier in made if replier is not None}


def source_side(
    settings: Settings, connectors: Mapping[str, Connector], wiring: Wiring
) -> Mapping[str, Listened]:
    """What is listened to: the sources of the configuration, and what platforms tell our accounts."""
    listened = {
        name: Listened(make(given, wiring), connectors[name].cursor_at)
        for name, given in settings.sources.items()
        if (make := connectors[name].source) is not None
    }
    told = (
        Listened(source, connectors[kind].inbox_at)
        for kind, given in settings.accounts.items()
        if (inbox := connectors[kind].inbox) and (source := inbox(given, wiring))
    )
    besides = (
        Listened(source, source.cursor_at if isinstance(source, Dated) else None)
        for kind, given in settings.accounts.items()
        if (more := connectors[kind].besides) is not None
        for source in more(given, wiring)
    )
    return {**listened, **{one.source.name: one for one in (*told, *besides)}}


def lookup_side(
    settings: Settings, connectors: Mapping[str, Connector], wiring: Wiring
) -> Mapping[str, Lookup]:
    """By platform: who is asked about authors and threads; by an account only where no source is."""
    by_account = (
        make(given, wiring)
        for kind, given in settings.accounts.items()
        if (make := connectors[kind].account_lookup) is not None
    )
    by_source = (
        find(given, wiring)
        for name, given in settings.sources.items()
        if (find := connectors[name].lookup) is not None
    )
    return {lookup.platform: lookup for lookup in (*by_account, *by_source) if lookup is not None}


async def bill_side(
    settings: Settings, connectors: Mapping[str, Connector], wiring: Wiring
) -> tuple[Bill, ...]:
    """What each account that is paid for cost by now; what cannot be read just now is left out."""
    bills = []
    for kind, given in settings.accounts.items():
        if (ask := connectors[kind].bill) is not None:
            with suppress(Unavailable):
                bills.append(await ask(given, wiring))
    return tuple(bill for bill in bills if bill is not None)


def links(notifiers: Mapping[str, Notifier]) -> Callable[[str, str], str | None]:
    """Where a message that was sent to a channel is opened, by its receipt; None: nowhere that we know."""

    def link(channel: str, receipt: str) -> str | None:
        kind, _, name = channel.partition(":")
        notifier = notifiers.get(kind)
        return notifier.link(name, receipt) if isinstance(notifier, Linked) else None

    return link


def second_looks(intake: Intake, store: SqliteStore, sources: Iterable[Source]) -> SecondLooks:
    """By the rules of the intake, and told to whom it tells."""
    names: dict[str, list[str]] = {}
    for source in sources:
        names.setdefault(source.platform, []).append(source.name)
    return SecondLooks(
        store=store,
        rules=lambda: intake.judge,
        judge=intake.judge_again,
        sources=names,
        is_behind=intake.is_behind,
        lookups=intake.lookups,
        clock=intake.clock,
        changes=lambda: store.changes,
        deliver=intake.deliver or (lambda _: None),
    )


def wiring_of(settings: Settings, http: Http, vault: Vault, store: SqliteStore, clock: Clock) -> Wiring:
    """What connectors get of us."""
    return Wiring(
        http=http,
        clock=clock,
        texts=texts_in(settings.language),
        vault=vault,
        page=settings.web.url or "",
        kept=store.kept,
        waits_since=store.waits_since,
        staff=settings.staff,
    )
