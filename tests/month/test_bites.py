"""The auditor bites: each fault that is planted in a day that went well is found, and named by its promise."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from copy import copy
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.settings.shape import File
from tests.month import checks, policies, steps, virtual
from tests.month.checks import Finding
from tests.month.month import Month
from tests.month.plan import Means, Plan, Written, draw
from tests.month.room import Message
from tests.month.world import World

MOMENT = timedelta(seconds=1)


@dataclass
class Day:
    """A day that is over, with its database, to be spoiled."""

    world: World
    kept: bytes
    messages: dict[str, Message]

    def one(self, sql: str, *given: object) -> object:
        return self.world.rows(sql, *given)[0][0]

    def spoil(self, sql: str, *given: object) -> None:
        with closing(sqlite3.connect(self.world.database)) as connection:
            changed = connection.execute(sql, given).rowcount
            connection.commit()
        assert changed > 0

    def later(self, message: Message, by: timedelta) -> None:
        self.world.chat.messages[message.ref] = replace(message, at=message.at + by)

    def alert(self, where: str) -> Message:
        """The first message of an alert of an ask, `a`."""
        sql = "SELECT e.receipt FROM effects e JOIN asks a ON a.id = e.ask WHERE e.kind = 'alert' AND "
        return self.messages[str(self.one(sql + where + " ORDER BY e.id LIMIT 1"))]

    def findings(self) -> list[Finding]:
        """A connection for each look: the file may have been changed under it."""
        self.world.close()
        now = self.world.clock.now()
        whole = [*checks.every(self.world), *policies.every(self.world)]
        return [*whole, *steps.look(self.world.rows, self.world, now, is_calm=True)[0]]


def quiet_day() -> Plan:
    """Nothing breaks; somebody's lamp smokes at noon."""
    plan = draw(11, days=1, mentions=100)
    smoke = Written(
        at=plan.begins + timedelta(hours=5),
        author="ann",
        text="smoke from my acme lamp",
        means=Means.CRITICAL,
    )
    written = sorted((*plan.written, smoke), key=lambda one: one.at)
    return replace(plan, written=tuple(written), breaks=(), outages=())


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Day:
    folder = tmp_path_factory.mktemp("day")

    async def live() -> Month:
        month = Month.of(folder, quiet_day())
        await month.live()
        return month

    month = virtual.run(live())
    assert [] == [str(one) for one in month.findings]
    month.world.clock.now = lambda now=month.world.plan.ends: now  # type: ignore[method-assign, misc]
    with closing(sqlite3.connect(month.world.database)) as connection:
        kept = connection.serialize()
    return Day(world=month.world, kept=kept, messages=month.world.chat.messages)


@pytest.fixture
def day(lived: Day) -> Iterator[Day]:
    """As it was, whatever the test before did to it."""
    kept = {ref: copy(one) for ref, one in lived.messages.items()}
    lived.world.chat.messages, warnings = kept, list(lived.world.warnings)
    yield lived
    lived.world.chat.messages, lived.world.warnings = lived.messages, warnings
    lived.world.close()
    for suffix in ("-wal", "-shm"):
        Path(f"{lived.world.database}{suffix}").unlink(missing_ok=True)
    lived.world.database.write_bytes(lived.kept)


def lose_an_alert(day: Day) -> None:
    """The database holds it as sent, and nobody got it."""
    alone = (
        "a.id IN (SELECT ask FROM effects WHERE receipt IS NOT NULL GROUP BY ask HAVING count(*) = 1)"
        " AND a.id NOT IN (SELECT m.ask FROM mentions m JOIN digest_items d ON d.mention = m.id"
        "                  WHERE m.ask IS NOT NULL)"
    )
    del day.world.chat.messages[day.alert(alone).ref]


def alert_twice(day: Day) -> None:
    one = day.alert("1")
    day.world.chat.messages["again"] = replace(one, ref="again", at=one.at + MOMENT)


def drop_a_step(day: Day) -> None:
    """Whoever waits stands on no card, and nothing is to come."""
    ask = day.one("SELECT id FROM asks WHERE outcome IS NULL AND id IN (SELECT ask FROM effects) LIMIT 1")
    day.spoil("UPDATE effects SET state = 'dropped' WHERE ask = ?", ask)
    day.spoil("UPDATE conversations SET claimed_by = NULL, state = 'open' WHERE id ="
              " (SELECT conversation FROM asks WHERE id = ?)", ask)  # fmt: skip
    day.spoil("UPDATE effects SET state = 'dropped' WHERE kind = 'digest' OR conversation ="
              " (SELECT conversation FROM asks WHERE id = ?)", ask)  # fmt: skip
    if "escalations" in day.world.tables:
        day.spoil("UPDATE asks SET escalate_at = NULL WHERE id = ?", ask)


def forget_who_stands_on_a_digest(day: Day) -> None:
    """It went out, the promise stands, and nobody would ever be asked."""
    day.spoil(
        "UPDATE asks SET escalate_at = NULL WHERE outcome IS NULL AND escalate_at IS NOT NULL AND id IN"
        " (SELECT m.ask FROM mentions m JOIN digest_items d ON d.mention = m.id"
        "  JOIN effects e ON e.id = d.effect JOIN verdicts v ON v.mention = m.id"
        "  WHERE e.state = 'sent' AND v.alert = 'digest')"
    )


def forget_what_is_due(day: Day) -> None:
    day.spoil("UPDATE effects SET state = 'pending' WHERE id = (SELECT min(id) FROM effects)")


