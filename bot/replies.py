"""Published answers: what is to be said, to whom, by which platform, and what became of it.

Frozen values and the port that connectors implement; its docstrings are the specification. It does no I/O
and knows no platform. How a reply comes to be approved stands in `bot.approval`, how it goes out exactly
once in `bot.publishing`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from bot.model import Post


@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    """How long a text is in the platform's own unit ("graphemes", "characters"), and how long it may be."""

    used: int
    limit: int
    unit: str

    @property
    def fits(self) -> bool:
        return 0 < self.used <= self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """An approved reply. All of it is the same on every try: `key` (unique for ever), the text, the times.

    `to` is the post that is answered. `approved_at` is the time that the published post bears where the
    platform lets its author say one. `lang` is what the text is written in, if that is known.
    """

    key: str
    brand: str
    text: str
    to: Post
    approved_at: datetime
    lang: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Our post as the platform has it: its id as `Post.id` is written there, and where a browser finds it."""

    post_id: str
    at: datetime
    url: str | None = None
    revision: str | None = None


class Replier(Protocol):
    """The answering side of a connector: one account of a brand on a platform.

    What was said once in public cannot be unsaid, so a try ends in exactly one of three ways, and which one
    must be certain: published (`Published`), surely not published (`Unavailable`, `Refused`), or nobody knows
    (`Unknown`). A request that was begun and not answered is `Unknown`, also after a time-out, a broken
    connection or a 5xx; only a connection that never came about, or an answer of the platform that says so,
    is sure.
    """

    platform: str
    is_idempotent: bool
    """Whether `publish` of the same `Outgoing` again is sure to make no second post."""

    @property
    def account_id(self) -> str | None:
        """Whose posts these are, once that is known: the same id as in `Post.author_id`."""
        ...

    def length(self, text: str) -> Length:
        """Pure: the platform's limits, as its documentation counts."""
        ...

    def refusal(self, to: Post) -> str:
        """Why this post cannot be answered by API, a key of the texts' catalogue; empty: it can. Pure."""
        ...

    async def publish(self, reply: Outgoing) -> Published:
        """Publish it in answer to `reply.to`, in its thread, as text and nothing else: what looks like markup
        stays as it is; links and handles are marked up (facets) where the platform wants them.

        Raises: Unavailable (surely not published; `retry_after` where given), Rejected (the platform says no:
        blocked, deleted, gated, too long; surely not published), Unauthorized, Unknown.
        """
        ...

    async def find(self, reply: Outgoing) -> Published | None:
        """Our post of an earlier try of exactly this reply; None: there is surely none.

        Looks where the platform tells the truth at once, not in an index that lags. Raises: Unavailable,
        Unauthorized, Unknown (this platform cannot tell: a person must look).
        """
        ...

    async def delete(self, post_id: str) -> None:
        """Take a post of ours back; one that is gone is success. Raises: Unavailable, Refused, Unknown."""
        ...
