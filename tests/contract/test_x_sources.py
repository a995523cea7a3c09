"""X's mentions, own posts, search and streams pass the suite for sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.testing.source_contract import NetworkSourceContract
from tests.contract.x_stage import mentions_stage, own_posts_stage, search_stage
from tests.contract.x_stream_stage import activity_stage, stream_stage

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from tests.contract.x_stage import MentionsStage, OwnPostsStage, SearchStage
    from tests.contract.x_stream_stage import ActivityStage, StreamStage


class TestXMentions(NetworkSourceContract):
    def stage(self) -> AbstractAsyncContextManager[MentionsStage]:
        return mentions_stage()


class TestXMentionsInSmallPages(NetworkSourceContract):
    def stage(self) -> AbstractAsyncContextManager[MentionsStage]:
        return mentions_stage(2)


class TestXOwnPosts(NetworkSourceContract):
    def stage(self) -> AbstractAsyncContextManager[OwnPostsStage]:
        return own_posts_stage()


class TestXOwnPostsInSmallPages(NetworkSourceContract):
    def stage(self) -> AbstractAsyncContextManager[OwnPostsStage]:
        return own_posts_stage(2)


class TestXSearch(NetworkSourceContract):
    def stage(self) -> AbstractAsyncContextManager[SearchStage]:
        return search_stage()


class TestXSearchInSmallPages(NetworkSourceContract):
    def stage(self) -> AbstractAsyncContextManager[SearchStage]:
        return search_stage(2)


class TestXStream(NetworkSourceContract):
    def stage(self) -> AbstractAsyncContextManager[StreamStage]:
        return stream_stage()


class TestXStreamInPieces(NetworkSourceContract):
    def stage(self) -> AbstractAsyncContextManager[StreamStage]:
        return stream_stage(7)


class TestXActivity(NetworkSourceContract):
    def stage(self) -> AbstractAsyncContextManager[ActivityStage]:
        return activity_stage()
