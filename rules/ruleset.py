"""Loads rule files as one set and offers it as `bot.ports.Judge`.

Knows how the parts go together (YAML, schema, compiler, lint, engine); nothing of where mentions come from.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from bot import yamlfile
from bot.errors import ConfigError, Problem
from bot.memory import empty
from bot.model import AuthorFacts, Facts, Measured, Verdict
from bot.problems import in_order, with_source
from bot.wishes import Route
from rules import allowances, engine, listfiles, schema
from rules import folder as folder_of_rules
from rules.assemble import NOTHING_AROUND, Assembly, Built, assemble
from rules.engine import DEFAULT_ROUTE, ENGINE_VERSION, Program
from rules.folder import is_yaml
from rules.missed import Missed, missed
from rules.packs.including import included
from rules.places import is_of_pack
from rules.report import LEFT_OUT, Code, Report
from rules.scene import Scene

if TYPE_CHECKING:
    from bot.measured import Tally
    from bot.yamlfile import Node
    from rules.cases import Case
    from rules.engine import Rule

__all__ = [
    "ENGINE_VERSION",
    "Examined",
    "RuleSet",
    "examine_rules",
    "examine_texts",
    "load_rules",
    "parse_rules",
]

_dump = json.JSONEncoder(sort_keys=True).encode


class Measure(Protocol):
    """Measures a text, as `bot.ports.Judge` says."""

    def __call__(
        self, text: str, langs: tuple[str, ...], author: AuthorFacts | None = None, /
    ) -> Measured: ...


def declared_only(_text: str, langs: tuple[str, ...], _author: AuthorFacts | None = None) -> Measured:
    """Measures nothing: the language that the post declares, no signals."""
    return (langs[0] if langs else None), {}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """A loaded set: judges facts, knows its routes, keeps its sources (file name → text).

    `version` is a hash of what the files mean: comments, formatting and the order of files don't change it.
    `every` rule is there, also one that is switched off; `cases` are the tests that stand in the files. What
    packs bring along is there too: their texts among the sources, the names of their rules in `packed`, their
    tests apart, in `pack_cases`.
    """

    version: str
    sources: Mapping[str, str]
    routes: Mapping[str, Route]
    program: Program
    every: tuple[Rule, ...]
    cases: tuple[Case, ...]
    pack_cases: tuple[Case, ...]
    measure_with: Measure
    warnings: tuple[Problem, ...] = ()
    count: int = 0
    packed: frozenset[str] = frozenset()

    def pieces(self) -> Iterator[object]:
        """What it is made of: whoever drops a large set holds these and lets them go one after the other."""
        yield from self.every
        yield from self.cases
        yield from self.program.index.pieces()

    def measure(self, text: str, langs: tuple[str, ...], author: AuthorFacts | None = None) -> Measured:
        return self.measure_with(text, langs, author)

    def judge(self, facts: Facts) -> Verdict:
        return engine.judge(self.program, facts)

    def tallies(self, facts: Facts) -> tuple[Tally, ...]:
        """What the counters of the set make of a mention, before it is judged."""
        if not self.program.counters:
            return ()
        scene = Scene(facts)
        return tuple(counter.tally(scene) for counter in self.program.counters)

    @property
    def counters(self) -> Mapping[str, timedelta]:
        """How far back each counter looks."""
        return {
            counter.key: max(window.reaches for window in counter.windows.values())
            for counter in self.program.counters
        }

    @property
    def waits(self) -> Sequence[timedelta]:
        """After how long an ask that still waits is to be judged again."""
        return self.program.waits

    def looks_at(self, condition: str) -> bool:
        """Whether anything in the set asks for it."""
        return condition in self.program.looks_at

    def missed(self, facts: Facts) -> tuple[Missed, ...]:
        """The rules that nearly fired."""
        return missed(self.program, facts)

    def route(self, name: str) -> Route:
        """One of another set (a stored verdict's) that is not known here is the default."""
        return self.routes.get(name) or self.routes[DEFAULT_ROUTE]


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """All that was found in a set of `count` rules; the set itself, unless a mistake is among it.

    `left_out` are warnings for those who ask for everything (`everything`).
    """

    problems: tuple[Problem, ...]
    left_out: tuple[Problem, ...]
    count: int
    rules: RuleSet | None
    texts: Mapping[Path, str]

    def everything(self) -> list[Problem]:
        """In order. Who does not read it need not wait for it, with ten thousand rules without tests."""
        return in_order([*self.problems, *with_source(self.left_out, self.texts)])

    def usable(self) -> RuleSet:
        """Raises: ConfigError with every problem, warnings included."""
        if self.rules is None:
            raise ConfigError(list(self.problems))
        return self.rules


def load_rules(
    folder: Path,
    *,
    channels: Collection[str] | None = None,
    brand: str | None = None,
    measure: Measure = declared_only,
) -> RuleSet:
    """All `*.yaml` of a folder as one set.

    `channels` are the configured ones that routes may name, `brand` is our own, which `brand:` may name
    (None: not checked), `measure` the signals.
    Raises: ConfigError with every problem, warnings included.
    """
    return examine_rules(folder, Assembly(channels, brand), measure=measure).usable()


def examine_rules(
    folder: Path,
    around: Assembly = NOTHING_AROUND,
    *,
    measure: Measure = declared_only,
    instead: Mapping[Path, str] | None = None,
) -> Examined:
    """The same for those who tell of mistakes, today. `instead`: files of the folder as they would be.

    Raises: ConfigError for what cannot be read or is not YAML.
    """
    files, texts = folder_of_rules.read(folder, instead)
    today = datetime.now(UTC).date()
    try:
        return _build(files, texts, folder, replace(around, today=today), measure)
    finally:
        yamlfile.let_go(files)


def parse_rules(
    sources: Mapping[str, str],
    *,
    channels: Collection[str] | None = None,
    brand: str | None = None,
    measure: Measure = declared_only,
    today: date | None = None,
) -> RuleSet:
    """The same from texts by file name: a stored verdict's sources give the set that judged it.

    What does not end in .yaml or .yml is a file of words. A pack that is not among them is the installed one.
    """
    return examine_texts(sources, Assembly(channels, brand, today), measure=measure).usable()


def examine_texts(
    sources: Mapping[str, str], around: Assembly, *, measure: Measure = declared_only
) -> Examined:
    """Texts by file name, as if they were the files of a folder. Raises: ConfigError for what is not YAML."""
    files, texts = folder_of_rules.parsed({Path(name): text for name, text in sources.items()})
    return _build(files, texts, Path(), around, measure)


def _build(
    files: Sequence[Node],
    texts: Mapping[Path, str],
    folder: Path,
    surroundings: Assembly,
    measure: Measure,
) -> Examined:
    report = Report()
    taken = included(files, report)
    definitions = replace(schema.read(taken.files, report), also_at=taken.also_at)
    built = assemble(definitions, surroundings, texts, report)
    if not definitions.rules and not report.has_errors:
        report.warn(Code.EMPTY, "there are no rules: every mention gets the lowest urgency", None)
    allowances.apply(texts, report, surroundings.today)
    concern = _of_concern(report.problems)
    problems = tuple(in_order(with_source((one for one in concern if one.code not in LEFT_OUT), texts)))
    left_out = tuple(one for one in concern if one.code in LEFT_OUT)
    rules = [*definitions.rules]
    count, packed = len(rules), frozenset(rule.name for rule in rules if is_of_pack(rule.location.file))
    del definitions
    empty(rules)
    usable = None if report.has_errors else _rule_set(files, texts, folder, built, measure)
    if usable is not None:
        usable = replace(usable, warnings=problems, count=count, packed=packed)
    return Examined(problems=problems, left_out=left_out, count=count, rules=usable, texts=texts)


def _rule_set(
    files: Sequence[Node], texts: Mapping[Path, str], folder: Path, built: Built, measure: Measure
) -> RuleSet:
    sources = {_name(path, folder): text for path, text in texts.items()}
    version = _version(files, {name: text for name, text in sources.items() if not is_yaml(name)})
    return RuleSet(
        version=version,
        sources=sources,
        routes=built.routes,
        program=built.program(version),
        every=built.rules,
        cases=tuple(_cases(built.cases, is_packed=False)),
        pack_cases=tuple(_cases(built.cases, is_packed=True)),
        measure_with=measure,
    )


def _of_concern(problems: Iterable[Problem]) -> list[Problem]:
    """Without warnings about packs, which nobody can change; an own rule that does the same is told of."""
    return [one for one in problems if one.code == Code.SAME or not (one.is_warning and _is_packed(one))]


def _is_packed(problem: Problem) -> bool:
    return problem.location is not None and is_of_pack(problem.location.file)


def _name(path: Path, folder: Path) -> str:
    """What a text is called among the sources."""
    return str(path) if is_of_pack(path) else path.relative_to(folder).as_posix()


def _cases(cases: Iterable[Case], *, is_packed: bool) -> Iterator[Case]:
    return (case for case in cases if is_of_pack(case.location.file) == is_packed)


def _version(files: Sequence[Node], lists: Mapping[str, str]) -> str:
    """A hash of the merged content, packs included; only personas have an order. `lists`: files of words."""
    found = hashlib.sha256()
    for part in _canonical(_merged(files, lists)):
        found.update(part.encode())
    return found.hexdigest()[:12]


def _merged(files: Sequence[Node], lists: Mapping[str, str]) -> dict[str, object]:
    packs = [file for file in files if is_of_pack(file.location.file)]
    merged: dict[str, object] = {str(file.location.file): file.plain() for file in packs}
    for file in (file for file in files if file not in packs):
        for section, content in file.plain().items():
            if section == "personas":
                merged[section] = [*merged.get(section, ()), *(content or {}).items()]  # type: ignore[misc]
            elif isinstance(content, dict):
                merged[section] = {**merged.get(section, {}), **content}  # type: ignore[dict-item]
            elif content is not None and section != "use":  # the packs themselves are there
                merged[section] = content
    if lists:
        merged["list files"] = {
            name: [entry.text for entry in listfiles.lines(text, Path(name))] for name, text in lists.items()
        }
    return merged


def _canonical(merged: Mapping[str, object]) -> Iterator[str]:
    """The same as `json.dumps` with sorted keys, a rule at a time: 10,000 at once take 50 ms, in which no
    other thread runs. Empties what it has written.
    """
    for number, (section, content) in enumerate(sorted(merged.items())):
        yield f"{'{' if number == 0 else ', '}{_dump(section)}: "
        if not isinstance(content, dict):
            yield _dump(content)
            continue
        yield "{"
        for place, name in enumerate(sorted(content)):
            yield f"{', ' if place else ''}{_dump(name)}: {_dump(content[name])}"
        yield "}"
        empty(content)
    yield "}" if merged else "{}"
