"""The person on call on a card: named as long as nobody has it, called where it pings."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot import cards
from bot.buttons import Choices
from bot.drawing import draw
from bot.hours import NEVER
from bot.model import Alert, ConversationState
from bot.oncall import Duty
from bot.records import CardState, Leased
from bot.staff import Card
from bot.texts.en import ENGLISH
from bot.wishes import Effect, EffectKind
from connectors.telegram import api
from connectors.telegram import message as telegram
from connectors.telegram.message import units
from tests.unit.test_cards import BERLIN, NOW, PEOPLE, a_state, in_state, whole

UNTIL = NOW + timedelta(hours=3)


ANNAS = (("telegram", "12345"), ("chat", "anna"))


def on_call(person: str | None, until: datetime = UNTIL) -> Choices:
    asked = a_state().verdict.route

    def duty(route: str, at: datetime) -> Duty | None:
        assert at == NOW
        return Duty(person=person, until=until) if route == asked else None

    return replace(PEOPLE, duty=duty, identities={"anna": ANNAS})


def render(state: CardState, choices: Choices) -> Card:
    return cards.render(state, texts=ENGLISH, zone=BERLIN, now=NOW, choices=choices)


def test_an_open_card_names_and_calls_who_is_on_call() -> None:
    """Until when, in the time zone of the card; programs are told too."""
    card = render(a_state(), on_call("anna"))
    assert "On call: Anna until 17:05 CET" in [line.text for line in card.lines]
    assert (Alert.PING, ("Anna",), ANNAS) == (card.alert, card.ping, card.called)
    assert ("anna", UNTIL.isoformat()) == (card.data["on_call"], card.data["on_call_until"])


def test_who_is_on_call_for_good_has_no_end() -> None:
    """Nothing is said of one."""
    card = render(a_state(), on_call("anna", NEVER))
    assert "On call: Anna" in [line.text for line in card.lines]
    assert ("anna", None) == (card.data["on_call"], card.data["on_call_until"])


@pytest.mark.parametrize("choices", [PEOPLE, on_call(None)])
def test_without_anybody_a_card_is_as_ever(choices: Choices) -> None:
    """No rotation for the route, or nobody there just now."""
    card = render(a_state(), choices)
    assert "On call" not in whole(card)
    assert () == card.ping
    assert (None, None) == (card.data["on_call"], card.data["on_call_until"])


def test_what_does_not_ping_calls_nobody_by_name() -> None:
    """It names them only."""
    verdict = replace(a_state().verdict, alert=Alert.MESSAGE)
    card = render(replace(a_state(), verdict=verdict), on_call("anna"))
    assert ((), ()) == (card.ping, card.called)
    assert "On call: Anna" in whole(card)


@pytest.mark.parametrize("state", [ConversationState.CLAIMED, ConversationState.DISMISSED])
def test_what_somebody_has_or_nobody_need_have_names_nobody(state: ConversationState) -> None:
    """Whoever claimed it is asked, not who is on call."""
    taken = in_state(state, claimed_by="ben" if state is ConversationState.CLAIMED else None)
    card = render(taken, on_call("anna"))
    assert "On call" not in whole(card)
    assert ((), None) == (card.ping, card.data["on_call"])


def test_a_copy_by_another_route_calls_whom_that_is_for() -> None:
    """The verdict's own route has another rotation."""
    people = {"default": "anna", "press": "li"}
    choices = replace(PEOPLE, duty=lambda route, _: Duty(person=people[route], until=UNTIL))
    for route, person in people.items():
        effect = Effect(key="k", kind=EffectKind.ALERT, channel="telegram:x", route=route)
        leased = Leased(id=1, effect=effect, attempt=1, fence=1, written_at=NOW)
        card = draw(leased, a_state(), texts=ENGLISH, zone=BERLIN, now=NOW, choices=choices)
        assert ((person,), person) == (card.people, card.data["on_call"])


def test_a_card_tells_whose_pager_it_calls() -> None:
    """Nobody's, if it does not ping."""
    assert ("anna",) == render(a_state(), on_call("anna")).people
    verdict = replace(a_state().verdict, alert=Alert.MESSAGE)
    assert render(replace(a_state(), verdict=verdict), on_call("anna")).people == ()


def test_telegram_rings_for_them_also_without_a_name_of_theirs() -> None:
    """By their number, behind whom the channel's settings name; a message that does not ping rings for nobody."""
    card = replace(render(a_state(), on_call("anna")), lines=())
    message = telegram.render(card, ping=["@care_team"])
    assert message.text.endswith("\n@care_team Anna")
    (mention,) = (one for one in message.entities if one.kind == "text_mention")
    assert (units(message.text) - 4, 4, 12345) == (mention.offset, mention.length, mention.user)
    quiet = telegram.render(replace(card, alert=Alert.MESSAGE))
    assert [] == [one for one in quiet.entities if one.kind == "text_mention"]
    (sent,) = (one for one in api._entities(message) if one.type == "text_mention")
    assert sent.user is not None
    assert 12345 == sent.user.id


@pytest.mark.parametrize("identities", [(), (("telegram", "anna"),), (("chat", "7"),)])
def test_without_a_number_there_the_name_stands_alone(identities: tuple[tuple[str, str], ...]) -> None:
    """As for somebody who is in no such chat."""
    card = replace(render(a_state(), on_call("anna")), called=identities)
    message = telegram.render(card)
    assert message.text.endswith("\nAnna")
    assert [] == [one for one in message.entities if one.kind == "text_mention"]
