"""A message board with numbered rows, its honest source, and one broken twin for every rule of the contract."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
from aiohttp import web

from bot.clock import SystemClock
from bot.errors import BotError, Reason, Refused, Rejected, Unauthorized, Unavailable
from bot.http import HttpClient
from bot.model import Batch, Cursor, Post
from bot.ports import Http, Watch
from bot.refusals import place, refusal, retry_after
from bot.testing.loopback import Loopback, Refuse

SECRET = "swordfish-swordfish"
_PAGE = 2


class Board(Loopback):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Any] = []

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/rows", self._page), web.get("/slow", self._slow)]

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    async def _page(self, request: web.Request) -> web.Response:
        after = int(request.query.get("after", "0"))
        return web.json_response({"rows": self.rows[after : after + _PAGE]})

    async def _slow(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await asyncio.sleep(60)
        return response


class BoardSource:
    """Honest: passes every rule."""

    name = "board"
    platform = "board"
    is_stream = False

    def __init__(self, url: str, http: Http, token: str) -> None:
        self.url = url
        self.http = http
        self.token = token

    async def read(self, after: Cursor | None, watch: Watch) -> AsyncIterator[Batch]:
        number = int(after or "0")
        while rows := await self.page(number):
            number += len(rows)
            yield self.batch(rows, number, watch)

    async def page(self, after: int) -> list[Any]:
        url, query = f"{self.url}/rows", {"after": str(after), "token": self.token}
        async with self.http.request("GET", url, params=query) as response:
            body = await self.http.read(response)
            if response.status != 200:
                wait = retry_after(response.headers, datetime.now(UTC))
                raise self.error(response.status, place(url), wait, body)
        rows: list[Any] = json.loads(body)["rows"]
        return rows

    def error(self, status: int, where: str, wait: timedelta | None, body: bytes) -> BotError:
        del body
        return refusal(status, where, wait=wait)

    def batch(self, rows: list[Any], number: int, watch: Watch) -> Batch:
        good = [row for row in rows if self.is_good(row)]
        posts = tuple(
            post for post in map(self.post, good) if watch.wants(post.text, post.author_id, post.refs)
        )
        return Batch(
            posts=posts,
            cursor=Cursor(str(number)),
            seen=len(rows),
            posts_seen=len(good),
            undecodable=len(rows) - len(good),
        )

    def is_good(self, row: Any) -> bool:
        return isinstance(row, dict) and "id" in row

    def post(self, row: dict[str, Any]) -> Post:
        now = datetime.now(UTC)
        return Post(
            platform="board", id=f"row-{row['id']}", author_id="eve", text="hello", posted_at=now, seen_at=now
        )


class NewestFirst(BoardSource):
    """Rule 1: the order of a page is turned around."""

    def batch(self, rows: list[Any], number: int, watch: Watch) -> Batch:
        return super().batch(rows[::-1], number, watch)


class Duplicates(BoardSource):
    """Rule 1: the last row of a page comes again with the next."""

    async def page(self, after: int) -> list[Any]:
        rows = await super().page(after)
        return await super().page(after - 1) if rows and after else rows

    async def read(self, after: Cursor | None, watch: Watch) -> AsyncIterator[Batch]:
        number = int(after or "0")
        while rows := await self.page(number):
            number += 1 if number else len(rows)
            yield self.batch(rows, number, watch)


class ForgetsCursor(BoardSource):
    """Rule 2: begins at the beginning whatever it is told."""

    async def read(self, after: Cursor | None, watch: Watch) -> AsyncIterator[Batch]:
        del after
        async for batch in super().read(None, watch):
            yield batch


class ForgetsSome(BoardSource):
    """Rule 2: resumes one row too late, as a cursor kept from before the page would not."""

    async def read(self, after: Cursor | None, watch: Watch) -> AsyncIterator[Batch]:
        later = Cursor(str(int(after) + 1)) if after else None
        async for batch in super().read(later, watch):
            yield batch


class EmptyMovesCursor(BoardSource):
    """Rule 3: a page without rows moves the cursor on."""

    async def read(self, after: Cursor | None, watch: Watch) -> AsyncIterator[Batch]:
        last = after
        async for batch in super().read(after, watch):
            last = batch.cursor
            yield batch
        yield Batch(cursor=Cursor(str(int(last or "0") + 1)))


class NeverEnds(BoardSource):
    """Rule 3: a polling source that waits for more instead of ending."""

    async def read(self, after: Cursor | None, watch: Watch) -> AsyncIterator[Batch]:
        async for batch in super().read(after, watch):
            yield batch
        await asyncio.sleep(60)


class Unmapped(BoardSource):
    """Rule 4: takes one status (`wrong`) for a passing fault, or for a final one."""

    wrong = 0

    def error(self, status: int, where: str, wait: timedelta | None, body: bytes) -> BotError:
        right = super().error(status, where, wait, body)
        if status != self.wrong:
            return right
        return Rejected(where) if isinstance(right, Unavailable) else Unavailable(where)


class WrongReason(BoardSource):
    """Rule 4: the right class for 403, but the wrong metric label."""

    def error(self, status: int, where: str, wait: timedelta | None, body: bytes) -> BotError:
        right = super().error(status, where, wait, body)
        return Refused(where, reason=Reason.INVALID) if status == 403 else right


class AlwaysUnauthorized(BoardSource):
    """Rule 4: cries for a person at every refusal."""

    def error(self, status: int, where: str, wait: timedelta | None, body: bytes) -> BotError:
        del status, wait, body
        return Unauthorized(where)


class ForeignError(BoardSource):
    """Rule 4: lets the error of its library out."""

    async def page(self, after: int) -> list[Any]:
        try:
            return await super().page(after)
        except BotError as error:
            raise aiohttp.ClientError(str(error)) from error


class IgnoresRetryAfter(BoardSource):
    """Rule 5: does not read how long to wait."""

    def error(self, status: int, where: str, wait: timedelta | None, body: bytes) -> BotError:
        del wait
        return super().error(status, where, None, body)


class ReadsOnlySeconds(BoardSource):
    """Rule 5: does not read a date."""

    def error(self, status: int, where: str, wait: timedelta | None, body: bytes) -> BotError:
        is_date = wait is not None and wait > timedelta(hours=1)
        return super().error(status, where, None if is_date else wait, body)


class LeaksToken(BoardSource):
    """Rule 6: names the whole URL."""

    def error(self, status: int, where: str, wait: timedelta | None, body: bytes) -> BotError:
        return super().error(status, f"{where}?token={self.token}", wait, body)


class LeaksBody(BoardSource):
    """Rule 6: quotes the body."""

    def error(self, status: int, where: str, wait: timedelta | None, body: bytes) -> BotError:
        return super().error(status, f"{where}: {body.decode()}", wait, body)


class LeaksInCause(BoardSource):
    """Rule 6: a clean message, and the token in the error beneath it."""

    async def page(self, after: int) -> list[Any]:
        try:
            return await super().page(after)
        except BotError as error:
            error.__cause__ = ValueError(self.token)
            raise


class DiesOnBadRow(BoardSource):
    """Rule 7: one bad row costs the page."""

    def is_good(self, row: Any) -> bool:
        if not super().is_good(row):
            raise Unavailable("a bad row", reason=Reason.PROTOCOL)
        return True


class SkipsSilently(BoardSource):
    """Rule 7: skips a bad row and does not count it."""

    def batch(self, rows: list[Any], number: int, watch: Watch) -> Batch:
        return replace(super().batch(rows, number, watch), undecodable=0)


class LeavesOpen(BoardSource):
    """Rule 8: a connection that nobody closes."""

    async def read(self, after: Cursor | None, watch: Watch) -> AsyncIterator[Batch]:
        self.left = self.http.request("GET", f"{self.url}/slow")
        await self.left.__aenter__()
        async for batch in super().read(after, watch):
            yield batch


class LeavesTask(BoardSource):
    """Rule 8: a task that nobody ends."""

    async def read(self, after: Cursor | None, watch: Watch) -> AsyncIterator[Batch]:
        self.left = asyncio.create_task(asyncio.sleep(1))
        async for batch in super().read(after, watch):
            yield batch


class NaiveTimes(BoardSource):
    """Rule 9: local times without a zone, past the check of `Post`."""

    def post(self, row: dict[str, Any]) -> Post:
        post = super().post(row)
        object.__setattr__(post, "posted_at", post.posted_at.replace(tzinfo=None))
        return post


class FromTheFuture(BoardSource):
    """Rule 9: believes a platform's time that lies after now."""

    def post(self, row: dict[str, Any]) -> Post:
        post = super().post(row)
        return replace(post, posted_at=post.seen_at + timedelta(hours=1))


