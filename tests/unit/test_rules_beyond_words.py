"""Conditions on what is known beyond the words, the keys that came with them, and what is unknown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.measured import Counted, Engagement, History
from bot.model import NO_DRAFT, Signal, Urgency, Verdict
from rules import trial
from rules.explain import explain
from rules.ruleset import RuleSet
from rules.trial import Outcome
from rules.whynot import why_not
from tests.unit.rule_cases import facts, fired, ruleset

DAY = timedelta(days=1)
SATURDAY = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)
TIMES = """
times:
  night: {zone: Europe/Berlin, hours: ["22:00-06:00"]}
  office: {zone: Europe/Berlin, days: mon-fri, hours: ["09:00-12:00", "13:00-17:30"]}
  weekend: [{days: [sat, sun]}, {zone: America/New_York, days: fri, hours: "18:00-24:00"}]
"""
HISTORY = History(messages=(DAY, 8 * DAY, 40 * DAY), unanswered=(DAY,), last_reply=3 * DAY)

HOLDS: list[tuple[str, dict[str, Any], bool]] = [
    ('engagement: {likes: ">= 10"}', {"engagement": Engagement(likes=10)}, True),
    ('engagement: {likes: ">= 10"}', {"engagement": Engagement(likes=9, shares=99)}, False),
    (
        'engagement: {replies_per_hour: ["< 1", "> 20"]}',
        {"engagement": Engagement(replies_per_hour=21)},
        True,
    ),
    ('history: {messages: ">= 2", within: 7d}', {"history": HISTORY}, False),
    ('history: {messages: ">= 2", within: 8d}', {"history": HISTORY}, True),
    ('history: {unanswered: ">= 1", messages: ">= 3"}', {"history": HISTORY}, True),
    ('history: {last_reply: "> 2d"}', {"history": HISTORY}, True),
    ('history: {last_reply: "< 2d"}', {"history": HISTORY}, False),
    ('history: {last_reply: "< 2d"}', {"history": History()}, False),
    ("thread: {position: first}", {"is_reply": False}, True),
    ("thread: {position: reply, we_spoke: false}", {"is_reply": True, "we_spoke": False}, True),
    ("thread: {we_spoke: true}", {"we_spoke": False}, False),
    ('thread: {waiting: "> 30m"}', {"waiting": timedelta(minutes=31)}, True),
    ('thread: {waiting: "> 30m"}', {"waiting": timedelta(minutes=30)}, False),
    ('thread: {waiting: "> 30m"}', {}, False),
    ("links: true", {"links": 2}, True),
    ("links: 1", {"links": 2}, False),
    ('links: ">= 2"', {"links": 2}, True),
    ('rating: "<= 2"', {"rating": 1.5}, True),
    ("rating: [1, 2]", {"rating": 2.0}, True),
    ("media: video", {"media": ("image", "video")}, True),
    ("media: [video, audio]", {"media": ("image",)}, False),
    ("media: false", {"media": ()}, True),
    ('media: ">= 2"', {"media": ("image", "image")}, True),
    ("author: {tier: [gold, Platinum]}", {"tier": "platinum", "known": True}, True),
    ("author: {tier: gold}", {"tier": "silver", "known": True}, False),
    ("author: {known: false}", {"known": False}, True),
    ("author: {staff: true}", {"staff": True}, True),
    ("author: {language: [es, pt]}", {"spoken": "pt-BR"}, True),
    ('sentiment: "< -0.3"', {"signals": {"sentiment": Signal(value=-0.5)}}, True),
    ('spam: ">= 0.9"', {"signals": {"spam": Signal(value=0.8)}}, False),
    ("time: night", {"at": SATURDAY}, True),
    ("time: office", {"at": SATURDAY}, False),
    ("time: [office, weekend]", {"at": SATURDAY}, True),
]


@pytest.mark.parametrize(("condition", "known", "holds"), HOLDS)
def test_a_condition(condition: str, known: dict[str, Any], holds: bool) -> None:
    """Each holds where it should, and not where it should not."""
    rules = ruleset(TIMES + f"rules: {{one: {{why: x, when: {{{condition}}}}}}}")
    assert holds == ("one" in fired(rules.judge(facts("hello", **known))))


UNKNOWN = [
    ('engagement: {likes: "< 10"}', "engagement.likes unknown"),
    ('history: {messages: "< 3"}', "history unknown"),
    ("thread: {we_spoke: false}", "thread.we_spoke unknown"),
    ("links: false", "links unknown"),
    ("media: false", "media unknown"),
    ('rating: "< 3"', "rating unknown"),
    ("author: {known: false}", "author.known unknown"),
    ("author: {tier: gold}", "author.tier unknown: no handle to look for, or there is no list of customers"),
    ('spam: "< 0.5"', "spam unknown (language en)"),
    ("time: night", "time unknown"),
    ("rate: {of: c, in: 10m, at_least: 1}", "rate of c unknown"),
    ("spike: {of: c, in: 10m, against: 1d, times: 2, at_least: 1}", "spike of c unknown"),
]


@pytest.mark.parametrize(("condition", "note"), UNKNOWN)
def test_what_is_unknown_is_false_and_said(condition: str, note: str) -> None:
    """Never an error, and never taken for zero."""
    rules = ruleset(
        TIMES + "conditions: {c: {text: hello}}\n" + f"rules: {{one: {{why: x, when: {{{condition}}}}}}}"
    )
    given = facts("hello", lang="en")
    verdict = rules.judge(given)
    assert () == verdict.fired
    assert note in verdict.notes
    assert why_not(rules, "one", given)


def test_a_tier_is_not_looked_up_without_a_list() -> None:
    """Who has a handle would be known or not, if there was a list: then nothing else can be the reason."""
    rules = ruleset("rules: {one: {why: x, when: {author: {tier: gold}}}}")
    without, absent = (rules.judge(facts(handle="anna", known=known)).notes for known in (None, False))
    assert "author.tier unknown: there is no list of customers" in without
    assert not any("author.tier" in note for note in absent)


WEEK = [
    ("Fri 22:00", "night", True),
    ("Sat 05:59", "night", True),
    ("Sat 06:00", "night", False),
    ("Fri 08:59", "office", False),
    ("Fri 09:00", "office", True),
    ("Fri 12:00", "office", False),
    ("Fri 17:29", "office", True),
    ("Sat 10:00", "office", False),
]


@pytest.mark.parametrize(("when", "name", "holds"), WEEK)
def test_stretches_of_the_week(when: str, name: str, holds: bool) -> None:
    """The end is not in it; what goes over midnight belongs to the day on which it begins."""
    berlin = "\n".join(line for line in TIMES.splitlines() if "weekend" not in line)
    expected = "fires" if holds else "quiet"
    rules = ruleset(
        f"""{berlin}
