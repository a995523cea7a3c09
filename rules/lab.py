"""The rule lab (`bot.lab.Lab`) on the set in use and its folder: reads the folder, and never writes it.

An edited set is made from texts alone: what it names beyond them is not there, wherever it may lie.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.errors import ConfigError, Problem
from bot.lab import Because, Bench, Checked, Looked, Quiet, Sample
from bot.model import Facts
from bot.problems import render_all
from rules import folder as folder_of_rules
from rules import trial
from rules.diff import diff, normal
from rules.given import Given
from rules.places import is_of_pack
from rules.report import Code
from rules.ruleset import RuleSet, parse_rules
from rules.signals.language import canonical
from rules.trial import Outcome
from rules.whynot import why_none

MOST_BYTES = 2_000_000
"""A set beyond that is edited and tried with an editor and `outcare rules`."""
MOST_SAID = 20_000
"""So many sentences of tests are tried, each as often as it is repeated."""
MOST_QUIET = 100
_AUTHOR = ("handle", "bio", "followers", "following", "age", "verified")


@dataclass(kw_only=True)
class RuleLab:
    """`rules` gives the set in use; `channels` and `brand` are what its files may name."""

    rules: Callable[[], RuleSet]
    folder: Path
    channels: frozenset[str]
    brand: str

    def files(self) -> Mapping[str, str]:
        try:
            texts = folder_of_rules.read(self.folder)[1]
        except ConfigError:
            texts = {self.folder / name: text for name, text in self.rules().sources.items()}
        own = {path: text for path, text in texts.items() if path.is_relative_to(self.folder)}
        named = {path.relative_to(self.folder): text for path, text in own.items()}
        return {name.as_posix(): text for name, text in named.items() if not is_of_pack(name)}

    def facts(self, sample: Sample, now: datetime) -> Facts:
        author = {name: getattr(sample, name) for name in _AUTHOR}
        named: dict[str, Any] = {"kind": sample.kind, "platform": sample.platform, "at": now}
        named |= {name: value for name, value in author.items() if value is not None}
        lang = canonical(sample.lang) if sample.lang else None
        if lang:
            named["lang"] = lang
        facts = trial.facts_of(Given(text=sample.text, lang=lang, facts=named), self.rules())
        return replace(facts, mention_id="lab", brand=self.brand)

    def look(self, bench: Bench) -> Looked:
        rules = self.rules()
        facts = replace(bench.facts, silenced=dict(bench.silenced))
        edited = self._changed(bench.edited)
        candidate, checked = self._candidate(edited) if edited else (None, None)
        quiet, more = _quiet(candidate or rules, facts)
        return Looked(
            facts=facts,
            now=rules.judge(facts),
            after=candidate.judge(facts) if candidate else None,
            quiet=quiet,
            more=more,
            checked=checked,
            patch=self.patch(edited),
        )

    def patch(self, edited: Mapping[str, str]) -> str:
        parts = (diff(self._raw(name), text, f"{self.folder.name}/{name}") for name, text in edited.items())
        return "".join(parts)

    def _raw(self, name: str) -> str:
        """As it lies on the disk, its line ends and byte order mark included."""
        try:
            return (self.folder / name).read_bytes().decode()
        except (OSError, UnicodeDecodeError):
            return self.rules().sources.get(name, "")

    def _changed(self, edited: Mapping[str, str]) -> dict[str, str]:
        """Those of our files that differ in more than their line ends: browsers change these."""
        files = self.files()
        known = {name: text for name, text in edited.items() if name in files}
        return {name: text for name, text in known.items() if normal(text) != normal(files[name])}

    def _candidate(self, edited: Mapping[str, str]) -> tuple[RuleSet | None, Checked]:
        texts = {**self.files(), **{name: normal(text) for name, text in edited.items()}}
        if sum(map(len, texts.values())) > MOST_BYTES:
            problem = Problem(
                message=f"more than {MOST_BYTES:,} characters of rules: use outcare rules try",
                code=Code.SYNTAX.value,
            )
            raise ConfigError([problem])
        try:
            rules = parse_rules(
                texts,
                channels=self.channels,
                brand=self.brand,
                measure=self.rules().measure_with,
                today=datetime.now(UTC).date(),
            )
        except ConfigError as error:
            return None, Checked(problems=render_all(error.problems), is_loadable=False)
        return rules, _tried(rules)


def _tried(rules: RuleSet) -> Checked:
    problems = render_all(rules.warnings) if rules.warnings else ""
    said = sum(case.given.repeat for case in rules.cases)
    if said > MOST_SAID:
        return Checked(problems=problems, is_loadable=True, untried=len(rules.cases))
    results = trial.run(rules).results
    failed = [one for one in results if one.outcome is Outcome.FAILED]
    return Checked(
        problems=problems,
        is_loadable=True,
        passed=sum(one.outcome is Outcome.PASSED for one in results),
        failed=tuple(
            f"{one.case.location.file.name}:{one.case.location.line} {trial.demand(one.case)} ({one.because})"
            for one in failed
        ),
    )


def _quiet(rules: RuleSet, facts: Facts) -> tuple[tuple[Quiet, ...], int]:
    """The rules that did not fire, and why; the nearest first, then by name."""
    near = {one.rule for one in rules.missed(facts)}
    fired = {one.rule for one in rules.judge(replace(facts, silenced={})).fired}
    silent = [rule for rule in rules.every if rule.counts and rule.name not in fired]
    silent.sort(key=lambda rule: (rule.name not in near, rule.name))
    because = why_none(rules, [rule.name for rule in silent[:MOST_QUIET]], facts)
    told = tuple(
        Quiet(
            rule=rule.name,
            points=rule.points,
            place=rule.location,
            is_near=rule.name in near,
            because=tuple(
                Because(
                    path=one.path,
                    place=f"{one.location.file.name}:{one.location.line}",
                    asks=one.asks,
                    was=one.was,
                )
                for one in because[rule.name]
            ),
        )
        for rule in silent[:MOST_QUIET]
    )
    return told, max(0, len(silent) - MOST_QUIET)
