"""Each post once, whichever of the servers that are asked tells of it first. Knows no request."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from connectors.mastodon.server import shared_servers
from connectors.mastodon.statuses import View

if TYPE_CHECKING:
    from collections.abc import Collection

    from bot.ports import Wiring
    from connectors.mastodon.entities import Status
    from connectors.mastodon.server import Server

MOST = 20_000
_SHARED = "mastodon.told"


class Told:
    """The newest posts that were told, by what they are called everywhere, and by which server."""

    def __init__(self) -> None:
        self._by: OrderedDict[str, str] = OrderedDict()

    def is_by(self, status: Status, server: str) -> bool:
        """Whether that server is the one that tells of it: the first to do so."""
        if not status.uri:
            return True
        teller = self._by.setdefault(status.uri, server)
        self._by.move_to_end(status.uri)
        while len(self._by) > MOST:
            self._by.popitem(last=False)
        return teller == server


def told(wiring: Wiring) -> Told:
    """What all sources of the connector told together."""
    known: Told = wiring.shared.setdefault(_SHARED, Told())
    return known


def is_told_here(status: Status, server: Server, wiring: Wiring, asked: Collection[str] = ()) -> bool:
    """By the server that it was published on, if that is `asked` for everything of it, else by the first that
    tells; and what an account's own server tells the account is not told by another one.
    """
    origin = urlsplit(status.uri).netloc
    if origin != server.name and origin in asked:
        return False
    view = View(server=server.name, domain=server.known_terms.domain)
    people = {view.acct(status.account.acct), *(view.acct(named.acct) for named in status.mentions or [])}
    others = (own for own in shared_servers(wiring) if own.name != server.name and own.name not in asked)
    return not any(own.acct in people for own in others) and told(wiring).is_by(status, server.name)
