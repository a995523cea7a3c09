"""`outcare rules explain`: why something is judged as it is."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import typer

from bot.cli import output, setup
from bot.cli.reports import read
from bot.errors import ConfigError
from bot.ids import ulid
from bot.model import Facts, Verdict
from bot.records import StoredVerdict
from bot.rulebook import load_ruleset
from bot.yamlfile import closest
from rules import trial
from rules.explain import as_json as explain_json
from rules.explain import explain
from rules.given import Given
from rules.missed import Missed
from rules.places import shown
from rules.ruleset import RuleSet
from rules.signals.language import canonical
from rules.whynot import why_not

_STORED = re.compile(r"(?:[0-9A-HJKMNP-TV-Z]{26}|at://\S+|https?://\S+)\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`lang`: said beforehand. `why_not`: a rule of which it is told as well why it does not fire."""

    lang: str | None = None
    why_not: str | None = None
    as_json: bool = False


def explain_what(what: str, config: Path | None, database: Path | None, asked: Asked) -> int:
    setup.tell_demo(config)
    settings = setup.settings(config, needs_secrets=False)
    rules = load_ruleset(settings)
    text = _given(what)
    _check(asked, rules)
    if _STORED.match(text):
        stored = read(database or settings.database, lambda store: store.verdict(text))
        if stored is None:
            raise ConfigError(
                f"no mention {text} is stored (a text that looks like an address? put it in a sentence)"
            )
        return _explain_stored(stored, rules, asked)
    facts = facts_of(text, rules, brand=settings.brands[0].name, lang=asked.lang)
    if asked.as_json:
        output.json(
            {**explain_json(rules.judge(facts), facts, rules.missed(facts)), **_reasons(rules, facts, asked)}
        )
    else:
        _show(rules.judge(facts), facts, rules.missed(facts))
        _show_reasons(rules, facts, asked)
    return 0


def _check(asked: Asked, rules: RuleSet) -> None:
    """Raises: typer.BadParameter."""
    if asked.lang is not None and canonical(asked.lang) is None:
        raise typer.BadParameter(f"{asked.lang!r} is no language code (en, no, pt-BR)", param_hint="--lang")
    names = [rule.name for rule in rules.every]
    if asked.why_not is not None and asked.why_not not in names:
        near = closest(asked.why_not, names)
        hint = f"did you mean {near!r}?" if near else f"there are: {', '.join(names)}"
        raise typer.BadParameter(f"there is no rule {asked.why_not!r}; {hint}", param_hint="--why-not")


def _reasons(rules: RuleSet, facts: Facts, asked: Asked) -> dict[str, object]:
    if asked.why_not is None:
        return {}
    reasons = why_not(rules, asked.why_not, facts)
    told = [
        {"condition": one.path, "line": one.location.line, "asks": one.asks, "was": one.was}
        for one in reasons
    ]
    return {"why_not": {"rule": asked.why_not, "fires": not reasons, "because": told}}


def _show_reasons(rules: RuleSet, facts: Facts, asked: Asked) -> None:
    if asked.why_not is None:
        return
    reasons = why_not(rules, asked.why_not, facts)
    counts = next(rule.counts for rule in rules.every if rule.name == asked.why_not)
    fires = "fires" if counts else "would fire, but is switched off"
    lines = [f"{asked.why_not} {'does not fire:' if reasons else fires}"]
    for one in reasons:
        lines.append(f"  {shown(one.location)}  {one.path}: asks for  {one.asks}")
        lines.append(f"       here: {one.was}")
    sys.stdout.write("\n" + "\n".join(lines) + "\n")


def _given(what: str) -> str:
    """What is to be explained. Bytes that are no UTF-8 are shown as such instead of ending the program."""
    typed = sys.stdin.buffer.read() if what == "-" else what.encode("utf-8", "surrogateescape")
    text = typed.decode("utf-8", "replace").strip()
    if not text:
        raise typer.BadParameter(
            "there is nothing to explain: give a text, the id of a mention, or - for stdin"
        )
    return text


def facts_of(text: str, rules: RuleSet, *, brand: str, lang: str | None) -> Facts:
    """A text as if somebody had said it to the brand just now."""
    now = datetime.now(UTC)
    said = trial.facts_of(Given(text=text, lang=lang, facts={"at": now}), rules)
    return replace(said, mention_id=ulid(now), brand=brand)


def _explain_stored(stored: StoredVerdict, rules: RuleSet, asked: Asked) -> int:
    """As it was judged then, and, where that differs, as it would be now."""
    then, facts = stored.verdict, stored.facts
    now, missed = rules.judge(facts), rules.missed(facts)
    if asked.as_json:
        reasons = _reasons(rules, facts, asked)
        output.json(
            {"then": explain_json(then, facts), "now": {**explain_json(now, facts, missed), **reasons}}
        )
        return 0
    if _differs(then, now):
        _show(then, facts)
        sys.stdout.write("\nwith the rules of now:\n")
        _show(now, facts, missed)
    else:
        _show(then, facts, missed)
    _show_reasons(rules, facts, asked)
    return 0


def _differs(then: Verdict, now: Verdict) -> bool:
    def outcome(verdict: Verdict) -> tuple[object, ...]:
        fired = sorted((one.rule, one.points) for one in verdict.fired)
        return (verdict.urgency, verdict.ignored, verdict.score, verdict.route, verdict.tags, fired)

    return outcome(then) != outcome(now)


def _show(verdict: Verdict, facts: Facts, missed: Sequence[Missed] = ()) -> None:
    sys.stdout.write("\n".join(explain(verdict, facts, missed)) + "\n")
