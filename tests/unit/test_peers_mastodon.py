"""What `make test-peers` installs of mastodon-mock is pinned, and no requirement of the product."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.peers import __main__ as peers
from tests.peers.installing import Missing
from tests.peers.mastodon import kit

ROOT = Path(__file__).parents[2]
PINNED = kit.REQUIREMENTS.read_text(encoding="utf-8").splitlines()[1:]


def test_every_package_is_pinned() -> None:
    """By version."""
    assert [] == [line for line in PINNED if not re.fullmatch(r"[\w.-]+==[\w.]+", line)]
    assert any(line.startswith("mastodon_mock==") for line in PINNED)


def test_it_is_no_requirement_of_the_product() -> None:
    """Of no group."""
    lists = [ROOT / "pyproject.toml", *ROOT.glob("requirements*.txt")]
    assert [] == [path for path in lists if re.search(r"mastodon[-_]mock", path.read_text(encoding="utf-8"))]


def test_without_a_registry_the_reason_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And where pip's own words stand; until then it is not there."""
    for name, value in {"NO_INDEX": "1", "FIND_LINKS": str(tmp_path), "CONFIG_FILE": "/dev/null"}.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    with pytest.raises(Missing, match="make test-peers"):
        kit.found(tmp_path)
    lines: list[str] = []
    with pytest.raises(Missing, match=r"mastodon-mock failed.*failed\.log"):
        kit.prepare(lines.append, tmp_path)
    assert 1 == len(lines)


def test_one_of_them_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Only its tests are run; what cannot be had is said, and no failure."""
    ran: list[tuple[str, ...]] = []

    def run(command: tuple[str, ...], *, check: bool) -> subprocess.CompletedProcess[str]:
        ran.append(command)
        return subprocess.CompletedProcess(command, 0)

    def missing(_: object) -> None:
        raise Missing("no registry")

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setitem(peers.KITS, "mastodon", lambda _: None)
    monkeypatch.setitem(peers.KITS, "bluesky", missing)
    assert 0 == peers.main(["mastodon", "-k", "inbox"])
    assert [("tests/peers/mastodon", "-k", "inbox")] == [
        (str(Path(one[6]).relative_to(ROOT)), *one[7:]) for one in ran
    ]
    assert 0 == peers.main(["bluesky"])
    assert 1 == len(ran)
    assert "peers: bluesky is skipped, no registry\n" == capsys.readouterr().out
