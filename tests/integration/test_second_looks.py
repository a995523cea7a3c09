"""Asks that still wait are judged again: when, once, never lower, in the daemon's time and in a replay's."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.errors import Unavailable
from bot.measured import Engagement
from bot.model import PostRef, Urgency
from bot.records import Recorded
from bot.staff import Verb
from bot.store import rows
from bot.waits import Again, Because, Wanted
from tests.integration import store_samples as s
from tests.integration.asking_world import Asking, Reactions, answer, asking, post

RULES = """
rules:
  ask:
    why: Asks us something
    when: {question: true}
    score: 20
  slow:
    why: Waits for half an hour
    when: {thread: {waiting: "> 30m"}}
    score: 30
  too-slow:
    why: Waits for two hours
    when: {thread: {waiting: ">= 2h"}}
    score: 30
urgency:
  critical: {from: 80, respond_in: 5m,  alert: ping}
  high:     {from: 50, respond_in: 15m, alert: message}
  normal:   {from: 20, respond_in: 4h,  alert: message}
"""
AFTER_HALF = 30.02
"""The moment that `> 30m` waits for, in minutes: a second after it."""
QUIET = """
rules:
  ask: {why: Asks us something, when: {question: true}, score: 20}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.db"


async def test_an_ask_that_waits_is_judged_again(path: Path) -> None:
    """At each of its moments once, with exactly that time as a fact; what is more urgent alerts again."""
    async with asking(path, RULES) as it:
        await it.take(post("a", 0))
        for minute in (10, 29, 30):
            await it.at(minute)
        assert [("normal", None)] == it.verdicts()
        for minute in (31, 32, 90, 119):
            await it.at(minute)
        assert [("normal", None), ("high", AFTER_HALF)] == it.verdicts()
        await it.at(120)
        await it.at(500)
        assert [("normal", None), ("high", AFTER_HALF), ("critical", 120)] == it.verdicts()
        assert ["normal", "high", "critical"] == it.alerts()
        assert 3 == len(it.leased)


async def test_the_answer_is_due_sooner(path: Path) -> None:
    """From the moment on in which it became urgent: a promise of fifteen minutes begins then."""
    async with asking(path, RULES) as it:
        await it.take(post("a", 0))
        assert 240 == _due(it)
        await it.at(31)
        assert 45.02 == _due(it)


def _due(it: Asking) -> float:
    """In how many minutes after noon."""
    ((at,),) = s.rows(it.path, "SELECT due_at FROM asks")
    return round((rows.moment(at) - s.at(0)) / timedelta(minutes=1), 2)


async def test_a_pause_is_not_made_up_for(path: Path) -> None:
    """After hours without us the last moment is looked at, and rings once."""
    async with asking(path, RULES) as it:
        await it.take(post("a", 0))
        await it.at(300)
        assert [("normal", None), ("critical", 120)] == it.verdicts()
        assert ["normal", "critical"] == it.alerts()


async def test_what_is_late_by_a_day_rings_nobody(path: Path) -> None:
    """It is judged and shown all the same."""
    async with asking(path, RULES) as it:
        await it.take(post("a", 0))
        await it.at(27 * 60)
        assert ("critical", 120) == it.verdicts()[-1]
        assert ["normal"] == it.alerts()


async def test_an_answer_ends_it(path: Path) -> None:
    """Whoever was answered does not wait; a new question waits from its own time on."""
    async with asking(path, RULES) as it:
        await it.take(post("a", 0))
        await it.take(answer("a+", 20, "a"))
        await it.at(45)
        assert [("normal", None)] == it.verdicts()
        await it.take(post("b", 40, root=PostRef(id="a"), parent=PostRef(id="a", author_id="did:ann")))
        await it.at(69)
        assert 2 == len(it.verdicts())
        await it.at(71)
        assert ("high", AFTER_HALF) == it.verdicts()[-1]


@pytest.mark.parametrize(("verb", "verdicts"), [(Verb.CLAIM, 2), (Verb.DISMISS, 1)])
async def test_what_somebody_decided(path: Path, verb: Verb, verdicts: int) -> None:
    """Who has claimed it is told that it waits; what needs no answer does not wait."""
    async with asking(path, RULES) as it:
        recorded: Recorded = await it.take(post("a", 0))
        decision = s.press(1, verb, recorded.stored[0])
        await it.store.decide(decision, s.transition, cursor=None, now=s.at(5), lease_for=s.LEASE)
        await it.at(31)
        assert verdicts == len(it.verdicts())


