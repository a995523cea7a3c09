"""Which Jetstream host is read, over which of its two wires, and which one comes next. Knows no socket.

Public hosts: https://github.com/bluesky-social/jetstream (v2, which also speaks v1's wire on `/subscribe`)
and https://github.com/bluesky-social/jetstream-legacy (v1, `jetstream1` and `jetstream2`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from bot.errors import BotError, Unavailable
from connectors.bluesky.record import COLLECTION

if TYPE_CHECKING:
    from bot.ports import Clock

V2_METHOD = "network.bsky.jetstream.subscribeEvents"
"""The last part of a URL's path that makes it a v2 stream; any other path is v1's wire."""
DICTIONARY_METHOD = "network.bsky.jetstream.getZstdDictionary"
PUBLIC = (
    f"wss://jetstream.us-east.bsky.network/xrpc/{V2_METHOD}",
    f"wss://jetstream.us-west.bsky.network/xrpc/{V2_METHOD}",
    "wss://jetstream2.us-east.bsky.network/subscribe",
    "wss://jetstream1.us-west.bsky.network/subscribe",
)
"""v2 in two regions, then v1 in two."""
LASTED = 60.0
"""Seconds after which a connection was a good one, however it ends."""


@dataclass(frozen=True, slots=True)
class Host:
    """One stream of one host."""

    url: str

    @property
    def name(self) -> str:
        """What positions and messages call it: host and port."""
        return urlsplit(self.url).netloc.rpartition("@")[2]

    @property
    def is_v2(self) -> bool:
        return urlsplit(self.url).path.rstrip("/").endswith(f"/{V2_METHOD}")

    def page(self, cursor: int | None, dictionary: int | None = None) -> str:
        """Where to connect: posts, and what becomes of accounts, from a cursor on (None: from now on).

        v1's collection filter lets account and identity events pass by itself. v2 is told not to send
        identities, which say nothing to us, nor syncs: after one of those the host sends the repository's
        records anew, as creates, and what of them we hold already is known.
        """
        query: list[tuple[str, str | int]] = [("wantedCollections", COLLECTION)]
        if self.is_v2:
            query = [("collections", COLLECTION), ("kinds", "commit"), ("kinds", "account")]
        if cursor is not None:
            query.append(("cursor", cursor))
        if dictionary is not None:
            query.append(("zstdDictionary", dictionary))
        return f"{self.url}?{urlencode(query)}"

    @property
    def dictionary_url(self) -> str:
        return f"{web(self.url).rstrip('/').removesuffix(V2_METHOD)}{DICTIONARY_METHOD}"


def web(url: str) -> str:
    """The same place asked without a WebSocket."""
    return url.replace("ws", "http", 1)


class Rotation:
    """Remembers how each host did, and names the one to read next.

    A host that sent events is asked again, once, when its connection ends; one that sent none gives way to
    the next. None is asked before the time that it named, unless all of them named one.
    """

    def __init__(self, hosts: tuple[Host, ...], clock: Clock) -> None:
        self.hosts = hosts
        self._clock = clock
        self._at = 0
        self._strikes = 0
        self._failed_in_a_row = 0
        self._began = clock.monotonic()
        self._rests_until = [0.0] * len(hosts)

    @property
    def current(self) -> Host:
        return self.hosts[self._at]

    def begin(self) -> Host:
        """The host to read now."""
        self._began = self._clock.monotonic()
        return self.current

    def end(self, *, was_heard: bool) -> None:
        """A reading is over: decide who is next. `was_heard`: it had events."""
        if was_heard:
            self._failed_in_a_row = 0
        lasted = self._clock.monotonic() - self._began >= LASTED
        self._strikes = 0 if was_heard and lasted else self._strikes + 1
        if not was_heard or self._strikes > 1:
            self._move()

    def failed(self, error: BotError, *, was_heard: bool) -> BotError:
        """What to say of a failed reading: that of one host of several never stops the others.

        While there is a host that was not tried since the last event, whatever this one said is only
        `Unavailable`; and nobody waits longer than until the first of them is willing again.
        """
        wait = getattr(error, "retry_after", None) or timedelta()
        now = self._clock.monotonic()
        self._rests_until[self._at] = now + wait.total_seconds()
        self.end(was_heard=was_heard)
        self._failed_in_a_row += 1
        if len(self.hosts) == 1:
            return error
        rest = max(0.0, self._rests_until[self._at] - now)
        if isinstance(error, Unavailable) or self._failed_in_a_row < len(self.hosts):
            again = timedelta(seconds=rest) if rest else None
            return Unavailable(str(error), reason=error.reason, retry_after=again)
        return error

    def _move(self) -> None:
        """To the next host that does not rest; if all do, to the one that is ready first."""
        self._strikes = 0
        now, count = self._clock.monotonic(), len(self.hosts)
        order = [(self._at + step) % count for step in range(1, count + 1)]
        self._at = min(order, key=lambda at: max(0.0, self._rests_until[at] - now))