def oversleep(day: Day) -> None:
    day.spoil(
        "UPDATE conversations SET state = 'snoozed', snoozed_until = 1 WHERE id ="
        " (SELECT conversation FROM asks WHERE outcome IS NULL LIMIT 1)"
    )


def dawdle(day: Day) -> None:
    critical = (
        "a.mention IN (SELECT m.id FROM mentions m JOIN posts p ON p.id = m.post WHERE p.author_id = 'ann')"
    )
    day.later(day.alert(critical), timedelta(seconds=11))


def ring_too_late(day: Day) -> None:
    day.later(day.alert("a.outcome = 'answered'"), timedelta(days=1))


def lose_a_mention(day: Day) -> None:
    day.spoil("UPDATE posts SET post_id = 'another' WHERE id = (SELECT min(post) FROM mentions)")


def claim_a_gap(day: Day) -> None:
    day.spoil("INSERT INTO gaps (source, started_at, ended_at, reason) VALUES ('plaza', 1, 2, 'down')")


def forget_a_press(day: Day) -> None:
    day.spoil("DELETE FROM decisions WHERE id = (SELECT max(id) FROM decisions)")


def point_nowhere(day: Day) -> None:
    day.spoil("UPDATE mentions SET conversation = 99999 WHERE id = (SELECT min(id) FROM mentions)")


def crash(day: Day) -> None:
    day.world.warnings.append({"at": day.world.clock.now(), "event": "task.failed", "level": "error"})


def step(day: Day, ask: object, number: int, at: int) -> None:
    if "escalations" not in day.world.tables:
        pytest.skip("the program knows no steps yet")
    day.spoil(
        "INSERT INTO escalations (brand, ask, conversation, number, kind, step, share, whom, at)"
        " SELECT brand, id, conversation, ?, 'ask', 'lead', 299, '[]', ? FROM asks WHERE id = ?",
        number, at, ask,
    )  # fmt: skip


def step_twice(day: Day) -> None:
    ask = day.one("SELECT max(id) FROM asks")
    step(day, ask, 90, 1)
    step(day, ask, 91, 2)


def step_in_silence(day: Day) -> None:
    """Somebody was to be asked, and no card says so."""
    row = "SELECT id FROM asks WHERE ended_at IS NULL OR ended_at - started_at > 600000000"
    ask = day.one(row)
    step(day, ask, 90, int(str(day.one("SELECT started_at FROM asks WHERE id = ?", ask))))


def ask_too_late(day: Day) -> None:
    ask = day.one("SELECT min(id) FROM asks WHERE outcome = 'answered'")
    step(day, ask, 90, int(day.world.clock.now().timestamp() * 1e6))


def noise(day: Day) -> None:
    if "quiet_hours" not in File.model_fields:
        pytest.skip("the program knows no quiet hours yet")


def hold_a_critical(day: Day) -> None:
    noise(day)
    day.spoil(
        "INSERT INTO digest_items (effect, mention, brand, urgency, held_at)"
        " SELECT (SELECT min(id) FROM effects), max(id), 'acme', 3, 1 FROM mentions"
    )


def by_itself(day: Day) -> Message:
    return next(one for one in policies.by_itself(day.world) if one.room == "care")


def ring_at_night(day: Day) -> None:
    noise(day)
    one = by_itself(day)
    day.later(one, one.at.replace(hour=23) - one.at)


def overspend(day: Day) -> None:
    noise(day)
    one = by_itself(day)
    for number in range(31):
        again = replace(one, ref=f"again{number}", key=f"alert:{number}")
        day.world.chat.messages[again.ref] = again


def call_too_often(day: Day) -> None:
    """One person by thirteen cards that ring in one shift."""
    noise(day)
    one = by_itself(day)
    for number in range(13):
        again = replace(one, ref=f"call{number}", key=f"asked:{number}", rang=("1",))
        day.world.chat.messages[again.ref] = again


PLANTED: dict[Callable[[Day], None], str] = {
    lose_an_alert: "staff is told",
    alert_twice: "a message is sent once",
    drop_a_step: "whoever waits has a next step",
    forget_who_stands_on_a_digest: "whoever waits has a next step",
    forget_what_is_due: "what is due is done",
    oversleep: "a snooze ends",
    dawdle: "what is critical is told at once",
    ring_too_late: "nothing rings after the answer",
    lose_a_mention: "a mention is stored once",
    claim_a_gap: "a gap has a cause",
    forget_a_press: "a press is decided once",
    point_nowhere: "the database is sound",
    crash: "the log is clean",
    step_twice: "a step is taken once",
    step_in_silence: "a step is told",
    ask_too_late: "nobody is asked after the answer",
    hold_a_critical: "what is critical is not held",
    ring_at_night: "nights are quiet",
    overspend: "a budget is kept",
    call_too_often: "calls are bounded",
}


@pytest.mark.slow
@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_a_planted_fault_is_found(day: Day, plant: Callable[[Day], None]) -> None:
    """It is among what is found, and nothing was found before."""
    assert [] == [str(one) for one in day.findings()]
    plant(day)
    assert PLANTED[plant] in {one.promise for one in day.findings()}


def test_every_promise_has_a_fault() -> None:
    """What the auditor asks for is what is planted: a promise without a fault may be one that cannot break."""
    asked = {word for module in (checks, policies, steps) for word in _promises(module.__file__ or "")}
    assert asked == set(PLANTED.values())


def _promises(file: str) -> set[str]:
    return set(re.findall(r'yield Finding\(\s*"([^"]+)"', Path(file).read_text()))
