"""The contract of sources, over every source there is."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from bot.testing.source_contract import NetworkSourceContract, SourceContract
from tests.contract.stages import (
    FeedStage,
    HackerNewsStage,
    JetstreamStage,
    NotificationsStage,
    RecordingStage,
    feed_stage,
    hackernews_stage,
    jetstream_stage,
    notifications_stage,
    recording_stage,
)


class TestJetstream(NetworkSourceContract):
    def stage(self) -> AbstractAsyncContextManager[JetstreamStage]:
        return jetstream_stage("v1")


class TestJetstreamV2(NetworkSourceContract):
    def stage(self) -> AbstractAsyncContextManager[JetstreamStage]:
        return jetstream_stage("v2")


class TestJetstreamV2Compressed(NetworkSourceContract):
    def stage(self) -> AbstractAsyncContextManager[JetstreamStage]:
        return jetstream_stage("packed")


class TestNotifications(NetworkSourceContract):
    def stage(self) -> AbstractAsyncContextManager[NotificationsStage]:
        return notifications_stage()


class TestNotificationsInSmallPages(NetworkSourceContract):
    def stage(self) -> AbstractAsyncContextManager[NotificationsStage]:
        return notifications_stage(2)


class TestRecording(SourceContract):
    @pytest.fixture(autouse=True)
    def _path(self, tmp_path: Path) -> None:
        self.path = tmp_path / "recording.jsonl"
        self.path.touch()

    def stage(self) -> AbstractAsyncContextManager[RecordingStage]:
        return asynccontextmanager(recording_stage(self.path))()


class TestHackerNews(NetworkSourceContract):
    def stage(self) -> AbstractAsyncContextManager[HackerNewsStage]:
        return hackernews_stage()


class TestRss(NetworkSourceContract):
    def stage(self) -> AbstractAsyncContextManager[FeedStage]:
        return feed_stage("rss")


class TestAtom(NetworkSourceContract):
    def stage(self) -> AbstractAsyncContextManager[FeedStage]:
        return feed_stage("atom")


class TestGoogleAlerts(NetworkSourceContract):
    def stage(self) -> AbstractAsyncContextManager[FeedStage]:
        return feed_stage("alerts")
