"""What a made-up X asks for its answers: money, and requests in a window. Knows no HTTP.

Prices: https://docs.x.com/x-api/getting-started/pricing (August 2026). A thing that was bought is not charged
again on the same UTC day. Windows: https://docs.x.com/x-api/fundamentals/rate-limits, those of an account.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

WINDOW_SECONDS = 900
MICROS = {
    "user": 10_000,
    "mention": 1_000,
    "own": 1_000,
    "search": 5_000,
    "reply": 10_000,
    "reply with a link": 200_000,
    "delete": 5_000,
}
"""What a thing costs, in millionths."""
GRANTED = {"me": 75, "mentions": 300, "tweets": 900, "search": 300, "publish": 100, "delete": 50}
"""So many requests of a kind in a window."""


@dataclass
class Till:
    """`bought` counts what was handed over, `charged` what was asked for it, in millionths. `granted`: for
    each kind, instead of `GRANTED`.
    """

    now: Callable[[], datetime]
    granted: int | None = None
    bought: Counter[str] = field(default_factory=Counter)
    charged: int = 0
    _today: tuple[object, set[tuple[str, str]]] = (None, set())
    _used: Counter[tuple[str, int]] = field(default_factory=Counter)

    def sell(self, what: str, ids: Iterable[str]) -> None:
        """Things that are read: each id is charged once a day."""
        day = self.now().date()
        if self._today[0] != day:
            self._today = (day, set())
        for one in ids:
            self.bought[what] += 1
            if (what, one) not in self._today[1]:
                self._today[1].add((what, one))
                self.charged += MICROS[what]

    def act(self, what: str) -> None:
        """What is done: charged each time."""
        self.bought[what] += 1
        self.charged += MICROS[what]

    def use(self, kind: str) -> tuple[bool, dict[str, str]]:
        """Whether this request is granted, and the headers that say so."""
        window = int(self.now().timestamp()) // WINDOW_SECONDS
        most = GRANTED[kind] if self.granted is None else self.granted
        self._used[kind, window] += 1
        used = self._used[kind, window]
        headers = {
            "x-rate-limit-limit": str(most),
            "x-rate-limit-remaining": str(max(0, most - used)),
            "x-rate-limit-reset": str((window + 1) * WINDOW_SECONDS),
        }
        return used <= most, headers
