"""What each channel was told, and what was held back from it, in words. Pure; it knows no wording."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from bot.noise import ChannelNoise

if TYPE_CHECKING:
    from bot.texts.catalogue import Texts


def lines(channels: Iterable[ChannelNoise], texts: Texts) -> Iterator[str]:
    """Of each channel one line; nothing, as long as nothing was held back anywhere."""
    told = tuple(channels)
    if not any(one.held or one.left_out for one in told):
        return
    for one in told:
        held = [texts.say(f"noise.{why.value}", count=count) for why, count in one.held.items()]
        if one.left_out:
            held.append(texts.say("noise.calls", count=one.left_out))
        yield texts.say(
            "noise.channel",
            channel=one.channel,
            alone=one.alone,
            held=texts.listed(held) if held else texts.say("noise.nothing_held"),
            criticals=one.criticals,
        )
