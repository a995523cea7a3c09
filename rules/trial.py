"""Runs the tests of a rule set, by the same checks and the same `judge` as the daemon.

Knows cases and the engine; reads no file, prints nothing, needs no clock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

from bot import duration
from bot.counting import Counts
from bot.errors import Problem
from bot.links import count_links
from bot.measured import AuthorFacts, Counted, History
from bot.model import ADDRESSED, Facts, Kind, Signal
from bot.problems import with_source
from rules.cases import Case, Must
from rules.report import Code
from rules.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import timedelta

    from bot.model import Verdict
    from rules.engine import Rule
    from rules.given import Given
    from rules.ruleset import Measure, RuleSet

_PLATFORM = "bluesky"
_AUTHOR = frozenset(AuthorFacts.__dataclass_fields__)
_BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
"""When what a test gives is said, for the counters, if it does not say when."""


class Outcome(Enum):
    """`READY`: a `todo` that fires by now, so that it can move to `fires`."""

    PASSED = "passed"
    FAILED = "failed"
    TODO = "todo"
    READY = "ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of one case. `because` is one line; `excuse`: why a failure of it decides nothing."""

    case: Case
    outcome: Outcome
    because: str = ""
    excuse: str = ""

    @property
    def is_blocking(self) -> bool:
        """Whether it must not go live."""
        return self.outcome is Outcome.FAILED and not self.excuse


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """`fired`, `quiet`: rules that some test saw do so, as they should. `tried`: what the tests gave."""

    results: tuple[Result, ...]
    fired: frozenset[str]
    quiet: frozenset[str]
    tried: tuple[Facts, ...]

    @property
    def is_right(self) -> bool:
        return not any(result.is_blocking for result in self.results)


def run(rules: RuleSet, wanted: Callable[[Case], bool] = lambda _: True) -> Trial:
    """Try the cases of the set."""
    by_name = {rule.name: rule for rule in rules.every}
    results: list[Result] = []
    seen: dict[Must, set[str]] = {Must.FIRE: set(), Must.QUIET: set()}
    tried: list[Facts] = []
    for case in filter(wanted, rules.cases):
        facts = facts_of(case.given, rules)
        tried.append(facts)
        if case.must is Must.JUDGE:
            verdict = rules.judge(facts)
            results.append(_judged(case, verdict))
            seen[Must.FIRE].update(fired.rule for fired in verdict.fired)
        else:
            result = _checked(case, by_name[case.name], facts)
            results.append(result)
            if result.outcome is Outcome.PASSED:
                seen[case.must].add(case.name)
    return Trial(
        results=tuple(results),
        fired=frozenset(seen[Must.FIRE]),
        quiet=frozenset(seen[Must.QUIET]),
        tried=tuple(tried),
    )


DEMANDS = {
    Must.FIRE: "should fire on",
    Must.QUIET: "should stay quiet on",
    Must.TODO: "should fire some day on",
    Must.JUDGE: "expects otherwise of",
}


def demand(case: Case) -> str:
    """What a case asks for, in a line."""
    return f"{case.name} {DEMANDS[case.must]}: {' '.join(case.given.text.split())}"


def failures(rules: RuleSet) -> tuple[Problem, ...]:
    """The tests that keep a set from going live, as mistakes of its files."""
    failed = [result for result in run(rules).results if result.is_blocking]
    problems = [
        Problem(
            message=f"{demand(result.case)} ({result.because})",
            code=Code.FAILED.value,
            location=result.case.location,
        )
        for result in failed
    ]
    files = {result.case.location.file for result in failed}
    return tuple(with_source(problems, {file: rules.sources[file.name] for file in files}))


def facts_of(given: Given, rules: RuleSet) -> Facts:
    """The mention that a test gives, with what the counters stand at when it has been said as often as given.

    Before a test all is quiet, and known to have been.
    """
    facts = _stranger(given, rules.measure)
    counts, at = Counts(), facts.at or _BEGIN
    counters: Mapping[str, Counted] = {}
    for number in range(given.repeat):
        one = replace(facts, author_id=facts.handle or f"author {number}")
        counters, _ = counts.take("", f"{number}", at + given.every * number, rules.tallies(one))
    return replace(facts, counters=counters)


