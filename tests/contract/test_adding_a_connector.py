"""docs/adding-a-connector.md says what the suite checks."""

from __future__ import annotations

import re
from pathlib import Path

from bot.testing.source_contract import NetworkSourceContract

PAGE = (Path(__file__).parents[2] / "docs" / "adding-a-connector.md").read_text(encoding="utf-8")


def test_the_rules_are_all_on_the_page() -> None:
    """The page lists every rule of the suite by its number, and the thirteenth."""
    listed = {
        int(number)
        for number in re.findall(r"^(\d+)\. ", PAGE.partition("These are the rules")[2], re.MULTILINE)
    }
    checked = {
        int(name.split("_")[2]) for name in dir(NetworkSourceContract) if name.startswith("test_rule_")
    }
    assert listed == checked | {13}


def test_the_names_on_the_page_exist() -> None:
    """Every file and function that the page names is there."""
    root = Path(__file__).parents[2]
    files = set(re.findall(r"`((?:bot|tests|docs)/[a-z_/-]+\.(?:py|md))`", PAGE))
    assert len(files) >= 4
    assert [file for file in sorted(files) if not (root / file).is_file()] == []
    refusals = (root / "bot" / "refusals.py").read_text(encoding="utf-8")
    for name in re.findall(r"`bot\.refusals\.(\w+)`", PAGE):
        assert f"def {name}(" in refusals
