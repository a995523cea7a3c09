"""`outcare signals`, run as scripts run it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.cli.main import main
from rules.signals.names import EVERY

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(name="run")
def _run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command in this process: exit code, output, errors."""

    def run(*arguments: str, typed: bytes = b"") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["outcare", "signals", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed)))
        with pytest.raises(SystemExit) as exit_:
            main()
        captured = capsys.readouterr()
        return int(exit_.value.code or 0), captured.out, captured.err

    return run


@pytest.fixture(name="signals")
def _signals() -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "bot.cli.main", "signals"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        yield process
        process.kill()


def test_signals_answers_each_line_before_the_next(signals: subprocess.Popen[bytes]) -> None:
    """One line in, one flat JSON object out, whatever the line holds; silent otherwise; 0 at the end."""
    assert signals.stdin is not None
    assert signals.stdout is not None
    lines = [
        b"@acme STILL waiting for my refund, fed up\n",
        b"\n",
        b"\xe9 \xff\xfe broken bytes\n",
        "a\u2028b\u2029c\u0085d\x0be \x00\n".encode(),
        b"how do I reset it?\r\n",
        b"why " * 300_000 + b"\n",
    ]
    answers = []
    for line in lines:
        signals.stdin.write(line)
        signals.stdin.flush()
        answers.append(json.loads(signals.stdout.readline()))
    rest, said = signals.communicate(b"thanks, all good")
    answers.append(json.loads(rest))
    assert (b"", 0) == (said, signals.returncode)
    assert [set(EVERY)] * 7 == [set(answer) for answer in answers]
    assert all(value is None or -1 <= value <= 1 for answer in answers for value in answer.values())
    assert answers[0]["complaint"] > 0.9
    assert {None} == set(answers[1].values())
    assert answers[4]["question"] > 0.9


def test_a_line_of_json_tells_language_and_author(run: Run) -> None:
    """What is known beside the text; values come with the words that moved them."""
    line = {
        "text": "hola, dónde está mi pedido",
        "lang": "es-MX",
        "author": {"handle": "ana84629173", "followers": 2, "following": 900, "age": 86400},
    }
    code, out, _ = run("--json", typed=json.dumps(line).encode())
    answer: dict[str, Any] = json.loads(out)
    assert (0, "es-MX", set(EVERY)) == (code, answer["lang"], set(answer["signals"]))
    assert ["dónde está", 4.2] == answer["signals"]["question"]["evidence"][0]
    assert answer["signals"]["fake"]["value"] > 0.8


@pytest.mark.parametrize("text", ["{no json", "{}", '{"message": "where is my order?"}', '{"text": 5}'])
def test_what_only_looks_like_json_is_a_text(run: Run, text: str) -> None:
    """People write braces too."""
    code, out, err = run(typed=text.encode())
    assert (0, "") == (code, err)
    assert set(EVERY) == set(json.loads(out))


def test_a_wrong_field_is_told_with_its_line(run: Run) -> None:
    """Wrong use: 2, no traceback."""
    code, _, err = run(typed=b'hello\n{"text": "a", "author": {"followers": "many"}}\n')
    assert 2 == code
    assert "line 2: Expected `int | null`" in " ".join(err.replace("│", " ").split())


def test_texts_come_from_a_file_too(run: Run, tmp_path: Path) -> None:
    """And for people: the text, what moved something, what is unknown."""
    file = tmp_path / "texts"
    file.write_text("@acme STILL waiting for my refund\nこれは壊れています\n", encoding="utf-8")
    code, out, _ = run("--text", str(file))
    lines = out.splitlines()
    assert (0, "en: @acme STILL waiting for my refund") == (code, lines[0])
    assert "  complaint   0.84  still waiting +1.3, refund +1, STILL (capitals) +0.35" == lines[1]
    assert "  unknown: fake" in lines
    assert "  unknown: complaint, question, spam, urgent, toxic, fake, sentiment, thanks" == lines[-1]


def test_a_file_that_is_not_there(run: Run) -> None:
    """Told in a line."""
    code, _, err = run("nowhere.txt")
    assert 2 == code
    assert "nowhere.txt" in err
