"""The sources of the Mastodon API pass the suite for sources, with the manners of several kinds of servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.testing.mastodon_streams import LINES_ONLY, LIVE, LIVE_GOTOSOCIAL, LIVE_PLEROMA
from bot.testing.mastodon_world import GOTOSOCIAL, MASTODON, OLD_MASTODON, PLEROMA
from bot.testing.source_contract import NetworkSourceContract, SourceContract
from tests.contract.mastodon_stage import inbox_stage, search_stage, timelines_stage

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from tests.contract.mastodon_stage import InboxStage, SearchStage, TimelinesStage


class TestMastodonInbox(NetworkSourceContract):
    def stage(self) -> AbstractAsyncContextManager[InboxStage]:
        return inbox_stage(MASTODON)


class TestMastodonInboxInSmallPages(NetworkSourceContract):
    def stage(self) -> AbstractAsyncContextManager[InboxStage]:
        return inbox_stage(MASTODON, 2)


class TestOldMastodonInbox(NetworkSourceContract):
    def stage(self) -> AbstractAsyncContextManager[InboxStage]:
        return inbox_stage(OLD_MASTODON)


class TestGoToSocialInbox(NetworkSourceContract):
    def stage(self) -> AbstractAsyncContextManager[InboxStage]:
        return inbox_stage(GOTOSOCIAL)


class TestPleromaInboxInSmallPages(NetworkSourceContract):
    def stage(self) -> AbstractAsyncContextManager[InboxStage]:
        return inbox_stage(PLEROMA, 3)


class TestMastodonInboxOverASocket(SourceContract):
    def stage(self) -> AbstractAsyncContextManager[InboxStage]:
        return inbox_stage(LIVE)


class TestMastodonInboxByLines(SourceContract):
    def stage(self) -> AbstractAsyncContextManager[InboxStage]:
        return inbox_stage(LINES_ONLY)


class TestGoToSocialInboxOverASocket(SourceContract):
    def stage(self) -> AbstractAsyncContextManager[InboxStage]:
        return inbox_stage(LIVE_GOTOSOCIAL)


class TestPleromaInboxOverASocket(SourceContract):
    def stage(self) -> AbstractAsyncContextManager[InboxStage]:
        return inbox_stage(LIVE_PLEROMA)


class TestMastodonTimelines(NetworkSourceContract):
    def stage(self) -> AbstractAsyncContextManager[TimelinesStage]:
        return timelines_stage(MASTODON)


class TestGoToSocialTimelinesInSmallPages(NetworkSourceContract):
    def stage(self) -> AbstractAsyncContextManager[TimelinesStage]:
        return timelines_stage(GOTOSOCIAL, 2)


class TestPleromaTimelines(NetworkSourceContract):
    def stage(self) -> AbstractAsyncContextManager[TimelinesStage]:
        return timelines_stage(PLEROMA)


class TestMastodonTimelinesOverASocket(SourceContract):
    def stage(self) -> AbstractAsyncContextManager[TimelinesStage]:
        return timelines_stage(LIVE)


class TestPleromaTimelinesOverASocket(SourceContract):
    def stage(self) -> AbstractAsyncContextManager[TimelinesStage]:
        return timelines_stage(LIVE_PLEROMA)


class TestMastodonSearch(NetworkSourceContract):
    def stage(self) -> AbstractAsyncContextManager[SearchStage]:
        return search_stage(MASTODON)


class TestPleromaSearch(NetworkSourceContract):
    def stage(self) -> AbstractAsyncContextManager[SearchStage]:
        return search_stage(PLEROMA)
