"""What a loopback server of the Mastodon API finds: a post by its address, or posts by a phrase.

https://docs.joinmastodon.org/methods/search/: newest first, in pages counted by `offset`, behind `min_id`.
Posts are found by their text only where the `World` has an index (`finds_text`), and once they are in it.
Knows no HTTP, imports no connector.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.testing.mastodon_world import PAGE, World


def found(world: World, query: Mapping[str, str], viewer: str) -> list[dict[str, Any]]:
    """The entities that a query for statuses gives."""
    wanted = query["q"]
    known = [one for one in world.statuses.values() if world.is_shown(one, viewer)]
    entities = [world.entity(one) for one in known]
    by_address = [one for one in entities if wanted in {one.get("uri"), one.get("url")}]
    if world.manners.searches_texts:
        by_address += [one for one in entities if wanted in one.get("content", "") and one not in by_address]
    if by_address or not world.finds_text or not wanted.startswith('"'):
        return by_address
    phrase = wanted.strip('"').casefold()
    above = world.order.get(query.get("min_id", ""), 0)
    rows = [
        one
        for one in known
        if phrase in f"{one.spoiler} {one.text}".casefold()
        and one.id not in world.unindexed
        and world.order[one.id] > above
    ]
    rows.sort(key=lambda one: world.order[one.id], reverse=True)
    first = int(query.get("offset", 0))
    return [
        world.entity(one) for one in rows[first : first + min(int(query.get("limit", 20)), PAGE["statuses"])]
    ]