async def test_the_most_urgent_message_is_judged(path: Path) -> None:
    """As its card shows it; what was posted after the moment is not looked at yet."""
    async with asking(path, RULES) as it:
        thread: dict[str, Any] = {"root": PostRef(id="a"), "parent": PostRef(id="a", author_id="did:ann")}
        await it.take(post("a", 0), post("b", 5, "acme!", **thread), post("c", 31, **thread))
        await it.at(32)
        found = s.rows(
            path,
            "SELECT p.post_id FROM verdicts v JOIN mentions m ON m.id = v.mention JOIN posts p ON p.id = m.post"
            " ORDER BY v.id",
        )
        assert ["a", "b", "c", "a"] == [name for (name,) in found]


async def test_nothing_is_lowered(path: Path) -> None:
    """A rule that holds no longer takes nothing back; a look that says the same changes nothing."""
    early = QUIET + '  soon: {why: x, when: {not: {thread: {waiting: ">= 5m"}}}, score: 60}\n'
    async with asking(path, early) as it:
        await it.take(post("a", 0))
        await it.at(6)
        assert [("critical", None)] == it.verdicts()
        it.use(QUIET + '  late: {why: x, when: {thread: {waiting: ">= 9h"}, text: never}, score: 60}\n')
        await it.at(10 * 60)
        assert [("critical", None)] == it.verdicts()


async def test_other_rules_are_heard_at_once(path: Path) -> None:
    """Rules that begin to look at waiting find who has waited for long, whatever was stored before."""
    async with asking(path, QUIET) as it:
        await it.take(post("a", 0))
        await it.at(40)
        assert 1 == len(it.verdicts())
        it.use(RULES)
        await it.at(40.1)
        assert [("normal", None), ("high", AFTER_HALF)] == it.verdicts()


async def test_a_restart_forgets_and_repeats_nothing(path: Path) -> None:
    """How far an ask was looked at stands in its row."""
    async with asking(path, RULES) as it:
        await it.take(post("a", 0))
        await it.at(31)
    async with asking(path, RULES) as it:
        await it.at(32)
        assert 2 == len(it.verdicts())
        await it.at(121)
        assert ["normal", "high", "critical"] == it.alerts()


async def test_a_hundred_at_once(path: Path) -> None:
    """More than are read at a time."""
    async with asking(path, RULES) as it:
        await it.take(*(post(f"{number}", 0, author_id=f"did:{number}") for number in range(50)))
        await it.at(31)
        assert 50 == it.alerts().count("high")


async def test_who_catches_up_is_waited_for(path: Path) -> None:
    """The answer may be among what is not read yet; ten minutes, for a source may be down for good."""
    async with asking(path, RULES) as it:
        await it.take(post("a", 0))
        it.behind["bluesky"] = True
        for minute in (31, 40):
            await it.at(minute)
        assert 1 == len(it.verdicts())
        await it.at(41)
        assert 2 == len(it.verdicts())


async def test_a_source_that_tells_nothing_is_not_waited_for(path: Path) -> None:
    """A minute after the start, no longer: it may never tell how far it has read."""
    async with asking(path, RULES) as it:
        await it.take(post("a", 0))
        it.behind["bluesky"] = None
        await it.at(31)
        assert 1 == len(it.verdicts())
        await it.at(32)
        assert 2 == len(it.verdicts())


async def test_a_source_is_behind_as_long_as_it_says_so(path: Path) -> None:
    """By how old the newest is that it has read."""
    async with asking(path, RULES) as it:
        assert it.intake.is_behind("bluesky") is None
        await it.clock.advance((s.at(60) - it.clock.now()).total_seconds())
        await it.take(post("a", 0), observed_to=s.at(0))
        assert it.intake.is_behind("bluesky") is True
        await it.take(observed_to=s.at(60))
        assert it.intake.is_behind("bluesky") is False


async def test_an_edit_in_between_is_looked_at_next(path: Path) -> None:
    """What was read before it says nothing of the new words: that look is left, and made with them."""
    async with asking(path, RULES) as it:
        await it.take(post("a", 0))
        wanted = Wanted(
            because=Because.WAITING,
            moments=(timedelta(minutes=30),),
            until=s.at(31),
            platforms=frozenset({"bluesky"}),
        )
        (waiting,) = (await it.store.waiting(wanted)).asks
        await it.take(post("a", 0, "acme drips, what now?", is_edit=True, seen_at=s.at(31)))
        facts = replace(waiting.facts, waiting=waiting.moment)
        judged = it.intake.judge_again(waiting, facts)
        again = Again(because=Because.WAITING, waiting=waiting, judged=judged)
        await it.store.judge_again([again], now=s.at(31), lease_for=s.LEASE)
        assert [("normal", None), ("normal", None)] == it.verdicts()
        await it.at(31)
        assert ("high", AFTER_HALF) == it.verdicts()[-1]


# --- rivals -------------------------------------------------------------------------------------


