"""What may be written about feeds, and what is stored of them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from bot.model import Cursor
from connectors.feeds.position import KEPT, Position, Seen, short
from connectors.feeds.settings import Settings


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"feeds": []}, "at least 1"),
        ({}, "required"),
        ({"feeds": ["blog.example/feed.xml"]}, "write it like https://blog.example/feed.xml"),
        ({"feeds": ["file:///etc/passwd"]}, "write it like"),
        ({"feeds": ["https://a.example/ x"]}, "write it like"),
        ({"feeds": ["http://10.0.0.5/feed"]}, "set allow_private: true"),
        ({"feeds": ["http://localhost/feed"]}, "set allow_private: true"),
        ({"feeds": ["http://[::ffff:127.0.0.1]/feed"]}, "set allow_private: true"),
        ({"feeds": ["https://a.example/"], "every": 15}, "write it like 30s"),
        ({"feeds": ["https://a.example/"], "every": "0s"}, "write 1s or longer"),
        ({"feeds": ["https://a.example/"], "secret": "x"}, "not permitted"),
    ],
)
def test_wrong_settings(wrong: dict[str, Any], told: str) -> None:
    """Each is refused, with what to write instead."""
    with pytest.raises(ValidationError, match=told):
        Settings(**wrong)


def test_addresses_are_not_shown() -> None:
    """They may hold a key."""
    settings = Settings(feeds=("https://a.example/feed?key=hunter2#top",))
    assert "hunter2" not in repr(settings)
    assert ("https://a.example/feed?key=hunter2",) == settings.feeds


@pytest.mark.parametrize("cursor", ["", "v1:", "v1:{}", 'v2:{"at":1,"feeds":{}}', 'v1:{"at":"x"}', "v1:[]"])
def test_an_unreadable_position(cursor: str) -> None:
    """Text that nobody here has written."""
    with pytest.raises(ValueError, match="not a cursor"):
        Position.of(Cursor(cursor))


def test_the_position_does_not_grow_for_ever() -> None:
    """So many that left the document are kept, and no more."""
    seen = Seen()
    for start in range(0, 5_000, 50):
        seen = seen.after([short(f"{n}") for n in range(start, start + 50)], '"e"', "x" * 1_000)
    assert KEPT + 50 == len(seen.every)
    assert ('"e"', "") == (seen.etag, seen.modified)
    assert short("4999") in seen.every
    assert short("0") not in seen.every
    position = Position(at=5, feeds={"gone": seen}).moved("a", seen, at=9, keys=["a"])
    assert position == Position.of(position.text)
    assert ["a"] == list(position.feeds)
