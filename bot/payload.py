"""Keys of an effect's payload: what the store and those who draw a card tell each other of it. Names only."""

from __future__ import annotations

RINGS, GROUP, REPLACED = "rings", "group", "replaced"
"""How often it has rung, that it is of a group, that a newer one replaced it."""
MENU, SHOWN = "menu", "shown"
"""The menu that its card shows, and what it says as long as that is open."""
PAGER = "pager"
"""The person whose pager shows a copy of a card (`bot.paging`)."""
HUSHED = "hushed"
"""It is a message where its rule says ping: its author has called already."""
SPENT = "spent"
"""Whom it does not call any more, because the budget of calls is spent."""
ASKED = "asked"
"""Which step of its ask it is, or whom a card of many asks."""
INCIDENT = "incident"
"""Which incident its card tells of."""