def _stranger(given: Given, measure: Measure) -> Facts:
    """Said to us, unless the test says otherwise, and measured as any other."""
    known: dict[str, Any] = {name: fact for name, fact in given.facts.items() if name in _AUTHOR}
    author = AuthorFacts(**known)
    lang, signals = measure(given.text, (given.lang,) if given.lang else (), author)
    pinned = {name: Signal(value=value) for name, value in given.signals.items()}
    usual: dict[str, Any] = {
        "platform": _PLATFORM,
        "kind": Kind.MENTION,
        "lang": lang,
        "links": count_links(given.text),
        "media": (),
        "history": History(),
        "is_reply": given.facts.get("kind") is Kind.REPLY,
        "we_spoke": False,
    }
    named: dict[str, Any] = {**usual, **given.facts}
    return Facts(
        mention_id="test",
        brand="",
        text=given.text,
        speaks_to_us=named["kind"] in ADDRESSED,
        signals={**signals, **pinned},
        **named,
    )


def _checked(case: Case, rule: Rule, facts: Facts) -> Result:
    scene = Scene(facts)
    trace = rule.check(scene)
    if case.must is Must.TODO:
        outcome = Outcome.TODO if trace is None else Outcome.READY
        return Result(case=case, outcome=outcome)
    if (trace is not None) == (case.must is Must.FIRE):
        return Result(case=case, outcome=Outcome.PASSED)
    if trace is None:
        because = f"because {_failing(rule, scene)}"
    else:
        found = ", ".join(dict.fromkeys(evidence.text for evidence in trace))
        because = f"because it matched {found}" if found else "because all that it asks for is so"
    excuse = "on probation" if rule.is_on_probation else ""
    if not rule.counts:
        excuse = "switched off"
    return Result(case=case, outcome=Outcome.FAILED, because=because, excuse=excuse)


def _failing(rule: Rule, scene: Scene) -> str:
    """Which of its conditions were false, and what was not known."""
    names = [name or "when" for name, check in rule.parts if check(scene) is None]
    told = f"{' and '.join(f'{name}:' for name in names)} {'is' if len(names) == 1 else 'are'} false"
    return f"{told} ({', '.join(sorted(scene.notes))})" if scene.notes else told


def _judged(case: Case, verdict: Verdict) -> Result:
    wrong = list(_differences(case.expect, verdict))
    return Result(
        case=case,
        outcome=Outcome.FAILED if wrong else Outcome.PASSED,
        because=f"because {'; '.join(wrong)}" if wrong else "",
    )


def _differences(expect: Mapping[str, Any], verdict: Verdict) -> Iterator[str]:
    """What of the expected is not so."""
    aspects = _aspects(verdict)
    for name, wanted in expect.items():
        actual, show = aspects[name]
        if isinstance(actual, frozenset):
            missing = [one for one in wanted if one not in actual]
            if missing:
                yield f"{name} lack {', '.join(missing)} (there are: {', '.join(sorted(actual)) or 'none'})"
        elif actual != wanted:
            yield f"{name} is {show(actual)}, not {show(wanted)}"


def _aspects(verdict: Verdict) -> Mapping[str, tuple[object, Callable[[Any], str]]]:
    """What `expect` can name, as the verdict has it, and how it is written."""
    return {
        "urgency": (verdict.urgency, lambda urgency: str(urgency.label)),
        "ignored": (verdict.ignored, lambda flag: str(flag).lower()),
        "persona": (verdict.persona, str),
        "route": (verdict.route, str),
        "cc": (frozenset(verdict.cc), str),
        "draft": (verdict.draft, lambda name: str(name or "not named")),
        "tags": (frozenset(verdict.tags), str),
        "rules": (frozenset(fired.rule for fired in verdict.fired), str),
        "respond_in": (verdict.respond_in, _shown),
        "alerts": (verdict.alert, lambda alert: str(alert.value)),
    }


def _shown(length: timedelta | None) -> str:
    return duration.show(length) if length else "none"
