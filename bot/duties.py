"""Who is on call, in words: one line a rotation. The words are the catalogue's; reads no clock."""

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
