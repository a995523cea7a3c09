"""Who wrote a status and what stands above it, asked of the server that told us of it.

https://docs.joinmastodon.org/methods/accounts/#lookup, statuses/#context. Authors that were heard of within
the hour are not asked for. Accounts are called by their whole names, so that resolving a handle only checks
that somebody has it, and gives it its domain. A server is asked for its own ones without
theirs: some do not know them by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bot.errors import Reason, Rejected
from bot.measured import Engagement
from connectors.mastodon.entities import Context, Person, Status, status_of
from connectors.mastodon.people import people
from connectors.mastodon.server import is_same_handle, own_server, segment, shared_servers
from connectors.mastodon.statuses import PLATFORM, View, parts, to_post
from connectors.mastodon.threads import Threads

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.model import Author, Post
    from bot.ports import Wiring
    from connectors.mastodon.account import AccountSettings
    from connectors.mastodon.server import Server


class MastodonLookup:
    """`bot.ports.Lookup`. The first of `servers` is asked about people."""

    platform = PLATFORM

    def __init__(self, servers: Iterable[Server], wiring: Wiring) -> None:
        self._servers: dict[str, Server] = {}
        for server in servers:
            self._servers.setdefault(server.name, server)
        self._home = next(iter(self._servers.values()))
        self._wiring = wiring
        self._people = people(wiring)

    async def author(self, author_id: str) -> Author:
        return self._people.get(author_id) or await self._asked(author_id)

    async def resolve(self, handle: str) -> str:
        name = handle.removeprefix("@").lower()
        for own in shared_servers(self._wiring):
            if name.partition("@")[0] == own.handle.partition("@")[0]:
                me = await own.me()
                if is_same_handle(name, me.acct):
                    return me.acct
        return (await self._asked(name)).id

    async def thread(self, post_id: str) -> tuple[Post, ...]:
        server, view = await self._of(post_id)
        status = await self._status(server, post_id)
        above = _read((await self._context(server, status)).ancestors)
        return await self._posts(server, view, [*above, status])

    async def answers(self, post_id: str) -> tuple[Post, ...]:
        server, view = await self._of(post_id)
        status = await self._status(server, post_id)
        context = await self._context(server, status)
        above = _read(context.ancestors)
        direct = [one for one in _read(context.descendants) if one.in_reply_to_id == status.id]
        whole = await self._posts(server, view, [*above, status], direct)
        return whole[len(above) + 1 :]

    async def engagement(self, post_id: str) -> Engagement:
        """Boosts and quotes together are what was shared."""
        server, _ = await self._of(post_id)
        status = await self._status(server, post_id)
        shared = [count for count in (status.reblogs_count, status.quotes_count) if count is not None]
        return Engagement(
            likes=status.favourites_count,
            shares=sum(shared) if shared else None,
            replies=status.replies_count,
        )

    async def _asked(self, acct: str) -> Author:
        view = await view_of(self._home)
        query = [("acct", acct.removesuffix(f"@{view.domain}"))]
        person = await self._home.read("/api/v1/accounts/lookup", Person, query)
        return self._people.meet(person, view)

    async def _of(self, post_id: str) -> tuple[Server, View]:
        server = self._servers.get(parts(post_id)[0])
        if server is None:
            raise Rejected("that post is on a server that is not asked", reason=Reason.NOT_FOUND)
        return server, await view_of(server)

    async def _status(self, server: Server, post_id: str) -> Status:
        return await server.read(f"/api/v1/statuses/{segment(parts(post_id)[1])}", Status)

    async def _context(self, server: Server, status: Status) -> Context:
        return await server.read(f"/api/v1/statuses/{segment(status.id)}/context", Context)

    async def _posts(
        self, server: Server, view: View, chain: list[Status], below: Iterable[Status] = ()
    ) -> tuple[Post, ...]:
        """A thread from its first status down, and answers to the last one of it."""
        threads, now = Threads(server), self._wiring.clock.now()
        threads.know_all(chain, view)
        return tuple([to_post(one, view, now, await threads.place(one, view)) for one in (*chain, *below)])


def _read(rows: Iterable[msgspec.Raw]) -> list[Status]:
    return [status for raw in rows if (status := status_of(raw))]


async def view_of(server: Server) -> View:
    """Raises: Unavailable, Refused."""
    return View(server=server.name, domain=(await server.terms()).domain)


def account_lookup(settings: AccountSettings, wiring: Wiring) -> MastodonLookup | None:
    """By the accounts that are configured; None: there is none."""
    own = [own_server(one, wiring) for one in settings.each.values()]
    return MastodonLookup(own, wiring) if own else None
