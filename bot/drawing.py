"""What an effect looks like just now: which kind of card it is, out of `cards` and `digests`. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot import cards, digests, incident_cards
from bot.overrides import ANEW, Anew
from bot.records import MENU, REPLACED, SHOWN, DigestState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from bot.buttons import Choices
    from bot.gates import State
    from bot.records import Leased
    from bot.staff import Card
    from bot.texts.catalogue import Texts


def draw(
    leased: Leased, state: State, *, texts: Texts, zone: ZoneInfo, now: datetime, choices: Choices
) -> Card:
    """`choices` names those who have something, and says what menus offer."""
    if isinstance(state, DigestState):
        return _many(leased, state, texts=texts, zone=zone, now=now, people=choices.people)
    payload = leased.effect.payload
    if state is None:
        return cards.notice_card(str(payload.get("text", "")))
    if payload.get(REPLACED):
        return cards.replaced_card(state, texts=texts, zone=zone, now=now)
    choices = replace(choices, menu=str(payload.get(MENU, "")), shown=str(payload.get(SHOWN, "")))
    return cards.render(state, texts=texts, zone=zone, now=now, choices=choices, again=_again(leased))


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
    people: Mapping[str, str],
) -> Card:
    if state.incident is not None:
        return incident_cards.render(state, state.incident, texts=texts, zone=zone, now=now, people=people)
    if not leased.is_group:
        return digests.render(state, texts=texts, zone=zone, now=now)
    if leased.effect.payload.get(REPLACED):
        return digests.replaced_group(state, texts=texts, zone=zone, now=now)
    is_again = leased.rings > 1
    return digests.group(state, texts=texts, zone=zone, now=now, again=is_again, people=people)
