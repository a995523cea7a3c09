"""Answers on X pass the suite for repliers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.testing.replier_contract import ReplierContract
from tests.contract.x_rig import x_replier

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from bot.testing.replier_contract import ReplierRig


class TestX(ReplierContract):
    """Against the loopback X."""

    def rig(self) -> AbstractAsyncContextManager[ReplierRig]:
        return x_replier()
