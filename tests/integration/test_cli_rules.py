"""`outcare rules explain` and `outcare check`, run as people and scripts run them."""

from __future__ import annotations

import asyncio
import io
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.cli import setup
from bot.cli.main import main
from bot.replay import replay
from bot.rulebook import load_ruleset
from bot.store.sqlite import SqliteStore
from connectors.bluesky.recording import RecordingSource

SAMPLES = Path(__file__).parents[1] / "samples" / "bluesky"
CONFIG = """
brand: {name: acme, words: [acme]}
rivals: {globex: {words: [globex]}}
languages: [en, sv, pt-BR]
sources: {}
"""
RULES = """
rules:
  late: {why: Money is owed, when: {text: refund NEAR/8 waiting}, score: 40, tags: [billing]}
  here: {why: From Brazil, when: {lang: pt-BR}, score: 3}
"""


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ran]


@pytest.fixture(name="home")
def _home(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    (tmp_path / "outcare.yaml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "rules" / "rules.yaml").write_text(RULES, encoding="utf-8")
    return tmp_path


@pytest.fixture(name="run")
def _run(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command in this process, with its exit code."""
    monkeypatch.chdir(home)
    monkeypatch.setenv("OUTCARE_CONFIG", str(home / "outcare.yaml"))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str, typed: bytes = b"") -> Ran:
        monkeypatch.setattr(sys, "argv", ["outcare", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed)))
        with pytest.raises(SystemExit) as exit_:
            main()
        captured = capsys.readouterr()
        return Ran(int(exit_.value.code or 0), captured.out, captured.err)

    return run


def test_the_version_is_told(run: Run) -> None:
    """What a bug report begins with: that of the installed package."""
    assert Ran(0, f"outcare {version('outcare')}\n", "") == run("--version")


def test_explain_shows_why(run: Run) -> None:
    """The headline, the rules with their words, the signals."""
    shown = run("rules", "explain", "@acme STILL waiting for my refund")
    assert (0, "") == (shown.code, shown.err)
    lines = shown.out.splitlines()
    assert "NORMAL  score 40  route default  reply within 4h  tags billing" == lines[0]
    assert '        +40  late  rules.yaml:3  "waiting for my refund"' == lines[1]


def test_explain_for_scripts(run: Run) -> None:
    """One JSON document; from standard input too; the language may be set."""
    asked = run("rules", "explain", "-", "--json", "--lang", "pt_BR", typed="olá acme\r\n".encode())
    assert (0, "pt-BR", ["here"]) == (
        asked.code,
        asked.json()["lang"],
        [fired["rule"] for fired in asked.json()["fired"]],
    )


def test_explain_takes_any_bytes(run: Run) -> None:
    """What is not UTF-8 is shown as a replacement character, also inside the evidence."""
    typed = b"my refund \xff still waiting"
    shown = run("rules", "explain", "-", typed=typed)
    assert (0, True) == (shown.code, '"refund \ufffd still waiting"' in shown.out)
    assert shown.out == run("rules", "explain", os.fsdecode(typed)).out


@pytest.mark.parametrize(
    "arguments",
    [(), ("",), ("  \n ",), ("-",), ("hello", "--lang", "x y"), ("hello", "--nope")],
)
def test_wrong_use_of_explain_is_2(run: Run, arguments: tuple[str, ...]) -> None:
    """Nothing to explain, no language, no such option."""
    shown = run("rules", "explain", *arguments)
    assert (2, "") == (shown.code, shown.out)


STORED_ID = "01KAJ4ZC00ABCDEFGHJKMNPQRS"


@pytest.mark.parametrize("unknown", [STORED_ID, "https://bsky.example/post/1", "at://did:plc:x/post/1"])
def test_what_is_not_stored_is_1(run: Run, unknown: str) -> None:
    """An id or an address is looked up; not found, or no database yet, is a problem in one line."""
    shown = run("rules", "explain", unknown, "--database", "new.db")
    assert (1, "", 1) == (shown.code, shown.out, len(shown.err.splitlines()))
    assert 0 == run("db", "upgrade", "--database", "new.db").code
    shown = run("rules", "explain", unknown, "--database", "new.db")
    assert (1, "") == (shown.code, shown.out)
    assert f"no mention {unknown} is stored" in shown.err


def test_a_stored_mention_is_explained_as_it_was_and_as_it_would_be(run: Run, home: Path) -> None:
    """By its id and by its address; after the rules changed, both verdicts are shown."""
    with capture_logs():
        asyncio.run(kept(home, "@acme waiting for my refund"))
    row = run("inbox", "--database", "kept.db", "--json").json()[0]
    explain = ("rules", "explain", row["mention_id"], "--database", "kept.db")
    before = run(*explain, "--json").json()
    assert before["then"] == before["now"]
    assert [("late", "rules.yaml:3")] == [
        (each["rule"], each["location"]) for each in before["then"]["fired"]
    ]
    assert "with the rules of now" not in run(*explain).out

    (home / "rules" / "rules.yaml").write_text(RULES.replace("score: 40", "score: 60"), encoding="utf-8")
    after = run(*explain, "--json").json()
    assert (before["then"], 60) == (after["then"], after["now"]["score"])
    shown = run(*explain).out
    assert ["NORMAL  score 40", "HIGH  score 60"] == [
        line[: line.index("  route")] for line in shown.splitlines() if "  score " in line
    ]


def test_check_names_languages_without_signals(run: Run) -> None:
    """Where the file names them; a warning is no error."""
    checked = run("check")
    assert 0 == checked.code
    lines = checked.err.splitlines()
    assert lines[0].partition("outcare.yaml:")[2].startswith("4:17: there are no signals for sv: ")
    assert ["1 warning"] == lines[1:]
    assert "2 rules" in checked.out


def test_check_for_scripts(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A language out of a variable has no place."""
    monkeypatch.setenv("OUTCARE_LANGUAGES", "ja")
    asked = run("check", "--json")
    problems: list[Mapping[str, Any]] = asked.json()["problems"]
    assert (0, True, [(True, None)]) == (
        asked.code,
        asked.json()["ok"],
        [(each["is_warning"], each["line"]) for each in problems],
    )


def test_check_tells_of_settings_and_rules_at_once(run: Run, home: Path) -> None:
    """A mistake in the settings does not hide those in the rules."""
    (home / "outcare.yaml").write_text(CONFIG.replace("languages:", "languagesx:"), encoding="utf-8")
    (home / "rules" / "rules.yaml").write_text(RULES.replace("score: 40", "scor: 40"), encoding="utf-8")
    checked = run("check")
    assert (1, "") == (checked.code, checked.out)
    assert 'did you mean "languages"?' in checked.err
    assert 'did you mean "score"?' in checked.err
    assert "2 errors" == checked.err.splitlines()[-1]


async def kept(home: Path, text: str) -> None:
    """`kept.db`, with one recorded post of these words in it."""
    frame = json.loads((SAMPLES / "plain.json").read_text(encoding="utf-8"))
    frame["commit"]["record"]["text"] = text
    (home / "day.jsonl").write_text(json.dumps(frame) + "\n", encoding="utf-8")
    settings = setup.settings(home / "outcare.yaml")
    store = await SqliteStore.open(home / "kept.db", upgrade=True)
    try:
        await replay(RecordingSource(home / "day.jsonl"), settings, load_ruleset(settings), store)
    finally:
        await store.close()
