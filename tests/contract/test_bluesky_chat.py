"""Bluesky's chat passes the suites for sources and for repliers; nothing of it is ever public."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.errors import Rejected
from bot.testing.replier_contract import ReplierContract, a_reply
from bot.testing.source_contract import NetworkSourceContract
from tests.contract.bluesky_chat import ChatStage, chat_replier, chat_stage
from tests.contract.bluesky_rig import bluesky_replier
from tests.contract.private_answers import PrivateAnswers

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from bot.testing.replier_contract import ReplierRig


class TestChat(NetworkSourceContract):
    def stage(self) -> AbstractAsyncContextManager[ChatStage]:
        return chat_stage()


class TestChatInSmallPages(NetworkSourceContract):
    def stage(self) -> AbstractAsyncContextManager[ChatStage]:
        return chat_stage(1)


class TestDirectMessages(PrivateAnswers):
    def rig(self) -> AbstractAsyncContextManager[ReplierRig]:
        return chat_replier()


class TestPublicAnswersBesideThem(ReplierContract):
    """An account that answers in private answers in public as before."""

    def rig(self) -> AbstractAsyncContextManager[ReplierRig]:
        return bluesky_replier(chat=True)


async def test_an_account_without_chat_answers_no_direct_message() -> None:
    """Not in public either: it says so before, and if it is asked to all the same."""
    async with chat_replier() as chat:
        message = chat.to
    async with bluesky_replier() as rig:
        assert "no_direct_messages" == rig.replier.refusal(message)
        with pytest.raises(Rejected):
            await rig.replier.publish(a_reply(message))
        assert rig.said() == []
