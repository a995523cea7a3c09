"""What became of the mentions that each rule fired for."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.changes import Change
from bot.orders import Order, Ordered, Silence
from bot.records import LEASE_FOR
from bot.reports import RuleCount
from bot.staff import Verb
from bot.store.sqlite import SqliteStore
from tests.integration import store_samples as s


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.db"


async def say(store: SqliteStore, number: int, verb: Verb, mention: str, person: str = "pia") -> None:
    def transition(state: object, decision: object) -> Change:
        return Change(outcome="noted", reply="", feedback=verb.value)

    await store.decide(
        s.press(number, verb, mention, person=person),
        transition,
        cursor=None,
        now=s.at(61),
        lease_for=LEASE_FOR,
    )


async def silence(store: SqliteStore, rule: str) -> None:
    begins = Silence(name=rule, until=s.at(600), person="li", reason="x", begun_at=s.at(0))
    order = Order(
        order_id=rule, feed="chat", channel="chat:care", person="li", verb="silence", argument="", at=s.at(0)
    )
    ordered = Ordered(outcome="silenced", reply="", begins=begins)
    await store.order(order, lambda _: ordered, cursor=None, now=s.at(0))


async def test_the_monday_question(path: Path) -> None:
    """Mentions, of them rung and claimed, and what people say; answered, ignored and silent ones count too."""
    async with s.opened(path) as store:
        for number, (uid, rules) in enumerate({"A": ("leaks", "asks"), "B": ("leaks",), "C": ()}.items()):
            told = await s.record(store, s.judged(s.post(f"q{number}", root=None), uid=uid, rules=rules))
            if uid != "B":
                for one in told.leased:
                    await s.settle(store, one)
        hidden = s.judged(s.post("q9", root=None), uid="D", rules=("asks",), ignored=True)
        await s.record(store, hidden)
        await store.decide(
            s.press(1, Verb.CLAIM, "A"), s.transition, cursor=None, now=s.at(61), lease_for=LEASE_FOR
        )
        await say(store, 2, Verb.RIGHT, "A")
        await say(store, 3, Verb.NOT_ABOUT_US, "A", "ben")
        await say(store, 4, Verb.RIGHT, "B")
        await silence(store, "asks")
        await silence(store, "safety")
        assert (
            RuleCount(
                rule="asks", mentions=2, alerts=1, claims=1, feedback={"right": 1, "not_about_us": 1},
                silenced_until=s.at(600),
            ),
            RuleCount(rule="leaks", mentions=2, alerts=1, claims=1, feedback={"right": 2, "not_about_us": 1}),
            RuleCount(rule=None, mentions=1, alerts=1),
            RuleCount(rule="safety", mentions=0, silenced_until=s.at(600)),
        ) == await store.rule_counts(now=s.at(62))  # fmt: skip
        leaks, _ = await store.rule_counts(now=s.at(601), rule="leaks")
        assert ("leaks", 3, 2 / 3) == (leaks.rule, leaks.judged, leaks.right)


async def test_since_is_when_we_got_it(path: Path) -> None:
    """Not when it was posted; the inbox goes by the same."""
    async with s.opened(path) as store:
        await s.record(store, s.judged(s.post("old", root=None), uid="A", rules=("leaks",)), minute=10)
        await s.record(store, s.judged(s.post("new", root=None), uid="B", rules=("leaks",)), minute=20)
        (count,) = await store.rule_counts(now=s.at(21), since=s.at(15))
        assert (1, ["B"]) == (
            count.mentions,
            [row.mention_id for row in await store.inbox(limit=9, since=s.at(15))],
        )


async def test_an_edited_mention_counts_by_its_newest_verdict(path: Path) -> None:
    """What was said of the verdict before is not held against the new one."""
    async with s.opened(path) as store:
        await s.record(store, s.judged(s.post("q"), uid="A", rules=("leaks",)))
        await say(store, 1, Verb.SPAM, "A")
        await s.record(store, s.judged(s.post("q", text="worse", edited=True, seen=4), rules=("other",)))
        (count,) = await store.rule_counts(now=s.at(62))
        assert RuleCount(rule="other", mentions=1) == count
