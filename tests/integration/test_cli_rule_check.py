"""`outcare rules check` and `outcare rules help`: what people see."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.cli import setup
from bot.replay import replay
from bot.rulebook import load_ruleset
from bot.store.sqlite import SqliteStore
from connectors.bluesky.recording import RecordingSource
from rules.report import Code
from tests.integration.test_cli_rules import SAMPLES, Run, _home, _run

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


UNTIDY = "rules:\n    late:\n        # the reason\n        when: {text: late}\n        why: x\n"
TIDY = "rules:\n  late:\n    why: x\n    # the reason\n    when: {text: late}\n"


def test_files_are_formatted(run: Run, home: Path) -> None:
    """`--check` shows what would change and writes nothing; without it the file is written, once."""
    file = home / "rules" / "rules.yaml"
    file.write_text(UNTIDY, encoding="utf-8")
    shown = run("rules", "fmt", "--check")
    assert (1, True, UNTIDY) == (
        shown.code,
        "\n-        why: x\n" in shown.out,
        file.read_text(encoding="utf-8"),
    )
    assert (0, f"{file} is formatted\n") == ((ran := run("rules", "fmt")).code, ran.out)
    assert TIDY == file.read_text(encoding="utf-8")
    assert (0, "1 file is in canonical form\n") == (
        (ran := run("rules", "fmt", str(home / "rules"))).code,
        ran.out,
    )
    assert 0 == run("rules", "fmt", "--check").code


def test_a_broken_file_is_not_formatted(run: Run, home: Path) -> None:
    """The mistake is told; no file is written, the right ones neither."""
    (home / "rules" / "rules.yaml").write_text(UNTIDY, encoding="utf-8")
    (home / "rules" / "z.yaml").write_text("rules: [\n", encoding="utf-8")
    ran = run("rules", "fmt")
    assert (1, True) == (ran.code, "R001" in ran.err)
    assert UNTIDY == (home / "rules" / "rules.yaml").read_text(encoding="utf-8")


def test_the_demo_is_nobody_s_to_format(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a configuration the rules would be those of the package."""
    monkeypatch.delenv("OUTCARE_CONFIG")
    ran = run("rules", "fmt")
    assert (1, True) == (ran.code, "the demo's rules" in ran.err)


async def heard(home: Path, texts: list[str]) -> None:
    """`kept.db`, with recorded posts of these words in it."""
    frame = json.loads((SAMPLES / "plain.json").read_text(encoding="utf-8"))
    with (home / "day.jsonl").open("w", encoding="utf-8") as file:
        for number, text in enumerate(texts):
            frame["commit"] |= {
                "rkey": f"3k{number:011}",
                "record": frame["commit"]["record"] | {"text": text},
            }
            file.write(json.dumps(frame) + "\n")
    settings = setup.settings(home / "outcare.yaml")
    store = await SqliteStore.open(home / "kept.db", upgrade=True)
    try:
        await replay(RecordingSource(home / "day.jsonl"), settings, load_ruleset(settings), store)
    finally:
        await store.close()


def test_words_are_weighed_by_what_was_heard(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A word in more than one of twenty posts is told with its share; what is rare here is not, whatever it is
    elsewhere. A database that cannot be read hides no mistake.
    """
    asyncio.run(heard(home, ["acme parcel"] * 30 + ["acme"] * 190))
    monkeypatch.setenv("OUTCARE_DATABASE", str(home / "kept.db"))
    rules = BARE.replace("text: late", "text: [parcel, the, ac*]")
    (home / "rules" / "rules.yaml").write_text(rules, encoding="utf-8")
    told = [line for line in run("rules", "check").err.splitlines() if "W107" in line]
    assert [line.partition("W107 ")[2] for line in told] == [
        'rule "late": "parcel" alone stands in 14% of the posts so far',
        'rule "late": "ac*" alone finds "acme", which stands in 100% of the posts so far',
    ]
    (home / "kept.db").write_bytes(b"no database at all" * 100)
    assert '"the" alone stands in posts about anything' in run("rules", "check").err


async def test_recent_texts_are_those_of_mentions(run: Run, home: Path) -> None:
    """Newest first, no more than asked for, none from before."""
    await heard(home, ["acme one", "acme two", "nobody"])
    store = await SqliteStore.open(home / "kept.db", read_only=True)
    try:
        begin = datetime(2000, 1, 1, tzinfo=UTC)
        assert {"acme one", "acme two"} == set(await store.recent_texts(since=begin, limit=9))
        assert 1 == len(await store.recent_texts(since=begin, limit=1))
        assert () == await store.recent_texts(since=datetime(2999, 1, 1, tzinfo=UTC), limit=9)
    finally:
        await store.close()
