"""What a card of many shows: a digest, a group, what was held back or missed, an incident.

It knows how such a card is told from its effect; what stands on it others read.
"""

from __future__ import annotations

from bot.model import Alert
from bot.noise import Why, Withheld
from bot.payload import INCIDENT
from bot.records import DigestState, Leased
from bot.store import catching_up, grouping, holding, inbox, incident_numbers, sharing
from bot.store.card import Fetch


def read(fetch: Fetch, leased: Leased) -> DigestState:
    """What stands on the card of an effect now."""
    incident = leased.effect.payload.get(INCIDENT)
    if isinstance(incident, int):
        return of_incident(fetch, incident)
    of = grouping.card_of(fetch, leased.id) if leased.is_group else leased.id
    is_catch_up = catching_up.SOURCE in leased.effect.payload
    held = holding.withheld(fetch, of) if leased.is_group else None
    return DigestState(
        route=leased.effect.route or "",
        rows=inbox.collected(fetch, of),
        caught_up=catching_up.summary(fetch, of) if is_catch_up else None,
        group_alert=_loudness(fetch, of, held) if leased.is_group else None,
        withheld=held,
    )


def _loudness(fetch: Fetch, of: int, held: Withheld | None) -> Alert:
    """What exceeds a budget calls nobody."""
    loudest = grouping.loudest(fetch, of)
    is_spent = held is not None and held.why is Why.BUDGET
    return Alert.MESSAGE if is_spent and loudest is Alert.PING else loudest


def of_incident(fetch: Fetch, id_: int) -> DigestState:
    """What is told of an incident, with whom it names and what would come of an answer for all."""
    told = incident_numbers.whole(fetch, id_, outlook=True)
    uids = dict.fromkeys((*told.first, *told.urgent, *told.waiting)) if told else {}
    return DigestState(route=told.route if told else "", rows=inbox.named(fetch, list(uids)), incident=told)


def called(fetch: Fetch, uid: str) -> DigestState | None:
    """The same of the incident of this name; None: there is none."""
    id_ = sharing.incident_of(fetch, uid)
    return of_incident(fetch, id_) if id_ is not None else None
