"""What staff sees and does: people, cards, presses.

Frozen values without I/O. It knows no chat platform: a channel turns a `Card` into its own markup and a
button's press into a `Press`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.model import Alert, Cursor, Span


class Role(StrEnum):
    AGENT = "agent"
    LEAD = "lead"
    OPS = "ops"


MAY_STEER = frozenset({Role.OPS, Role.LEAD})
"""Whose word counts on rules (they silence one, have all read again, try drafts of them on the page) and on
publishing: they pause it and let it go."""


class Verb(StrEnum):
    """What a press on a card asks for."""

    CLAIM = "claim"
    RELEASE = "release"
    DISMISS = "dismiss"
    REOPEN = "reopen"
    HAND_OVER = "hand_over"
    SNOOZE = "snooze"
    ELSEWHERE = "elsewhere"
    URGENCY = "urgency"
    PERSONA = "persona"
    NOTE = "note"
    UNDO = "undo"
    MORE = "more"
    LESS = "less"
    RIGHT = "right"
    TOO_HIGH = "too_high"
    TOO_LOW = "too_low"
    NOT_ABOUT_US = "not_about_us"
    SPAM = "spam"
    WHY = "why"
    USE = "use"
    EDIT = "edit"
    AGAIN = "again"
    DISCARD = "discard"
    APPROVE = "approve"
    CANCEL = "cancel"
    TAKE_BACK = "take_back"
    CORRECT = "correct"
    IS_THERE = "is_there"
    IS_NOT_THERE = "is_not_there"
    SAVE = "save"
    SILENCE = "silence"
    ALL_USE = "all_use"
    ALL_EDIT = "all_edit"
    ALL_PREPARE = "all_prepare"
    ALL_PUBLISH = "all_publish"
    ALL_STOP = "all_stop"


class Menu(StrEnum):
    """A menu under a card; `more:MENTION:snooze` opens one, `less:MENTION` closes it.

    `ANSWER` offers nothing: as long as it is open, the card says what the file of answers would.
    """

    MORE = "more"
    PEOPLE = "people"
    SNOOZE = "snooze"
    REASONS = "reasons"
    URGENCY = "urgency"
    PERSONA = "persona"
    FEEDBACK = "feedback"
    ANSWER = "answer"


class Nap(StrEnum):
    """For how long a conversation is snoozed."""

    MINUTES = "10m"
    HOUR = "1h"
    MORNING = "morning"
    REPLY = "reply"


REASONS = ("no_answer_needed", "not_for_us", "spam", "duplicate", "other")
"""Why something is dismissed, in the order of the buttons; its words stand in the catalogue."""

PAGE = "page"
"""The kind of identity that everybody has on the page: their key."""

FEEDBACK_VERBS = (Verb.RIGHT, Verb.TOO_HIGH, Verb.TOO_LOW, Verb.NOT_ABOUT_US, Verb.SPAM)
"""What may be said of a verdict, in the order of the buttons."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """`token` is what the platform hands back on a press: at most 64 bytes (Telegram's limit)."""

    label: str
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One paragraph of a card. `marks` are the spans to show as matched words, `href` makes it a link.

    `is_copy`: words to be copied as they stand.
    """

    text: str
    marks: tuple[Span, ...] = ()
    href: str | None = None
    is_quote: bool = False
    is_strong: bool = False
    is_copy: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A message to staff as it stands now; a channel renders it in its own markup.

    The first 60 characters of `headline` suffice on a lock screen. `buttons` are rows. `ping`: the names of
    whom it calls, `called`: their identities, for channels that can ring for somebody, `callees`: those of
    each of these names (none given: all are of the last); `people`: the keys of those whose pagers it calls,
    too. `form`: what a form
    for an answer begins with, on a channel that has forms; what is sent with it counts as a reply to the
    card. None: no answer can be written to it now.
    """

    headline: str
    lines: tuple[Line, ...] = ()
    buttons: tuple[tuple[Button, ...], ...] = ()
    alert: Alert = Alert.MESSAGE
    ping: tuple[str, ...] = ()
    called: tuple[tuple[str, str], ...] = ()
    callees: tuple[tuple[tuple[str, str], ...], ...] = ()
    people: tuple[str, ...] = ()
    data: Mapping[str, object] = field(default_factory=dict)
    form: str | None = None


class Stand(StrEnum):
    """How what a card is about stands, for somebody who was called: nobody has it, somebody has (or decided
    when it comes back), it is over.
    """

    OPEN = "open"
    TAKEN = "taken"
    OVER = "over"


_STANDS = {
    "open": Stand.OPEN,
    "claimed": Stand.TAKEN,
    "snoozed": Stand.TAKEN,
    "answered": Stand.OVER,
    "dismissed": Stand.OVER,
}


def stand(card: Card) -> Stand | None:
    """None: the card does not tell (a digest, a notice)."""
    event = card.data.get("event")
    if card.data.get("is_deleted") or event == "replaced":
        return Stand.OVER
    if event == "group":
        return Stand.OPEN if card.data.get("mention_ids") else Stand.OVER
    return _STANDS.get(str(card.data.get("state")))


def on_page(card: Card, page: str) -> str | None:
    """Where on the page a card is acted on: at its conversation or incident, else in the list; None:
    nowhere.
    """
    if not page:
        return None
    conversation, incident = card.data.get("conversation_id"), card.data.get("incident")
    if isinstance(incident, str):
        return f"{page.rstrip('/')}/incident/{incident}"
    return f"{page.rstrip('/')}/{f'c/{conversation}' if isinstance(conversation, int) else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The platform's proof that a delivery worked; `ref` finds the message again (to edit it)."""

    ref: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """A button that a person pressed in a chat, or a command that they wrote there (`token` is its text), or
    what they wrote as a reply to a message of ours (`token` is empty, `text` what they wrote, as plain text).

    `id` is the platform's, unique; `person` is `kind:id`. `channel` ends in `:?` where it is none of ours.
    `receipt` is the `Receipt.ref` of the message that a reply, or a command said as one, is a reply to.
    """

    id: str
    channel: str
    person: str
    token: str
    at: datetime
    name: str = ""
    text: str = ""
    receipt: str = ""

    @property
    def is_reply(self) -> bool:
        """Whether it is neither a button nor a command."""
        return not self.token and bool(self.receipt)


MOST_TEXT = 10_000
"""So many characters of what a person wrote are taken."""

COMMANDS = (
    "inbox",
    "mine",
    "who",
    "why",
    "stats",
    "catchup",
    "pause",
    "resume",
    "rules",
    "silence",
    "silences",
    "oncall",
    "cover",
    "reload",
    "link",
    "unlink",
    "block",
    "unblock",
    "help",
)
"""What may be said with a / before it, by a feed that can, in the order in which help is given: it comes as a
press whose token is the text.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the person is told (`is_loud`: in a box to be closed), and what came of the press.

    `shown`: the patch that they are shown, where there is one.
    """

    reply: str
    is_loud: bool
    outcome: str
    shown: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Presses:
    """What a decision feed yields: presses in order, and the position to commit with them."""

    presses: tuple[Press, ...]
    cursor: Cursor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody of the staff; `identities` are (channel kind, platform id) pairs, from the configuration.

    `language` and `timezone` None: those of the whole staff. `pager`: the channel that gets through to them
    when a chat does not (None: there is none).
    """

    key: str
    name: str
    role: Role
    identities: tuple[tuple[str, str], ...] = ()
    language: str | None = None
    timezone: ZoneInfo | None = None
    pager: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """The people of the configuration, found by what a channel says of them."""

    by_identity: Mapping[tuple[str, str], Person]

    def find(self, identity: str) -> Person | None:
        """`identity` is "kind:id", as `Press.person` has it."""
        kind, _, platform_id = identity.partition(":")
        return self.by_identity.get((kind, platform_id))
