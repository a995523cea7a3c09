"""The attack corpus of tests/samples/attacks: posts of our own that try to be more than text.

`text` (`times` over, with so many `marks` piled on it) is what somebody wrote, `author` who (a `name` may be
repeated as well), `url` and `links` what the platform tells of it. `never`: what no draft may hold because of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bot.model import Author, Facts, Kind, Mention, Post
from bot.records import CardState
from tests.unit._values import card_state, post

FOLDER = Path(__file__).parents[1] / "samples" / "attacks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    name: str
    text: str
    never: tuple[str, ...] = ()
    author_name: str = "Ann Example"
    handle: str = "ann.example"
    url: str | None = "https://bsky.example/1"
    links: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name

    @property
    def post(self) -> Post:
        return post(text=self.text, url=self.url, links=self.links, author_handle=self.handle)

    def state(self, **parts: Any) -> CardState:
        """A mention of it, as a card shows it."""
        author = Author(
            platform="bluesky", id="did:plc:ann", handle=self.handle, name=self.author_name, bio=self.text
        )
        facts = Facts(
            mention_id="m", brand="acme", platform="bluesky", kind=Kind.MENTION, text=self.text,
            name=self.author_name, handle=self.handle, lang="en", parent_text=self.text,
        )  # fmt: skip
        mention = Mention(post=self.post, brand="acme", kind=Kind.MENTION)
        return card_state(mention=mention, author=author, facts=facts, parent=self.post, **parts)


@cache
def attacks() -> tuple[Attack, ...]:
    return tuple(
        _attack(given)
        for file in sorted(FOLDER.glob("*.yaml"))
        for given in yaml.safe_load(file.read_text("utf-8"))
    )


def _attack(given: dict[str, Any]) -> Attack:
    author = given.pop("author", {})
    text = given.pop("text") * given.pop("times", 1) + "\u0301" * given.pop("marks", 0)
    more: dict[str, Any] = {name: tuple(given.pop(name)) for name in ("never", "links") if name in given}
    if "url" in given:
        more["url"] = given.pop("url")
    if author:
        more["author_name"] = author.get("name", "Ann Example") * author.get("times", 1)
        more["handle"] = author.get("handle", "ann.example")
    name = given.pop("name")
    assert not given, f"{name}: unknown keys {list(given)}"
    return Attack(name=name, text=text, **more)
