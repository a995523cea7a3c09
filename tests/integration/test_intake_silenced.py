"""Silenced mentions on their way in: stored and counted, and nobody hears of them by what is silenced."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from bot.acknowledging import NOTHING, Acknowledging, is_silenced
from bot.model import ConversationState, Facts, Mention, PostRef, Urgency, Verdict
from bot.orders import Silence
from bot.replies import Acknowledgement
from bot.silenced import Scope
from bot.silences import Standing
from bot.wishes import EffectKind, Route
from rules.ruleset import RuleSet, parse_rules
from rules.wording import finder
from tests.integration import store_samples as s
from tests.integration.test_intake import NOW, Office, office, post

RULES = """
rules:
  leak: {why: Leaks, when: {text: leaks}, at_least: high, route: desk, cc: [care]}
  fire: {why: Possible harm, when: {text: fire}, at_least: critical}
routes:
  default: {to: "telegram:care"}
  desk: {to: "webhook:desk"}
  care: {to: "telegram:care"}
"""


@dataclass(kw_only=True)
class Silences:
    """What stands, for intake."""

    office: Office
    standing: tuple[Silence, ...] = ()
    rules: RuleSet = field(
        default_factory=lambda: parse_rules({"a.yaml": RULES}, channels={"telegram:care", "webhook:desk"})
    )

    def __post_init__(self) -> None:
        self.office.intake.judge = self.rules
        self.office.intake.meets = lambda facts, source, now: Standing(
            silences=self.standing, finder=finder, people=str
        ).met_by(facts, source, now)

    def add(self, scope: Scope, name: str, *, criticals: bool = False) -> None:
        one = Silence(
            scope=scope,
            name=name,
            until=NOW + timedelta(hours=1),
            person="li",
            reason="known",
            begun_at=NOW,
            criticals=criticals,
        )
        self.standing += (one,)

    def rung(self) -> list[tuple[str, str]]:
        return s.rows(self.office.path, "SELECT route, channel FROM effects WHERE kind = 'alert' ORDER BY id")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.db"


async def test_a_silenced_mention_is_stored_and_judged_and_rings_nobody(path: Path) -> None:
    """Its urgency, its ask and its promise stand; the verdict is made again from what is stored with it."""
    async with office(path) as it:
        silences = Silences(office=it)
        silences.add(Scope.AUTHOR, "bluesky:did:ann")
        recorded = await it.take(post("1"))
        assert ([("acme", "post", 1)], []) == (it.mentions(), silences.rung())
        stored = await it.store.verdict(recorded.stored[0])
        assert stored is not None
        assert (Urgency.HIGH, ("author:bluesky:did:ann",)) == (stored.verdict.urgency, stored.verdict.held_by)
        assert stored.verdict == silences.rules.judge(stored.facts)
        await it.take(post("2", author_id="did:carl"))
        assert [("desk", "webhook:desk"), ("care", "telegram:care")] == silences.rung()


async def test_only_what_is_silenced_is_quiet(path: Path) -> None:
    """A silenced route: the copy rings; another route to the same channel takes the place of a silenced one."""
    async with office(path) as it:
        silences = Silences(office=it)
        silences.add(Scope.ROUTE, "desk")
        await it.take(post("1"))
        assert [("care", "telegram:care")] == silences.rung()


@pytest.mark.parametrize(("criticals", "rung"), [(False, [("default", "telegram:care")]), (True, [])])
async def test_what_is_critical_rings(path: Path, criticals: bool, rung: list[tuple[str, str]]) -> None:
    """Unless the silence holds it too."""
    async with office(path) as it:
        silences = Silences(office=it)
        silences.add(Scope.SOURCE, "bluesky", criticals=criticals)
        await it.take(post("1", text="acme is on fire"))
        assert rung == silences.rung()


async def test_held_is_what_would_have_rung(path: Path) -> None:
    """Not a rival's that no rule sends anywhere, nor what is too old; per scope in the metrics."""
    async with office(path) as it:
        silences = Silences(office=it)
        silences.add(Scope.WORDS, "acme or globex")
        silences.add(Scope.SOURCE, "bluesky")
        await it.take(post("1", text="globex rocks", author_id="did:a"))
        await it.take(post("2", posted_at=NOW - timedelta(hours=25), author_id="did:b"))
        await it.take(post("3", author_id="did:c"), post("4", text="globex leaks", author_id="did:d"))
        value = it.intake.metrics.registry.get_sample_value
        assert 2 == value("outcare_silenced_total", {"scope": "source"})
        assert value("outcare_silenced_total", {"scope": "words"}) is None


async def test_whoever_is_silenced_wakes_nobody(path: Path) -> None:
    """A snooze until its author writes is over, and the card says so, but it does not ring."""
    async with office(path) as it:
        silences = Silences(office=it)
        recorded = await it.take(post("1"))
        mention = recorded.stored[0]
        for one in recorded.leased:
            await s.settle(it.store, one, minute=60)
        s.execute(path, "UPDATE conversations SET state = 'snoozed'")
        silences.add(Scope.AUTHOR, "bluesky:did:ann")
        above = PostRef(id="1", author_id="did:ann")
        told = await it.take(post("2", parent=above, root=above))
        assert {EffectKind.UPDATE} == {one.effect.kind for one in told.leased}
        assert [(ConversationState.OPEN,)] == s.rows(path, "SELECT state FROM conversations")
        assert mention != told.stored[0]


@dataclass(kw_only=True)
class Wishes(Acknowledging):
    """Notes of each mention whether anybody hears of it."""

    silenced: list[bool] = field(default_factory=list)

    def wish(
        self, mention: Mention, facts: Facts, verdict: Verdict, routes: Collection[Route]
    ) -> Acknowledgement | None:
        self.silenced.append(is_silenced(verdict, routes))
        return super().wish(mention, facts, verdict, routes)


async def test_nobody_is_told_that_we_have_seen_what_nobody_hears_of(path: Path) -> None:
    """Held for all: by its words, or on each of its routes. What rings all the same is heard of."""
    async with office(path) as it:
        wishes = it.intake.acknowledging = Wishes(
            wanted=NOTHING, repliers={}, now=it.intake.clock.now, is_paused=lambda: False, wake=lambda: None
        )
        silences = Silences(office=it)
        silences.add(Scope.WORDS, "kettle")
        silences.add(Scope.ROUTE, "desk")
        await it.take(post("1", text="acme: my kettle leaks", author_id="did:a"))
        await it.take(post("2", text="acme: it leaks", author_id="did:b"))
        await it.take(post("3", text="acme: my kettle is on fire", author_id="did:c"))
        silences.add(Scope.ROUTE, "care")
        await it.take(post("4", text="acme: it leaks", author_id="did:d"))
        assert [True, False, False, True] == wishes.silenced
