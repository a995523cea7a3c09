"""`outcare rules check` and `outcare rules help`: what people see."""

from __future__ import annotations

from pathlib import Path

import pytest

from rules.report import Code
from tests.integration.test_cli_rules import Run, _home, _run

__all__ = ["_home", "_run"]  # the fixtures `home` and `run`

GOLDEN = Path(__file__).parents[1] / "golden" / "rule-check"
BARE = "rules: {late: {why: x, when: {text: late}, score: 20}}\n"


def test_nine_mistakes_are_told_at_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The layout: place, code, message, suggestion, the line and a caret; the sum, and what is left out."""
    monkeypatch.chdir(GOLDEN)
    ran = run("rules", "check", ".")
    assert (1, "") == (ran.code, ran.out)
    assert (GOLDEN / "bad.txt").read_text(encoding="utf-8") == ran.err


def test_what_is_left_out_is_told_when_asked_for(run: Run, home: Path) -> None:
    """Tests that are missing drown nothing; `--all` and `--strict` tell of them, the latter as errors."""
    (home / "rules" / "rules.yaml").write_text(BARE, encoding="utf-8")
    usual = run("rules", "check")
    assert (0, True) == (usual.code, "no problems (W110–W112 left out here)\n" in usual.out)
    every = run("rules", "check", "--all")
    assert (0, True) == (every.code, 'W110 rule "late" has no test that fires it' in every.err)
    assert every.out.endswith("2 warnings\n")
    assert 1 == run("rules", "check", "--strict").code


def test_a_code_is_explained(run: Run) -> None:
    """However it is written; the example is indented, as on any terminal."""
    told = run("rules", "help", "r021")
    assert told.out.startswith("R021  Unknown condition, author field or word list\n\n")
    assert "\n    rules:\n" in told.out
    assert "```" not in told.out


def test_all_codes_are_listed(run: Run) -> None:
    """Without a code, each in a line."""
    lines = run("rules", "help").out.splitlines()
    assert [code.value for code in Code] == [line.split()[0] for line in lines if line[:1] in "RWI" and line]


def test_a_code_that_is_none_gets_a_near_one(run: Run) -> None:
    """Wrong use, in one line."""
    wrong = run("rules", "help", "R02")
    assert (2, True) == (wrong.code, "did you mean R0" in wrong.err)
    assert "outcare rules help" in run("rules", "help", "nonsense").err


def test_machines_get_the_help_as_well(run: Run, home: Path) -> None:
    """The title, and the command that tells more."""
    (home / "rules" / "rules.yaml").write_text(BARE.replace("score", "scor"), encoding="utf-8")
    (problem,) = run("rules", "check", "--json").json()["problems"]
    assert ("Unknown key", "outcare rules help R010") == (problem["title"], problem["help"])
    assert "%0AUnknown key: outcare rules help R010" in run("rules", "check", "-f", "github").out
