"""What a stream says, out of lines and out of frames, in whatever pieces."""

from __future__ import annotations

import pytest

from bot.errors import Unavailable
from connectors.mastodon.events import LONGEST, Channel, Event, Lines, frame_event

SAID = (
    b":)\n:thump\n"
    b'event: update\ndata: {"id":"1"}\n\n'
    b"event:delete\r\ndata:106692867363994015\r\n\r\n"
    b"data: of no kind\n\n"
    b"event: notification\nid: 7\ndata: {\ndata: }\n\n"
    b"event: filters_changed\ndata: undefined\n\n"
    b'event: update\ndata: {"id"'
)
HEARD = [
    Event("update", b'{"id":"1"}'),
    Event("delete", b"106692867363994015"),
    Event("notification", b"{\n}"),
    Event("filters_changed", b"undefined"),
]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50, 1000])
def test_lines_in_any_pieces(size: int) -> None:
    """Comments and what has no kind are passed over; what was cut off is none."""
    lines = Lines()
    pieces = [SAID[at : at + size] for at in range(0, len(SAID), size)]
    assert HEARD == [event for piece in pieces for event in lines.feed(piece)]


@pytest.mark.parametrize("line", [b"x" * 100_000, b"data: " + b"x" * 100_000 + b"\n"])
def test_an_event_that_does_not_end(line: bytes) -> None:
    """Somebody who sends for ever does not fill our memory."""
    lines = Lines()
    for _ in range(LONGEST // 100_000 - 1):
        assert [] == lines.feed(line)
    with pytest.raises(Unavailable):
        lines.feed(line * 2)


@pytest.mark.parametrize(
    ("frame", "event"),
    [
        (
            b'{"stream":["hashtag","acme"],"event":"update","payload":"{\\"id\\":\\"1\\"}"}',
            Event("update", b'{"id":"1"}', ("hashtag", "acme")),
        ),
        (b'{"event":"delete","payload":"17"}', Event("delete", b"17")),
        (b'{"stream":["user"],"event":"filters_changed"}', Event("filters_changed", b"", ("user",))),
        (b'{"error":"Unknown stream type","status":400}', Event("error")),
        (b'{"event":"update","payload":{"id":"1"}}', None),
        (b'{"event":"update","payl', None),
        (b"<html>", None),
        (b"[]", None),
        (b"{}", None),
        (b"\xff", None),
    ],
)
def test_frames(frame: bytes, event: Event | None) -> None:
    """https://docs.joinmastodon.org/methods/streaming/#websocket"""
    assert event == frame_event(frame)


def test_channels() -> None:
    """Where its lines are, and how it is asked for."""
    assert "/api/v1/streaming/user" == Channel("user").path
    assert "/api/v1/streaming/public/local" == Channel("public:local").path
    tag = Channel("hashtag:local", "löwe")
    assert "/api/v1/streaming/hashtag/local?tag=l%C3%B6we" == tag.path
    assert {"stream": "hashtag:local", "tag": "löwe"} == tag.query
