"""Packs of other people's distributions, and packs that cannot be used."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rules.packs import installed
from tests.unit.rule_cases import facts
from tests.unit.test_packs import own, problems


@pytest.fixture(name="theirs")
def _theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A distribution with a folder of packs, installed as pip leaves it."""
    info = tmp_path / "globex_packs-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: globex-packs\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[outcare.packs]\nglobex = globex_packs\ncore = globex_packs\ngone = not_there_at_all\n"
    )
    folder = tmp_path / "globex_packs"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "shop.yaml").write_text(
        "rules: {globex/late: {why: Is late, when: {text: late}, score: 30}}", encoding="utf-8"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    yield folder
    sys.modules.pop("globex_packs", None)


def test_a_distribution_brings_packs(theirs: Path) -> None:
    """Used, tuned and stored as ours are; ours keep their name."""
    assert ["core/en", "core/es", "globex/shop"] == installed.names()
    rules = own("use: [globex/shop, core/en]\ntune: {globex/late: {score: 40}}")
    fired_ = rules.judge(facts("late again")).fired
    assert [("globex/late", 40, "globex/shop.yaml:1")] == [
        (one.rule, one.points, one.location) for one in fired_
    ]
    assert "pack:globex/shop.yaml" in rules.sources


def test_a_pack_that_cannot_be_used_is_said(theirs: Path) -> None:
    """Not there, not readable, not YAML: a problem, never a traceback."""
    (theirs / "shop.yaml").write_text("rules: [", encoding="utf-8")
    (theirs / "latin.yaml").write_bytes(b"\xe9")
    assert problems({"rules.yaml": "use: globex/shop"})[0].startswith("pack:globex/shop.yaml:")
    assert "cannot be read" in problems({"rules.yaml": "use: globex/latin"})[0]
    for name in ("gone/x", "globex/../shop", "globex/", "globex", "/etc/passwd", ""):
        assert problems({"rules.yaml": f'use: ["{name}"]'})
