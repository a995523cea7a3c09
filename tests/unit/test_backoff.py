"""The waiting that every loop shares."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.backoff import asked, doubled
from bot.errors import Refused, Unavailable

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@pytest.mark.parametrize(("failures", "seconds"), [(0, 1), (1, 2), (5, 32), (6, 60), (10_000, 60)])
def test_a_wait_doubles_up_to_the_longest(failures: int, seconds: int) -> None:
    """However often it failed, the number stays one."""
    assert timedelta(seconds=seconds) == doubled(SECOND, MINUTE, failures)


def test_what_was_asked_for() -> None:
    """Only one who cannot serve us now names a time; none is no time."""
    assert asked(Unavailable("slow down", retry_after=MINUTE)) == MINUTE
    assert [timedelta()] * 2 == [asked(error) for error in (Unavailable("down"), Refused("no"))]