rules: {{one: {{why: x, when: {{time: {name}}}, tests: {{{expected}: [{{text: hm, at: {when}}}]}}}}}}"""
    )
    assert [Outcome.PASSED] == [result.outcome for result in trial.run(rules).results]


def test_an_hour_that_is_there_twice_and_one_that_is_not() -> None:
    """By the clocks of the zone, whatever they do: 02:30 comes twice in October, and 01:30 UTC in March is 03:30."""
    rules = ruleset(
        "times: {small: {zone: Europe/Berlin, hours: 02:00-03:00}}\n"
        "rules: {one: {why: x, when: {time: small}}}"
    )

    def holds(at: datetime) -> bool:
        return "one" in fired(rules.judge(facts("hm", at=at)))

    assert holds(datetime(2026, 10, 25, 0, 30, tzinfo=UTC))
    assert holds(datetime(2026, 10, 25, 1, 30, tzinfo=UTC))
    assert not holds(datetime(2026, 3, 29, 1, 30, tzinfo=UTC))


KEYS = """
rules:
  loud: {why: x, when: {text: fire}, at_least: critical, route: duty, draft: safe, cc: [legal, duty]}
  much: {why: x, when: {text: late}, score: 40, draft: sorry, cc: legal}
  more: {why: x, when: {text: refund}, score: 30, draft: money}
  quiet: {why: x, when: {text: lawyer}, draft: none}
  tried: {why: x, when: {text: late}, score: 100, at_least: critical, tags: t, probation: true}
  sale: {why: x, when: {text: sale}, score: 50, until: 2026-11-21}
routes: {duty: {to: console}, legal: {to: console}}
drafts: {safe: "Hi {author.name}", sorry: sorry, money: "{brand} {link}"}
"""


def test_the_draft_comes_from_where_the_route_does() -> None:
    """From a lifting rule, else the one with most points; who forbids one is heard."""
    rules = ruleset(KEYS)

    def draft(text: str) -> str | None:
        return rules.judge(facts(text)).draft

    assert ("safe", "sorry", "money", NO_DRAFT, None) == (
        draft("fire, late"), draft("refund late"), draft("refund"), draft("late, fire, lawyer"), draft("hm")
    )  # fmt: skip


def test_copies_add_up_without_the_route_itself() -> None:
    """Whoever gets the alert gets no copy of it."""
    rules = ruleset(KEYS)
    assert ("legal",) == rules.judge(facts("fire, late")).cc
    assert () == rules.judge(facts("refund")).cc


def test_probation_is_told_and_worth_nothing() -> None:
    """No points, no lift, no tag; but the trace shows that it would have fired."""
    verdict = ruleset(KEYS).judge(facts("late"))
    assert (40, Urgency.NORMAL, ()) == (verdict.score, verdict.urgency, verdict.tags)
    assert {"much": False, "tried": True} == {one.rule: one.probation for one in verdict.fired}
    assert '     (+100)  tried  0.yaml:7  on probation: "late"' in explain(verdict, facts("late"))


@pytest.mark.parametrize(("hour", "counts"), [(23, True), (24, False)])
def test_a_rule_has_its_last_day(hour: int, counts: bool) -> None:
    """Until midnight (UTC) of that day, by the time of the post."""
    at = datetime(2026, 11, 21, tzinfo=UTC) + timedelta(hours=hour)
    assert counts == ("sale" in fired(ruleset(KEYS).judge(facts("sale", at=at))))
    assert "sale" in fired(ruleset(KEYS).judge(facts("sale")))


OUTAGE = """
words: {down: [down, offline]}
conditions:
  outage: {text: $down, kind: [mention, reply]}
  loud: {text: help}