class IntIds(BoardSource):
    """Rule 10: numbers for ids."""

    def post(self, row: dict[str, Any]) -> Post:
        return replace(super().post(row), author_id=row["id"])


class UnstableIds(BoardSource):
    """Rule 10: another id at each reading."""

    readings = 0

    async def read(self, after: Cursor | None, watch: Watch) -> AsyncIterator[Batch]:
        UnstableIds.readings += 1
        async for batch in super().read(after, watch):
            yield batch

    def post(self, row: dict[str, Any]) -> Post:
        return replace(super().post(row), author_id=f"eve-{UnstableIds.readings}")


class OwnSession(BoardSource):
    """Rule 11: goes its own way to the network."""

    async def page(self, after: int) -> list[Any]:
        async with aiohttp.ClientSession() as session:
            await session.get(f"{self.url}/rows", params={"after": str(after)})
        return await super().page(after)


class SwallowsFailure(BoardSource):
    """Rule 11: where nothing is reachable it says that all is read."""

    async def page(self, after: int) -> list[Any]:
        try:
            return await super().page(after)
        except Unavailable:
            return []


class NoisyConstruction(BoardSource):
    """Rule 12: prints in its constructor."""

    def __init__(self, url: str, http: Http, token: str) -> None:
        super().__init__(url, http, token)
        print("ready")  # noqa: T201 - that is what is wrong with it


