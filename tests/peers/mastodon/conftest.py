"""One real server of the Mastodon API for all tests of this folder; skipped, with the reason, where it cannot be had."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.conftest import TOLD
from tests.peers.installing import Missing
from tests.peers.mastodon import kit
from tests.peers.mastodon.server import Server, started


@pytest.fixture(scope="session")
def running(request: pytest.FixtureRequest) -> Iterator[Server]:
    def tell(line: str) -> None:
        request.config.stash[TOLD].append(f"peers: {line}")

    with ExitStack() as stack:
        try:
            server = stack.enter_context(started(kit.found(), tell))
        except Missing as missing:
            pytest.skip(str(missing))
        yield server


@pytest.fixture
def server(running: Server) -> Server:
    """With nothing left to go wrong."""
    running.calm()
    return running
