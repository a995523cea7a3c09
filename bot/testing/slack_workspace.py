"""One Slack workspace behind a fake of its Web API: channels, messages, what is refused.

https://docs.slack.dev/reference/methods. Knows no HTTP: `slack_server` serves it. Checks blocks by the limits
of https://docs.slack.dev/reference/block-kit/blocks, and imports nothing that a client of ours uses.
"""

from __future__ import annotations

import re
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

BOT_USER, BOT_ID, APP_ID, TEAM_ID = "U0BOT", "B0BOT", "A0OUTCARE", "T0ACME"
CHANNEL = "C0CARE"
MOST_BLOCKS, MOST_TEXT, MOST_SECTION, MOST_BLOCK_TEXT, MOST_HEADER = 50, 40_000, 3_000, 13_200, 150
SCOPES = "channels:history,channels:read,chat:write,commands,groups:history,groups:read,im:history"
TRIGGER_SECONDS = 3.0
_PERSON = re.compile(r"[UW][A-Z0-9]{2,}")
_CONTROL = re.compile(r"<([@#!])([^>|]+)(?:\|[^>]*)?>")


class ApiError(Exception):
    """`{"ok": false, "error": code}`; `status` and `headers` where it is more than that."""

    def __init__(self, code: str, *, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.headers = dict(headers or {})


@dataclass(kw_only=True)
class Channel:
    id: str
    name: str = "care"
    is_member: bool = True
    is_archived: bool = False
    is_private: bool = False


@dataclass(kw_only=True)
class Sent:
    """A message of the app's as it stands now. `to`: the only person who sees it, if it is ephemeral."""

    channel: str
    ts: str
    text: str
    blocks: list[dict[str, Any]] = field(default_factory=list)
    thread_ts: str | None = None
    to: str | None = None
    edits: int = 0

    @property
    def shown(self) -> str:
        """What people read: the blocks where there are any."""
        return "\n".join(_lines(self.blocks)) if self.blocks else _unescaped(self.text)

    @property
    def buttons(self) -> dict[str, dict[str, Any]]:
        rows = (block["elements"] for block in self.blocks if block["type"] == "actions")
        return {one["text"]["text"]: one for row in rows for one in row}

    @property
    def pinged(self) -> list[str]:
        """Whose phones ring: whom the markup of a block names; the text is not shown where there are any."""
        markup = "\n".join(_markup(self.blocks)) if self.blocks else self.text
        return [kind + name for kind, name in _CONTROL.findall(markup)]


class Workspace:
    """`burst` messages a second to one channel, then one a second; None: no pace."""

    def __init__(self, *, burst: int | None = None) -> None:
        self.channels = {CHANNEL: Channel(id=CHANNEL)}
        self.messages: dict[tuple[str, str], Sent] = {}
        self.whispers: list[Sent] = []
        self.burst = burst
        self.now: Callable[[], float] = time.monotonic
        self.refused = 0
        self.views: dict[str, dict[str, Any]] = {}
        self.triggers: dict[str, float] = {}
        self._posted: dict[str, deque[float]] = defaultdict(deque)
        self._last = 0

    def ts(self) -> str:
        """A time in Slack's spelling; unique, and never earlier than the one before."""
        self._last = max(self._last + 1, time.time_ns() // 1000)
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"

    def trigger(self) -> str:
        """What allows an app to open a form: once, within three seconds."""
        name = f"trigger.{self.ts()}"
        self.triggers[name] = time.monotonic() + TRIGGER_SECONDS
        return name

    def call(self, method: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Raises: ApiError."""
        known: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
            "auth.test": self._auth_test,
            "chat.postMessage": self._post,
            "chat.postEphemeral": self._whisper,
            "chat.update": self._update,
            "conversations.info": self._info,
            "views.open": self._open_view,
        }
        if method not in known:
            raise ApiError("unknown_method")
        return known[method](given)

    def _auth_test(self, _: Mapping[str, Any]) -> dict[str, Any]:
        names = {"team": "Acme", "user": "outcare", "url": "https://acme.slack.com/"}
        return {**names, "team_id": TEAM_ID, "user_id": BOT_USER, "bot_id": BOT_ID}

    def _info(self, given: Mapping[str, Any]) -> dict[str, Any]:
        channel = self.channels.get(str(given.get("channel")))
        if channel is None or (channel.is_private and not channel.is_member):
            raise ApiError("channel_not_found")
        return {"channel": {**vars(channel), "is_im": channel.id.startswith("D")}}

    def _post(self, given: Mapping[str, Any]) -> dict[str, Any]:
        channel = self._open(given)
        self._pace(channel.id)
        sent = Sent(channel=channel.id, ts=self.ts(), thread_ts=given.get("thread_ts"), **_content(given))
        self.messages[sent.channel, sent.ts] = sent
        return {"channel": sent.channel, "ts": sent.ts, "message": self.message(sent)}

    def _whisper(self, given: Mapping[str, Any]) -> dict[str, Any]:
        channel, user = self._open(given), str(given.get("user") or "")
        if not user:
            raise ApiError("invalid_arguments")
        sent = Sent(
            channel=channel.id, ts=self.ts(), thread_ts=given.get("thread_ts"), to=user, **_content(given)
        )
        self.whispers.append(sent)
        return {"message_ts": sent.ts}

    def _update(self, given: Mapping[str, Any]) -> dict[str, Any]:
        sent = self.messages.get((str(given.get("channel")), str(given.get("ts"))))
        if sent is None:
            raise ApiError(
                "message_not_found" if given.get("channel") in self.channels else "channel_not_found"
            )
        content = _content(given)
        sent.text, sent.blocks, sent.edits = content["text"], content["blocks"], sent.edits + 1
        return {"channel": sent.channel, "ts": sent.ts, "text": sent.text}

    def _open_view(self, given: Mapping[str, Any]) -> dict[str, Any]:
        until = self.triggers.pop(str(given.get("trigger_id")), None)
        if until is None:
            raise ApiError("invalid_trigger_id")
        if until < time.monotonic():
            raise ApiError("expired_trigger_id")
        view = given.get("view")
        if not isinstance(view, dict) or _wrong_view(view):
            raise ApiError("invalid_arguments")
        opened = {**view, "id": f"V{len(self.views):08d}"}
        self.views[opened["id"]] = opened
        return {"view": opened}

    def _open(self, given: Mapping[str, Any]) -> Channel:
        """The channel that is written to; of a person, their chat with the app."""
        name = str(given.get("channel"))
        if _PERSON.fullmatch(name):
            name = f"D{name[1:]}"
            self.channels.setdefault(name, Channel(id=name, name="directmessage"))
        channel = self.channels.get(name)
        if channel is None or (channel.is_private and not channel.is_member):
            raise ApiError("channel_not_found")
        if channel.is_archived:
            raise ApiError("is_archived")
        if not channel.is_member:
            raise ApiError("not_in_channel")
        return channel

    def _pace(self, channel: str) -> None:
        """https://docs.slack.dev/apis/web-api/rate-limits: one a second, "short bursts" allowed."""
        if self.burst is None:
            return
        posted, now = self._posted[channel], self.now()
        while posted and posted[0] <= now - self.burst:
            posted.popleft()
        if len(posted) >= self.burst:
            self.refused += 1
            raise ApiError("ratelimited", status=429, headers={"Retry-After": "1"})
        posted.append(now)

    def message(self, sent: Sent) -> dict[str, Any]:
        """As payloads carry it."""
        thread = {"thread_ts": sent.thread_ts} if sent.thread_ts else {}
        who = {"user": BOT_USER, "bot_id": BOT_ID, "app_id": APP_ID, "team": TEAM_ID}
        return {"type": "message", "ts": sent.ts, "text": sent.text, "blocks": sent.blocks, **who, **thread}


# --- what Slack takes -----------------------------------------------------------------------------


def _content(given: Mapping[str, Any]) -> dict[str, Any]:
    text, blocks = given.get("text") or "", given.get("blocks") or []
    if not isinstance(text, str) or not isinstance(blocks, list):
        raise ApiError("invalid_arguments")
    if not text and not blocks:
        raise ApiError("no_text")
    if len(text) > MOST_TEXT:
        raise ApiError("msg_too_long")
    check(blocks)
    return {"text": text, "blocks": blocks}


def check(blocks: list[dict[str, Any]]) -> None:
    """Raises: ApiError (invalid_blocks, msg_blocks_too_long)."""
    if len(blocks) > MOST_BLOCKS:
        raise ApiError("invalid_blocks")
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    if len(set(ids)) != len(ids):
        raise ApiError("invalid_blocks")
    for block in blocks:
        is_wrong = _CHECKS.get(str(block.get("type")))
        if is_wrong is None or is_wrong(block) or not 0 < len(block.get("block_id", "b")) <= 255:
            raise ApiError("invalid_blocks")
    if sum(len(line) for line in _lines(blocks)) > MOST_BLOCK_TEXT:
        raise ApiError("msg_blocks_too_long")


def _wrong_actions(block: Mapping[str, Any]) -> bool:
    elements = block.get("elements") or []
    names = [one.get("action_id") for one in elements]
    return not 0 < len(elements) <= 25 or len(set(names)) != len(names) or any(map(_wrong_button, elements))


def _wrong_button(button: Mapping[str, Any]) -> bool:
    label = button.get("text") or {}
    sizes = ((label.get("text"), 75), (button.get("action_id"), 255), (button.get("value", "-"), 2000))
    is_sized = all(isinstance(text, str) and 0 < len(text) <= most for text, most in sizes)
    return button.get("type") != "button" or label.get("type") != "plain_text" or not is_sized


def _wrong_section(block: Mapping[str, Any]) -> bool:
    text = block.get("text") or {}
    return (
        text.get("type") not in {"mrkdwn", "plain_text"} or not 0 < len(text.get("text", "")) <= MOST_SECTION
    )


def _wrong_header(block: Mapping[str, Any]) -> bool:
    text = block.get("text") or {}
    return text.get("type") != "plain_text" or not 0 < len(text.get("text", "")) <= MOST_HEADER


def _wrong_rich(block: Mapping[str, Any]) -> bool:
    parts = block.get("elements") or []
    kinds = {"rich_text_section", "rich_text_quote", "rich_text_preformatted", "rich_text_list"}
    return not parts or any(
        part.get("type") not in kinds or any(map(_wrong_piece, part.get("elements") or [{}]))
        for part in parts
    )


def _wrong_piece(piece: Mapping[str, Any]) -> bool:
    needed = {"text": "text", "link": "url", "user": "user_id", "emoji": "name", "broadcast": "range"}
    name = needed.get(piece.get("type", ""))
    return name is None or not piece.get(name)


def _wrong_view(view: Mapping[str, Any]) -> bool:
    """https://docs.slack.dev/reference/views/modal-views"""
    titles = [view.get(name, {}).get("text", "") for name in ("title", "submit", "close")]
    is_sized = all(0 < len(title) <= 24 for title in titles) and len(view.get("private_metadata", "")) <= 3000
    blocks = view.get("blocks") or []
    fields = [block for block in blocks if block.get("type") == "input"]
    is_asked = fields and all(one.get("label", {}).get("text") and one.get("element") for one in fields)
    starts = [one["element"].get("initial_value") for one in fields if one.get("element")]
    wrong = any(start is not None and _wrong_rich(start) for start in starts)
    return view.get("type") != "modal" or not is_sized or not is_asked or wrong


_CHECKS: Mapping[str, Callable[[Mapping[str, Any]], bool]] = {
    "actions": _wrong_actions,
    "divider": lambda _: False,
    "header": _wrong_header,
    "section": _wrong_section,
    "rich_text": _wrong_rich,
}


# --- what people read -----------------------------------------------------------------------------


def _lines(blocks: list[dict[str, Any]]) -> Iterator[str]:
    for block in blocks:
        if block["type"] == "section":
            yield _unescaped(block["text"]["text"])
        elif block["type"] == "rich_text":
            yield from ("".join(map(_read, part["elements"])) for part in block["elements"])


def _read(piece: Mapping[str, Any]) -> str:
    return str(piece.get("text") or piece.get("url") or f"@{piece.get('user_id')}")


def _markup(blocks: list[dict[str, Any]]) -> Iterator[str]:
    for block in blocks:
        if block["type"] == "section" and block["text"]["type"] == "mrkdwn":
            yield block["text"]["text"]
        for part in block.get("elements", ()) if block["type"] == "rich_text" else ():
            yield from (f"<@{piece['user_id']}>" for piece in part["elements"] if piece["type"] == "user")
            yield from (f"<!{piece['range']}>" for piece in part["elements"] if piece["type"] == "broadcast")


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
