"""`python -m tests.peers`: install what a real Bluesky network needs, then run the tests that want one.

Where it cannot be had, the reason is said, and that is no failure.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.peers import kit


def main() -> int:
    try:
        kit.prepare(lambda line: print(f"peers: {line}", flush=True))
    except kit.Missing as missing:
        print(f"peers: skipped, {missing}", flush=True)
        return 0
    command = (sys.executable, "-m", "pytest", "-n", "0", "-rs", str(Path(__file__).parent), *sys.argv[1:])
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
