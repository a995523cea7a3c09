"""Answers by the Mastodon API pass the suite, on servers that honour the key, stumble over it and ignore it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.testing.mastodon_world import GOTOSOCIAL, MASTODON, OLD_MASTODON, PLEROMA, STUMBLING
from bot.testing.replier_contract import CorrectorContract, ReplierContract
from tests.contract.mastodon_rig import mastodon_replier

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from bot.testing.replier_contract import ReplierRig


class TestMastodon(CorrectorContract):
    def rig(self) -> AbstractAsyncContextManager[ReplierRig]:
        return mastodon_replier(MASTODON)


class TestMastodonThatStumblesOverKeys(CorrectorContract):
    def rig(self) -> AbstractAsyncContextManager[ReplierRig]:
        return mastodon_replier(STUMBLING)


class TestGoToSocial(CorrectorContract):
    def rig(self) -> AbstractAsyncContextManager[ReplierRig]:
        return mastodon_replier(GOTOSOCIAL)


class TestPleroma(CorrectorContract):
    def rig(self) -> AbstractAsyncContextManager[ReplierRig]:
        return mastodon_replier(PLEROMA)


class TestOldMastodon(ReplierContract):
    """It changes no post, and tells what one says only as HTML."""

    def rig(self) -> AbstractAsyncContextManager[ReplierRig]:
        return mastodon_replier(OLD_MASTODON)
