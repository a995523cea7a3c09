"""What steps, quiet hours and budgets promise: one function for each promise, as in `checks`.

Each holds as soon as the program knows the section that it is about (`tests.month.team`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from bot.settings.shape import File
from tests.month.checks import UNDER_WAY, Check, Finding, moment
from tests.month.room import Message
from tests.month.world import World

BY_ITSELF = ("alert", "group")
"""How the keys of what rings by itself begin, not because of a person, a step or an hour."""
EDGE = timedelta(minutes=2)
"""What was under way when quiet hours began, and what waits for its turn in a full channel."""


def every(world: World) -> Iterator[Finding]:
    for check in CHECKS:
        yield from check(world)


# --- escalation -----------------------------------------------------------------------------------


def stepped_once(world: World) -> Iterator[Finding]:
    """No step of a plan is taken twice for an ask, and none once its answer is stored."""
    if "escalations" not in world.tables:
        return
    taken: Counter[tuple[int, int]] = Counter()
    for ask, kind, share, at, stored_at in world.rows(_STEPS):
        if stored_at is not None and moment(at) > moment(stored_at) + UNDER_WAY:
            yield Finding("nobody is asked after the answer", ask, moment(at), f"{kind} at {share} %")
        taken[ask, share] += kind == "ask"
        if taken[ask, share] > 1:
            yield Finding("a step is taken once", ask, moment(at), f"{share} % again")


_STEPS = """
SELECT x.ask, x.kind, x.share, x.at, p.stored_at FROM escalations x JOIN asks a ON a.id = x.ask
LEFT JOIN posts p ON p.id = a.answered_by ORDER BY x.id
"""


def steps_told(world: World) -> Iterator[Finding]:
    """Whoever a step asks is told: by a card of its own or of many, unless it was answered by then, or somebody
    had taken it with a press that was read only after a start.
    """
    if "escalations" not in world.tables:
        return
    keys = {message.key for message in world.chat.messages.values()}
    for ask, number, at, ended_at in world.rows(_ASKED):
        mine = world.rows(_CARDS, f"asked:{ask}:{number}:%", ask, at)
        soon = moment(at) + EDGE
        if soon > world.clock.now() or (ended_at is not None and moment(ended_at) <= soon):
            continue
        if not any(key in keys for (key,) in mine) and not world.rows(_TAKEN, ask, at, at):
            yield Finding("a step is told", ask, moment(at), f"number {number}: {[key for (key,) in mine]}")


_ASKED = "SELECT x.ask, x.number, x.at, a.ended_at FROM escalations x JOIN asks a ON a.id = x.ask"
_CARDS = """
SELECT e.key FROM effects e WHERE e.key LIKE ? UNION
SELECT e.key FROM effects e JOIN digest_items d ON d.effect = e.id JOIN mentions m ON m.id = d.mention
WHERE m.ask = ? AND e.key LIKE 'asked:%' AND e.created_at <= ?
"""
_TAKEN = """
SELECT 1 FROM effects e JOIN decisions d ON d.conversation = e.conversation
WHERE e.ask = ? AND e.created_at = ? AND e.reason = 'taken' AND d.verb IN ('claim', 'snooze', 'hand_over') AND d.at <= ?
"""


# --- noise ----------------------------------------------------------------------------------------


def criticals_ring(world: World) -> Iterator[Finding]:
    """Nothing critical is held back, whatever the hour and whatever is spent."""
    if not _knows_noise(world):
        return
    for mention, at in world.rows(
        "SELECT mention, held_at FROM digest_items WHERE urgency = 3 AND held_at IS NOT NULL"
    ):
        yield Finding("what is critical is not held", mention, moment(at), "it stands on a card of what was")


def nights_quiet(world: World) -> Iterator[Finding]:
    """In quiet hours nothing rings by itself that is not critical."""
    if not _knows_noise(world):
        return
    noise = world.settings.noise  # type: ignore[attr-defined, unused-ignore]
    for message in by_itself(world):
        channel, route = f"chat:{message.room}", str(message.first.data.get("route", "default"))
        since = noise.quiet_until(channel, route, message.at - EDGE)
        until = noise.quiet_until(channel, route, message.at)
        if since is not None and until is not None and until - message.at > EDGE:
            yield Finding("nights are quiet", message.key, message.at, f"quiet until {until}")


def budget_kept(world: World) -> Iterator[Finding]:
    """So many alerts ring by themselves in a period, and those that were critical besides."""
    if not _knows_noise(world):
        return
    noise = world.settings.noise  # type: ignore[attr-defined, unused-ignore]
    rang: dict[tuple[str, datetime], int] = defaultdict(int)
    due = {key: moment(at) for key, at in world.rows("SELECT key, due_at FROM effects WHERE subject IS NULL")}
    for message in by_itself(world):
        channel = f"chat:{message.room}"
        budget = noise.budget(channel)
        if budget is None:
            continue
        period = budget.marks.before(due.get(message.key, message.at))
        rang[channel, period] += 1
        if rang[channel, period] > budget.alerts:
            yield Finding("a budget is kept", f"{channel} {period}", message.at, f"more than {budget.alerts}")


def calls_bounded(world: World) -> Iterator[Finding]:
    """By name one person is called so often between two marks, and by what is critical besides."""
    if not _knows_noise(world):
        return
    noise = world.settings.noise  # type: ignore[attr-defined, unused-ignore]
    critical = {key for (key,) in world.rows(_CRITICAL)}
    excepted = {key for (key,) in world.rows(_NOT_COUNTED)}
    called: Counter[tuple[str, datetime]] = Counter()
    seen: set[tuple[str, str]] = set()
    for message in sorted(world.chat.messages.values(), key=lambda one: one.at):
        budget = noise.budget(f"chat:{message.room}")
        calls = budget.calls if budget else None
        is_again = (message.room, message.key) in seen  # an alert may come twice
        if budget is None or calls is None or is_again or message.key in excepted:
            continue
        seen.add((message.room, message.key))
        period = budget.marks.before(message.at - EDGE)
        if period != budget.marks.before(message.at):
            continue  # it was counted before the mark, perhaps
        for who in message.rang:
            called[who, period] += 1
            if called[who, period] > calls and message.key not in critical:
                about = f"{message.key} in {message.room}: call {called[who, period]} of {calls}"
                yield Finding("calls are bounded", f"{who} {period}", message.at, about)


_CRITICAL = """
SELECT e.key FROM effects e WHERE e.subject IS NULL AND (e.urgency = 3 OR EXISTS
 (SELECT 1 FROM mentions m JOIN conversations c ON c.id = m.conversation JOIN verdicts v ON v.mention = m.id
  WHERE (m.conversation = e.conversation OR m.id IN (SELECT mention FROM digest_items WHERE effect = e.id))
  AND (v.urgency = 3 OR json_extract(c.override, '$.urgency') = 3)))
"""
_NOT_COUNTED = """
SELECT key FROM effects WHERE subject IS NULL
 AND (kind = 'notice' OR json_extract(payload, '$.anew') IN ('handed', 'raised'))
"""
"""What people wanted just now, and what the daemon says of itself."""


def by_itself(world: World) -> Iterator[Message]:
    """The messages that came of a mention alone, the critical ones left out."""
    critical = {key for (key,) in world.rows("SELECT key FROM effects WHERE urgency = 3 AND kind = 'alert'")}
    for message in world.chat.messages.values():
        if message.key.partition(":")[0] in BY_ITSELF and message.key not in critical:
            yield message


def _knows_noise(world: World) -> bool:
    return "quiet_hours" in File.model_fields and world.app is not None


CHECKS: tuple[Check, ...] = (
    stepped_once,
    steps_told,
    criticals_ring,
    nights_quiet,
    budget_kept,
    calls_bounded,
)
