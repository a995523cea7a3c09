"""X's direct messages pass the suites for sources and for repliers; nothing of them is ever public."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.errors import Reason, Rejected
from bot.testing.replier_contract import ReplierContract, a_reply
from bot.testing.source_contract import NetworkSourceContract
from tests.contract.x_messages import messages_stage, private_replier

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from bot.testing.replier_contract import ReplierRig
    from tests.contract.x_messages import MessagesStage


class TestXMessages(NetworkSourceContract):
    def stage(self) -> AbstractAsyncContextManager[MessagesStage]:
        return messages_stage()


class TestXMessagesInSmallPages(NetworkSourceContract):
    def stage(self) -> AbstractAsyncContextManager[MessagesStage]:
        return messages_stage(2)


class TestPrivateAnswers(ReplierContract):
    def rig(self) -> AbstractAsyncContextManager[ReplierRig]:
        return private_replier()

    async def test_a_reply_can_be_taken_back(self) -> None:
        """It cannot: what is deleted is gone for the account alone. That is said, and nothing is asked."""
        async with self.rig() as rig:
            published = await rig.replier.publish(a_reply(rig.to))
            asked = rig.requests()
            with pytest.raises(Rejected) as caught:
                await rig.replier.delete(published.post_id)
            assert caught.value.reason is Reason.FORBIDDEN
            assert asked == rig.requests()
            assert rig.said() == ["We are on it, sorry!"]
