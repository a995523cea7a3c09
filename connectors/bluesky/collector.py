"""How many events become a batch: counts them, keeps what the watch wants. Pure but for the watch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.model import Batch
from connectors.bluesky.frames import Event, deletion, post, written
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
        commit, is_found = None, False
        if type(event) is Event:  # `isinstance` of a Struct's class takes microseconds to say no
            commit = written(event)
            if commit is None or commit.record is None:
                is_found = self._keep_deletion(deletion(event))
            else:
                text, refs = interest(commit.record, event.did, commit.rkey)
                is_found = self._watch.wants(text, event.did, refs)
                if is_found:
                    self._posts.append(post(event, seen_at))
        if is_found or not is_replay:
            self.seen += 1
            if commit is not None:
                self._posts_seen += 1
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

    def _keep_deletion(self, gone: Deletion | None) -> bool:
        if gone is None:
            return False
        if gone.post_id is not None and not self._watch.wants("", gone.author_id, (gone.post_id,)):
            return False
        self._deleted.append(gone)
        return True
