"""What we read of Slack's payloads: presses, commands, what is written in the threads of our messages. Pure.

https://docs.slack.dev/reference/interaction-payloads, https://docs.slack.dev/reference/events/message,
https://docs.slack.dev/interactivity/implementing-slash-commands. Knows which fields are read and nothing of
what they lead to. Payloads come from Slack, but names and texts in them from anybody.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connectors.slack.said import names, said

if TYPE_CHECKING:
    from collections.abc import Mapping

EVENTS, INTERACTIVE, COMMANDS = "events_api", "interactive", "slash_commands"
ID = re.compile(r"[A-Z][A-Z0-9]{1,20}\Z")
TS = re.compile(r"\d{1,12}\.\d{1,9}\Z")
_HUMAN = frozenset({None, "thread_broadcast"})
"""Messages that somebody wrote; all other subtypes tell what happened to one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """What a person did in a channel: `token` is a button's, or a command; else `text` is what they wrote in
    the thread of the message `receipt`. `own` names it among all that this person did there.
    """

    kind: str
    channel: str
    person: str
    own: str
    name: str = ""
    thread: str = ""
    token: str = ""
    text: str = ""
    receipt: str = ""
    is_private: bool = False

    @property
    def id(self) -> str:
        """As a press's id: from it alone the person can be answered."""
        return f"{self.kind}:{self.channel}:{self.person}:{self.thread or 0}:{self.own}"


def message_ref(channel: str, at: str) -> str:
    """How our receipts name a message."""
    return f"{channel}:{at}"


def place_of(press_id: str) -> tuple[str, str, str | None]:
    """Channel, person and thread of a press, by its id."""
    _, channel, person, thread, _ = press_id.split(":", 4)
    return channel, person, thread if thread != "0" else None


def incoming(kind: str, payload: Mapping[str, Any], me: str) -> Incoming | None:
    """None: it is nothing that is for us. `me`: the app's own bot."""
    if kind == INTERACTIVE and payload.get("type") == "block_actions":
        return _press(payload)
    if kind == COMMANDS:
        return _command(payload)
    event = payload.get("event")
    if kind == EVENTS and isinstance(event, dict) and event.get("type") == "message":
        return _message(event, me)
    return None


def _press(payload: Mapping[str, Any]) -> Incoming | None:
    action = pressed(payload)
    channel = at(payload, "container", "channel_id") or at(payload, "channel", "id")
    person, own = at(payload, "user", "id"), at(action, "action_ts")
    if not (ID.match(channel) and ID.match(person) and TS.match(own) and at(action, "value")):
        return None
    name = at(payload, "user", "name")
    return Incoming(kind="b", channel=channel, person=person, own=own, name=name, token=at(action, "value"))


def pressed(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """The button of a press."""
    actions = payload.get("actions")
    return actions[0] if isinstance(actions, list) and actions and isinstance(actions[0], dict) else {}


def _command(payload: Mapping[str, Any]) -> Incoming | None:
    """`/outcare why 123`: the name of the command is the app's, what comes after it is ours."""
    channel, person, own = (at(payload, name) for name in ("channel_id", "user_id", "trigger_id"))
    if not (ID.match(channel) and ID.match(person) and own):
        return None
    return Incoming(
        kind="c",
        channel=channel,
        person=person,
        own=own,
        name=at(payload, "user_name"),
        token=_ordered(at(payload, "text")),
        is_private=channel.startswith("D"),
    )


def _message(event: Mapping[str, Any], me: str) -> Incoming | None:
    channel, person, own = (at(event, name) for name in ("channel", "user", "ts"))
    is_human = event.get("subtype") in _HUMAN and not event.get("bot_id")
    if not (is_human and ID.match(channel) and ID.match(person) and TS.match(own)):
        return None
    thread, text = at(event, "thread_ts"), said(event, me)
    thread = thread if TS.match(thread) and thread != own else ""
    is_ours = bool(thread) and at(event, "parent_user_id") == me
    is_private = event.get("channel_type") == "im"
    is_order = names(event, me) or (is_private and not thread)
    if not text or not (is_order or is_ours):
        return None
    return Incoming(
        kind="m",
        channel=channel,
        person=person,
        own=own,
        thread=thread,
        token=_ordered(text) if is_order else "",
        text="" if is_order else text,
        receipt=message_ref(channel, thread) if is_ours else "",
        is_private=is_private,
    )


def _ordered(text: str) -> str:
    """Only a word at the beginning may have a slash before it, or none."""
    return f"/{text.strip().lstrip('/') or 'help'}"


def at(payload: Mapping[str, Any], *names: str) -> str:
    """A text in a payload; empty: it is not there."""
    found: Any = payload
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""
