"""A post as X tells it, and as we know it. Pure.

https://docs.x.com/x-api/fundamentals/data-dictionary. Text is HTML-escaped; a long one stands whole only
in `note_tweet`. Links are shortened in the text and whole in the entities. An edit is a post of its own
id that names the ones before it: it is known here by the first of them. Whoever wrote it is only a
number: names cost ten times what the post does.
"""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from bot.model import Post, PostRef
from connectors.x.budget import PLATFORM

if TYPE_CHECKING:
    from collections.abc import Mapping

FIELDS: Mapping[str, str] = {
    "tweet.fields": "author_id,conversation_id,created_at,edit_history_tweet_ids,entities,"
    "in_reply_to_user_id,lang,note_tweet,referenced_tweets"
}
_ID = re.compile(r"[0-9]{1,19}")
_STATUS = re.compile(
    r"https?://(?:www\.|mobile\.)?(?:twitter|x)\.com/([A-Za-z0-9_]{1,15})/status/([0-9]{1,19})"
)
_WEB = re.compile(r"https?://\S+")
_OLD_CODES = {"in": "id", "iw": "he", "ji": "yi"}


class Named(msgspec.Struct, frozen=True):
    id: str = ""


class Link(msgspec.Struct, frozen=True):
    expanded_url: str = ""


class Entities(msgspec.Struct, frozen=True):
    mentions: tuple[Named, ...] = ()
    urls: tuple[Link, ...] = ()


class Note(msgspec.Struct, frozen=True):
    text: str
    entities: Entities = Entities()


class Reference(msgspec.Struct, frozen=True):
    type: str
    id: str


class Tweet(msgspec.Struct, frozen=True):
    id: str
    text: str
    author_id: str
    created_at: datetime
    conversation_id: str = ""
    edit_history_tweet_ids: tuple[str, ...] = ()
    entities: Entities = Entities()
    in_reply_to_user_id: str | None = None
    lang: str | None = None
    note_tweet: Note | None = None
    referenced_tweets: tuple[Reference, ...] = ()

    def reference(self, kind: str) -> str | None:
        """The id of the post that this one answers (`replied_to`), quotes (`quoted`) or repeats."""
        return next((one.id for one in self.referenced_tweets if one.type == kind), None)

    @property
    def is_retweet(self) -> bool:
        return self.reference("retweeted") is not None

    @property
    def first_id(self) -> str:
        """What it was called before it was edited."""
        return self.edit_history_tweet_ids[0] if self.edit_history_tweet_ids else self.id

    @property
    def whole_text(self) -> str:
        return html.unescape(self.note_tweet.text if self.note_tweet else self.text)


def tweet_of(raw: bytes) -> Tweet | None:
    """None: it cannot be read."""
    try:
        tweet = msgspec.json.decode(raw, type=Tweet)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    ids = (tweet.id, tweet.author_id, tweet.first_id)
    is_whole = all(_ID.fullmatch(one) for one in ids) and tweet.created_at.tzinfo is not None
    return tweet if is_whole else None


def post_of(tweet: Tweet, now: datetime, *, handle: str, our_id: str) -> Post:
    """`handle` and `our_id`: who we are, for what is quoted names its author only in a link."""
    entities = [tweet.entities, *([tweet.note_tweet.entities] if tweet.note_tweet else [])]
    links = tuple(dict.fromkeys(one.expanded_url for each in entities for one in each.urls))
    mentions = (one.id for each in entities for one in each.mentions)
    parent, quoted = tweet.reference("replied_to"), tweet.reference("quoted")
    is_root = tweet.conversation_id in {"", tweet.id, tweet.first_id}
    is_edit = tweet.first_id != tweet.id
    return Post(
        platform=PLATFORM,
        id=tweet.first_id,
        author_id=tweet.author_id,
        text=tweet.whole_text,
        posted_at=min(tweet.created_at.astimezone(UTC), now),
        seen_at=now,
        links=tuple(one for one in links if _WEB.fullmatch(one) and not _is_of(one, quoted)),
        langs=langs_of(tweet.lang),
        mentions=tuple(dict.fromkeys(one for one in mentions if _ID.fullmatch(one))),
        parent=PostRef(id=parent, author_id=tweet.in_reply_to_user_id) if parent else None,
        root=None if is_root else PostRef(id=tweet.conversation_id),
        quoted=PostRef(id=quoted, author_id=_quoted_author(links, quoted, handle, our_id))
        if quoted
        else None,
        revision=tweet.id if is_edit else None,
        url=f"https://x.com/i/web/status/{tweet.id}",
        is_edit=is_edit,
    )


def langs_of(code: str | None) -> tuple[str, ...]:
    """X's codes that name no language (`und`, `zxx`, `qht` …) are none."""
    if not code or code in {"und", "zxx"} or re.fullmatch(r"q[a-z]{2}", code):
        return ()
    return (_OLD_CODES.get(code, code),)


def _quoted_author(links: tuple[str, ...], quoted: str, handle: str, our_id: str) -> str | None:
    """Us, or somebody whose id is not told."""
    found = (match for one in links if (match := _STATUS.match(one)) and match[2] == quoted)
    return our_id if any(match[1].lower() == handle for match in found) else None


def _is_of(link: str, post_id: str | None) -> bool:
    match = _STATUS.match(link)
    return match is not None and match[2] == post_id