async def test_a_rival_that_lets_people_wait(path: Path) -> None:
    """Rings only where a rule names a route, and not when the post concerns us as well."""
    routed = RULES + "routes: {sales: {to: console}}\n"
    routed = routed.replace("    score: 30\n  too", "    score: 30\n    route: sales\n  too")
    async with asking(path, routed) as it:
        await it.take(post("a", 0, "globex leaks?"), post("b", 0, "acme or globex?", author_id="did:bo"))
        await it.at(31)
        brands = s.rows(path, "SELECT brand FROM effects WHERE kind = 'alert' AND urgency = 2 ORDER BY brand")
        assert [("acme",), ("globex",)] == brands


# --- reactions ----------------------------------------------------------------------------------

LOUD = QUIET + '  loud: {why: Many see it, when: {engagement: {likes: ">= 50"}}, score: 60}\n'


async def test_more_reactions_are_seen(path: Path) -> None:
    """After 10, 30 and 120 minutes of an ask that is open; what is more urgent by then alerts again."""
    reactions = Reactions()
    async with asking(path, LOUD, lookup=reactions) as it:
        await it.take(post("a", 0), post("b", 0, author_id="did:bo"))
        await it.take(answer("b+", 5, "b", author="did:bo"))
        for minute in (5, 9, 11, 12, 31):
            await it.at(minute)
        assert ["a", "a"] == reactions.asked
        assert ["normal", "normal"] == [urgency for urgency, _ in it.verdicts()]
        reactions.told["a"] = Engagement(likes=50, replies=6)
        await it.at(119)
        await it.at(120)
        await it.at(600)
        assert ["a", "a", "a"] == reactions.asked
        ((facts,),) = s.rows(path, "SELECT facts FROM verdicts ORDER BY id DESC LIMIT 1")
        assert Engagement(likes=50, replies=6, replies_per_hour=3.0) == rows.facts(facts).engagement
        assert "critical" == it.verdicts()[-1][0]


async def test_what_is_not_told_is_unknown(path: Path) -> None:
    """A platform that does not answer costs that look, and is not asked again and again."""
    reactions = Reactions(told={"a": Unavailable("down")})
    async with asking(path, LOUD, lookup=reactions) as it:
        await it.take(post("a", 0))
        for minute in (11, 12, 13):
            await it.at(minute)
        assert (["a"], 1) == (reactions.asked, len(it.verdicts()))


async def test_after_a_pause_nobody_is_asked_thrice(path: Path) -> None:
    """One look for all that was missed; of what is older than a day, none."""
    reactions = Reactions()
    async with asking(path, LOUD, lookup=reactions) as it:
        await it.take(post("a", 0), post("old", -25 * 60, author_id="did:bo"))
        await it.at(180)
        await it.at(181)
        assert ["a"] == reactions.asked


async def test_rules_that_look_at_no_reactions_ask_for_none(path: Path) -> None:
    """Nor does a platform that tells none get a question."""
    reactions = Reactions()
    async with asking(path, RULES, lookup=reactions) as it:
        await it.take(post("a", 0))
        await it.at(60)
        assert [] == reactions.asked


# --- replay -------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 3, 99])
async def test_a_replay_looks_in_event_time(path: Path, size: int) -> None:
    """As if it was live: each moment by itself, as the ask stood then, however many posts come at once."""
    thread: dict[str, Any] = {"root": PostRef(id="a"), "parent": PostRef(id="a", author_id="did:ann")}
    stream = [
        post("a", 0),
        post("b", 0, author_id="did:bo"),
        post("b2", 20, "acme!!?", author_id="did:bo", root=PostRef(id="b"), parent=PostRef(id="b")),
        answer("b+", 60, "b", author="did:bo"),
        post("a2", 100, **thread),
        post("c", 125, author_id="did:cy"),
        answer("c+", 130, "c", author="did:cy"),
        answer("a+", 180, "a"),
        post("d", 400, author_id="did:dee"),
    ]
    async with asking(path, RULES, delivers=False) as it:
        await it.clock.advance((s.at(10_000) - it.clock.now()).total_seconds())
        for start in range(0, len(stream), size):
            some = stream[start : start + size]
            await it.take(*some)
            await it.looks.replayed(some[-1].posted_at)
        found = s.rows(
            path,
            "SELECT p.post_id, v.urgency, v.facts FROM verdicts v JOIN mentions m ON m.id = v.mention"
            " JOIN posts p ON p.id = m.post",
        )
        looked = {(name, Urgency(urgency).label, rows.facts(facts).waiting) for name, urgency, facts in found}
    half, two = timedelta(minutes=30, seconds=1), timedelta(hours=2)
    assert {one for one in looked if one[2]} == {
        ("a", "high", half),
        ("b2", "high", half),
        ("a", "critical", two),
    }
