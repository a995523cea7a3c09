"""Signals of somebody else's, found under the entry point `outcare.signals`: they add to ours or replace one.

Knows threads and nothing of texts. One that cannot be loaded, raises, is slow or answers nonsense leaves its
signal unknown and is said once; triage goes on.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from queue import SimpleQueue

import structlog

from bot.model import AuthorFacts, Signal
from bot.ports import Meter
from rules.signals.names import PROBABILITY, RANGES

log = structlog.get_logger(__name__)

GROUP = "outcare.signals"
ANSWER_WITHIN = 0.05
"""Seconds that a mention waits for one plug-in; everybody else's mentions wait with it."""
LOAD_WITHIN = 30.0
REST = 60.0
"""Seconds that one which was too slow is left alone."""
UNKNOWN = Signal(value=None)

_Call = tuple[Callable[[], object], "Future[object]"]


class Plugin:
    """One plug-in in a thread of its own, which is left behind when it never answers."""

    def __init__(
        self,
        name: str,
        load: Callable[[], Meter],
        *,
        within: float = ANSWER_WITHIN,
        load_within: float = LOAD_WITHIN,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._range = RANGES.get(name, PROBABILITY)
        self._within = within
        self._monotonic = monotonic
        self._rests_until: float | None = None
        self._is_told = False
        self._calls: SimpleQueue[_Call] = SimpleQueue()
        threading.Thread(target=self._work, name=f"signal {name}", daemon=True).start()
        self._meter = self._ask(load, load_within)
        if not callable(self._meter):
            self._tell("no meter", f"{self._meter!r:.200}")

    def measure(self, text: str, lang: str | None, author: AuthorFacts | None) -> Signal:
        """Unknown for whatever goes wrong."""
        meter = self._meter
        if not callable(meter) or self._is_resting():
            return UNKNOWN
        answer = self._ask(lambda: meter(text, lang, author), self._within)
        if isinstance(answer, Signal) and _is_sound(answer, self._range):
            return answer
        self._tell("no signal", f"{answer!r:.200}")
        return UNKNOWN

    def _is_resting(self) -> bool:
        return self._rests_until is not None and self._monotonic() < self._rests_until

    def _ask(self, call: Callable[[], object], within: float) -> object:
        """What the thread answers in time, else None."""
        answer: Future[object] = Future()
        self._calls.put((call, answer))
        try:
            error = answer.exception(within)
        except TimeoutError:
            self._rests_until = self._monotonic() + REST
            self._tell("too slow", f"no answer within {within:g} s")
            return None
        if error is None:
            return answer.result()
        self._tell("it raised", f"{type(error).__name__}: {error}")
        return None

    def _work(self) -> None:
        while True:
            call, answer = self._calls.get()
            try:
                answer.set_result(call())
            except Exception as error:  # noqa: BLE001 - somebody else's code, whose bugs must not stop triage
                answer.set_exception(error)

    def _tell(self, reason: str, detail: str) -> None:
        if not self._is_told:
            self._is_told = True
            log.warning("signal.failed", signal=self.name, reason=reason, detail=detail)


def _is_sound(signal: Signal, within: tuple[float, float]) -> bool:
    """Whether it is what it says to be: nobody checked its types."""
    value: object = signal.value
    if value is not None and not (isinstance(value, float | int) and within[0] <= value <= within[1]):
        return False
    evidence: object = signal.evidence
    return isinstance(evidence, tuple) and all(
        isinstance(moved, tuple)
        and len(moved) == 2
        and isinstance(moved[0], str)
        and isinstance(moved[1], float | int)
        for moved in evidence
    )


@cache
def installed() -> tuple[Plugin, ...]:
    """Those of this environment, loaded when they are first asked for."""
    return started(entry_points(group=GROUP))


def started(points: Iterable[EntryPoint]) -> tuple[Plugin, ...]:
    """One for each name; of two packages that offer the same name the first by package counts."""
    first: dict[str, EntryPoint] = {}
    for point in sorted(points, key=lambda point: (point.name, point.value)):
        if point.name in first:
            log.warning(
                "signal.offered_twice", signal=point.name, used=first[point.name].value, not_used=point.value
            )
        first.setdefault(point.name, point)
    return tuple(Plugin(name, point.load) for name, point in first.items())


def added(
    plugins: Iterable[Plugin],
    found: Mapping[str, Signal],
    text: str,
    lang: str | None,
    author: AuthorFacts | None,
) -> Mapping[str, Signal]:
    """The signals with those of the plug-ins in their places."""
    return {**found, **{one.name: one.measure(text, lang, author) for one in plugins}}
