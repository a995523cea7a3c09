"""The stages of X's streams: what a list has of it, and what is pushed."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from datetime import timedelta

from pydantic import SecretStr

from bot.clock import SystemClock
from bot.http import HttpClient
from bot.model import Batch, Cursor
from bot.ports import Http, Source, Watch, Wiring
from bot.testing.loopback import Refuse
from bot.testing.x_activity import XActivity
from bot.testing.x_streams import XStreams
from connectors.x.activity import StreamedMentions
from connectors.x.ids import cursor_at, first_id
from connectors.x.own import own_account
from connectors.x.query import queries
from connectors.x.rules_in_step import LONGEST
from connectors.x.search import Settings
from connectors.x.streamed import StreamedSearch
from tests.contract.x_stage import WORDS, MentionsStage, SearchStage
from tests.unit.x_stand import settings


class Watching(StreamedSearch):
    """The stream, with a watch that says what it looks for."""

    async def read(self, after: Cursor | None, watch: Watch) -> AsyncGenerator[Batch, None]:
        vars(watch)["words"] = WORDS
        async with aclosing(super().read(after, watch)) as found:
            async for batch in found:
                yield batch


class StreamStage(SearchStage):
    wiring: Wiring
    """Of an account that is known by now: a stream says what it has to say at once."""

    def source(self, http: Http) -> Source:
        wiring = self.wiring if http is self.http else Wiring(http=http, clock=SystemClock())
        own_account(settings(self.server, bearer_token=SecretStr(self.secret)), wiring)
        return Watching(Settings(stream=True), wiring)

    async def begin(self) -> None:
        self.wiring = Wiring(http=self.http, clock=SystemClock())
        account = settings(self.server, bearer_token=SecretStr(self.secret), activity=True)
        await own_account(account, self.wiring).me()

    def refuse(self, status: int, headers: Mapping[str, str]) -> None:
        body = f"secret: {self.secret}"
        self.server.faults.append(Refuse(status=status, headers=headers, body=body, path="/stream"))


@asynccontextmanager
async def stream_stage(piece: int = 0) -> AsyncIterator[StreamStage]:
    """`piece`: so many bytes of a line come at once (0: all)."""
    http = HttpClient(SystemClock())
    async with XStreams() as server:
        server.granted, server.streams.most, server.streams.manner.piece = 10_000, 10, piece
        server.world.next_id = first_id(SystemClock().now() - timedelta(hours=1))
        stage = StreamStage(server, http)
        server.bearer = stage.secret
        stage.start = cursor_at(SystemClock().now() - timedelta(hours=2))
        for value in queries(WORDS, "acme", LONGEST):
            server.rule(value, "outcare @acme")
        await stage.begin()
        try:
            yield stage
        finally:
            await http.close()


class ActivityStage(StreamStage):
    def source(self, http: Http) -> Source:
        wiring = self.wiring if http is self.http else Wiring(http=http, clock=SystemClock())
        account = settings(self.server, bearer_token=SecretStr(self.secret), activity=True)
        return StreamedMentions(account, wiring)

    def _publish(self, number: int) -> str:
        return MentionsStage._publish(self, number)

    async def publish_malformed(self) -> None:
        self.server.world.post("ann", "@acme", is_broken=True)


@asynccontextmanager
async def activity_stage() -> AsyncIterator[ActivityStage]:
    http = HttpClient(SystemClock())
    async with XActivity() as server:
        server.granted, server.activity.most = 10_000, 10
        stage = ActivityStage(server, http)
        server.bearer = stage.secret
        for kind in ("post.mention.create", "post.quote.create"):
            server.subscription(kind, "outcare @acme")
        await stage.begin()
        try:
            yield stage
        finally:
            await http.close()
