"""Loads rule files as one set and offers it as `bot.ports.Judge`.

The only file of the engine that reads the disk. Knows how the parts go together (YAML, schema, compiler,
lint, engine) and nothing of where mentions come from.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bot import yamlfile
from bot.errors import ConfigError, Location, Problem
from bot.model import Facts, Route, Signal, Verdict
from bot.problems import in_order, with_source
from rules import engine, listfiles, schema
from rules.assemble import Assembly, assemble
from rules.engine import DEFAULT_ROUTE, ENGINE_VERSION, Program
from rules.missed import Missed, missed
from rules.report import Code, Report
from rules.scene import Scene

if TYPE_CHECKING:
    from bot.measured import Tally
    from bot.yamlfile import Node
    from rules.cases import Case
    from rules.engine import Rule

__all__ = ["ENGINE_VERSION", "RuleSet", "load_rules", "parse_rules"]

Measure = Callable[[str, tuple[str, ...]], tuple[str | None, Mapping[str, Signal]]]


def declared_only(_text: str, langs: tuple[str, ...]) -> tuple[str | None, Mapping[str, Signal]]:
    """Measures nothing: the language that the post declares, no signals."""
    return (langs[0] if langs else None), {}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """A loaded set: judges facts, knows its routes, keeps its sources (file name → text).

    `version` is a hash of what the files mean: comments, formatting and the order of files don't change it.
    `every` rule is there, also one that is switched off; `cases` are the tests that stand in the files.
    """

    version: str
    sources: Mapping[str, str]
    routes: Mapping[str, Route]
    drafts: Mapping[str, str]
    warnings: tuple[Problem, ...]
    count: int
    program: Program
    every: tuple[Rule, ...]
    cases: tuple[Case, ...]
    measure_with: Measure

    def measure(self, text: str, langs: tuple[str, ...]) -> tuple[str | None, Mapping[str, Signal]]:
        return self.measure_with(text, langs)

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

    def channel(self, route: str) -> str:
        """A route of another set (a stored verdict's) that is not known here is the default."""
        return self._route(route).to

    def fallback(self, route: str) -> str | None:
        return self._route(route).fallback

    def _route(self, name: str) -> Route:
        return self.routes.get(name) or self.routes[DEFAULT_ROUTE]


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
    if not folder.is_dir():
        raise ConfigError([Problem(message=f"there is no folder {folder}", code=Code.SYNTAX.value)])
    texts = _read(sorted(file for file in folder.iterdir() if _is_rule_file(file)))
    files = _parse(texts)
    for path in listfiles.named(files):
        if (text := _list_file(path)) is not None:
            texts[path] = text
    today = datetime.now(UTC).date()
    return _build(files, texts, folder, Assembly(channels, brand, today), measure)


def parse_rules(
    sources: Mapping[str, str],
    *,
    channels: Collection[str] | None = None,
    brand: str | None = None,
    measure: Measure = declared_only,
    today: date | None = None,
) -> RuleSet:
    """The same from texts by file name: a stored verdict's sources give the set that judged it.

    What does not end in .yaml or .yml is a file of words.
    """
    texts = {Path(name): text for name, text in sources.items()}
    return _build(_parse(texts), texts, Path(), Assembly(channels, brand, today), measure)


def _is_rule_file(file: Path) -> bool:
    return _is_yaml(file.name) and not file.name.startswith(".") and not file.is_dir()


def _read(files: Iterable[Path]) -> dict[Path, str]:
    texts: dict[Path, str] = {}
    problems: list[Problem] = []
    for file in files:
        try:
            texts[file] = file.read_bytes().decode("utf-8-sig")
        except OSError as error:
            problems.append(_unreadable(file, f"cannot be read: {error.strerror}"))
        except UnicodeDecodeError as error:
            problems.append(_unreadable(file, f"this is not UTF-8 text (byte {error.start})"))
    if problems:
        raise ConfigError(problems)
    return texts


def _list_file(path: Path) -> str | None:
    """None: there is none, or it is no text; whoever names it is told with the place of the name."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return None


def _unreadable(file: Path, message: str) -> Problem:
    return Problem(message=message, code=Code.SYNTAX.value, location=Location(file, 1, 1))


def _build(
    files: Sequence[Node],
    texts: Mapping[Path, str],
    folder: Path,
    surroundings: Assembly,
    measure: Measure,
) -> RuleSet:
    report = Report()
    definitions = schema.read(files, report)
    built = assemble(definitions, surroundings, texts, report)
    if not definitions.rules and not report.has_errors:
        report.warn(Code.EMPTY, "there are no rules: every mention gets the lowest urgency", None)
    problems = in_order(with_source(report.problems, texts))
    if report.has_errors:
        raise ConfigError(problems)
    sources = {path.relative_to(folder).as_posix(): text for path, text in texts.items()}
    version = _version(files, {name: text for name, text in sources.items() if not _is_yaml(name)})
    return RuleSet(
        version=version,
        sources=sources,
        routes=built.routes,
        drafts=built.drafts,
        warnings=tuple(problems),
        count=len(definitions.rules),
        program=built.program(version),
        every=built.rules,
        cases=built.cases,
        measure_with=measure,
    )


def _parse(texts: Mapping[Path, str]) -> list[Node]:
    """The trees of all files. While one is not YAML, only that is said: the rest would be guesses."""
    files: list[Node] = []
    problems: list[Problem] = []
    for path in sorted(path for path in texts if _is_yaml(path.name)):
        try:
            files.append(yamlfile.load(texts[path], path))
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(in_order(with_source(problems, texts)))
    return files


def _is_yaml(name: str) -> bool:
    return Path(name).suffix in listfiles.RULES


def _version(files: Iterable[Node], lists: Mapping[str, str]) -> str:
    """A hash of the merged content; only personas have an order. `lists`: files of words, by name."""
    merged: dict[str, object] = {}
    for file in files:
        for section, content in file.plain().items():
            if section == "personas":
                merged[section] = [*merged.get(section, ()), *(content or {}).items()]  # type: ignore[misc]
            elif isinstance(content, dict):
                merged[section] = {**merged.get(section, {}), **content}  # type: ignore[dict-item]
            elif content is not None:
                merged[section] = content
    if lists:
        merged["list files"] = {
            name: [entry.text for entry in listfiles.lines(text, Path(name))] for name, text in lists.items()
        }
    canonical = json.dumps(merged, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]
