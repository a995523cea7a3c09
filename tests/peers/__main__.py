"""`python -m tests.peers [bluesky] [mastodon]`: install what the real servers need, then run the tests that want them.

Without a name: all of them. Where something cannot be had, the reason is said, and that is no failure. What comes
after a name that is none goes to pytest.
"""

from __future__ import annotations

import subprocess
import sys
from itertools import takewhile
from pathlib import Path

from tests.peers.bluesky import kit as bluesky
from tests.peers.installing import Missing
from tests.peers.mastodon import kit as mastodon

KITS = {"bluesky": bluesky.prepare, "mastodon": mastodon.prepare}


def main(arguments: list[str]) -> int:
    named = list(takewhile(KITS.__contains__, arguments))
    more = arguments[len(named) :]
    ready = [name for name in named or KITS if _is_ready(name)]
    if not ready:
        return 0
    folders = [str(Path(__file__).parent / name) for name in ready]
    command = (sys.executable, "-m", "pytest", "-n", "0", "-rs", *folders, *more)
    return subprocess.run(command, check=False).returncode


def _is_ready(name: str) -> bool:
    try:
        KITS[name](lambda line: print(f"peers: {line}", flush=True))
    except Missing as missing:
        print(f"peers: {name} is skipped, {missing}", flush=True)
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
