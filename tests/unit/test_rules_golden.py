"""Each kind of mistake in a rule file, with the exact lines that `check` prints for it."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from bot.errors import ConfigError
from bot.problems import render_all
from rules import schema
from rules.assemble import Assembly
from rules.compile import AUTHOR_FIELDS, CONDITIONS
from rules.report import Code
from rules.ruleset import examine_texts
from rules.trial import failures

GOLDEN = Path(__file__).parents[1] / "golden" / "rules"
CASES = sorted(path for path in GOLDEN.iterdir() if path.is_dir() or path.suffix == ".yaml")
CHANNELS = {"console", "telegram:billing", "telegram:care"}
AROUND = Assembly(
    channels=CHANNELS,
    brand="acme",
    today=date(2026, 11, 22),
    deaf={"x", "bluesky"},
    nights=lambda route: "nobody is on call from Mon 18:00 (UTC)" if route == "press" else "",
)


def checked(case: Path) -> str:
    """What `check` prints for one file, or for a folder of them."""
    files = sorted(path for path in case.rglob("*") if path.is_file()) if case.is_dir() else [case]
    folder = case if case.is_dir() else case.parent
    sources = {file.relative_to(folder).as_posix(): file.read_text(encoding="utf-8") for file in files}
    try:
        examined = examine_texts(sources, AROUND)
    except ConfigError as error:
        return render_all(error.problems) + "\n"
    is_all = any(text.startswith("# check --all\n") for text in sources.values())
    failed = failures(examined.rules) if examined.rules else ()
    return render_all([*(examined.everything() if is_all else examined.problems), *failed]) + "\n"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_every_mistake_is_shown_at_its_place(case: Path) -> None:
    """All problems of a file are reported at once, each with code, place, line and caret."""
    assert case.with_suffix(".txt").read_text(encoding="utf-8") == checked(case)


def test_every_code_has_a_golden_case() -> None:
    """No code is without an example, and no example shows a code that does not exist."""
    shown = "\n".join(checked(case) for case in CASES)
    assert {code.value for code in Code} == set(re.findall(r"\b[RWI][0-9]{3}\b", shown))


def test_the_docs_name_every_code_and_every_name() -> None:
    """docs/rules.md tells of each key and each condition; the page of codes of each code."""
    page = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
    words = set(re.findall(r"[\w]+", page))
    names = {*schema.SECTIONS, *schema.RULE_KEYS}
    names |= {*schema.ROUTE_KEYS, *schema.PERSONA_KEYS, *schema.LEVEL_KEYS}
    names |= {
        *CONDITIONS,
        *AUTHOR_FIELDS,
    }
    assert set() == names - words
