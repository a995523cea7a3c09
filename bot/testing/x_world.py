"""What a made-up X knows: users, posts, and what of them is in which list. Knows no HTTP.

https://docs.x.com/x-api/fundamentals/data-dictionary. Ids grow with time, as there.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

_EPOCH_MS = 1_288_834_974_657
_NAME = re.compile(r"(?<![\w@])@([A-Za-z0-9_]{1,15})")
_LINK = re.compile(r"https?://[^\s]+")


def first_id(at: float) -> int:
    """The smallest id of that time: https://docs.x.com/fundamentals/x-ids"""
    return (int(at * 1000) - _EPOCH_MS) << 22


@dataclass(kw_only=True)
class Tweet:
    id: str
    author: str
    text: str
    at: datetime
    parent: str | None = None
    quoted: str | None = None
    retweeted: str | None = None
    is_long: bool = False
    is_sent: bool = False
    is_broken: bool = False


@dataclass
class World:
    """`users`: name → id. `now` gives the time of a new post."""

    users: dict[str, str] = field(default_factory=dict)
    tweets: dict[str, Tweet] = field(default_factory=dict)
    next_id: int = 1_990_000_000_000_000_000
    _names: dict[str, frozenset[str]] = field(default_factory=dict)

    def user(self, name: str) -> str:
        return self.users.setdefault(name.lower(), str(1000 + len(self.users)))

    def name_of(self, user_id: str) -> str:
        return next(name for name, known in self.users.items() if known == user_id)

    def post(self, author: str, text: str, *, at: datetime | None = None, **more: Any) -> str:
        """With a time given, its id tells that too, unless a later one was given out before."""
        self.user(author)
        self.next_id = max(self.next_id + 1, first_id(at.timestamp()) if at else 0)
        made = Tweet(id=str(self.next_id), author=author, text=text, at=at or datetime.now(UTC), **more)
        self.tweets[made.id] = made
        self._names[made.id] = frozenset(match[1].lower() for match in _NAME.finditer(text))
        return made.id

    def named(self, text: str) -> Iterable[re.Match[str]]:
        """Whose names stand in a text: those whom the platform knows."""
        return (match for match in _NAME.finditer(text) if match[1].lower() in self.users)

    def mentions_of(self, user_id: str) -> list[Tweet]:
        """Newest first; what names the account, answers to its posts too."""
        wanted = self.name_of(user_id)
        return self._newest(
            tweet for tweet in self.tweets.values() if wanted in self._names.get(tweet.id, ())
        )

    def posts_of(self, user_id: str) -> list[Tweet]:
        return self._newest(one for one in self.tweets.values() if self.user(one.author) == user_id)

    def search(self, words: Iterable[str]) -> list[Tweet]:
        """As whole words, in any case."""
        patterns = [re.compile(rf"(?<!\w){re.escape(word)}(?!\w)", re.IGNORECASE) for word in words]
        found = (one for one in self.tweets.values() if any(each.search(one.text) for each in patterns))
        return self._newest(found)

    def _newest(self, tweets: Iterable[Tweet]) -> list[Tweet]:
        return sorted(tweets, key=lambda one: int(one.id), reverse=True)

    def shown(self, tweet: Tweet) -> dict[str, Any]:
        """With every field that may be asked for; text is HTML-escaped, a long one is cut."""
        text = self.text_of(tweet)
        shown: dict[str, Any] = {
            "id": tweet.id,
            "edit_history_tweet_ids": [tweet.id],
            "text": html.escape(text[:277] + "…" if tweet.is_long else text, quote=False),
            "author_id": self.user(tweet.author),
            "created_at": tweet.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "conversation_id": self.root_of(tweet),
            "lang": "en",
            "entities": self.entities(tweet),
        }
        if tweet.is_long:
            shown["note_tweet"] = {
                "text": html.escape(tweet.text, quote=False),
                "entities": self.entities(tweet),
            }
        if tweet.is_broken:
            shown["author_id"] = ["nobody"]
        if tweet.parent and (parent := self.tweets.get(tweet.parent)):
            shown["in_reply_to_user_id"] = self.user(parent.author)
        related = {"replied_to": tweet.parent, "quoted": tweet.quoted, "retweeted": tweet.retweeted}
        references = [{"type": kind, "id": ref} for kind, ref in related.items() if ref]
        return {**shown, "referenced_tweets": references} if references else shown

    def text_of(self, tweet: Tweet) -> str:
        """What came in by the API answers somebody by name, and its links are shortened."""
        above = self.tweets.get(tweet.parent or "")
        if not tweet.is_sent or above is None:
            return tweet.text
        return f"@{above.author} " + _LINK.sub("https://t.co/abcdefghij", tweet.text)

    def root_of(self, tweet: Tweet) -> str:
        above = self.tweets.get(tweet.parent or "")
        return self.root_of(above) if above else tweet.parent or tweet.id

    def entities(self, tweet: Tweet) -> dict[str, Any]:
        """Names with ids, links with what they lead to; what is quoted is a link at the end."""
        names = [
            {"start": one.start(), "end": one.end(), "username": one[1], "id": self.user(one[1])}
            for one in self.named(tweet.text)
        ]
        targets = [one[0] for one in _LINK.finditer(tweet.text)]
        if tweet.quoted and (quoted := self.tweets.get(tweet.quoted)):
            targets.append(f"https://twitter.com/{quoted.author}/status/{quoted.id}")
        links = [{"start": 0, "end": 0, "url": "https://t.co/x", "expanded_url": one} for one in targets]
        return {**({"mentions": names} if names else {}), **({"urls": links} if links else {})}
