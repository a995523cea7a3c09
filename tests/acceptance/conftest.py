"""For all acceptance tests: daemons come out of the nursery, but where their start is what is tested."""

from __future__ import annotations

import pytest

from tests.acceptance._world import World

STARTED_WHOLE = frozenset({"test_life"})


@pytest.fixture(autouse=True)
def quick_starts(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """See `_nursery`."""
    monkeypatch.setattr(World, "is_forked", request.node.path.stem not in STARTED_WHOLE)
