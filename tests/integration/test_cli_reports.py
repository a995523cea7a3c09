"""`outcare status`, `inbox`, `db upgrade` and `replay` as commands: output, JSON, exit codes, odd terminals."""

from __future__ import annotations

import asyncio
import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.cli.main import main
from bot.clock import SystemClock
from bot.http import HttpClient
from bot.model import Brand, Cursor, Gap, Urgency
from bot.ports import Wiring
from bot.records import Entry, Judged
from bot.store import schema
from bot.texts.en import ENGLISH
from bot.vault import FileVault, vault_beside
from connectors.x.account import BudgetSettings
from connectors.x.budget import Meter
from tests.integration import store_samples as s

BERLIN = ZoneInfo("Europe/Berlin")
ROOT = Path(__file__).parents[2]
BRANDS = (Brand(name="acme", words=("acme",)), Brand(name="globex", words=("globex",), is_rival=True))
FIFTY_YEARS = 50 * 365 * 24 * 60
HOSTILE = "acme \x1b]0;owned\x07\x1b[2J[bold red]not markup[/] \u202edesrever\r\nsecond line?"


@dataclass(frozen=True, kw_only=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True, kw_only=True)
class Shell:
    """A folder with a configuration; `outcare(…)` runs the command in it."""

    folder: Path

    @property
    def database(self) -> Path:
        return self.folder / "x.db"

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-m", "bot.cli.main"]

    @property
    def env(self) -> dict[str, str]:
        kept = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
        return {**kept, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error", "COLUMNS": "200"}

    def outcare(self, *words: str) -> Ended:
        """In this process: to start one takes two seconds."""
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            for name in os.environ.keys() - self.env.keys():
                patch.delenv(name)
            patch.setenv("COLUMNS", self.env["COLUMNS"])
            patch.setattr(sys, "argv", ["outcare", *words])
            with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
                main()
        told, complaint = (_written(stream) for stream in (out, err))
        assert "Traceback" not in complaint
        return Ended(code=int(ended.value.code or 0), out=told, err=complaint)

    def store(self, *items: Judged, minute: float = 60) -> None:
        async def fill() -> None:
            async with s.opened(self.database) as store:
                await store.save_brands(BRANDS)
                await s.record(store, *items, minute=minute)

        asyncio.run(fill())


def _written(stream: io.TextIOWrapper[io.BytesIO]) -> str:
    stream.flush()
    return stream.buffer.getvalue().decode()


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "rules.yaml").write_text(
        "rules:\n  asks:\n    why: Asks\n    when: {question: true}\n    score: 50\n"
    )
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "outcare.yaml").write_text(
        "brand: {name: acme, words: [acme]}\nrivals: {globex: {words: [globex]}}\n"
        f"database: {tmp_path / 'x.db'}\nrules: {rules}\ntimezone: Europe/Berlin\n"
    )
    return Shell(folder=tmp_path)


def question(number: int, **more: Any) -> Judged:
    text = more.pop("text", f"acme question {number}?")
    return s.judged(s.post(f"p{number}", author=f"a{number}", root=None, text=text), **more)


@pytest.mark.parametrize("words", [["status"], ["inbox"], ["inbox", "--by", "rule"]])
def test_without_a_database_it_says_so(shell: Shell, words: Sequence[str]) -> None:
    """One line on stderr, nothing on stdout, and nothing is made; exit code 1."""
    ended = shell.outcare(*words, "--json")
    gone = f"there is no database at {shell.database}: `outcare run` makes it (is this the right folder?)"
    assert (1, "", f"outcare: {gone}\n") == (
        ended.code,
        ended.out,
        ended.err,
    )
    assert not shell.database.exists()


