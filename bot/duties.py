"""Who is on call, in words: a line a rotation, a line on a card. Reads no clock and knows no chat."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.hours import NEVER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from bot.oncall import Cover, Duty, OnCall
    from bot.texts.catalogue import Texts


def lines(
    on_call: OnCall,
    covers: Iterable[Cover],
    *,
    texts: Texts,
    people: Callable[[str], str],
    now: datetime,
    zone: ZoneInfo,
) -> list[str]:
    """`people` tells how a person is called. Nothing where there are no rotations."""
    covers = tuple(covers)

    def line(name: str, duty: Duty) -> str:
        who = people(duty.person) if duty.person else texts.say("oncall.nobody")
        if duty.until == NEVER:
            return texts.say("oncall.for_good", rotation=name, name=who)
        until = texts.time_in_zone(duty.until, now=now, zone=zone)
        head = texts.say("oncall.until", rotation=name, name=who, until=until)
        if duty.then is None or duty.then_at is None:
            return head
        if duty.then_at == duty.until:
            return texts.say("oncall.then", line=head, name=people(duty.then))
        at = texts.time_in_zone(duty.then_at, now=now, zone=zone)
        return texts.say("oncall.then_at", line=head, name=people(duty.then), at=at)

    return [line(name, one.duty(now, covers)) for name, one in on_call.rotations.items()]


def on_card(duty: Duty, name: str, texts: Texts, *, now: datetime, zone: ZoneInfo) -> str:
    """Who is to be asked, and until when."""
    if duty.until == NEVER:
        return texts.say("card.on_call", name=name)
    until = texts.time_in_zone(duty.until, now=now, zone=zone)
    return texts.say("card.on_call_until", name=name, until=until)


def end(duty: Duty | None) -> datetime | None:
    """When somebody's turn ends; None: nobody has one, or it has no end."""
    return duty.until if duty and duty.person and duty.until != NEVER else None
