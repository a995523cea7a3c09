"""What every source must do (docs/adding-a-connector.md), as a suite to inherit (with pytest-asyncio).

Give a `Stage` of your platform (a fake that behaves, on 127.0.0.1) and inherit `SourceContract`, and
`NetworkSourceContract` where your source asks a server through the given `Http`:

    class TestMySource(NetworkSourceContract):
        def stage(self) -> AbstractAsyncContextManager[Stage]:
            return my_stage()

Each rule has a broken twin that must fail it in tests/contract/test_source_contract_bites.py of this project.
"""

from __future__ import annotations

import asyncio
import io
import traceback
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from contextlib import (
    AbstractAsyncContextManager,
    asynccontextmanager,
    redirect_stderr,
    redirect_stdout,
)
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, Protocol

from structlog.testing import capture_logs

from bot.errors import BotError, Reason, Refused, Rejected, Unauthorized, Unavailable
from bot.model import Batch, Cursor, Post

if TYPE_CHECKING:
    from bot.ports import Http, Source

PATIENCE = 5.0
"""Seconds after which something that should have come has not come."""
QUIET = 0.2
"""Seconds in which a stream that has nothing to say may say it."""

STATUSES: Mapping[int, tuple[type[BotError], Reason]] = {
    400: (Rejected, Reason.INVALID),
    401: (Unauthorized, Reason.UNAUTHORIZED),
    403: (Refused, Reason.FORBIDDEN),
    404: (Rejected, Reason.NOT_FOUND),
    408: (Unavailable, Reason.RATE_LIMITED),
    410: (Rejected, Reason.INVALID),
    418: (Rejected, Reason.INVALID),
    429: (Unavailable, Reason.RATE_LIMITED),
    500: (Unavailable, Reason.SERVER),
    502: (Unavailable, Reason.SERVER),
    503: (Unavailable, Reason.SERVER),
    504: (Unavailable, Reason.SERVER),
}
"""Rule 4: what each status means. A platform that means something else by one overrides `statuses`."""


class WatchAll:
    """A watch that wants everything; also remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def wants(self, text: str, author_id: str, refs: Iterable[str]) -> bool:
        del author_id, refs
        self.asked.append(text)
        return True


class Stage(Protocol):
    """A platform to try a source on. All of it is on this machine."""

    http: Http
    secret: str
    """A text that stands in credentials, URLs or the bodies of refusals, and must come out nowhere."""
    start: Cursor | None
    """From here on everything that `publish` publishes is read."""

    def source(self, http: Http) -> Source:
        """A new source that reads this platform through `http`."""
        ...

    async def publish(self, count: int) -> list[str]:
        """Publish posts; their ids as the source must give them, oldest first."""
        ...

    async def publish_malformed(self) -> None:
        """Publish something that cannot be decoded."""
        ...

    def contacts(self) -> int:
        """How often the platform was contacted (requests made, files opened …)."""
        ...

    def open_handles(self) -> int:
        """Connections (or files) that the source holds open now."""
        ...


class NetworkStage(Stage, Protocol):
    def refuse(self, status: int, headers: Mapping[str, str]) -> None:
        """Answer the next request with that status; `secret` stands in its body."""
        ...


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What reading gave: each batch's cursor with the ids that had come by then."""

    posts: list[Post] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)
    cursors: list[tuple[Cursor, int]] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        return [post.id for post in self.posts]

    def take(self, batch: Batch) -> None:
        self.batches.append(batch)
        self.posts.extend(batch.posts)
        if batch.cursor is not None:
            self.cursors.append((batch.cursor, len(self.posts)))


async def read(source: Source, after: Cursor | None, *, until: str | None = None) -> Heard:
    """Read until the source ends, or a post with that id has come, or (a stream, no `until`) for a moment."""
    heard = Heard()
    try:
        async with asyncio.timeout(PATIENCE if until or not source.is_stream else QUIET):
            async with _closing(source.read(after, WatchAll())) as batches:
                async for batch in batches:
                    heard.take(batch)
                    if source.is_stream and until in heard.ids:
                        break
    except TimeoutError:
        assert not until, f"{until} did not come within {PATIENCE} s; came: {heard.ids}"
    return heard


async def failure(source: Source, after: Cursor | None) -> BotError:
    """The error that reading ends with."""
    try:
        await read(source, after)
    except BotError as error:
        return error
    except Exception as error:
        raise AssertionError(f"{type(error).__name__} came out; only bot.errors may") from error
    raise AssertionError("no error came out")