class BusyConstruction(BoardSource):
    """Rule 12: starts a task in its constructor."""

    def __init__(self, url: str, http: Http, token: str) -> None:
        super().__init__(url, http, token)
        self.task = asyncio.create_task(asyncio.sleep(0.5))


class TellsItsToken(BoardSource):
    """Rule 12: its repr holds the credential."""

    def __repr__(self) -> str:
        return f"BoardSource({self.token!r})"


class BoardStage:
    secret = SECRET
    start: Cursor | None = None

    def __init__(self, twin: type[BoardSource], board: Board, http: Http) -> None:
        self._twin = twin
        self._board = board
        self.http = http

    def source(self, http: Http) -> BoardSource:
        return self._twin(self._board.url, http, SECRET)

    async def publish(self, count: int) -> list[str]:
        first = len(self._board.rows) + 1
        self._board.rows += [{"id": number} for number in range(first, first + count)]
        return [f"row-{number}" for number in range(first, first + count)]

    async def publish_malformed(self) -> None:
        self._board.rows.append(["no", "row"])

    def refuse(self, status: int, headers: Mapping[str, str]) -> None:
        self._board.faults.append(Refuse(status=status, headers=headers, body=SECRET))

    def contacts(self) -> int:
        return self._board.requests

    def open_handles(self) -> int:
        return self._board.open_requests


@asynccontextmanager
async def board_stage(twin: type[BoardSource]) -> AsyncIterator[BoardStage]:
    http = HttpClient(SystemClock())
    async with Board() as board:
        try:
            yield BoardStage(twin, board, http)
        finally:
            await http.close()
