"""Which of the stored posts are gone from X: asked by jobs of compliance, which cost nothing.

X wants what was deleted to be forgotten within a day (https://docs.x.com/developer-terms/policy), and tells
nobody of it. `POST /2/compliance/jobs` (https://docs.x.com/x-api/compliance/batch-compliance/integrate) takes
the ids of all posts that are stored, and answers some time later which of them must not be: deleted, or their
author protected, deactivated or suspended. One job of a kind runs at a time. It wants the app's bearer token.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from bot.cursors import readable
from bot.errors import Reason, Rejected, Unauthorized, Unavailable
from bot.model import Batch, Cursor, Deletion
from connectors.x.budget import PLATFORM
from connectors.x.own import own_account

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.model import PostRef
    from bot.ports import Watch, Wiring
    from connectors.x.account import AccountSettings

NAME = "x-gone"
JOBS = "/2/compliance/jobs"
TITLE = "outcare"
LOOKS_EVERY = timedelta(seconds=30)
SOMEBODY_ELSES = timedelta(minutes=5)
_POSITION = re.compile(r"v1:([0-9]{1,12}):([A-Za-z0-9]{0,40})")
_ID = re.compile(r"[0-9]{1,19}")
_ACTIVE = frozenset({"created", "in_progress"})
_KEEPS = frozenset({"scrub_geo", "geo_scrubbed"})
"""Reasons that are none to forget a post: no place is stored."""


class Job(msgspec.Struct, frozen=True):
    id: str
    status: str = ""
    name: str | None = None
    upload_url: str = ""
    download_url: str = ""


class Made(msgspec.Struct, frozen=True):
    data: Job


class Jobs(msgspec.Struct, frozen=True):
    data: tuple[Job, ...] = ()


class Event(msgspec.Struct, frozen=True):
    """A line of the results; absence means that nothing is the matter."""

    id: str
    action: str = ""
    reason: str = ""

    @property
    def is_gone(self) -> bool:
        return self.action == "delete" and self.reason not in _KEEPS


@dataclass(frozen=True, kw_only=True)
class Position:
    """When we asked last, and by which job, until that is answered."""

    asked_at: int = 0
    job: str = ""

    @classmethod
    def of(cls, text: Cursor | None) -> Position:
        """Raises: ValueError."""
        match = _POSITION.fullmatch(text or "v1:0:")
        if not match:
            raise ValueError("not a position among jobs")
        return cls(asked_at=int(match[1]), job=match[2])

    @property
    def text(self) -> Cursor:
        return Cursor(f"v1:{self.asked_at}:{self.job}")


class DeletionsSource:
    """`bot.ports.Source` of deletions only, polled: one step of a job in each reading."""

    name = NAME
    platform = PLATFORM
    is_stream = False

    def __init__(self, settings: AccountSettings, wiring: Wiring) -> None:
        self._app = own_account(settings, wiring).app
        self._kept, self._clock = wiring.kept, wiring.clock
        self._every = settings.deletions_every
        self.poll_every = LOOKS_EVERY

    async def read(self, after: Cursor | None, watch: Watch) -> AsyncIterator[Batch]:
        del watch  # what is stored was wanted
        now = self._clock.now()
        with readable(NAME, now):
            position = Position.of(after)
        self.poll_every = LOOKS_EVERY
        if position.job:
            async for batch in self._ended(position):
                yield batch
            return
        due = datetime.fromtimestamp(position.asked_at, UTC) + self._every
        if now < due:
            self.poll_every = due - now
            return
        ids = [one.id async for one in self._stored()]
        job = await self._begun(ids) if ids else ""
        self.poll_every = LOOKS_EVERY if job else self._every
        yield Batch(cursor=Position(asked_at=int(now.timestamp()), job=job).text, seen=1)

    async def _stored(self) -> AsyncIterator[PostRef]:
        """What X knows by its id; direct messages have none there."""
        after = ""
        while found := await self._kept(PLATFORM, after):
            for one in found:
                if _ID.fullmatch(one.id):
                    yield one
            after = found[-1].id

    async def _begun(self, ids: list[str]) -> str:
        """A job that looks at these, or one of ours that does already. Raises: Unavailable, Refused."""
        answer = await self._app.ask("POST", JOBS, body={"type": "tweets", "name": TITLE})
        if answer.status == 409:
            return await self._active()
        if answer.status == 403:
            raise Unauthorized(f"{self._app.host} does not let this app ask which posts are gone (403)")
        if not 200 <= answer.status < 300:
            raise answer.error()
        job = answer.read(Made).data
        sent = await self._app.at("PUT", job.upload_url, "".join(f"{one}\n" for one in ids).encode())
        if not 200 <= sent.status < 300:
            await self._app.ask("DELETE", f"{JOBS}/{job.id}")
            raise sent.error()
        return job.id

    async def _active(self) -> str:
        """A job that we began and lost sight of: it is waited for, or, where it was given no ids, ended."""
        jobs = await self._app.read("GET", JOBS, Jobs, {"type": "tweets"})
        ours = next((one for one in jobs.data if one.name == TITLE and one.status in _ACTIVE), None)
        if ours is not None and ours.status == "in_progress":
            return ours.id
        if ours is not None:
            await self._app.ask("DELETE", f"{JOBS}/{ours.id}")
        message = f"{self._app.host}: another job of compliance is running"
        raise Unavailable(message, reason=Reason.CONFLICT, retry_after=SOMEBODY_ELSES)

    async def _ended(self, position: Position) -> AsyncIterator[Batch]:
        """What a job found, when it has."""
        over = Position(asked_at=position.asked_at)
        try:
            job = (await self._app.read("GET", f"{JOBS}/{position.job}", Made)).data
        except Rejected:
            job = Job(id=position.job)
        if job.status in _ACTIVE:
            return
        if job.status != "complete":
            yield Batch(cursor=Position().text, seen=1)
            message = f"{self._app.host}: a job of compliance failed; another one is begun"
            raise Unavailable(message, reason=Reason.SERVER, retry_after=SOMEBODY_ELSES)
        answer = await self._app.at("GET", job.download_url)
        if answer.status != 200:
            raise answer.error()
        gone, strange = events_of(answer.body)
        found = [one async for one in self._stored() if one.id in gone] if gone else []
        yield Batch(
            deleted=tuple(_deletion(one) for one in found),
            cursor=over.text,
            seen=1 + strange,
            undecodable=strange,
        )


def _deletion(post: PostRef) -> Deletion:
    return Deletion(platform=PLATFORM, author_id=post.author_id or "", post_id=post.id)


def events_of(body: bytes) -> tuple[frozenset[str], int]:
    """The posts that must not be kept, and how many lines could not be read. Pure."""
    gone: set[str] = set()
    strange = 0
    for line in body.splitlines():
        if not line.strip():
            continue
        try:
            event = msgspec.json.decode(line, type=Event)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            strange += 1
            continue
        if event.is_gone:
            gone.add(event.id)
    return frozenset(gone), strange
