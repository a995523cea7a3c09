"""What a card says of steps that were taken because nobody answered: whom it calls, and why. Pure.

Part of `bot.cards`. Knows the steps and how people are called; not when a step is due.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.escalation import WHOLE, Asked, Kind, last_asked
from bot.model import ConversationState
from bot.overrides import Anew
from bot.staff import Line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bot.records import CardState
    from bot.texts.catalogue import Texts


def asked(state: CardState) -> Asked | None:
    """The step that counts as long as nobody has it."""
    is_open = state.conversation.state is ConversationState.OPEN and not state.post_deleted
    return last_asked(state.asked) if is_open else None


def called(state: CardState) -> tuple[str, ...]:
    """Whom the card calls: who is asked, and who had it and did not answer."""
    step = asked(state)
    if step is None:
        return ()
    owner = (step.owner,) if step.kind is Kind.RETURN and step.owner else ()
    return tuple(dict.fromkeys((*step.whom, *owner)))


def status(
    state: CardState, texts: Texts, *, again: Anew | None, name: Callable[[str], str]
) -> Iterator[str]:
    """The beginning of the headline, where it comes again for that."""
    step = asked(state)
    if again is Anew.REMINDED and state.conversation.state is ConversationState.CLAIMED:
        yield texts.say("steps.reminder")
    elif step is not None and again is Anew.RETURNED and step.owner:
        yield texts.say("steps.returned", name=name(step.owner))
    elif step is not None and again is Anew.ASKED:
        yield _nobody(step, texts)


def lines(
    state: CardState, texts: Texts, *, again: Anew | None, name: Callable[[str], str]
) -> Iterator[Line]:
    """Why who is asked now, and who was before."""
    step, owner = asked(state), state.conversation.claimed_by
    if again is Anew.REMINDED and state.conversation.state is ConversationState.CLAIMED and owner:
        yield Line(text=texts.say("steps.remind", name=name(owner)), is_strong=True)
    if step is None:
        return
    why = (
        texts.say("steps.returned", name=name(step.owner))
        if step.kind is Kind.RETURN and step.owner
        else _nobody(step, texts)
    )
    names = texts.listed(name(one) for one in step.whom)
    said = texts.say("steps.next", why=why, names=names) if names else texts.say("steps.anybody", why=why)
    yield Line(text=said, is_strong=True)
    before = dict.fromkeys(one for taken in state.asked for one in taken.whom if one not in step.whom)
    if before:
        yield Line(text=texts.say("steps.before", names=texts.listed(name(one) for one in before)))


def many(why: Anew, names: list[str], texts: Texts, count: int) -> str:
    """The headline of many together."""
    said = texts.say(f"steps.many.{why.value}", count=count)
    return texts.say("steps.next", why=said, names=texts.listed(names)) if names else said


def told(step: Asked, texts: Texts, *, name: Callable[[str], str]) -> str:
    """A step as one looks back on it: who was asked or reminded, after which share of the time, and why."""
    names = texts.listed(map(name, step.whom)) or texts.say("steps.told_everybody")
    owner = name(step.owner) if step.owner else ""
    return texts.say(f"steps.told_{step.kind.value}", names=names, owner=owner, share=str(step.share))


def _nobody(step: Asked, texts: Texts) -> str:
    if step.kind is Kind.REPEAT or step.share >= WHOLE:
        return texts.say("steps.time_is_up")
    if step.share == 0:
        return texts.say("steps.at_once")
    return texts.say("steps.nobody", share=str(step.share))
