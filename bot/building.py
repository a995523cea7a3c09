"""Opens the database and puts the whole program together from the settings; does not start it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial

from bot.app import App
from bot.http import HttpClient
from bot.metrics import Metrics
from bot.ports import Clock, Connector
from bot.reload import cache_beside, watches
from bot.rulebook import Beginning, found
from bot.settings.load import Settings
from bot.sides import bill_side, channel_side, lookup_side, reply_side, source_side, wiring_of
from bot.store.sqlite import SqliteStore
from bot.vault import FileVault, vault_beside


async def build(
    settings: Settings,
    connectors: Mapping[str, Connector],
    *,
    clock: Clock,
    since_ago: timedelta = timedelta(),
) -> App:
    """Open the database and put the parts together.

    `since_ago`: how far back a source begins that was never read. Raises: ConfigError, StoreError.
    """
    files = await found(settings)
    if not settings.database.is_file():
        files.usable()  # else there is nothing to fall back to, and nothing is to be left behind
    store = await SqliteStore.open(settings.database, upgrade=True)
    store.targets, store.escalation = settings.targets, settings.escalation
    store.incidents = settings.incidents
    try:
        return await _assemble(
            settings,
            connectors,
            await files.or_last_good(settings, store),
            store,
            clock=clock,
            begin=clock.now() - since_ago,
        )
    except BaseException:
        await store.close()
        raise


async def _assemble(
    settings: Settings,
    connectors: Mapping[str, Connector],
    first: Beginning,
    store: SqliteStore,
    *,
    clock: Clock,
    begin: datetime,
) -> App:
    http, vault = HttpClient(clock), FileVault(vault_beside(settings.database))
    wiring = wiring_of(settings, http, vault, store, clock)
    wiring.expenses.ask = partial(bill_side, settings, connectors, wiring)
    listened = source_side(settings, connectors, wiring)
    sources = {name: one.source for name, one in listened.items()}
    platforms = {source.platform for source in sources.values()}
    return App(
        settings=settings,
        first=first,
        store=store,
        clock=clock,
        metrics=Metrics(),
        http=http,
        sources=sources,
        lookups=lookup_side(settings, connectors, wiring),
        notifiers=channel_side(settings, connectors, wiring, "notifier"),
        feeds=channel_side(settings, connectors, wiring, "feed"),
        repliers=reply_side(settings, connectors, wiring),
        watches=await watches(settings, store, platforms, clock, cache=cache_beside(settings.database)),
        expenses=wiring.expenses,
        vault=vault,
        first_cursors={name: one.cursor_at(begin) for name, one in listened.items() if one.cursor_at},
        begin=begin,
    )
