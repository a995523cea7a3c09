"""What was read of a list, given out oldest first, a little at a time. Pure."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from bot.cursors import readable
from bot.model import Batch, Gap
from connectors.x.ids import cursor, last_of
from connectors.x.tweets import post_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from bot.model import Cursor, Post
    from bot.ports import Watch
    from connectors.x.own import Me
    from connectors.x.pages import Walk
    from connectors.x.tweets import Tweet

_AT_ONCE = 500


def batches(walk: Walk, me: Me, watch: Watch, now: datetime, gap: Gap | None) -> Iterator[Batch]:
    """Reposts and the account's own posts are left out, and passed by the position all the same."""
    tweets = walk.oldest_first
    strange, left = walk.strange, iter(tweets)
    while (piece := list(islice(left, _AT_ONCE))) or strange or gap:
        theirs = [one for one in piece if not one.is_retweet and one.author_id != me.id]
        is_last = not piece or piece[-1] is tweets[-1]
        yield Batch(
            posts=_wanted(theirs, me, watch, now),
            cursor=cursor(max(walk.newest, walk.since) if is_last else int(piece[-1].id)),
            seen=len(piece) + strange,
            posts_seen=len(theirs),
            undecodable=strange,
            gap=gap,
        )
        strange, gap = 0, None


def since_of(after: Cursor, source: str, now: datetime) -> int:
    """Raises: CursorLost."""
    with readable(source, now):
        return last_of(after)


def _wanted(tweets: list[Tweet], me: Me, watch: Watch, now: datetime) -> tuple[Post, ...]:
    posts = (post_of(one, now, handle=me.username.lower(), our_id=me.id) for one in tweets)
    return tuple(post for post in posts if watch.wants(post.searchable, post.author_id, post.refs))
