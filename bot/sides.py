"""The chat side of the connectors that are configured: notifiers and decision feeds, by kind.

It knows which kinds a configuration needs; it knows no connector by name, but the console as a last resort.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.outbox import CONSOLE
from bot.ports import Connector, Wiring
from bot.settings.load import Settings


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