@pytest.mark.parametrize(
    "words",
    [
        ["inbox", "--limit", "0"],
        ["inbox", "--by", "author"],
        ["run", "--since", "yesterday"],
        ["status", "--no-such-option"],
        ["nothing"],
    ],
)
def test_wrong_use_is_two(shell: Shell, words: Sequence[str]) -> None:
    """Exit code 2, and the reason on stderr."""
    ended = shell.outcare(*words)
    assert (2, "") == (ended.code, ended.out)
    assert ended.err


def test_a_report_needs_no_secret(shell: Shell) -> None:
    """The token is in the daemon's environment, not in that of the person who looks; `check` still asks."""
    file = shell.folder / "config" / "outcare.yaml"
    file.write_text(file.read_text() + "channels: {telegram:care: {chat: -1}}\n")
    shell.store(question(1))
    said = [shell.outcare(*words).code for words in (["status"], ["inbox"], ["rules", "explain", "x"])]
    assert [0, 0, 0] == said
    checked = shell.outcare("check")
    assert (1, True) == (checked.code, "set OUTCARE_TELEGRAM__TOKEN" in checked.err)


def test_an_empty_inbox_repeats_what_was_asked_for(shell: Shell) -> None:
    """A misspelt name is not taken for a quiet day."""
    shell.store(question(1))
    assert 'Nothing waits for brand "amce" and rule "x".\n' == (
        shell.outcare("inbox", "--brand", "amce", "--rule", "x").out
    )


def test_an_id_in_the_inbox_can_be_copied(shell: Shell) -> None:
    """On a line of its own, unbroken, also on a narrow terminal."""
    shell.store(question(1))
    (row,) = shell.outcare("inbox", "--json").json
    narrow = {**shell.env, "COLUMNS": "70"}
    shown = subprocess.run(
        [*shell.command, "inbox"], cwd=shell.folder, env=narrow, capture_output=True, check=True, timeout=30
    )
    assert row["mention_id"] in [line.strip() for line in shown.stdout.decode().splitlines()]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_a_line(shell: Shell) -> None:
    """Output into a file on a full disk: status 1 and why, no traceback."""
    shell.store(question(1))
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            [*shell.command, "inbox"],
            cwd=shell.folder,
            env=shell.env,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            timeout=30,
        )
    assert (1, b"outcare: the disk that the output goes to is full") == (
        ended.returncode,
        ended.stderr.splitlines()[0],
    )


def test_the_inbox(shell: Shell) -> None:
    """Most urgent first, `--limit` of them; JSON has the same fields for each, and is one document."""
    shell.store(
        question(1, urgency=Urgency.NORMAL),
        question(2, urgency=Urgency.CRITICAL),
        question(3, ignored=True),
        question(4, brand="globex"),
    )
    ended = shell.outcare("inbox", "--json")
    assert (0, "") == (ended.code, ended.err)
    assert ["critical", "normal"] == [row["urgency"] for row in ended.json]
    assert set(ended.json[0]) == {
        "mention_id", "brand", "platform", "urgency", "state", "ignored", "author", "text", "url",
        "posted_at", "due_at", "answered_at", "claimed_by", "route", "rules", "is_waiting",
    }  # fmt: skip
    assert ["critical"] == [row["urgency"] for row in shell.outcare("inbox", "--json", "--limit", "1").json]
    assert ["globex"] == [row["brand"] for row in shell.outcare("inbox", "--json", "--brand", "globex").json]
    assert 3 == len(shell.outcare("inbox", "--json", "--all").json)


def test_the_inbox_by_rule_counts_all(shell: Shell) -> None:
    """More mentions than a page shows; those for which no rule fired have a line too."""
    fired = [question(n, rules=("leaks", "asks") if n % 2 else ("leaks",)) for n in range(120)]
    shell.store(*fired, question(500, rules=()))
    told = shell.outcare("inbox", "--by", "rule", "--json").json
    assert [("leaks", 120), ("asks", 60), (None, 1)] == [(one["rule"], one["mentions"]) for one in told]
    none = {"alerts": 0, "claims": 0, "feedback": {}, "silenced_until": None, "right": None}
    assert {"rule": None, "mentions": 1, **none} == told[2]
    said = shell.outcare("inbox", "--by", "rule").out
    assert "(no rule)" in said
    heads = ("mentions", "alerts", "claims", "not about us", "right", "silenced until")
    assert all(head in said for head in heads)