class SourceContract(ABC):
    """Rules 1–3, 7–10 and 12 of docs/adding-a-connector.md; inherit it in a class called Test…"""

    @abstractmethod
    def stage(self) -> AbstractAsyncContextManager[Any]:
        """A fresh stage for one test."""

    async def test_rule_1_oldest_first_and_nothing_twice(self) -> None:
        """Posts come in the order in which they were published, each once."""
        async with self.stage() as stage:
            expected = await stage.publish(7)
            heard = await read(stage.source(stage.http), stage.start, until=expected[-1])
            assert expected == heard.ids

    async def test_rule_2_resuming_gives_exactly_the_rest(self) -> None:
        """Whatever cursor a new source begins after, it yields what came later, all of it and no more."""
        async with self.stage() as stage:
            ids, cursors = await _in_sittings(stage, 4)
            assert len(cursors) >= 4, "each sitting must give a cursor"
            for cursor, behind in [(stage.start, 0), *cursors[:-1]]:
                rest = await read(stage.source(stage.http), cursor, until=ids[-1])
                assert ids[behind:] == rest.ids, f"after {behind} posts"

    async def test_rule_3_nothing_new_keeps_the_cursor(self) -> None:
        """Where nothing came, no post and no cursor comes out, and a polling source ends."""
        async with self.stage() as stage:
            ids = await stage.publish(2)
            first = await read(stage.source(stage.http), stage.start, until=ids[-1])
            last = first.cursors[-1][0]
            again = await read(stage.source(stage.http), last)
            assert again.ids == []
            assert {last} >= {cursor for cursor, _ in again.cursors}
            assert all(batch.seen for batch in again.batches if batch.cursor is not None)

    async def test_rule_7_a_malformed_row_is_skipped_and_counted(self) -> None:
        """One row that cannot be decoded costs no other row, and is counted once."""
        async with self.stage() as stage:
            before = await stage.publish(2)
            await stage.publish_malformed()
            after = await stage.publish(2)
            heard = await read(stage.source(stage.http), stage.start, until=after[-1])
            assert before + after == heard.ids
            assert sum(batch.undecodable for batch in heard.batches) == 1
            assert sum(batch.posts_seen for batch in heard.batches) == 4
            assert sum(batch.seen for batch in heard.batches) == 5

    async def test_rule_8_cancellation_leaves_nothing_open(self) -> None:
        """A reader that is cancelled in the middle leaves no task, connection or file behind."""
        async with self.stage() as stage:
            await stage.publish(3)
            tasks = asyncio.all_tasks()
            reading = asyncio.create_task(_read_and_stay(stage.source(stage.http), stage.start))
            await asyncio.sleep(QUIET)
            reading.cancel()
            await asyncio.wait([reading])
            await _soon(lambda: stage.open_handles() == 0, "a connection or file is still open")
            ours = {task for task in asyncio.all_tasks() - tasks if _is_foreign(task)}
            assert not ours, f"tasks are still running: {ours}"

    async def test_rule_9_times_are_aware_utc(self) -> None:
        """Each time is aware, in UTC; no post is younger than when it was seen, nothing is observed ahead."""
        async with self.stage() as stage:
            ids = await stage.publish(2)
            heard = await read(stage.source(stage.http), stage.start, until=ids[-1])
            assert heard.posts
            for post in heard.posts:
                for at in (post.posted_at, post.seen_at):
                    assert timedelta(0) == at.utcoffset(), f"{at!r} is not aware UTC"
                assert post.posted_at <= post.seen_at
            now = datetime.now(UTC)
            reached = [batch.observed_to for batch in heard.batches if batch.observed_to]
            assert not [at for at in reached if at > now], "it claims to have observed the future"

    async def test_rule_10_ids_are_stable_text(self) -> None:
        """Ids are text, not empty, and the same whenever the same post is read."""
        async with self.stage() as stage:
            ids = await stage.publish(2)
            first = await read(stage.source(stage.http), stage.start, until=ids[-1])
            second = await read(stage.source(stage.http), stage.start, until=ids[-1])
            told = [[(post.id, post.author_id) for post in heard.posts] for heard in (first, second)]
            assert told[0] == told[1]
            for post in first.posts:
                for text in (post.id, post.author_id, *post.refs):
                    assert isinstance(text, str), f"{text!r} is not text"
                    assert text.strip(), "an empty id"
                assert post.platform == stage.source(stage.http).platform

    async def test_rule_12_construction_is_silent(self) -> None:
        """Making a source asks nobody, starts nothing and says nothing."""
        async with self.stage() as stage:
            tasks, contacts = asyncio.all_tasks(), stage.contacts()
            said = io.StringIO()
            with redirect_stdout(said), redirect_stderr(said), capture_logs() as logs:
                source = stage.source(Walled())
            assert said.getvalue() == ""
            assert logs == []
            assert contacts == stage.contacts()
            assert tasks == asyncio.all_tasks()
            assert stage.secret not in repr(source)


