"""What people do in a fake Slack, as the payloads that an app gets of it.

https://docs.slack.dev/reference/interaction-payloads, https://docs.slack.dev/reference/events/message,
https://docs.slack.dev/interactivity/implementing-slash-commands. Pure, but for the workspace that it asks.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from bot.testing.slack_workspace import APP_ID, BOT_USER, CHANNEL, TEAM_ID, Sent, Workspace

if TYPE_CHECKING:
    from collections.abc import Mapping

ANNA = "U0ANNA"
_ABOUT = {"api_app_id": APP_ID, "token": "verification-of-nobody"}
_EMOJI = {"1f600": "grinning"}


class People:
    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._events = count(1)

    def press(self, sent: Sent, label: str, *, user: str, name: str) -> dict[str, Any]:
        """Somebody presses a button of a message."""
        button = sent.buttons[label]
        action = {**button, "block_id": "b", "type": "button", "action_ts": self.workspace.ts()}
        place = {"type": "message", "message_ts": sent.ts, "channel_id": sent.channel, "is_ephemeral": False}
        return {
            **_ABOUT,
            "type": "block_actions",
            "user": {"id": user, "username": name.lower(), "name": name.lower(), "team_id": TEAM_ID},
            "container": place,
            "trigger_id": self.workspace.trigger(),
            "team": {"id": TEAM_ID, "domain": "acme"},
            "channel": {"id": sent.channel, "name": "care"},
            "message": self.workspace.message(sent),
            "response_url": "https://hooks.slack.invalid/actions/secret",
            "actions": [action],
        }

    def command(self, text: str, *, user: str, name: str, channel: str) -> dict[str, Any]:
        """`/outcare TEXT`; the fields of the form that Slack sends."""
        return {
            **_ABOUT,
            "command": "/outcare",
            "text": text,
            "user_id": user,
            "user_name": name.lower(),
            "channel_id": channel,
            "channel_name": "care",
            "team_id": TEAM_ID,
            "team_domain": "acme",
            "trigger_id": self.workspace.trigger(),
            "response_url": "https://hooks.slack.invalid/commands/secret",
        }

    def say(
        self, text: str, *, user: str, channel: str = CHANNEL, thread: Sent | None = None, **more: Any
    ) -> dict[str, Any]:
        """Somebody writes a message, perhaps in the thread of the app's; `more` fields of the event."""
        ts = self.workspace.ts()
        to = {"thread_ts": thread.ts, "parent_user_id": BOT_USER} if thread else {}
        kind = "im" if channel.startswith("D") else "channel"
        event = {
            "type": "message",
            "user": user,
            "ts": ts,
            "event_ts": ts,
            "team": TEAM_ID,
            "channel": channel,
            "channel_type": kind,
            "text": _spelled(text),
            "blocks": _rich(text),
            **to,
            **more,
        }
        seen_by = {"team_id": TEAM_ID, "user_id": BOT_USER, "is_bot": True}
        return {
            **_ABOUT,
            "team_id": TEAM_ID,
            "type": "event_callback",
            "event_id": f"Ev{next(self._events):08d}",
            "event_time": int(float(ts)),
            "authorizations": [seen_by],
            "event": event,
        }

    def submit(self, view: Mapping[str, Any], text: str, *, user: str, name: str) -> dict[str, Any]:
        """Somebody fills in a form and sends it."""
        block = next(one for one in view["blocks"] if one["type"] == "input")
        element = block["element"]
        value = {"type": element["type"], "rich_text_value": _rich(text)[0]}
        return {
            **_ABOUT,
            "type": "view_submission",
            "team": {"id": TEAM_ID, "domain": "acme"},
            "user": {"id": user, "username": name.lower(), "name": name.lower(), "team_id": TEAM_ID},
            "trigger_id": self.workspace.trigger(),
            "view": {**view, "state": {"values": {block["block_id"]: {element["action_id"]: value}}}},
            "response_urls": [],
        }


def _rich(text: str) -> list[dict[str, Any]]:
    """As Slack's own editor writes it: mentions and emoji are pieces of their own, addresses are links."""
    pieces: list[dict[str, Any]] = []
    for number, word in enumerate(text.split(" ")):
        space = {"type": "text", "text": " "}
        pieces += [space] if number else []
        pieces += _word(word)
    section = {"type": "rich_text_section", "elements": [piece for piece in pieces if piece.get("text", "x")]}
    return [{"type": "rich_text", "block_id": "r", "elements": [section]}]


def _word(word: str) -> list[dict[str, Any]]:
    if word.startswith(("https://", "http://")):
        return [{"type": "link", "url": word}]
    if word.startswith("<@"):
        return [{"type": "user", "user_id": word.strip("<@>")}]
    code = f"{ord(word):x}" if len(word) == 1 else ""
    if code in _EMOJI:
        return [{"type": "emoji", "name": _EMOJI[code], "unicode": code}]
    return [{"type": "text", "text": word}]


def _spelled(text: str) -> str:
    """The text beside the blocks: escaped but for mentions, and emoji by their names."""
    for code, name in _EMOJI.items():
        text = text.replace(chr(int(code, 16)), f":{name}:")
    return " ".join(word if word.startswith("<@") else _escaped(word) for word in text.split(" "))


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
