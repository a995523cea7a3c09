"""What connectors keep across restarts: whole or not at all, and for nobody else's eyes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.vault import FileVault, MemoryVault, Vault

Make = Callable[[Path], Vault]
KINDS: list[Make] = [FileVault, lambda _: MemoryVault()]


@pytest.mark.parametrize("make", KINDS)
def test_what_was_written_last_is_read(make: Make, tmp_path: Path) -> None:
    """By name; what was never written is not there."""
    vault = make(tmp_path / "kept")
    assert vault.read("bluesky.session") is None
    for content in (b"one", b"", b"two"):
        vault.write("bluesky.session", content)
    vault.write("other", b"\x00\xff")
    assert (b"two", b"\x00\xff") == (vault.read("bluesky.session"), vault.read("other"))


def test_files_survive_and_are_ours_alone(tmp_path: Path) -> None:
    """Another vault on the folder reads them; nobody else may, whatever the folder was before."""
    folder = tmp_path / "deep" / "kept"
    folder.mkdir(parents=True, mode=0o755)
    FileVault(folder).write("a", b"secret")
    assert b"secret" == FileVault(folder).read("a")
    assert (0o700, 0o600) == (folder.stat().st_mode & 0o777, (folder / "a").stat().st_mode & 0o777)
    assert ["a"] == [file.name for file in folder.iterdir()]


def test_what_a_crash_left_is_in_nobodys_way(tmp_path: Path) -> None:
    """A half-written file is no content, and is written over."""
    vault = FileVault(tmp_path)
    vault.write("a", b"old")
    for half in tmp_path.glob(".*"):
        half.unlink()
    (tmp_path / ".a.1").write_bytes(b"ha")
    assert b"old" == vault.read("a")
    vault.write("a", b"new")
    assert b"new" == vault.read("a")


def test_a_disk_that_refuses_is_said(tmp_path: Path) -> None:
    """And what was there before stays."""
    folder = tmp_path / "file"
    folder.write_bytes(b"")
    with pytest.raises(OSError):
        FileVault(folder).write("a", b"x")


@pytest.mark.parametrize("make", KINDS)
@pytest.mark.parametrize("name", ["", "..", "../a", "a/b", ".hidden", "A", "a" * 101])
def test_no_name_leads_out(make: Make, tmp_path: Path, name: str) -> None:
    """Neither to read nor to write."""
    vault = make(tmp_path / "kept")
    for use in (lambda: vault.read(name), lambda: vault.write(name, b""), lambda: vault.turn(name)):
        with pytest.raises(ValueError, match="no name"):
            use()


@pytest.mark.parametrize("make", KINDS)
async def test_one_at_a_time(make: Make, tmp_path: Path) -> None:
    """Of those who want the same thing; another is not in their way."""
    vault, order = make(tmp_path), []

    async def work(number: int) -> None:
        async with vault.turn("a"):
            order.append(number)
            await asyncio.sleep(0)
            order.append(number)

    async with vault.turn("b"):
        await asyncio.gather(*(work(number) for number in range(3)))
    assert [0, 0, 1, 1, 2, 2] == order
