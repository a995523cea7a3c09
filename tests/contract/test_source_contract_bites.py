"""The contract suite itself: the honest source passes, and each broken twin fails the rule it breaks."""

from __future__ import annotations

import inspect
from contextlib import AbstractAsyncContextManager

import pytest

from bot.errors import Unavailable
from bot.testing import source_contract
from bot.testing.source_contract import STATUSES, NetworkSourceContract
from tests.contract import board
from tests.contract.board import BoardSource, BoardStage, board_stage
from tests.contract.board_ahead import ObservesTheFuture

TWINS = {
    board.NewestFirst: 1,
    board.Duplicates: 1,
    board.ForgetsCursor: 2,
    board.ForgetsSome: 2,
    board.EmptyMovesCursor: 3,
    board.NeverEnds: 3,
    board.WrongReason: 4,
    board.AlwaysUnauthorized: 4,
    board.ForeignError: 4,
    board.IgnoresRetryAfter: 5,
    board.ReadsOnlySeconds: 5,
    board.LeaksToken: 6,
    board.LeaksBody: 6,
    board.LeaksInCause: 6,
    board.DiesOnBadRow: 7,
    board.SkipsSilently: 7,
    board.LeavesOpen: 8,
    board.LeavesTask: 8,
    board.NaiveTimes: 9,
    board.FromTheFuture: 9,
    ObservesTheFuture: 9,
    board.IntIds: 10,
    board.UnstableIds: 10,
    board.OwnSession: 11,
    board.SwallowsFailure: 11,
    board.NoisyConstruction: 12,
    board.BusyConstruction: 12,
    board.TellsItsToken: 12,
}


def suite(twin: type[BoardSource]) -> NetworkSourceContract:
    class Suite(NetworkSourceContract):
        def stage(self) -> AbstractAsyncContextManager[BoardStage]:
            return board_stage(twin)

    return Suite()


async def play(rule: int, twin: type[BoardSource]) -> None:
    tests = dict(inspect.getmembers(suite(twin), inspect.iscoroutinefunction))
    (name,) = (name for name in tests if name.startswith(f"test_rule_{rule}_"))
    await tests[name]()


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_contract, "PATIENCE", 0.5)
    monkeypatch.setattr(source_contract, "QUIET", 0.1)


class TestHonest(NetworkSourceContract):
    def stage(self) -> AbstractAsyncContextManager[BoardStage]:
        return board_stage(BoardSource)


@pytest.mark.parametrize(("twin", "rule"), TWINS.items(), ids=lambda value: getattr(value, "__name__", value))
@pytest.mark.usefixtures("_impatient")
async def test_a_broken_twin_fails_its_rule(twin: type[BoardSource], rule: int) -> None:
    """Each twin breaks one rule, and the suite says so."""
    with pytest.raises(Unavailable if twin is board.DiesOnBadRow else AssertionError):
        await play(rule, twin)


@pytest.mark.parametrize("status", STATUSES)
async def test_each_status_is_looked_at(status: int) -> None:
    """A source that misjudges any one status of the list fails rule 4, and the message names it."""
    twin = type("Unmapped", (board.Unmapped,), {"wrong": status})
    with pytest.raises(AssertionError, match=f"'{status}: "):
        await play(4, twin)


def test_every_rule_has_a_twin() -> None:
    """No rule of the suite is without a twin that fails it (13 is tests/contract/test_connectors_documented.py)."""
    rules = {int(name.split("_")[2]) for name in dir(NetworkSourceContract) if name.startswith("test_rule_")}
    assert set(range(1, 13)) == rules == set(TWINS.values())
