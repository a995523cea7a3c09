"""A conversation on a real database with the real policies, by one or more connections, without a loop."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

from bot.changes import Decided, Decision
from bot.desk import Desk
from bot.escalation import Escalation
from bot.incidents import NONE, Incidents
from bot.metrics import Metrics
from bot.noise import NO_LIMITS, Noise
from bot.ports import Clock
from bot.records import Answer, CardState, Judged, Leased, Sent, Settlement
from bot.staff import Person, Receipt, Role, Staff, Verb
from bot.store import card, deciding, effects, escalating, incidents, ingest, schema, settling, snoozing
from bot.store.work import Standing, Work
from bot.storing import Store
from bot.targets import ROUND_THE_CLOCK, Targets
from bot.texts.en import ENGLISH
from tests.integration import store_samples as s
from tests.unit._values import IN_BERLIN

T = TypeVar("T")

PEOPLE = tuple(
    Person(key=key, name=key.title(), role=role, identities=(("chat", key),))
    for key, role in (("anna", Role.AGENT), ("ben", Role.AGENT), ("lea", Role.LEAD))
)
DESK = Desk(
    store=cast("Store", None),
    staff=Staff(by_identity={identity: one for one in PEOPLE for identity in one.identities}),
    clock=cast("Clock", None),
    metrics=Metrics(),
    texts=ENGLISH,
    deliver=lambda _: None,
    **IN_BERLIN,
)
ASK = "A"


@dataclass(kw_only=True)
class World:
    """`conn` is a writer's connection; times are minutes after noon."""

    path: Path
    conn: sqlite3.Connection
    pressed: int = 0
    standing: Standing = field(default_factory=Standing)
    targets: Targets = ROUND_THE_CLOCK
    escalation: Escalation | None = None
    noise: Noise = NO_LIMITS
    incidents: Incidents = NONE

    def write(self, unit: Callable[[Work], T], *, minute: float) -> T:
        """One transaction, as the writer makes it."""
        self.conn.execute("BEGIN IMMEDIATE")
        try:
            done = unit(
                Work(
                    conn=self.conn,
                    now=s.at(minute),
                    lease_for=s.LEASE,
                    standing=self.standing,
                    targets=self.targets,
                    escalation=self.escalation,
                    noise=self.noise,
                    incidents=self.incidents,
                )
            )
        except BaseException:
            self.conn.execute("ROLLBACK")
            raise
        self.conn.execute("COMMIT")
        return done

    def record(self, *items: Judged | Answer, minute: float) -> tuple[Leased, ...]:
        """A batch whose cards are delivered at once."""
        leased = self.write(lambda work: ingest.record(work, s.entry(*items)), minute=minute).leased
        return self.settled(leased, minute=minute)

    def press(
        self, verb: Verb, argument: str = "", *, who: str = "anna", minute: float, note: str = ""
    ) -> Decided:
        """A press on the card of the first mention, and the cards that show what came of it."""
        self.pressed += 1
        decision = Decision(
            press_id=f"{who}-{self.pressed}",
            feed="chat",
            channel="telegram:care",
            person=who,
            verb=verb,
            mention_id=ASK,
            at=s.at(minute),
            argument=argument,
            note=note,
        )
        decided = self.write(
            lambda work: deciding.decide(work, decision, DESK.transition, cursor=None), minute=minute
        )
        assert decided is not None
        self.settled(decided.leased, minute=minute)
        return decided

    def outcome(self, *args: Any, **named: Any) -> str:
        decided = self.press(*args, **named)
        assert decided.change is not None
        return decided.change.outcome

    def due(self, *, minute: float) -> tuple[Leased, ...]:
        """What the outbox would take then, delivered."""

        def unit(work: Work) -> tuple[Leased, ...]:
            incidents.look_due(work)
            woken, (asked, _) = snoozing.wake_due(work), escalating.take_due(work)
            return woken + asked + effects.lease(work, limit=100, each=100, without=())

        return self.settled(self.write(unit, minute=minute), minute=minute)

    def settled(self, leased: tuple[Leased, ...], *, minute: float) -> tuple[Leased, ...]:
        for one in leased:
            done = Settlement(
                leased=one,
                outcome=Sent(receipt=Receipt(ref=f"msg-{one.id}", at=s.at(minute))),
                started_at=s.at(minute),
                ended_at=s.at(minute),
            )
            self.write(lambda work, done=done: settling.settle(work, done), minute=minute)  # type: ignore[misc]
        return leased

    def card(self) -> CardState:
        found = card.of_mention(card.fetcher(self.conn), ASK)
        assert found is not None
        return found

    def rows(self) -> list[tuple[Any, ...]]:
        """Conversation and asks as they stand, without what no undo brings back: the version, which grows with
        every change, and which stages were counted.
        """
        conversation = self.conn.execute(
            "SELECT id, state, claimed_by, claimed_at, snoozed_until, snoozed_by, override FROM conversations"
            " ORDER BY id"
        ).fetchall()
        asks = self.conn.execute(
            "SELECT id, brand, conversation, mention, started_at, due_at, calendar_due_at, seen_at, alerted_at,"
            " claimed_at, answered_at, ended_at, outcome, answered_by, judged_to, engaged_to FROM asks ORDER BY id"
        ).fetchall()
        return [*conversation, *asks]

    def one(self, sql: str, *values: object) -> Any:
        return self.conn.execute(sql, values).fetchone()[0]


@contextmanager
def world(path: Path, escalation: Escalation | None = None, **judged: Any) -> Iterator[World]:
    """Ann has asked at noon; her card is in the chat. `escalation` None: nobody else is ever asked."""
    s.lay(path)
    with closing(schema.connect_for_writing(path)) as conn:
        conn.execute("PRAGMA synchronous=OFF")  # thousands of commits, and no power to lose
        it = World(path=path, conn=conn, escalation=escalation)
        it.record(s.judged(s.post("q"), uid=ASK, **judged), minute=0)
        yield it
