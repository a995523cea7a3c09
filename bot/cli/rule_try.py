"""`outcare rules try`: type a sentence, see its verdict; edit the rules, and see the next one change."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from bot.cli import output, setup
from bot.cli.changes import stamps
from bot.cli.rules import facts_of
from bot.errors import ConfigError
from bot.rulebook import load_ruleset
from rules.explain import explain
from rules.ruleset import RuleSet, load_rules
from rules.signals.measure import measure

_PROMPT = "> "


def try_sentences(config: Path | None, folder: Path | None) -> None:
    """Until the end of the input. Raises: ConfigError if the rules are broken to begin with."""
    if folder is not None:
        watched, load = folder, lambda: load_rules(folder, measure=measure)
    else:
        setup.tell_demo(config)
        settings = setup.settings(config, needs_secrets=False)
        watched, load = settings.rules, lambda: load_ruleset(settings)
    rules = _Rules(watched, load)
    rules.read()
    for sentence in _typed(sys.stdin):
        rules.read_again()
        facts = facts_of(sentence, rules.now, brand="", lang=None)
        lines = explain(rules.now.judge(facts), facts, rules.now.missed(facts))
        sys.stdout.write("\n".join(lines) + "\n\n")
        sys.stdout.flush()  # whoever reads it by a pipe waits for this answer before the next sentence


def _typed(source: TextIO) -> Iterator[str]:
    """Each line with something in it; a person is asked for it."""
    is_person = source.isatty()
    if is_person:
        sys.stdout.write("Type what somebody may say to you; edit the rules meanwhile; end with Ctrl-D.\n")
    while True:
        if is_person:
            sys.stdout.write(_PROMPT)
            sys.stdout.flush()
        line = source.readline()
        if not line:
            return
        if line.strip():
            yield line.strip()


@dataclass
class _Rules:
    """The set as the files have it; while they are broken, the last one that was not."""

    folder: Path
    load: Callable[[], RuleSet]
    _seen: Mapping[Path, int] = field(default_factory=dict)
    _now: RuleSet | None = None

    @property
    def now(self) -> RuleSet:
        assert self._now is not None  # noqa: S101 - `read` came first
        return self._now

    def read(self) -> None:
        """Raises: ConfigError."""
        self._seen = stamps(self.folder)
        self._now = self.load()

    def read_again(self) -> None:
        if stamps(self.folder) == self._seen:
            return
        try:
            self.read()
        except ConfigError as error:
            output.problems(error.problems)
            sys.stderr.write(f"still judged by the rules of before (version {self.now.version})\n")
        else:
            sys.stderr.write(f"the rules have changed: version {self.now.version}\n")
