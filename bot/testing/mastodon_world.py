"""What a server of the Mastodon API keeps: accounts, statuses, notifications, and how it tells of them.

Entities as https://docs.joinmastodon.org/entities/ has them; texts become HTML as Mastodon renders them, a
post's length is counted as Mastodon counts it. Each server has its `Manners`. Knows no HTTP, imports no
connector.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.graphemes import count
from bot.ports import Clock

_MENTION = re.compile(r"(?<![=/\w])@([A-Za-z0-9_]+(?:[.-]+[A-Za-z0-9_]+)*)(?:@([\w.:-]*\w))?")
_URL = re.compile(
    r"(?<![\w@$#])https?://[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?::[0-9]+)?"
    r"(?:/(?:[^\s<>()?]*[^\s<>()?!*\"';:=,.$%\[\]~&|@])?)?"
    r"(?:\?[A-Za-z0-9!?*'();:&=+$/%#\[\]_.,~|@-]*[A-Za-z0-9_&=#/-])?"
)
"""https://github.com/mastodon/mastodon/blob/main/config/initializers/twitter_regex.rb, nearly."""
_TAG = re.compile(r"(?<![\w/&])#(\w*[^\W\d_]\w*)")
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
PAGE = {"notifications": 80, "statuses": 40}


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How a server differs from others.

    `ids`: "number", "ulid" or "flake". `key`: what a repeated Idempotency-Key does: "honours" it, "ignores"
    it, or "stumbles" (https://github.com/mastodon/mastodon/issues/40399). `reset`: how the time of the next
    requests is written, "date" or "seconds". `streams`: over a "socket", as "lines", "both", or none.
    `knows_its_domain`: finds its own accounts by their whole names too. `next_by`: what a link to the next
    page calls its beginning. `searches_texts`: also for an address.
    """

    software: str = "4.5.0"
    api: int | None = 7
    ids: str = "number"
    key: str = "honours"
    reset: str = "date"
    longest: int = 500
    per_url: int = 23
    has_v2: bool = True
    has_links: bool = True
    next_by: str = "max_id"
    has_source: bool = True
    has_edits: bool = True
    has_search: bool = True
    filters_types: bool = True
    keeps_since: bool = True
    streams: str = ""
    knows_its_domain: bool = True
    searches_texts: bool = False


MASTODON = Manners()
OLD_MASTODON = Manners(software="3.4.10", api=None, has_v2=False, has_source=False, has_edits=False)
STUMBLING = Manners(software="4.6.0", key="stumbles")
GOTOSOCIAL = Manners(
    software="0.20.2+git", api=None, ids="ulid", key="ignores", reset="seconds", longest=5000, per_url=25
)
PLEROMA = Manners(
    software="2.7.2 (compatible; Pleroma 2.9.1)", api=None, ids="flake", key="ignores", longest=5000,
    has_v2=False, has_links=False, filters_types=False, keeps_since=False, searches_texts=True,
)  # fmt: skip


@dataclass(kw_only=True)
class Status:
    """A status; `text` as it was written."""

    id: str
    account: str
    text: str
    at: datetime
    visibility: str = "public"
    parent: str | None = None
    spoiler: str = ""
    language: str | None = "en"
    edited_at: datetime | None = None
    quotes: str | None = None
    media: Sequence[Mapping[str, Any]] = ()
    sent: Mapping[str, Any] = field(default_factory=dict)
    """What came with the request that made it."""


class World:
    """`domain`: what names of local accounts end in; `url`: where the server is reached."""

    def __init__(self, clock: Clock, manners: Manners, domain: str) -> None:
        self.clock, self.manners, self.domain = clock, manners, domain
        self.url = f"https://{domain}"
        self.accounts: dict[str, dict[str, Any]] = {}
        self.statuses: dict[str, Status] = {}
        self.notifications: list[dict[str, Any]] = []
        self.order: dict[str, float] = {}
        """Where an id stands in lists."""
        self.finds_text = False
        """Whether posts are found by their text; not those in `unindexed`."""
        self.unindexed: set[str] = set()
        self.heard: Callable[[str, Any], None] = lambda _kind, _what: None
        """Hears of what happens, as the streams call it."""
        self.broken: set[str] = set()
        """Statuses that are told of in a way that nobody can read."""

    # --- filling it ---

    def account(self, acct: str, **more: Any) -> str:
        """A person by name (`ann` is local, `ann@else.example` is not); the id."""
        for known, row in self.accounts.items():
            if row["acct"] == acct:
                row.update(more)
                return known
        username, _, domain = acct.partition("@")
        made = self.next_id()
        self.accounts[made] = {
            "id": made, "username": username, "acct": acct, "display_name": username.title(), "locked": False,
            "bot": False, "note": f"<p>This is {username}.</p>", "followers_count": 7, "following_count": 3,
            "created_at": "2024-01-05T00:00:00.000Z",
            "url": f"https://{domain or self.domain}/@{username}", **more,
        }  # fmt: skip
        return made

    def post(self, acct: str, text: str, **more: Any) -> str:
        """A status of somebody; its id. `more` as in `Status`."""
        made = self.next_id()
        at = more.pop("at", None) or self.clock.now()
        self.statuses[made] = Status(id=made, account=self.account(acct), text=text, at=at, **more)
        self.heard("update", self.statuses[made])
        return made

    def tell(self, kind: str, status: str) -> dict[str, Any]:
        """A notification for the account; the row may be changed by a test before it is read."""
        row = {
            "id": self.next_id(), "type": kind, "status": status,
            "created_at": stamp(self.statuses[status].at), "account": self.statuses[status].account,
        }  # fmt: skip
        self.notifications.insert(0, row)
        self.heard("notification", row)
        return row

    def edit(self, status: str, text: str, *, spoiler: str | None = None) -> None:
        one = self.statuses[status]
        if (one.text, one.spoiler) != (text, one.spoiler if spoiler is None else spoiler):
            one.text, one.edited_at = text, self.clock.now()
            one.spoiler = one.spoiler if spoiler is None else spoiler
            self.heard("status.update", one)

    def delete(self, status: str) -> None:
        """Answers to it lose their parent, notifications of it go."""
        self.heard("delete", self.statuses.pop(status))
        self.notifications = [row for row in self.notifications if row["status"] != status]
        for one in self.statuses.values():
            one.parent = None if one.parent == status else one.parent

    def next_id(self) -> str:
        number = len(self.order) + 1
        made = {
            "number": lambda: str(111_000_000_000_000_000 + number * 65_537),
            "ulid": lambda: f"01J{_digits(number, _CROCKFORD, 23)}",
            "flake": lambda: f"Ap{_digits(number, _BASE62, 16)}",
        }[self.manners.ids]()
        self.order[made] = number
        return made

    # --- telling of it ---

    def is_shown(self, status: Status, viewer: str) -> bool:
        """`viewer`: empty is anybody."""
        if status.visibility in {"public", "unlisted"} or status.account == viewer:
            return True
        return viewer in {one["id"] for one in self.mentioned(status)}

    def tags(self, status: Status) -> set[str]:
        return {tag.lower() for tag in _TAG.findall(status.text)}

    def mentioned(self, status: Status) -> list[dict[str, Any]]:
        """Whom it names, in the order of the text."""
        found = (self.named(*match.groups()) for match in _MENTION.finditer(status.text))
        return list({one["id"]: one for one in found if one}.values())

    def named(self, username: str, domain: str | None) -> dict[str, Any] | None:
        own = {None, "", self.domain} if self.manners.knows_its_domain else {None, ""}
        acct = username if domain in own else f"{username}@{domain}"
        rows = self.accounts.values()
        return next((row for row in rows if row["acct"].lower() == acct.lower()), None)

    def entity(self, status: Status, *, nested: bool = False) -> dict[str, Any]:
        if status.id in self.broken:
            return {"id": status.id, "account": ["nobody"]}
        parent = self.statuses.get(status.parent or "")
        quoted = self.statuses.get(status.quotes or "")
        quote = {"state": "accepted", "quoted_status": self.entity(quoted, nested=True)} if quoted else None
        author = self.accounts[status.account]
        return {
            "id": status.id,
            "created_at": stamp(status.at),
            "edited_at": stamp(status.edited_at) if status.edited_at else None,
            "in_reply_to_id": parent.id if parent else None,
            "in_reply_to_account_id": parent.account if parent else None,
            "sensitive": bool(status.spoiler), "spoiler_text": status.spoiler,
            "visibility": status.visibility, "language": status.language,
            "uri": f"{self._home(author)}/users/{author['username']}/statuses/{status.id}",
            "url": f"{author['url']}/{status.id}",
            "replies_count": sum(one.parent == status.id for one in self.statuses.values()),
            "reblogs_count": 2, "favourites_count": 5, "quotes_count": 1,
            "content": self.content(status.text),
            "reblog": None, "account": dict(author),
            "mentions": [
                {"id": one["id"], "username": one["username"], "acct": one["acct"], "url": one["url"]}
                for one in self.mentioned(status)
            ],
            "tags": [{"name": tag.lower(), "url": self._tag_url(tag)} for tag in _TAG.findall(status.text)],
            "media_attachments": list(status.media), "emojis": [], "card": None, "poll": None,
            **({} if nested else {"quote": quote}),
        }  # fmt: skip

    def content(self, text: str) -> str:
        """As Mastodon renders it: https://github.com/mastodon/mastodon/blob/main/app/lib/text_formatter.rb."""
        parts, at = [], 0
        marks = sorted(
            (match for kind in (_URL, _MENTION, _TAG) for match in kind.finditer(text)),
            key=lambda match: (match.start(), -match.end()),
        )
        for match in marks:
            if match.start() >= at:
                parts += [html.escape(text[at : match.start()]), self._mark(match)]
                at = match.end()
        parts.append(html.escape(text[at:]))
        paragraphs = re.split(r"\n{2,}", "".join(parts))
        return "".join(f"<p>{one.replace(chr(10), '<br />')}</p>" for one in paragraphs)

    def _mark(self, match: re.Match[str]) -> str:
        whole = html.escape(match[0])
        if match.re is _URL:
            head, tail = whole[:8], whole[8:]
            shown = f'<span class="invisible">{head}</span><span>{tail}</span>'
            return f'<a href="{whole}" rel="nofollow">{shown}</a>'
        if match.re is _TAG:
            link = self._tag_url(match[1])
            return f'<a href="{link}" class="mention hashtag" rel="tag">#<span>{match[1]}</span></a>'
        person = self.named(match[1], match[2])
        if person is None:
            return whole
        name = html.escape(person["username"])
        link = f'<a href="{person["url"]}" class="u-url mention">@<span>{name}</span></a>'
        return f'<span class="h-card" translate="no">{link}</span>'

    def length(self, text: str, spoiler: str) -> int:
        """https://github.com/mastodon/mastodon/blob/main/app/validators/status_length_validator.rb"""
        short = _MENTION.sub(lambda match: f"@{match[1]}", _URL.sub("x" * self.manners.per_url, text))
        return count(spoiler + short)

    def ancestors(self, status: Status) -> list[Status]:
        above: list[Status] = []
        parent = self.statuses.get(status.parent or "")
        while parent is not None:
            above.insert(0, parent)
            parent = self.statuses.get(parent.parent or "")
        return above

    def descendants(self, status: Status) -> list[Status]:
        below = [one for one in self.statuses.values() if one.parent == status.id]
        return [found for one in below for found in (one, *self.descendants(one))]

    def _home(self, author: Mapping[str, Any]) -> str:
        return self.url if "@" not in author["acct"] else str(author["url"]).rpartition("/@")[0]

    def _tag_url(self, tag: str) -> str:
        return f"{self.url}/tags/{tag.lower()}"


class Requests:
    """300 in five minutes: https://docs.joinmastodon.org/api/rate-limits/."""

    def __init__(self, clock: Clock, manners: Manners) -> None:
        self.most, self.within = 300, timedelta(minutes=5)
        self._clock, self._manners = clock, manners
        self._made = 0
        self._until: datetime | None = None

    def spend(self) -> bool:
        """Whether another one is granted."""
        now = self._clock.now()
        if self._until is None or now >= self._until:
            self._until, self._made = now + self.within, 0
        self._made += 1
        return self._made <= self.most

    @property
    def headers(self) -> dict[str, str]:
        until = self._until or self._clock.now()
        at = stamp(until) if self._manners.reset == "date" else str(int(until.timestamp()))
        left = max(0, self.most - self._made)
        return {
            "X-RateLimit-Limit": str(self.most),
            "X-RateLimit-Remaining": str(left),
            "X-RateLimit-Reset": at,
        }


def stamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _digits(number: int, alphabet: str, width: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, len(alphabet))
        digits = alphabet[digit] + digits
    return digits.rjust(width, alphabet[0])
