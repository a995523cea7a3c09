"""Bluesky passes the suite for repliers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.testing.replier_contract import ReplierContract
from tests.contract.bluesky_rig import bluesky_replier

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from bot.testing.replier_contract import ReplierRig


class TestBluesky(ReplierContract):
    """Against the loopback PDS."""

    def rig(self) -> AbstractAsyncContextManager[ReplierRig]:
        return bluesky_replier()
