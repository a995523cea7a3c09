"""One real Bluesky network for all tests of this folder; skipped, with the reason, where it cannot be had."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.conftest import TOLD
from tests.peers.bluesky import kit
from tests.peers.bluesky.network import Network, started
from tests.peers.installing import Missing


@pytest.fixture(scope="session")
def network(request: pytest.FixtureRequest) -> Iterator[Network]:
    def tell(line: str) -> None:
        request.config.stash[TOLD].append(f"peers: {line}")

    with ExitStack() as stack:
        try:
            running = stack.enter_context(started(kit.found(), tell))
        except Missing as missing:
            pytest.skip(str(missing))
        yield running


@pytest.fixture
def whole(network: Network) -> Network:
    """With an AppView."""
    if network.appview is None:
        pytest.skip(f"needs an AppView: {network.lacks}")
    return network
