"""Puts locked requirements into the environment that runs this, with a network or without; `make` calls it.

Tried in this order: what is installed already and what pip is configured to find locally; a directory of
wheels (`--wheels`), then nothing else; the network; what pip's download cache still holds. Every file is
checked against the hashes of the requirements, wherever it comes from. Standard library only.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")
_ZIP = b"PK\x03\x04"
_BIN_16, _BIN_32 = 0xC5, 0xC6


def install(requirements: Path, wheels: Path | None) -> str | None:
    """What went wrong, as pip says it; None: all is there."""
    wanted = ("--require-hashes", "-r", str(requirements))
    if wheels is not None:
        return _pip("--no-index", "-f", str(wheels), *wanted)
    if _pip("--no-index", *wanted) is None:
        return None
    _say(f"installing {requirements} …")
    trouble = _pip("--retries", "2", *wanted)
    if trouble is None:
        return None
    with tempfile.TemporaryDirectory(prefix="outcare-wheels-") as folder:
        found = list(from_cache(_cache(), Path(folder)))
        if found and _pip("--no-index", "-f", folder, *wanted) is None:
            return None
    return trouble


def install_here(checkout: Path) -> str | None:
    """The program itself, editable; its build back-end must be installed."""
    return _pip("--no-index", "--no-deps", "--no-build-isolation", "-e", str(checkout))


def from_cache(cache: Path, into: Path) -> Iterator[Path]:
    """Give the wheels that pip downloaded once their names back.

    pip keeps answers as they came, under names of its own; the name of a wheel stands in it
    (https://packaging.python.org/en/latest/specifications/binary-distribution-format/).
    """
    for kept in sorted(path for path in cache.glob("http*/**/*") if path.is_file()):
        body = _body(kept)
        name = _wheel_name(body) if body else None
        if body and name and not (into / name).exists():
            (into / name).write_bytes(body)
            yield into / name


def _body(kept: Path) -> bytes | None:
    """The zip file in a cached answer: a file of its own (pip 23.3 and later), or a piece of MessagePack.

    There it is a `bin 32` or `bin 16`, its length before it: https://github.com/msgpack/msgpack/blob/master/spec.md
    """
    try:
        content = kept.read_bytes()
    except OSError:
        return None
    begin = content.find(_ZIP)
    if begin <= 0:
        return content if begin == 0 else None
    for kind, width in ((_BIN_32, 4), (_BIN_16, 2)):
        if content[:3] == b"cc=" and content[begin - width - 1] == kind:
            return content[begin : begin + int.from_bytes(content[begin - width : begin], "big")]
    return None


def _wheel_name(body: bytes) -> str | None:
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as wheel:
            told = next(name for name in wheel.namelist() if name.endswith(".dist-info/WHEEL"))
            lines = wheel.read(told).decode().splitlines()
    except (OSError, StopIteration, UnicodeDecodeError, zipfile.BadZipFile):
        return None
    fields = [line.partition(": ")[::2] for line in lines]
    tags = [value.strip().split("-") for key, value in fields if key == "Tag"]
    build = [value.strip() for key, value in fields if key == "Build"]
    if told.count("/") != 1 or not tags or any(len(tag) != 3 for tag in tags):
        return None
    parts = [".".join(dict.fromkeys(tag[place] for tag in tags)) for place in range(3)]
    return "-".join([told.partition(".dist-info")[0], *build, *parts]) + ".whl"


def _cache() -> Path:
    told = subprocess.run([*PIP, "cache", "dir"], capture_output=True, text=True, check=False)
    return Path(told.stdout.strip() or "no-cache")


def _pip(*arguments: str) -> str | None:
    """None: it worked; else the last error that pip told."""
    done = subprocess.run(
        [*PIP, "install", "--quiet", *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode == 0:
        return None
    errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR: ")]
    return (errors or done.stderr.splitlines() or ["pip failed"])[-1].removeprefix("ERROR: ")


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("requirements", nargs="*", type=Path)
    parser.add_argument(
        "--wheels", type=Path, help="take everything from this directory, nothing from a network"
    )
    parser.add_argument("--here", action="store_true", help="and then the checkout itself, editable")
    given = parser.parse_args(arguments)
    if given.wheels is not None and not given.wheels.is_dir():
        _say(f"there is no directory {given.wheels}")
        return 2
    for requirements in given.requirements:
        trouble = install(requirements, given.wheels)
        if trouble is not None:
            where = f"from {given.wheels}" if given.wheels else "without a network"
            _say(
                f"{requirements} cannot be installed {where} ({trouble}). Only installing needs a network: "
                "connect once, or take the files along: make WHEELS=directory (docs/installing.md)."
            )
            return 1
    trouble = install_here(Path.cwd()) if given.here else None
    if trouble is not None:
        _say(f"Outcare itself cannot be installed: {trouble}")
    return 1 if trouble else 0


if __name__ == "__main__":
    sys.exit(main())
