"""Several accounts, on one server or on several: each post is answered by the one that was asked.

A post is known by the server that told of it, so that this says which account it was; on one server the one
that it names. What no server of ours told of (a public timeline elsewhere) is answered by the one that it
names, else by the first. Knows no request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.mastodon.inbox import InboxSource
from connectors.mastodon.replier import MastodonReplier
from connectors.mastodon.searching import SearchSource
from connectors.mastodon.server import own_server
from connectors.mastodon.statuses import PLATFORM, parts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.model import Post
    from bot.ports import Source, Wiring
    from bot.replies import Length, Outgoing, Published, Replier
    from connectors.mastodon.account import AccountSettings
    from connectors.mastodon.server import OwnServer


class Repliers:
    """`bot.replies.Corrector` and `Several` over at least two accounts."""

    platform = PLATFORM
    is_idempotent = False

    def __init__(self, repliers: Sequence[tuple[OwnServer, MastodonReplier]]) -> None:
        self._repliers = tuple(repliers)

    @property
    def account_id(self) -> str | None:
        return self._repliers[0][1].account_id

    def account_for(self, to: Post) -> str | None:
        return self._asked(to).account_id

    def length(self, text: str) -> Length:
        """As the server counts that allows the least: which one it will be is not known yet."""
        counted = [replier.length(text) for _, replier in self._repliers]
        return min(counted, key=lambda one: one.limit - one.used)

    def refusal(self, to: Post) -> str:
        return self._asked(to).refusal(to)

    async def publish(self, reply: Outgoing) -> Published:
        return await self._asked(reply.to).publish(reply)

    async def find(self, reply: Outgoing) -> Published | None:
        return await self._asked(reply.to).find(reply)

    async def correct(self, post_id: str, reply: Outgoing) -> None:
        await self._asked(reply.to).correct(post_id, reply)

    async def delete(self, post_id: str) -> None:
        """By whose it is; where that is gone, nobody's."""
        here = self._on(parts(post_id)[0]) or [replier for _, replier in self._repliers]
        for replier in here[:-1]:
            if await replier.owns(post_id):
                return await replier.delete(post_id)
        return await here[-1].delete(post_id)

    def _on(self, server: str) -> list[MastodonReplier]:
        return [replier for own, replier in self._repliers if own.name == server]

    def _asked(self, to: Post) -> MastodonReplier:
        here = self._on(parts(to.id)[0])
        if len(here) == 1:
            return here[0]
        able = here or [replier for _, replier in self._repliers]
        named = (replier for own, replier in self._repliers if replier in able and names(to, own))
        return next(named, able[0])


def names(post: Post, own: OwnServer) -> bool:
    """Whether a post names the account. By what is configured alone: the same before anything was asked."""
    name, _, domain = own.handle.partition("@")
    told = (who.partition("@") for who in post.mentions)
    return any(who == name and domain in {"", its} for who, _, its in told)


def replier(account: AccountSettings, wiring: Wiring) -> Replier | None:
    made = [
        (own_server(one, wiring), MastodonReplier(one, wiring, name)) for name, one in account.each.items()
    ]
    if not made:
        return None
    return made[0][1] if len(made) == 1 else Repliers(made)


def inbox(account: AccountSettings, wiring: Wiring) -> Source | None:
    """That of the account without a name: where it stands is stored by the name of the source."""
    return InboxSource(account, wiring) if account.signs_in else None


def others(account: AccountSettings, wiring: Wiring) -> tuple[Source, ...]:
    """Those of the accounts beside it, and what is searched for by any of them."""
    told = (InboxSource(one, wiring, name) for name, one in account.accounts.items())
    found = (SearchSource(one, wiring, name) for name, one in account.each.items() if one.search)
    return (*told, *found)
