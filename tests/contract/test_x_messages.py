"""X's direct messages pass the suites for sources and for repliers; nothing of them is ever public."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.testing.source_contract import NetworkSourceContract
from tests.contract.private_answers import PrivateAnswers
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


class TestPrivateAnswers(PrivateAnswers):
    def rig(self) -> AbstractAsyncContextManager[ReplierRig]:
        return private_replier()
