"""The form in which an answer is written or changed: who asks for it, how it looks, what comes back. Pure.

https://docs.slack.dev/surfaces/modals. It begins with the draft, which it finds on the card that was pressed.
The field is one for rich text, because the other kind gives emoji back by their names
(https://docs.slack.dev/reference/block-kit/block-elements/rich-text-input-element).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connectors.slack.incoming import ID, INTERACTIVE, TS, Incoming, at, message_ref, pressed
from connectors.slack.message import DRAFT, WRITE, cut
from connectors.slack.said import written

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.texts.catalogue import Texts

FORM_WITHIN = 3.0
"""Seconds for which Slack lets a press open a form."""
MAX_TITLE = 24
_ANSWER = "answer"
_REF = re.compile(r"([A-Z][A-Z0-9]{1,20}):\d{1,12}\.\d{1,9}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Somebody wants to write to the card `receipt`, which shows the draft `text`."""

    trigger: str
    receipt: str
    text: str = ""


def wanted(kind: str, payload: Mapping[str, Any]) -> Asked | None:
    """None: it was another button."""
    if kind != INTERACTIVE or at(pressed(payload), "action_id") != WRITE:
        return None
    channel, ts = at(payload, "container", "channel_id"), at(payload, "container", "message_ts")
    trigger = at(payload, "trigger_id")
    if not (ID.match(channel) and TS.match(ts) and trigger):
        return None
    return Asked(trigger=trigger, receipt=message_ref(channel, ts), text=_draft(payload.get("message")))


def view(asked: Asked, texts: Texts) -> dict[str, Any]:
    """The form, empty or with the draft in it."""
    field: dict[str, Any] = {"type": "rich_text_input", "action_id": _ANSWER, "focus_on_load": True}
    if asked.text:
        pieces = [{"type": "text", "text": asked.text}]
        begins = {"type": "rich_text_section", "elements": pieces}
        field["initial_value"] = {"type": "rich_text", "elements": [begins]}
    label = _plain(texts.say("page.answer_write"))
    return {
        "type": "modal",
        "callback_id": _ANSWER,
        "private_metadata": asked.receipt,
        "title": _plain(texts.say("page.answer")),
        "submit": _plain(texts.say("page.answer_look")),
        "close": _plain(texts.say("button.cancel")),
        "blocks": [{"type": "input", "block_id": _ANSWER, "label": label, "element": field}],
    }


def filled(kind: str, payload: Mapping[str, Any]) -> Incoming | None:
    """What was sent with a form, as a reply to its card; None: it is something else."""
    ref = _REF.match(at(payload, "view", "private_metadata"))
    is_ours = payload.get("type") == "view_submission" and at(payload, "view", "callback_id") == _ANSWER
    person, own = at(payload, "user", "id"), at(payload, "view", "id")
    if kind != INTERACTIVE or not is_ours or ref is None or not (ID.match(person) and ID.match(own)):
        return None
    text = written(_value(payload))
    if not text:
        return None
    name = at(payload, "user", "name")
    return Incoming(kind="v", channel=ref[1], person=person, own=own, name=name, text=text, receipt=ref[0])


def _value(payload: Mapping[str, Any]) -> Any:
    found: Any = payload
    for name in ("view", "state", "values", _ANSWER, _ANSWER, "rich_text_value"):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _draft(message: Any) -> str:
    """The draft that a card shows, or showed when it was pressed."""
    blocks = message.get("blocks") if isinstance(message, dict) else None
    for block in blocks if isinstance(blocks, list) else ():
        if isinstance(block, dict) and at(block, "block_id").startswith(DRAFT):
            return written(block)
    return ""


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": cut(text, MAX_TITLE)}
