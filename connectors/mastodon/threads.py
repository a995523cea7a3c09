"""Where statuses stand in their threads: a status names what it answers, but not where its thread began.

https://docs.joinmastodon.org/methods/statuses/#context tells what stands above. It is asked for once for all
answers to one status: what was heard is remembered. A server that cannot tell costs no post: the thread
then begins with what is answered.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.errors import Reason, Refused, Unauthorized, Unavailable
from bot.model import PostRef
from connectors.mastodon.entities import Context, status_of
from connectors.mastodon.server import SPARE, segment
from connectors.mastodon.statuses import ALONE, PRIVATE, Place

if TYPE_CHECKING:
    from connectors.mastodon.entities import Status
    from connectors.mastodon.server import Server
    from connectors.mastodon.statuses import View

MOST = 5_000


@dataclass(frozen=True, slots=True)
class _Node:
    """A status that somebody may answer. `root` is the id of its thread's first one (itself, perhaps)."""

    author: str | None
    root: str
    is_private: bool


class Threads:
    """Of one server."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._nodes: OrderedDict[str, _Node] = OrderedDict()

    def note(self, status: Status, view: View) -> None:
        """Remember one that begins a thread: whoever answers it needs no question."""
        if not status.in_reply_to_id:
            self._know(status, view, status.id)

    async def place(self, status: Status, view: View) -> Place:
        """Raises: Unavailable (rate limited: nothing is lost by waiting), Unauthorized."""
        above = status.in_reply_to_id
        if not above:
            self.note(status, view)
            return ALONE
        unknown = _Node(answered(status, view), above, status.visibility == PRIVATE)
        if above not in self._nodes and await self._is_told(status, view):
            self._keep(above, self._nodes.get(above, unknown))  # not to be asked for with each answer to it
        node = self._nodes.get(above, unknown)
        self._know(status, view, node.root)
        author = node.author or answered(status, view)
        root = node if node.root == above else self._nodes.get(node.root)
        return Place(
            parent=PostRef(id=view.post_id(above), author_id=author),
            root=PostRef(id=view.post_id(node.root), author_id=root.author if root else None),
            is_private=node.is_private,
        )

    async def _is_told(self, status: Status, view: View) -> bool:
        """Whether the server has told what stands above, also if that is nothing that we may see."""
        try:
            path = f"/api/v1/statuses/{segment(status.id)}/context"
            context = await self._server.read(path, Context, spare=SPARE)
        except Unauthorized:
            raise
        except Refused:
            return True
        except Unavailable as error:
            if error.reason is Reason.RATE_LIMITED:
                raise
            return False
        self.know_all([found for raw in context.ancestors if (found := status_of(raw))], view)
        return True

    def know_all(self, ancestors: list[Status], view: View) -> None:
        """A thread from its first status down."""
        for found in ancestors:
            self._know(found, view, ancestors[0].id)

    def _know(self, status: Status, view: View, root: str) -> None:
        node = _Node(view.acct(status.account.acct), root, status.visibility == PRIVATE)
        self._keep(status.id, node)

    def _keep(self, status_id: str, node: _Node) -> None:
        self._nodes[status_id] = node
        self._nodes.move_to_end(status_id)
        while len(self._nodes) > MOST:
            self._nodes.popitem(last=False)


def answered(status: Status, view: View) -> str | None:
    """Whom it answers, as far as it says so itself."""
    wanted = status.in_reply_to_account_id
    if wanted == status.account.id:
        return view.acct(status.account.acct)
    return next((view.acct(named.acct) for named in status.mentions or [] if named.id == wanted), None)
