"""`outcare rules new`: shown, asked for, written; and what keeps it from being written."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from bot.cli.main import main
from tests.integration.test_cli_rules import Run, _home, _run

__all__ = ["_home", "_run"]  # the fixtures `home` and `run`

SENTENCES = (
    "--fires",
    "still waiting for my refund",
    "--fires",
    "waiting: refund?",
    "--quiet",
    "refund came",
)
RULE = """\
  late:
    why: Speaks of waiting, refund
    when: {text: waiting NEAR/8 refund}
    score: 20
    tests:
      fires:
        - "still waiting for my refund"
        - "waiting: refund?"
      quiet:
        - "refund came"
"""
BEFORE = (
    "# ours\nrules:\n  owed: {why: x, when: {text: owed}, score: 5}  # five\n\nurgency:\n  low: {from: 0}\n"
)


@pytest.fixture(name="file")
def _file(home: Path) -> Path:
    file = home / "rules" / "rules.yaml"
    file.write_text(BEFORE, encoding="utf-8")
    return file


def test_a_rule_is_shown(run: Run, file: Path) -> None:
    """With its tests; nothing is written."""
    assert (0, f"rules:\n{RULE}", "") == (
        (ran := run("rules", "new", "late", *SENTENCES)).code,
        ran.out,
        ran.err,
    )
    assert BEFORE == file.read_text(encoding="utf-8")


def test_a_rule_is_written_behind_the_others(run: Run, file: Path) -> None:
    """Into the one file there is; comments stay; then its name is taken."""
    ran = run("rules", "new", "late", "--write", *SENTENCES)
    assert (0, True) == (ran.code, f"is written to {file}, and its tests pass" in ran.out)
    head, tail = BEFORE.split("\nurgency")
    assert f"{head}{RULE}\nurgency{tail}" == file.read_text(encoding="utf-8")
    again = run("rules", "new", "late", "--write", *SENTENCES)
    assert (2, True) == (again.code, "there is a rule 'late' already" in again.err)


def test_a_new_file_is_made_when_there_are_several(run: Run, home: Path, file: Path) -> None:
    """Called as the rule, or as one wants; never outside the folder, never another kind of file."""
    (home / "rules" / "words.yaml").write_text("words: {}\n", encoding="utf-8")
    assert 0 == run("rules", "new", "late", "--write", *SENTENCES).code
    assert f"rules:\n{RULE}" == (home / "rules" / "late.yaml").read_text(encoding="utf-8")
    named = run("rules", "new", "late-2", "--write", "--file", "more.yml", "--score", "3", *SENTENCES)
    assert (0, True) == (named.code, (home / "rules" / "more.yml").is_file())
    for wrong in ("../x.yaml", "x.txt", ".x.yaml"):
        assert 2 == run("rules", "new", "late-3", "--write", "--file", wrong, *SENTENCES).code
    assert BEFORE == file.read_text(encoding="utf-8")


def test_warnings_about_it_are_told(run: Run, file: Path) -> None:
    """What stands there already is not told again."""
    ran = run("rules", "new", "late", "--write", "--score", "20", *SENTENCES)
    assert "W103" not in ran.err
    same = run("rules", "new", "late-2", "--write", *SENTENCES)
    assert 'W102 rule "late-2" has the same "when" as rule "late"' in same.err


def test_a_rule_that_breaks_a_test_is_not_written(run: Run, file: Path) -> None:
    """The test that would fail is named, and the file stays."""
    text = f"{BEFORE}tests:\n  calm: {{given: still waiting for a refund, expect: {{urgency: low}}}}\n"
    file.write_text(text, encoding="utf-8")
    ran = run("rules", "new", "late", "--write", *SENTENCES)
    assert (1, True) == (ran.code, "R052 calm expects otherwise of" in ran.err)
    assert f"nothing was written to {file}\n" in ran.err
    assert text == file.read_text(encoding="utf-8")


def test_mistakes_of_before_come_first(run: Run, file: Path) -> None:
    """In a set that cannot be used nothing can be tried."""
    file.write_text(BEFORE.replace("score", "scor"), encoding="utf-8")
    ran = run("rules", "new", "late", "--write", *SENTENCES)
    assert (1, True) == (ran.code, "R010" in ran.err)


def test_rules_in_braces_are_left_to_people(run: Run, file: Path) -> None:
    """There is no line to put one behind."""
    file.write_text("rules: {owed: {why: x, when: {text: owed}}}\n", encoding="utf-8")
    ran = run("rules", "new", "late", "--write", *SENTENCES)
    assert (1, True) == (ran.code, "stand in braces" in ran.err)


def test_wrong_use(run: Run) -> None:
    """A name that is none, no sentence, sentences that no words tell apart, the demo's rules."""
    assert "letters, digits and hyphens" in run("rules", "new", "a b", *SENTENCES).err
    assert "give a sentence" in run("rules", "new", "late").err
    assert "no words tell" in run("rules", "new", "late", "--fires", "so", "--quiet", "so").err


def test_a_folder_needs_no_configuration(run: Run, home: Path, file: Path) -> None:
    """For a repository that holds nothing but rules."""
    (home / "outcare.yaml").unlink()
    ran = run("rules", "new", "late", "--write", "--folder", str(file.parent), *SENTENCES)
    assert (0, True) == (ran.code, RULE in file.read_text(encoding="utf-8"))


class Typed(io.StringIO):
    """A terminal on which somebody types."""

    def isatty(self) -> bool:
        return True


def test_a_person_is_asked(
    file: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """For what was not given: the name, sentences until nothing is typed, why; then whether to write it."""
    monkeypatch.setenv("OUTCARE_CONFIG", str(home / "outcare.yaml"))
    monkeypatch.setattr(sys, "argv", ["outcare", "rules", "new"])
    answers = [
        "late",
        "still waiting for my refund",
        "waiting: refund?",
        "",
        "refund came",
        "",
        "Money is owed",
        "y",
    ]
    monkeypatch.setattr(sys, "stdin", Typed("".join(f"{answer}\n" for answer in answers)))
    with pytest.raises(SystemExit) as ended:
        main()
    assert 0 == (ended.value.code or 0)
    assert "is written to" in capsys.readouterr().out
    assert RULE.replace("Speaks of waiting, refund", "Money is owed") in file.read_text(encoding="utf-8")
