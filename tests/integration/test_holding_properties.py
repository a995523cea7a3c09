"""Whatever comes, in whatever order: nothing critical is held back, and everything is told exactly once."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from bot import marks
from bot.gates import QuietHours, StillWanted
from bot.hours import Hours, Shift
from bot.marks import Marks
from bot.model import Alert, Urgency
from bot.noise import AlertBudget, Digest, Noise
from bot.quiet import Quiet
from bot.records import Dropped, Held, Judged, Leased
from bot.store.sqlite import SqliteStore
from bot.wishes import EffectKind, Route
from tests.integration import store_samples as s

BERLIN = ZoneInfo("Europe/Berlin")
MIDNIGHT = datetime(2026, 10, 24, tzinfo=BERLIN).astimezone(UTC)
"""Of the day before the clocks change."""
CARE = Route(name="care", to="telegram:care", fallback="email:care")
DESK = Route(name="desk", to="telegram:care")
GROUPED = Route(
    name="grouped",
    to="telegram:care",
    wait=timedelta(seconds=30),
    interval=timedelta(minutes=5),
    group_by=("platform",),
)
NOISE = Noise(
    quiet=(Quiet(hours=Hours(BERLIN, ((Shift(time(22), time(7)),),) * 7)),),
    digests=(
        Digest(marks=Marks(BERLIN, ((time(2, 30), time(9), time(17)),) * 7), routes=frozenset({"care"})),
    ),
    budgets=(AlertBudget(alerts=2, marks=marks.each(timedelta(hours=6), BERLIN)),),
)


@dataclass(frozen=True)
class Arrival:
    minute: int
    who: int
    urgency: Urgency
    alert: Alert
    route: Route


def arrivals(*routes: Route) -> st.SearchStrategy[list[Arrival]]:
    """In the order of time, over two days."""
    one = st.builds(
        Arrival,
        st.integers(0, 48 * 60),
        st.integers(0, 5),
        st.sampled_from([*Urgency, Urgency.NORMAL, Urgency.HIGH]),
        st.sampled_from([Alert.MESSAGE, Alert.PING, Alert.DIGEST]),
        st.sampled_from(routes),
    )
    return st.lists(one, max_size=20).map(lambda some: sorted(some, key=lambda one: one.minute))


@dataclass
class Told:
    """What staff was told: by which message each mention came first, and how long after it was read."""

    store: SqliteStore
    path: Path
    times: dict[str, list[tuple[int, datetime]]]

    async def deliver(self, leased: tuple[Leased, ...], now: datetime) -> None:
        gates = (StillWanted(), QuietHours(self.store.noise.quiet_until))
        for one in leased:
            state = await (
                self.store.digest if one.is_group or one.effect.kind is EffectKind.DIGEST else self.store.card
            )(one)
            outcome = gates[0].check(one, state, now) or gates[1].check(one, state, now)
            assert not isinstance(outcome, Dropped) or outcome.reason == "nothing_left"
            await s.settle(self.store, one, outcome, minute=minutes(now))
            if not isinstance(outcome, Held | Dropped):
                self._keep(one, now)

    def _keep(self, one: Leased, now: datetime) -> None:
        if one.effect.kind is EffectKind.UPDATE:
            return
        listed = s.rows(
            self.path,
            "SELECT uid FROM mentions WHERE id IN (SELECT mention FROM digest_items WHERE effect = ?1)"
            " OR id = (SELECT mention FROM effects WHERE id = ?1)",
            one.id,
        )
        for (uid,) in listed:
            self.times.setdefault(uid, []).append((one.id, now))


def minutes(at: datetime) -> float:
    return (at - s.NOON) / timedelta(minutes=1)


async def story(path: Path, came: list[Arrival], *, asks: bool) -> Told:
    async with s.opened(path) as store:
        store.noise = NOISE
        told = Told(store, path, {})
        pending = list(enumerate(came))
        now = MIDNIGHT
        while True:
            coming = [MIDNIGHT + timedelta(minutes=pending[0][1].minute)] if pending else []
            due_at = await store.next_due_at()
            if not (coming or due_at):
                return told
            now = max(now, min([*coming, *([due_at] if due_at else [])]))
            if coming and coming[0] <= now:
                number, arrival = pending.pop(0)
                recorded = await s.record(store, judged(number, arrival, asks=asks), minute=minutes(now))
                await told.deliver(recorded.leased, now)
            else:
                await told.deliver(await s.lease(store, minute=minutes(now)), now)


def judged(number: int, arrival: Arrival, *, asks: bool) -> Judged:
    at = MIDNIGHT + timedelta(minutes=arrival.minute)
    author = f"author{arrival.who}"
    post = s.post(f"{number}", author=author, minute=minutes(at), root=f"at://{author}/root", text="leaks")
    return s.judged(
        post,
        uid=f"M{number}",
        urgency=arrival.urgency,
        alert=arrival.alert,
        routes=(arrival.route,),
        asks=asks,
    )


def _rings_for(earlier: Arrival, one: Arrival) -> bool:
    return one.who == earlier.who and one.urgency is Urgency.CRITICAL and one.alert is not Alert.DIGEST


@given(arrivals(CARE, DESK))
@settings(max_examples=15, deadline=None)
def test_each_is_told_exactly_once_and_nothing_critical_is_held_back(came: list[Arrival]) -> None:
    """Alone or on a card. What asks nothing is told mention by mention, so each must appear, and once; but for
    what a critical one of the same conversation tells of, before its own turn comes.

    What is critical and rings is delivered in the minute in which it was read, and on no card of what was held.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "outcare.db"
        told = asyncio.run(story(path, came, asks=False))
        for number, arrival in enumerate(came):
            times = len(told.times.get(f"M{number}", ()))
            assert times == 1 or (times == 0 and any(_rings_for(arrival, one) for one in came[number:]))
        assert [(0,)] == s.rows(path, "SELECT count(*) FROM digest_items WHERE urgency = 3")
        for number, arrival in enumerate(came):
            if arrival.urgency is Urgency.CRITICAL and arrival.alert is not Alert.DIGEST:
                [(_, at)] = told.times[f"M{number}"]
                assert MIDNIGHT + timedelta(minutes=arrival.minute) == at


@given(arrivals(CARE, GROUPED))
@settings(max_examples=15, deadline=None)
def test_no_conversation_that_asks_is_forgotten(came: list[Arrival]) -> None:
    """Where several posts of one ask share a card: its conversation is told of, and a critical one at once."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "outcare.db"
        asyncio.run(story(path, came, asks=True))
        untold = s.rows(path, "SELECT id FROM asks WHERE alerted_at IS NULL")
        assert [] == untold
        assert [(0,)] == s.rows(path, "SELECT count(*) FROM digest_items WHERE urgency = 3")
