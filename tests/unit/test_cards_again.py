"""Cards that ring again, and what is left of those before them."""

from __future__ import annotations

from bot import cards
from bot.model import Alert, ConversationState
from bot.overrides import Anew
from bot.texts.en import ENGLISH
from tests.unit.test_cards import BERLIN, NOW, a_state, in_state


def test_a_card_that_rings_again_says_so_while_nobody_has_it() -> None:
    """First thing on the lock screen; once claimed it is a card like any other."""
    card = cards.render(a_state(), texts=ENGLISH, zone=BERLIN, now=NOW, again=Anew.UNCLAIMED)
    assert card.headline.startswith("Still open · CRITICAL · answer by 14:35 CET · “")
    assert (Alert.PING, "Still open") == (card.alert, card.data["status"])
    claimed = in_state(ConversationState.CLAIMED, claimed_by="anna")
    card = cards.render(claimed, texts=ENGLISH, zone=BERLIN, now=NOW, again=Anew.UNCLAIMED)
    assert "Still open" not in card.headline


def test_a_card_that_was_replaced_holds_nothing_of_the_post() -> None:
    """So there is nothing to take back when its author does."""
    card = cards.replaced_card(a_state(), texts=ENGLISH, zone=BERLIN, now=NOW)
    assert "CRITICAL · Rang again 14:05, see the card below" == card.headline
    assert ((), ()) == (card.lines, card.buttons)
    assert "refund" not in str(card)
