"""What can be turned inside the daemon's process while it runs, through a file that it shares with us.

The shim (`shim.c`) stands between the process and its C library: disk, wall clock, name resolution. It is
compiled once into the temporary folder; without a C compiler these faults are left out, and the run says so.
"""

from __future__ import annotations

import functools
import hashlib
import mmap
import os
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

SOURCE = Path(__file__).with_name("shim.c")
FIELDS = (
    "clock_ns", "sync_us", "write_errno", "sync_errno", "read_errno", "torn_write", "unresolved", "met",
)  # fmt: skip
_SIZE = 8 * len(FIELDS)


@functools.cache
def shim() -> Path | None:
    """The compiled shim; None where there is no C compiler, or no Linux."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None or sys.platform != "linux":
        return None
    version = hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:12]
    path = Path(tempfile.gettempdir()) / f"outcare-shim-{os.getuid()}-{version}.so"
    if not path.exists():
        made = path.with_suffix(f".{os.getpid()}")
        flags = ("-std=gnu2x", "-O1", "-fPIC", "-shared")
        subprocess.run([compiler, *flags, "-o", made, SOURCE, "-ldl"], check=True)
        made.rename(path)
    return path


class Knobs:
    """The control file of one daemon, mapped: `knobs.write_errno = errno.ENOSPC` bites at the next write."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.write_bytes(bytes(_SIZE))
        with path.open("r+b") as file:
            self._page = mmap.mmap(file.fileno(), _SIZE)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._page.close()

    def turn(self, **values: int) -> None:
        for name, value in values.items():
            struct.pack_into("q", self._page, 8 * FIELDS.index(name), value)

    def read(self, name: str) -> int:
        value: int = struct.unpack_from("q", self._page, 8 * FIELDS.index(name))[0]
        return value

    def heal(self) -> None:
        """Everything but the clock as it should be."""
        self.turn(sync_us=0, write_errno=0, sync_errno=0, read_errno=0, torn_write=0, unresolved=0)

    def env(self) -> dict[str, str]:
        """What the daemon's process needs to hear of us; nothing where there is no shim."""
        library = shim()
        if library is None:
            return {}
        return {
            "LD_PRELOAD": str(library), "FAULTS_CONTROL": str(self.path), "FAULTS_FILE": "outcare.db",
        }  # fmt: skip
