"""The buttons under a card, row by row, and what each of them hands back. Pure.

Knows what can be decided of a conversation as it stands; what a press does is `bot.decisions`'. A card shows
what is pressed most, and one menu at a time for the rest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

from bot import card_answers
from bot.model import ConversationState, Urgency
from bot.records import CLOSED
from bot.staff import FEEDBACK_VERBS, REASONS, Button, Menu, Nap, Verb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from bot.oncall import Duty
    from bot.records import CardState
    from bot.texts.catalogue import Texts

MOST_CHOICES = 24
"""A menu of people or personas shows no more: what is longer is chosen on the page."""

_TOKEN = re.compile(r"([a-z_]+):([0-9A-HJKMNP-TV-Z]{26})(?::([A-Za-z0-9_.~-]{1,24}))?\Z")
_FITS = re.compile(r"[A-Za-z0-9_.-]{1,24}\Z")
_VERBS = frozenset(verb.value for verb in Verb)


@dataclass(frozen=True, slots=True)
class Token:
    """What a button hands back, understood; `argument` is what was chosen in a menu."""

    verb: Verb
    mention_id: str
    argument: str = ""


def token(verb: Verb, mention_id: str, argument: str = "") -> str:
    """At most 64 bytes (Telegram's limit), readable by `parse_token`."""
    return f"{verb.value}:{mention_id}:{argument}" if argument else f"{verb.value}:{mention_id}"


def parse_token(text: str) -> Token | None:
    """None for anything that no card of ours has."""
    match = _TOKEN.match(text)
    if match is None or match[1] not in _VERBS:
        return None
    return Token(Verb(match[1]), match[2], match[3] or "")


def short(name: str) -> str:
    """A name from the configuration in a token: itself, or, where that does not fit, its mark."""
    return name if _FITS.match(name) else "~" + sha256(name.encode()).hexdigest()[:16]


def chosen(argument: str, names: Iterable[str]) -> str | None:
    """The name that an argument stands for; None: there is none of it any more."""
    return next((name for name in names if argument == short(name)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What menus offer, `people` by key and the personas that the rules know; which one is open, and what the
    card says as long as it is. `duty` tells who is on call for a route; None: it has no rotation.
    `identities`: by key, those of people in chats. `page`: where the page is (empty: nowhere that all reach).
    """

    people: Mapping[str, str]
    personas: Sequence[str] = ()
    menu: str = ""
    shown: str = ""
    identities: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    duty: Callable[[str, datetime], Duty | None] = lambda _route, _at: None
    page: str = ""


def rows(
    state: CardState, texts: Texts, choices: Choices, *, now: datetime
) -> tuple[tuple[Button, ...], ...]:
    pad = _Pad(state=state, texts=texts, choices=choices)
    if choices.menu not in _MENUS:
        return _first(pad, now)
    return (*_MENUS[Menu(choices.menu)](pad), (pad.button(Verb.LESS),))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pad:
    state: CardState
    texts: Texts
    choices: Choices

    def button(self, verb: Verb, argument: str = "", label: str = "") -> Button:
        return Button(
            label=label or self.texts.button(verb), token=token(verb, self.state.mention_id, argument)
        )

    def numbered(self, row: Iterable[tuple[Verb, int]]) -> tuple[Button, ...]:
        return tuple(self.button(verb, str(number), self.texts.button(verb, number)) for verb, number in row)

    def opens(self, menu: Menu) -> Button:
        return self.button(Verb.MORE, menu.value, self.texts.say(f"menu.{menu.value}"))


_Rows = tuple[tuple[Button, ...], ...]


def _first(pad: _Pad, now: datetime) -> _Rows:
    answering = tuple(map(pad.numbered, card_answers.verbs(pad.state)))
    last = tuple(map(pad.numbered, filter(None, [card_answers.last_verbs(pad.state)])))
    more = (*(pad.button(verb) for verb in _first_verbs(pad.state)), pad.button(Verb.MORE))
    undo = pad.state.undo
    if undo is None or undo.is_over(now):
        return (*answering, more, *last)
    label = pad.texts.say("button.undo_of", verb=pad.texts.button(Verb(undo.verb)))
    return (*answering, more, (pad.button(Verb.UNDO, str(undo.decision), label),), *last)


def _first_verbs(state: CardState) -> list[Verb]:
    match state.conversation.state:
        case ConversationState.DISMISSED:
            return [Verb.REOPEN]
        case ConversationState.ANSWERED:
            return []
        case ConversationState.CLAIMED:
            return [Verb.DISMISS]
    return [Verb.DISMISS] if state.post_deleted else [Verb.CLAIM, Verb.DISMISS]


def _more(pad: _Pad) -> _Rows:
    """What is not pressed on most cards; of a closed conversation there is little left to decide."""
    last = (pad.opens(Menu.FEEDBACK), pad.button(Verb.WHY))
    state = pad.state.conversation.state
    if state in CLOSED:
        return (last,)
    release = (pad.button(Verb.RELEASE),) if state is ConversationState.CLAIMED else ()
    return (
        (*release, pad.opens(Menu.PEOPLE), pad.opens(Menu.SNOOZE)),
        (pad.opens(Menu.REASONS), pad.button(Verb.ELSEWHERE)),
        (pad.opens(Menu.URGENCY), *((pad.opens(Menu.PERSONA),) if pad.choices.personas else ())),
        (pad.button(Verb.SILENCE),),
        last,
    )


def _people(pad: _Pad) -> _Rows:
    holder = pad.state.conversation.claimed_by
    others = sorted(
        ((name, key) for key, name in pad.choices.people.items() if key != holder),
        key=lambda one: (one[0].casefold(), one[1]),
    )
    return _pairs([pad.button(Verb.HAND_OVER, short(key), name) for name, key in others])


def _naps(pad: _Pad) -> _Rows:
    return _pairs([pad.button(Verb.SNOOZE, nap.value, pad.texts.say(f"nap.{nap.value}")) for nap in Nap])


def _reasons(pad: _Pad) -> _Rows:
    return _pairs([pad.button(Verb.DISMISS, one, pad.texts.say(f"reason.{one}")) for one in REASONS])


def _urgencies(pad: _Pad) -> _Rows:
    levels = [level for level in sorted(Urgency, reverse=True) if level is not pad.state.urgency]
    return _pairs([pad.button(Verb.URGENCY, level.label, pad.texts.urgency(level)) for level in levels])


def _personas(pad: _Pad) -> _Rows:
    names = [name for name in pad.choices.personas if name != pad.state.persona]
    return _pairs([pad.button(Verb.PERSONA, short(name), name) for name in names])


def _answer(_: _Pad) -> _Rows:
    """There is something to read, and the way back."""
    return ()


def _feedback(pad: _Pad) -> _Rows:
    right, *wrong = FEEDBACK_VERBS
    return ((pad.button(right),), *_pairs([pad.button(verb) for verb in wrong]))


def _pairs(buttons: Sequence[Button]) -> _Rows:
    shown = buttons[:MOST_CHOICES]
    return tuple(tuple(shown[at : at + 2]) for at in range(0, len(shown), 2))


_MENUS: Mapping[Menu, Callable[[_Pad], _Rows]] = {
    Menu.MORE: _more,
    Menu.PEOPLE: _people,
    Menu.SNOOZE: _naps,
    Menu.REASONS: _reasons,
    Menu.URGENCY: _urgencies,
    Menu.PERSONA: _personas,
    Menu.FEEDBACK: _feedback,
    Menu.ANSWER: _answer,
}
