"""For all acceptance tests: daemons come out of the nursery, but where their start is what is tested."""

from __future__ import annotations

import sys

import pytest

from tests.acceptance._world import World

STARTED_WHOLE = frozenset({"test_life"})


@pytest.fixture(autouse=True)
def quick_starts(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Elsewhere than on Linux each daemon is started as people do."""
    name = request.node.path.stem
    monkeypatch.setattr(World, "is_forked", sys.platform == "linux" and name not in STARTED_WHOLE)
