"""What threads waited for a processor (https://docs.kernel.org/scheduler/sched-stats.html).

Knows the standard library only: the probe loads it before all else.
"""

from __future__ import annotations

import ctypes
import os


class Waits:
    """How long threads of ours could have run and got no processor, so far (Linux).

    Read by a call that keeps the interpreter's lock. One that gives it up (any of Python's own) gets it back
    a switch interval later, ten times a turn: then it is this that is measured, and not the other thread.
    """

    def __init__(self, *threads: int) -> None:
        self._files = [os.open(f"/proc/self/task/{one}/schedstat", os.O_RDONLY) for one in threads]
        self._read = ctypes.PyDLL(None).pread
        self._said = ctypes.create_string_buffer(100)

    def ms(self) -> float:
        return sum(map(self._ns, self._files)) / 1e6

    def _ns(self, file: int) -> int:
        size = self._read(file, self._said, len(self._said), 0)
        return int(self._said.raw[:size].split()[1])

    def close(self) -> None:
        for file in self._files:
            os.close(file)