rules:
  wave:
    why: Many say so
    when: {is: outage, rate: {of: outage, in: 10m, at_least: 3, distinct: author}}
    at_least: critical
  here:
    why: Many on one platform
    when: {rate: {of: outage, in: 10m, at_least: 3, by: platform}}
    score: 5
  jump:
    why: More than usual
    when: {spike: {of: loud, in: 15m, against: 7d, times: 4, at_least: 2}}
    score: 7
"""


def numbered(rules: RuleSet, text: str, **counts: Counted) -> Verdict:
    """The verdict with these numbers, each by the rule that asks for it."""
    names = {
        kind: window.name
        for counter in rules.program.counters
        for kind, window in zip(("wave" if counter.distinct else "here" if counter.by else "jump",),
                                counter.windows.values(), strict=True)
    }  # fmt: skip
    return rules.judge(facts(text, counters={names[rule]: one for rule, one in counts.items()}))


def test_rates_and_spikes_read_the_frozen_numbers() -> None:
    """The same facts give the same verdict, whatever has been counted since."""
    rules = ruleset(OUTAGE)
    usual = numbered(rules, "down", wave=Counted(now=3), here=Counted(now=2), jump=Counted(now=9, usual=2.5))
    assert ["wave"] == fired(usual)
    assert ("outage 3 in 10m",) == usual.fired[0].evidence[-1:]
    high = numbered(rules, "hm", wave=Counted(now=9), here=Counted(now=3), jump=Counted(now=10, usual=2.5))
    assert ["jump", "here"] == fired(high)
    assert ("loud 10 in 15m, usual 2.5",) == high.fired[0].evidence
    early = numbered(rules, "hm", jump=Counted(now=10))
    assert "spike of loud unknown: nothing to compare with yet" in early.notes


def test_tallies_say_who_counts_as_what() -> None:
    """Each counter once, however many rules look at it; apart by platform, or each author once."""
    rules = ruleset(OUTAGE)
    [one, two, three] = sorted(
        rules.tallies(facts("down", author_id="a1")), key=lambda tally: str(tally.value)
    )
    assert ({True, False}, {"a1", None}) == ({one.counts, two.counts, three.counts}, {one.value, three.value})
    assert {"", "bluesky"} == {one.group, two.group, three.group}
    assert not any(tally.counts for tally in rules.tallies(facts("hm")))
    assert () == ruleset(KEYS).tallies(facts("down"))


def test_a_counter_is_known_by_what_it_counts() -> None:
    """Another limit or window is the same counter; another word in its list is not."""
    key = sorted(ruleset(OUTAGE).counters)
    assert key == sorted(ruleset(OUTAGE.replace("at_least: 3", "at_least: 30")).counters)
    assert key == sorted(ruleset(OUTAGE.replace("in: 10m", "in: 20m")).counters)
    assert key != sorted(ruleset(OUTAGE.replace("offline]", "broken]")).counters)
    assert key != sorted(ruleset(OUTAGE.replace("kind: [mention, reply]", "kind: reply")).counters)


def test_tests_have_a_clock_of_their_own() -> None:
    """Said often enough and fast enough, by different people unless the author is named."""
    rules = ruleset(
        OUTAGE
        + """
tests:
  enough: {given: {text: down, repeat: 3, every: 4m}, expect: {rules: [wave, here], urgency: critical}}
  too-slow: {given: {text: down, repeat: 9, every: 6m}, expect: {urgency: normal}}
  one-voice: {given: {text: down, repeat: 9, every: 1m, author: {handle: ann}}, expect: {urgency: normal, rules: [here]}}
  jump: {given: {text: help, repeat: 2, every: 1m}, expect: {rules: [jump]}}
"""
    )
    assert {Outcome.PASSED} == {result.outcome for result in trial.run(rules).results}