def test_the_inbox_since(shell: Shell) -> None:
    """What came within the last so long; a length that is none is wrong use."""
    shell.store(question(1), minute=-FIFTY_YEARS)
    assert [] == shell.outcare("inbox", "--since", "3d", "--json").json
    assert [] == shell.outcare("inbox", "--by", "rule", "--since", "3d", "--json").json
    for long_ago in ("5000w", "9999999w"):
        assert 1 == len(shell.outcare("inbox", "--since", long_ago, "--json").json)
    wrong = shell.outcare("inbox", "--since", "tuesday")
    assert (2, True) == (wrong.code, "is not a duration" in wrong.err)


def test_a_post_does_not_steer_the_terminal(shell: Shell) -> None:
    """No escape sequence, no direction override, no second line and no markup out of a hostile text."""
    shell.store(question(1, text=HOSTILE))
    out = shell.outcare("inbox").out
    assert not {"\x1b", "\x07", "\r", "\u202e"} & set(out)
    assert "[bold red]not markup" in out
    assert HOSTILE == shell.outcare("inbox", "--json").json[0]["text"]


def test_the_status(shell: Shell) -> None:
    """Numbers for scripts, lines for people; a daemon that does not run is said not to."""
    shell.store(question(1))
    told = shell.outcare("status", "--json").json
    assert (None, 1, 1, {"open": 1}, 1) == (
        told["daemon_pid"], told["posts"], told["mentions"], told["conversations"], told["open_asks"],
    )  # fmt: skip
    assert "daemon         not running" in shell.outcare("status").out


def test_the_status_tells_what_was_spent(shell: Shell) -> None:
    """As the daemon kept it, in whole millionths for scripts; without an account that costs, nothing."""
    shell.store(question(1))
    assert [] == shell.outcare("status", "--json").json["budgets"]
    with (shell.folder / "config" / "outcare.yaml").open("a") as file:
        file.write("x: {handle: acme, budget: {month: 50, currency: EUR}}\n")
    (secrets := shell.folder / "config" / "secrets").mkdir()
    for name in ("CONSUMER_KEY", "CONSUMER_SECRET", "ACCESS_TOKEN", "ACCESS_TOKEN_SECRET"):
        (secrets / f"OUTCARE_X__{name}").write_text("secret")
    meter = Meter(
        BudgetSettings.model_validate({"month": 50, "currency": "EUR"}),
        Wiring(
            http=HttpClient(SystemClock()), clock=SystemClock(), vault=FileVault(vault_beside(shell.database))
        ),
    )
    asyncio.run(meter.add("x-mentions", Decimal("0.001"), 1200))
    (told,) = shell.outcare("status", "--json").json["budgets"]
    assert (told["platform"], told["currency"], told["spent"], told["purse"]) == (
        "x",
        "EUR",
        1_200_000,
        "full",
    )
    assert told["sources"]["x-mentions"]["month"] == 1200
    lines = shell.outcare("status").out.splitlines()
    month = f"{datetime.now(UTC):%Y-%m}"
    assert f"budget         x: 1.20 EUR of 50.00 EUR spent in {month}, 1.20 EUR today" in lines
    assert "               x-mentions: 1200 for 1.20 EUR, of which 1200 for 1.20 EUR today" in lines