class NetworkSourceContract(SourceContract):
    """The rules for sources that ask a server: 4, 5, 6 and 11. They want a `NetworkStage`."""

    statuses: Mapping[int, tuple[type[BotError], Reason]] = STATUSES

    async def test_rule_4_each_status_is_its_error(self) -> None:
        """Every status becomes the error that says what to do next."""
        wrong = []
        async with self.stage() as stage:
            for status, (kind, reason) in self.statuses.items():
                stage.refuse(status, {})
                error = await failure(stage.source(stage.http), stage.start)
                if (type(error), error.reason) != (kind, reason):
                    wrong.append(f"{status}: {type(error).__name__} {error.reason}")
        assert not wrong, f"expected otherwise: {wrong}"

    async def test_rule_5_retry_after_is_read(self) -> None:
        """What `Retry-After` asks for, in seconds or as a date, is in the error."""
        async with self.stage() as stage:
            for status in (429, 503):
                stage.refuse(status, {"Retry-After": "7"})
                error = await failure(stage.source(stage.http), stage.start)
                assert isinstance(error, Unavailable)
                assert timedelta(seconds=7) == error.retry_after
            stage.refuse(429, {"Retry-After": format_datetime(_FAR, usegmt=True)})
            error = await failure(stage.source(stage.http), stage.start)
            assert isinstance(error, Unavailable)
            assert error.retry_after is not None, "a date was not read"
            assert error.retry_after > timedelta(hours=1)

    async def test_rule_6_no_secret_comes_out(self) -> None:
        """Neither an error nor its causes, nor a log line, hold a credential, a query or a body."""
        async with self.stage() as stage:
            said = io.StringIO()
            with redirect_stdout(said), redirect_stderr(said), capture_logs() as logs:
                for status in self.statuses:
                    stage.refuse(status, {})
                    error = await failure(stage.source(stage.http), stage.start)
                    said.write("".join(traceback.format_exception(error)))
                    said.write(f"{error!r} {error.__cause__!r}")
            assert stage.secret not in said.getvalue()
            assert stage.secret not in repr(logs)

    async def test_rule_11_only_through_the_given_http(self) -> None:
        """A source whose `Http` reaches nothing reaches nothing."""
        async with self.stage() as stage:
            contacts = stage.contacts()
            error = await failure(stage.source(Walled()), stage.start)
            assert isinstance(error, Unavailable)
            assert contacts == stage.contacts(), "the platform was contacted behind the back of Http"


class Walled:
    """An `Http` from which nothing is reachable."""

    def request(self, *_: Any, **__: Any) -> _Wall:
        return _Wall()

    async def read(self, *_: Any, **__: Any) -> bytes:
        raise Unavailable("no way out", reason=Reason.CONNECTION)

    async def pieces(self, *_: Any, **__: Any) -> AsyncGenerator[bytes, None]:
        yield await self.read()

    def websocket(self, *_: Any, **__: Any) -> _Wall:
        return _Wall()

    def guarded(self, *_: Any, **__: Any) -> Walled:
        return self

    async def close(self) -> None:
        """Nothing was open."""


class _Wall:
    async def __aenter__(self) -> Any:
        raise Unavailable("no way out", reason=Reason.CONNECTION)

    async def __aexit__(self, *_: object) -> None:
        """Nothing was entered."""


_FAR = datetime(2099, 1, 1, tzinfo=UTC)


async def _in_sittings(stage: Stage, sittings: int) -> tuple[list[str], list[tuple[Cursor, int]]]:
    """Publish a little, read it, publish more: all ids, and each cursor with how many lay behind it."""
    ids: list[str] = []
    cursors: list[tuple[Cursor, int]] = []
    after = stage.start
    for _ in range(sittings):
        behind = len(ids)
        ids += await stage.publish(3)
        heard = await read(stage.source(stage.http), after, until=ids[-1])
        assert ids[behind:] == heard.ids
        cursors += [(cursor, behind + count) for cursor, count in heard.cursors]
        after = cursors[-1][0] if cursors else after
    return ids, cursors


async def _read_and_stay(source: Source, after: Cursor | None) -> None:
    async with _closing(source.read(after, WatchAll())) as batches:
        async for _ in batches:
            await asyncio.sleep(PATIENCE)


@asynccontextmanager
async def _closing(batches: AsyncIterator[Batch]) -> AsyncIterator[AsyncIterator[Batch]]:
    try:
        yield batches
    finally:
        close = getattr(batches, "aclose", None)
        if close is not None:
            await close()


async def _soon(condition: Any, message: str) -> None:
    for _ in range(100):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(message)


def _is_foreign(task: asyncio.Task[Any]) -> bool:
    """Not the loopback server's own handling of a connection."""
    code = getattr(task.get_coro(), "cr_code", None)
    return code is None or "aiohttp/web" not in code.co_filename.replace("\\", "/")
