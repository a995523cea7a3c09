"""What the loopback PDS hands on to the chat service: conversations, messages, and the log of both.

As the lexicons say (https://github.com/bluesky-social/atproto/tree/main/lexicons/chat/bsky/convo); the
service itself is closed. Its log begins now where no cursor is given (issue 2760 there), goes on after one,
and is forgotten some day. Nobody gets to it without the header `atproto-proxy`, or by an app password without
the right to it (packages/pds, `pipethrough.ts`). Imports no connector.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from aiohttp import web

from bot.graphemes import count as graphemes
from bot.ports import Clock

SERVICE = "did:web:api.bsky.chat#bsky_chat"
PRIVILEGED = frozenset({"com.atproto.appPassPrivileged", "com.atproto.access"})
CONVO = "chat.bsky.convo"
DECLARATION = "chat.bsky.actor.declaration"
_DEFS = f"{CONVO}.defs#"


class ChatFault(Exception):  # noqa: N818 - what the service says
    """A 400 with a name."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


@dataclass
class Convo:
    """A conversation as one account sees it. `refuses`: name and words of the error for who writes there."""

    id: str
    members: list[dict[str, str]]
    is_group: bool = False
    status: str = "accepted"
    muted: bool = False
    refuses: tuple[str, str] | None = None
    messages: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class ChatService:
    """Of one account, `did`. `most`: so many rows of a page at most. `forgets`: whether a cursor that is too
    old is refused, not only answered with what is left. `incoming`: who may write, as the account declares.
    """

    clock: Clock
    did: str = ""
    handle: str = "acme.test"
    convos: dict[str, Convo] = field(default_factory=dict)
    log: list[dict[str, Any]] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)
    most: int = 100
    forgets: bool = False
    incoming: str | None = None

    def __post_init__(self) -> None:
        self._numbers = count(1)
        self._forgotten = ""

    # --- what happens ---

    def begin(self, name: str, *people: str, **more: Any) -> Convo:
        """A conversation of the account with `people`, by DID."""
        others = [{"did": did, "handle": f"{did.rpartition(':')[2]}.test"} for did in people]
        convo = Convo(name, [{"did": self.did, "handle": self.handle}, *others], **more)
        self.convos[name] = convo
        self._tell("BeginConvo", name)
        return convo

    def say(self, name: str, sender: str, text: str, **more: Any) -> str:
        """Somebody writes; `more`: facets, embed, sentAt. The message's id."""
        number = self._rev()
        message = {
            "$type": f"{_DEFS}messageView",
            "id": f"m{number}",
            "rev": number,
            "text": text,
            "sender": {"did": sender},
            "sentAt": self._stamp(),
            **more,
        }
        self.convos[name].messages.append(message)
        self._tell("CreateMessage", name, message=message)
        return str(message["id"])

    def delete(self, name: str, message: str) -> None:
        """The account deletes it for itself: nobody else can, and the others still have it."""
        convo = self.convos[name]
        place = next(n for n, one in enumerate(convo.messages) if one["id"] == message)
        kept = {key: convo.messages[place][key] for key in ("id", "rev", "sender", "sentAt")}
        gone = {"$type": f"{_DEFS}deletedMessageView", **kept}
        convo.messages[place] = gone
        self._tell("DeleteMessage", name, message=gone)

    def mute(self, name: str, *, muted: bool = True) -> None:
        self.convos[name].muted = muted
        self._tell("MuteConvo" if muted else "UnmuteConvo", name)

    def leave(self, name: str) -> None:
        del self.convos[name]
        self._tell("LeaveConvo", name)

    def malformed(self, name: str) -> None:
        """Something in the place of a message that nobody can read."""
        broken = {"$type": f"{_DEFS}messageView", "id": ["no"], "sentAt": 7}
        self.convos[name].messages.append(broken)
        self._tell("CreateMessage", name, message=broken)

    def forget(self) -> None:
        """What stands in the log until now."""
        self._forgotten = self.log[-1]["rev"] if self.log else ""
        self.log.clear()

    def _tell(self, kind: str, name: str, **more: Any) -> None:
        self.log.append({"$type": f"{_DEFS}log{kind}", "rev": self._rev(), "convoId": name, **more})

    def _rev(self) -> str:
        return f"222222{next(self._numbers):07}"

    def _stamp(self) -> str:
        """Now, and a millisecond after the newest at least."""
        told = [one["sentAt"] for convo in self.convos.values() for one in convo.messages]
        newest = max((at for at in told if isinstance(at, str)), default="")
        now = stamp(self.clock.now())
        return now if now > newest else stamp(datetime.fromisoformat(newest) + timedelta(milliseconds=1))

    # --- what is asked ---

    @property
    def declaration(self) -> dict[str, str] | None:
        """The account's own record about its chat."""
        return {"$type": DECLARATION, "allowIncoming": self.incoming} if self.incoming else None

    @property
    def queries(self) -> dict[str, Callable[[web.Request], dict[str, Any]]]:
        return {
            "getLog": self._get_log,
            "getConvo": lambda request: {"convo": self._view(self._there(request.query["convoId"]))},
            "listConvos": self._list_convos,
            "getMessages": self._get_messages,
        }

    def send(self, given: dict[str, Any]) -> dict[str, Any]:
        """`sendMessage`. Raises: ChatFault."""
        convo, message = self._there(given["convoId"]), given["message"]
        if convo.refuses:
            raise ChatFault(*convo.refuses)
        text = message["text"]
        if not text or graphemes(text) > 1000 or len(text.encode()) > 10_000:
            raise ChatFault("InvalidRequest", "Input/message/text must not be longer than 1000 graphemes")
        convo.status = "accepted"
        facets = {"facets": message["facets"]} if "facets" in message else {}
        self.say(convo.id, self.did, text, **facets)
        self.sent.append({"convo": convo.id, "text": text, **facets})
        return convo.messages[-1]

    def _there(self, name: str) -> Convo:
        if name not in self.convos:
            raise ChatFault("InvalidConvo", "Convo not found")
        return self.convos[name]

    def _get_log(self, request: web.Request) -> dict[str, Any]:
        cursor = request.query.get("cursor")
        newest = self.log[-1]["rev"] if self.log else self._forgotten or "2222222222222"
        if cursor is None:
            return {"logs": [], "cursor": newest}
        if self.forgets and cursor < self._forgotten:
            raise ChatFault("InvalidRequest", "cursor is too old")
        rows = [event for event in self.log if event["rev"] > cursor][: self.most]
        return {"logs": rows, "cursor": rows[-1]["rev"] if rows else cursor}

    def _list_convos(self, request: web.Request) -> dict[str, Any]:
        status = request.query.get("status")
        views = [self._view(one) for one in self.convos.values() if status in {None, one.status}]
        return self._page(request, "convos", views)

    def _get_messages(self, request: web.Request) -> dict[str, Any]:
        messages = self._there(request.query["convoId"]).messages
        return self._page(request, "messages", list(reversed(messages)))

    def _page(self, request: web.Request, name: str, rows: list[Any]) -> dict[str, Any]:
        start = int(request.query.get("cursor", "0"))
        end = start + min(int(request.query.get("limit", "50")), self.most)
        return {name: rows[start:end], **({"cursor": str(end)} if end < len(rows) else {})}

    def _view(self, convo: Convo) -> dict[str, Any]:
        kind = {"$type": f"{_DEFS}directConvo"}
        if convo.is_group:
            at = stamp(self.clock.now())
            kind = {"$type": f"{_DEFS}groupConvo", "name": "all", "lockStatus": "unlocked", "createdAt": at}
        view = {
            "id": convo.id,
            "rev": "2222222222222",
            "members": convo.members,
            "muted": convo.muted,
            "status": convo.status,
            "unreadCount": 0,
            "kind": kind,
        }
        return {**view, "lastMessage": convo.messages[-1]} if convo.messages else view


def stamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
