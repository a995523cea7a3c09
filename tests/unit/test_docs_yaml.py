"""Every piece of YAML in the documentation is what it seems to be: rules check and pass, settings load."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import yaml

from bot.cli import setup
from bot.settings.answers import parse_answers, remarks
from bot.settings.load import load
from rules import schema, trial
from rules.ruleset import parse_rules
from rules.signals.measure import measure

ROOT = Path(__file__).parents[2]
STARTER = ROOT / "config" / "examples" / "rules" / "starter.yaml"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
NOT_OURS = {"compose.yaml", "signals.md", "rule-codes.md"}
"""Pages whose YAML is of another kind: signals.md shows a file of cues, which the tests of signals read, and
rule-codes.md mistakes, which have tests of their own.
"""
AROUND = "brand: {name: acme, words: [acme]}\nsources: {hackernews: {}}\nchannels: {}\n"


def blocks() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        for found in re.finditer(
            r"^( *)```yaml\n(.*?)^ *```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL
        ):
            line = page.read_text("utf-8")[: found.start()].count("\n") + 2
            if page.name not in NOT_OURS:
                yield f"{page.relative_to(ROOT)}:{line}", textwrap.dedent(found[2])


BLOCKS = dict(blocks())


def is_rules(text: str) -> bool:
    """Of rules or of settings: by the names at the left edge."""
    read = yaml.safe_load(text)
    return any(isinstance(read.get(name), dict) for name in set(schema.SECTIONS) - {"brand", "drafts"})


def is_answers(text: str) -> bool:
    """A file of answers, which the settings only name."""
    return isinstance(yaml.safe_load(text).get("answers"), dict)


@pytest.mark.parametrize(
    "where", [where for where in BLOCKS if is_rules(BLOCKS[where]) and "README" not in where]
)
def test_rules_check_and_their_tests_pass(where: str) -> None:
    """No mistake, no warning but of lists shown for their own sake, and no test that fails."""
    rules = parse_rules({"rules.yaml": BLOCKS[where]}, measure=measure)
    assert {"W101", "W103"} >= {problem.code for problem in rules.warnings}
    tried = trial.run(rules)
    assert tried.results
    assert [] == [str(result) for result in tried.results if result.outcome is trial.Outcome.FAILED]


def test_the_rule_of_the_readme_is_one_of_the_starting_set() -> None:
    """It is shown without its tests and its word lists."""
    starter = yaml.safe_load(STARTER.read_text("utf-8"))["rules"]
    [shown] = [yaml.safe_load(text)["rules"] for where, text in BLOCKS.items() if where.startswith("README")]
    for name, rule in shown.items():
        assert rule == {key: value for key, value in starter[name].items() if key != "tests"}


def test_there_are_blocks_of_both_kinds() -> None:
    """The pages have not moved away from under these tests."""
    kinds = [is_rules(text) for text in BLOCKS.values()]
    assert kinds.count(True) >= 4
    assert kinds.count(False) >= 8


@pytest.mark.parametrize("where", [where for where, text in BLOCKS.items() if is_answers(text)])
def test_answers_are_read(where: str) -> None:
    """Without a mistake, and without anything unwise."""
    answers = parse_answers(BLOCKS[where], Path(where), ("bluesky", "telegram"))
    assert [] == remarks(answers, today=date(2026, 11, 22))


SETTINGS = [where for where, text in BLOCKS.items() if not is_rules(text) and not is_answers(text)]


@pytest.mark.parametrize("where", SETTINGS)
def test_settings_load(where: str, tmp_path: Path) -> None:
    """As they stand, or, for a part, with what every file has."""
    text = BLOCKS[where]
    there = set(yaml.safe_load(text))
    rest = "".join(f"{line}\n" for line in AROUND.splitlines() if line.partition(":")[0] not in there)
    file = tmp_path / "outcare.yaml"
    file.write_text(text + "\n" + rest, "utf-8")
    (tmp_path / "rules").mkdir()
    (tmp_path / "customers.csv").write_text("platform,handle\n", "utf-8")
    (tmp_path / "answers.yaml").write_text("", "utf-8")
    assert load(file, setup.connectors(), env={}, needs_secrets=False).brands
