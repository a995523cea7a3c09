"""`outcare replay`: a recording through the real connector and the whole pipeline, compared with brute force."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
import unicodedata
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml
import zstandard

from tests.acceptance._world import ROOT

HIDDEN = {"reply", "record", "thumb", "langs", "tags", "labels"}
WORDS = ["kettle", "Teekanne", "café crème", "お茶", "#teatime"]
TEXTS = [
    "my kettle leaks, where is the manual?",
    "KETTLE!!",
    "kettles are something else",
    "die Teekanne ist kaputt",
    "un cafe\u0301 cre\u0300me, merci",
    "un cafe creme",
    "今日はお茶を飲む",
    "#TeaTime again",
    "teatime without the sign",
    "nothing of the kind",
    "ｋｅｔｔｌｅ in full width",
    "new\nkettle\tday",
]


def frames() -> list[dict[str, Any]]:
    """Our own sentences as Jetstream events, with likes and accounts between them."""
    found: list[dict[str, Any]] = []
    for number, text in enumerate(TEXTS):
        did, time_us = f"did:plc:writer{number}", 1_780_000_000_000_000 + number * 1000
        record = {"$type": "app.bsky.feed.post", "text": text, "createdAt": "2026-05-28T20:26:40Z"}
        commit: dict[str, Any] = {
            "rev": f"r{number}",
            "operation": "create",
            "collection": "app.bsky.feed.post",
        }
        commit |= {"rkey": f"k{number}", "cid": f"c{number}", "record": record}
        found.append({"did": did, "time_us": time_us, "kind": "commit", "commit": commit})
        like: dict[str, Any] = {
            "rev": f"l{number}",
            "operation": "create",
            "collection": "app.bsky.feed.like",
        }
        like |= {"rkey": f"l{number}", "cid": f"d{number}", "record": {"createdAt": "2026-05-28T20:26:40Z"}}
        found.append({"did": did, "time_us": time_us + 500, "kind": "commit", "commit": like})
    return found


def config(folder: Path, words: list[str]) -> Path:
    file = folder / "outcare.yaml"
    rules = folder / "rules"
    rules.mkdir(exist_ok=True)
    (rules / "r.yaml").write_text("rules: {ask: {why: Asks, when: {question: true}, score: 30}}\n")
    brand = {"name": "acme", "words": words}
    file.write_text(yaml.safe_dump({"brand": brand, "sources": {"bluesky": {}}, "channels": {"console": {}}}))
    return file


def outcare(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
    command = [sys.executable, "-m", "bot.cli.main", *words]
    return subprocess.run(
        command, env=env, cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )


def folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).split())


def brute_force(texts: list[str], words: list[str]) -> list[str]:
    """The texts in which any word stands as a whole word, by regular expressions and nothing of ours."""
    ends = {word: folded(word) for word in words}
    patterns = [
        re.escape(word) if re.search(r"[\u3040-\u9fff]", word) else rf"(?<!\w){re.escape(word)}(?!\w)"
        for word in ends.values()
    ]
    return [text for text in texts if any(re.search(pattern, folded(text)) for pattern in patterns)]


def strings(record: Any, name: str = "") -> list[str]:
    """All that a reader of the post can see or follow: its text, alt texts, link cards, link targets."""
    if isinstance(record, dict):
        if record.get("$type") == "app.bsky.embed.record":  # a quoted post's address is no text
            return []
        return [text for key, value in record.items() for text in strings(value, key) if key not in HIDDEN]
    if isinstance(record, list):
        return [text for value in record for text in strings(value, name)]
    return [record] if name in {"text", "alt", "title", "description", "uri"} else []


def mentioned(database: Path) -> list[str]:
    with closing(sqlite3.connect(database)) as connection:
        found = connection.execute("SELECT p.text FROM mentions m JOIN posts p ON p.id = m.post").fetchall()
    return [text for (text,) in found]


@pytest.mark.parametrize("packed", [False, True])
def test_mentions_equal_brute_force(tmp_path: Path, *, packed: bool) -> None:
    """Every event is read, none is undecodable, and the mentions are those that a plain search finds."""
    lines = "".join(json.dumps(frame) + "\n" for frame in frames()).encode()
    file = tmp_path / ("r.jsonl.zst" if packed else "r.jsonl")
    file.write_bytes(zstandard.compress(lines) if packed else lines)
    words = ("replay", file.name, "--config", str(config(tmp_path, WORDS)), "--database", "r.db", "--json")
    done = outcare(*words, folder=tmp_path)
    assert (0, "") == (done.returncode, done.stderr)
    told = json.loads(done.stdout)
    expected = brute_force(TEXTS, WORDS)
    assert (2 * len(TEXTS), len(TEXTS), 0) == (told["events"], told["posts"], told["undecodable"])
    assert len(expected) == told["mentions"] == sum(told["by_urgency"].values())
    assert Counter(expected) == Counter(mentioned(tmp_path / "r.db"))


def test_a_second_replay_into_the_same_database_changes_nothing(tmp_path: Path) -> None:
    """Posts are unique by platform and id."""
    file = tmp_path / "r.jsonl"
    file.write_text("".join(json.dumps(frame) + "\n" for frame in frames()))
    words = ("replay", file.name, "--config", str(config(tmp_path, WORDS)), "--database", "r.db", "--json")
    first, second = (json.loads(outcare(*words, folder=tmp_path).stdout) for _ in range(2))
    assert first["mentions"] == second["mentions"] == second["duplicates"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("gone.jsonl", None, "there is no file gone.jsonl"),
        ("cut.jsonl.zst", zstandard.compress(b'{"did":"x"}\n' * 9000)[:-9], "cut.jsonl.zst"),
        ("photo.jsonl.zst", b"\x89PNG not zstd at all" * 100, "photo.jsonl.zst"),
    ],
)
def test_what_is_no_recording_is_told_in_a_line(
    tmp_path: Path, name: str, content: bytes | None, said: str
) -> None:
    """The file is named, nothing is kept, no traceback; exit code 1."""
    if content is not None:
        (tmp_path / name).write_bytes(content)
    done = outcare("replay", name, "--config", str(config(tmp_path, WORDS)), folder=tmp_path)
    assert 1 == done.returncode
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 2


def test_the_real_capture(tmp_path: Path) -> None:
    """152 production events: all read, none undecodable, mentions equal to brute force for words of theirs."""
    data = os.environ.get("OUTCARE_DATA")
    if not data:
        pytest.skip("OUTCARE_DATA names no folder with jetstream_v1.jsonl")
    file = Path(data) / "jetstream_v1.jsonl"
    events = [json.loads(line) for line in file.read_text().splitlines()]
    posts = [
        event["commit"]["record"]
        for event in events
        if (event.get("commit") or {}).get("collection") == "app.bsky.feed.post"
        and event["commit"]["operation"] == "create"
    ]
    texts = [post["text"] for post in posts]
    seen = Counter(word for text in texts for word in set(re.findall(r"[A-Za-z]{4,}", text)))
    words = [word for word, _ in seen.most_common(40)]
    asked = ("replay", str(file), "--config", str(config(tmp_path, words)), "--database", "r.db", "--json")
    done = outcare(*asked, folder=tmp_path)
    told = json.loads(done.stdout)
    assert (152, 0) == (told["events"], told["undecodable"])
    all_texts = ["\u2029".join(strings(post)) for post in posts]
    expected = [all_texts.index(found) for found in brute_force(all_texts, words)]
    assert expected
    assert Counter(texts[index] for index in expected) == Counter(mentioned(tmp_path / "r.db"))
