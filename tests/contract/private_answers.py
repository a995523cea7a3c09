"""What repliers in private do besides the suite for repliers: nothing that was said can be taken back."""

from __future__ import annotations

import pytest

from bot.errors import Reason, Rejected
from bot.testing.replier_contract import ReplierContract, a_reply


class PrivateAnswers(ReplierContract):
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
