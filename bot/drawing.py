"""What an effect looks like just now: which kind of card it is, out of `cards` and `digests`. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot import card_steps, cards, digests, incident_cards
from bot.model import Alert
from bot.overrides import ANEW, Anew
from bot.payload import ASKED, ELSEWHERE, HUSHED, MENU, PAGER, REPLACED, SHOWN, SPENT
from bot.records import DigestState
from bot.staff import Line
from bot.wishes import EffectKind

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from bot.buttons import Choices
    from bot.records import CardState, Leased
    from bot.staff import Card
    from bot.texts.catalogue import Texts


def draw(
    leased: Leased,
    state: CardState | DigestState | None,
    *,
    texts: Texts,
    zone: ZoneInfo,
    now: datetime,
    choices: Choices,
) -> Card:
    """`choices` names those who have something, and says what menus offer."""
    if isinstance(state, DigestState):
        many = _many(leased, state, texts=texts, zone=zone, now=now, choices=choices)
        asking = _asking(many, leased, state, texts=texts, choices=choices)
        return _left_out(asking, leased, texts=texts, choices=choices)
    payload = leased.effect.payload
    if state is None:
        return cards.notice_card(str(payload.get("text", "")))
    if payload.get(REPLACED):
        return cards.replaced_card(state, texts=texts, zone=zone, now=now)
    route, duty = leased.effect.route, choices.duty
    choices = replace(
        choices,
        menu=str(payload.get(MENU, "")),
        shown=str(payload.get(SHOWN, "")),
        duty=lambda named, at: duty(route or named, at),  # a copy by another route calls whom that is for
    )
    card = cards.render(state, texts=texts, zone=zone, now=now, choices=choices, again=_again(leased))
    if card.alert is Alert.PING and (HUSHED in payload or _calls_another(leased, card)):
        return replace(card, alert=Alert.MESSAGE, ping=(), called=(), callees=(), people=())
    return _left_out(card, leased, texts=texts, choices=choices)


def _left_out(card: Card, leased: Leased, *, texts: Texts, choices: Choices) -> Card:
    """Whoever was called often enough is named, and not called; a card that calls nobody is a message."""
    spent = leased.effect.payload.get(SPENT, ())
    out = [one for one in card.people if isinstance(spent, list) and one in spent]
    if not out:
        return card
    left = tuple(one for one in card.people if one not in out)
    names = texts.listed(choices.people.get(one, one) for one in out)
    return replace(
        card,
        alert=card.alert if left or card.alert is not Alert.PING else Alert.MESSAGE,
        ping=tuple(choices.people.get(one, one) for one in left),
        called=tuple(known for one in left for known in choices.identities.get(one, ())),
        callees=tuple(choices.identities.get(one, ()) for one in left if len(left) > 1),
        people=left,
        lines=(Line(text=texts.say("noise.not_called", names=names)), *card.lines),
    )


def _calls_another(leased: Leased, card: Card) -> bool:
    """What changes on somebody's pager is no call for them: another card is, or it is for somebody else."""
    payload, is_update = leased.effect.payload, leased.effect.kind is EffectKind.UPDATE
    if not leased.is_page or not is_update:
        return False
    return ELSEWHERE in payload or bool(card.people and payload[PAGER] not in card.people)


def _again(leased: Leased) -> Anew | None:
    why = leased.effect.payload.get(ANEW)
    if why is None:
        return Anew.UNCLAIMED if leased.rings > 1 else None
    return Anew(str(why))


def _many(
    leased: Leased,
    state: DigestState,
    *,
    texts: Texts,
    zone: ZoneInfo,
    now: datetime,
    choices: Choices,
) -> Card:
    if state.incident is not None:
        return incident_cards.render(state, state.incident, texts=texts, zone=zone, now=now, choices=choices)
    if not leased.is_group:
        return digests.render(state, texts=texts, zone=zone, now=now)
    if leased.effect.payload.get(REPLACED):
        return digests.replaced_group(state, texts=texts, zone=zone, now=now)
    is_again = leased.rings > 1
    return digests.group(state, texts=texts, zone=zone, now=now, again=is_again, people=choices.people)


def _asking(many: Card, leased: Leased, state: DigestState, *, texts: Texts, choices: Choices) -> Card:
    """A card of many that asks for answers says so, and calls whom it asks; any other stays as it is."""
    payload = leased.effect.payload
    asked = payload.get(ASKED)
    if not isinstance(asked, list) or payload.get(REPLACED):
        return many
    names = [choices.people.get(one, one) for one in asked]
    return replace(
        many,
        headline=card_steps.many(Anew(str(payload[ANEW])), names, texts, len(state.rows)),
        alert=Alert.PING if asked else many.alert,
        ping=tuple(names),
        called=tuple(known for one in asked for known in choices.identities.get(one, ())),
        callees=tuple(choices.identities.get(one, ()) for one in asked if len(asked) > 1),
        people=tuple(asked),
        data={**many.data, "asked": asked},
    )
