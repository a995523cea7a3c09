"""Loads rule files as one set and offers it as `bot.ports.Judge`.

With `rules.packs` the only part of the engine that reads the disk. Knows how the parts go together (YAML,
packs, schema, compiler, lint, engine) and nothing of where mentions come from.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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
from rules.packs import installed
from rules.packs.including import included, named
from rules.places import is_of_pack, pack_file
from rules.report import Code, Report
from rules.scene import Scene

if TYPE_CHECKING:
    from bot.measured import Tally
    from bot.yamlfile import Node
    from rules.cases import Case
    from rules.engine import Rule

__all__ = ["ENGINE_VERSION", "RuleSet", "load_rules", "parse_rules", "read_folder"]

_dump = json.JSONEncoder(sort_keys=True).encode
Measure = Callable[[str, tuple[str, ...]], tuple[str | None, Mapping[str, Signal]]]


def declared_only(_text: str, langs: tuple[str, ...]) -> tuple[str | None, Mapping[str, Signal]]:
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
    drafts: Mapping[str, str]
    warnings: tuple[Problem, ...]
    count: int
    program: Program
    every: tuple[Rule, ...]
    packed: frozenset[str]
    cases: tuple[Case, ...]
    pack_cases: tuple[Case, ...]
    measure_with: Measure

    def pieces(self) -> Iterator[object]:
        """What it is made of: whoever drops a large set holds these and lets them go one after the other."""
        yield from self.every
        yield from self.cases
        yield from self.program.index.pieces()

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
    files, texts = read_folder(folder)
    today = datetime.now(UTC).date()
    try:
        return _build(files, texts, folder, Assembly(channels, brand, today), measure)
    finally:
        _let_go(files)


def read_folder(folder: Path) -> tuple[list[Node], dict[Path, str]]:
    """The trees of its rule files; the texts of all that they are made of. Raises: ConfigError."""
    if not folder.is_dir():
        raise ConfigError([Problem(message=f"there is no folder {folder}", code=Code.SYNTAX.value)])
    texts = _read(rule_files(folder))
    files = _parse(texts)
    for path in listfiles.named(files):
        if (text := _list_file(path)) is not None:
            texts[path] = text
    files += _packs(files, texts)
    return files, texts


def rule_files(folder: Path) -> list[Path]:
    """The files of a folder that make its set; none where there is no folder."""
    try:
        return sorted(file for file in folder.iterdir() if _is_rule_file(file))
    except OSError:
        return []


def list_files(folder: Path) -> tuple[Path, ...]:
    """The files of words that they name, there or not: of those that can be read at all."""
    lists: dict[Path, None] = {}
    for file in rule_files(folder):
        try:
            texts = _read([file])
            if listfiles.KEY in texts[file]:
                lists |= dict.fromkeys(listfiles.named(_parse(texts)))
        except ConfigError:
            continue  # whoever loads the set is told
    return tuple(lists)


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
    texts = {Path(name): text for name, text in sources.items()}
    stored = {path: texts.pop(path) for path in [*texts] if is_of_pack(path)}
    files = _parse(texts)
    files += _packs(files, texts, stored)
    return _build(files, texts, Path(), Assembly(channels, brand, today), measure)


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


def _packs(
    files: Iterable[Node], texts: dict[Path, str], stored: Mapping[Path, str] | None = None
) -> list[Node]:
    """The trees of the packs that files use; their texts go into `texts`. A missing one is told of later."""
    found: dict[Path, str] = {}
    for name in named(files):
        path = pack_file(name)
        text = (stored or {}).get(path) or installed.text(name)
        if text is not None:
            found[path] = text
    texts |= found
    return _parse(found)


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
    taken = included(files, report)
    definitions = replace(schema.read(taken.files, report), also_at=taken.also_at)
    built = assemble(definitions, surroundings, texts, report)
    if not definitions.rules and not report.has_errors:
        report.warn(Code.EMPTY, "there are no rules: every mention gets the lowest urgency", None)
    problems = in_order(with_source(_of_concern(report.problems), texts))
    if report.has_errors:
        raise ConfigError(problems)
    sources = {_name(path, folder): text for path, text in texts.items()}
    version = _version(files, {name: text for name, text in sources.items() if not _is_yaml(name)})
    cases = {is_packed: tuple(_cases(built.cases, is_packed=is_packed)) for is_packed in (False, True)}
    packed = frozenset(rule.name for rule in definitions.rules if is_of_pack(rule.location.file))
    rules = [*definitions.rules]
    count = len(rules)
    del definitions
    while rules:  # as with the trees: one by one, so that no other thread waits for the whole
        rules.pop()
    return RuleSet(
        version=version,
        sources=sources,
        routes=built.routes,
        drafts=built.drafts,
        warnings=tuple(problems),
        count=count,
        program=built.program(version),
        every=built.rules,
        packed=packed,
        cases=cases[False],
        pack_cases=cases[True],
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


def _let_go(files: list[Node]) -> None:
    trees, files[:] = [*files], []
    yamlfile.let_go(trees)


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


def _is_yaml(name: str) -> bool:
    return Path(name).suffix in listfiles.RULES


def _version(files: Sequence[Node], lists: Mapping[str, str]) -> str:
    """A hash of the merged content, packs included; only personas have an order. `lists`: files of words."""
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
    found = hashlib.sha256()
    for part in _canonical(merged):
        found.update(part.encode())
    return found.hexdigest()[:12]


def _canonical(merged: Mapping[str, object]) -> Iterator[str]:
    """The same as `json.dumps` with sorted keys, a rule at a time: 10,000 at once take 50 ms, in which no
    other thread runs.
    """
    for number, (section, content) in enumerate(sorted(merged.items())):
        yield f"{'{' if number == 0 else ', '}{_dump(section)}: "
        if not isinstance(content, dict):
            yield _dump(content)
            continue
        yield "{"
        for place, (name, member) in enumerate(sorted(content.items())):
            yield f"{', ' if place else ''}{_dump(name)}: {_dump(member)}"
        yield "}"
    yield "}" if merged else "{}"