def test_the_status_tells_what_was_missed(shell: Shell) -> None:
    """Observed from when to when, in the team's zone; the gaps of the last days; that nobody listens now."""
    now = datetime.now(UTC)
    began, ended, lost = now - timedelta(hours=3), now - timedelta(hours=1), now - timedelta(hours=2)
    gap = Gap(source="bluesky", started_at=lost, ended_at=ended, reason="cursor_lost")

    async def fill() -> None:
        async with s.opened(shell.database) as store:
            for entry in (
                Entry(source="bluesky", cursor=Cursor("1"), observed_to=began),
                Entry(source="bluesky", observed_to=lost),
                Entry(source="bluesky", gap=gap, observed_to=ended),
            ):
                await store.record(entry, now=now, lease_for=timedelta())

    asyncio.run(fill())
    told = shell.outcare("status", "--json").json
    (source,) = told["sources"]
    assert (began.isoformat(), ended.isoformat(), 3600) == (
        source["observed_from"], source["observed_to"], source["missed"],
    )  # fmt: skip
    assert ([("cursor_lost", lost.isoformat())], 0) == (
        [(one["reason"], one["started_at"]) for one in told["gaps"]], told["more_gaps"],
    )  # fmt: skip
    start, middle, end = (ENGLISH.time_in_zone(at, now=now, zone=BERLIN) for at in (began, lost, ended))
    lines = shell.outcare("status").out.splitlines()
    missed = "(1h missed in the last 24 hours)"
    assert f"source         bluesky: observed {start} – {end} {missed}, not listening since" in lines
    assert f"gap            bluesky: not listening {middle} – {end} (cursor_lost)" in lines


def test_a_reader_that_goes_away_is_no_crash(shell: Shell) -> None:
    """`outcare inbox --json | head` ends without a word on stderr."""
    shell.store(*(question(n) for n in range(50)))
    process = subprocess.Popen(
        [*shell.command, "inbox", "--json"],
        cwd=shell.folder,
        env=shell.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
    assert (1, b"") == (process.returncode, said)


def test_the_database_is_upgraded_once(shell: Shell) -> None:
    """From nothing to the newest schema, and then it is there already."""
    first, second = shell.outcare("db", "upgrade"), shell.outcare("db", "upgrade")
    assert (0, 0) == (first.code, second.code)
    assert f"none → {schema.head()}" in first.out
    assert f"already at schema {schema.head()}" in second.out


def event(number: int, text: str) -> str:
    record = {"$type": "app.bsky.feed.post", "text": text, "createdAt": "2026-01-05T09:00:00Z"}
    commit = {
        "rev": "3l", "operation": "create", "collection": "app.bsky.feed.post", "rkey": f"3l{number}",
        "record": record, "cid": "bafy",
    }  # fmt: skip
    frame = {"did": f"did:plc:a{number}", "time_us": 1767603600000000 + number, "kind": "commit"}
    return json.dumps({**frame, "commit": commit})


def test_replay_counts_what_it_stored(shell: Shell) -> None:
    """Events, posts, mentions of every brand; a second time into the same database nothing is stored twice."""
    texts = ["acme, why?", "acme and globex", "globex again", "nothing of interest"]
    recording = shell.folder / "r.jsonl"
    recording.write_text("".join(event(n, text) + "\n" for n, text in enumerate(texts)) + "{broken\n")
    words = ("replay", str(recording), "--json", "--database", str(shell.folder / "kept.db"))
    first, second = shell.outcare(*words), shell.outcare(*words)
    assert (0, 0) == (first.code, second.code), first.err
    counted = {"mentions": 4, "by_brand": {"acme": 2, "globex": 2}, "posts": 4, "undecodable": 1}
    assert counted == {name: first.json[name] for name in counted}
    assert (4, 4) == (second.json["mentions"], second.json["duplicates"])
    assert not shell.database.exists()


def test_replay_of_what_is_no_recording(shell: Shell) -> None:
    """A file that is not there: one line, exit code 1."""
    ended = shell.outcare("replay", "nowhere.jsonl")
    assert (1, "") == (ended.code, ended.out)
    assert "there is no file nowhere.jsonl" in ended.err
