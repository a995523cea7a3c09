"""How many events become a batch: counts them, keeps what the watch wants. Pure but for the watch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.model import Batch
from connectors.bluesky.frames import Event, deletion, is_post, post
from connectors.bluesky.record import interest

if TYPE_CHECKING:
    from datetime import datetime

    from bot.model import Cursor, Deletion, Gap, Post
    from bot.ports import Watch
    from connectors.bluesky.frames import Envelope

MAX_FRAMES = 5_000


class Collector:
    """Counts frames and keeps what the watch wants of them, until a batch is taken."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._posts: list[Post] = []
        self._deleted: list[Deletion] = []
        self.seen = self._posts_seen = self._undecodable = 0

    @property
    def has_found(self) -> bool:
        return bool(self._posts or self._deleted)

    @property
    def is_full(self) -> bool:
        return self.seen >= MAX_FRAMES

    def malformed(self) -> None:
        self.seen += 1
        self._undecodable += 1

    def add(self, event: Event | Envelope, seen_at: datetime, *, is_replay: bool = False) -> bool:
        """Count an event, and keep what is wanted of it. True: something was.

        `is_replay`: it comes again, and was counted before unless something in it is wanted.
        """
        is_found = isinstance(event, Event) and self._keep(event, seen_at)
        if is_found or not is_replay:
            self.seen += 1
            self._posts_seen += isinstance(event, Event) and is_post(event)
        return is_found

    def batch(self, cursor: Cursor | None, gap: Gap | None = None) -> Batch:
        """What came since the batch before; starts anew."""
        batch = Batch(
            posts=tuple(self._posts),
            deleted=tuple(self._deleted),
            cursor=cursor,
            seen=self.seen,
            posts_seen=self._posts_seen,
            undecodable=self._undecodable,
            gap=gap,
        )
        self._posts, self._deleted = [], []
        self.seen = self._posts_seen = self._undecodable = 0
        return batch

    def _keep(self, event: Event, seen_at: datetime) -> bool:
        if is_post(event):
            return self._keep_post(event, seen_at)
        gone = deletion(event)
        return gone is not None and self._keep_deletion(gone)

    def _keep_post(self, event: Event, seen_at: datetime) -> bool:
        commit = event.commit
        if commit is None or commit.record is None:
            return False
        text, refs = interest(commit.record, event.did, commit.rkey)
        wanted = self._watch.wants(text, event.did, refs)
        if wanted:
            self._posts.append(post(event, seen_at))
        return wanted

    def _keep_deletion(self, gone: Deletion) -> bool:
        wanted = gone.post_id is None or self._watch.wants("", gone.author_id, (gone.post_id,))
        if wanted:
            self._deleted.append(gone)
        return wanted
