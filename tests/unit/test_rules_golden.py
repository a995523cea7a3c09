"""Each kind of mistake in a rule file, with the exact lines that `check` prints for it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.errors import ConfigError
from bot.problems import render_all
from rules.report import Code
from rules.ruleset import parse_rules

GOLDEN = Path(__file__).parents[1] / "golden" / "rules"
CASES = sorted(path for path in GOLDEN.iterdir() if path.is_dir() or path.suffix == ".yaml")
CHANNELS = {"console", "telegram:billing", "telegram:care"}


def checked(case: Path) -> str:
    """What `check` prints for one file, or for a folder of them."""
    files = sorted(case.glob("*.yaml")) if case.is_dir() else [case]
    sources = {file.name: file.read_text(encoding="utf-8") for file in files}
    try:
        rules = parse_rules(sources, channels=CHANNELS, brands={"acme", "globex"})
    except ConfigError as error:
        return render_all(error.problems) + "\n"
    return render_all(rules.warnings) + "\n"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_every_mistake_is_shown_at_its_place(case: Path) -> None:
    """All problems of a file are reported at once, each with code, place, line and caret."""
    assert case.with_suffix(".txt").read_text(encoding="utf-8") == checked(case)


def test_every_code_has_a_golden_case() -> None:
    """No code is without an example, and no example shows a code that does not exist."""
    shown = "\n".join(checked(case) for case in CASES)
    assert {code.value for code in Code} == set(re.findall(r"\b[RWI][0-9]{3}\b", shown))
