"""English: what was held back, and why."""

from __future__ import annotations

from bot.texts.language import Message

NOISE: dict[str, Message] = {
    "held.quiet_hours": {
        "=0": "Quiet hours are over: nothing open any more",
        "one": "Quiet hours are over: {count} alert waited",
        "other": "Quiet hours are over: {count} alerts waited",
    },
    "held.budget": {
        "=0": "Budget of {budget} alerts spent: nothing open any more",
        "one": "Budget of {budget} alerts spent: {count} more",
        "other": "Budget of {budget} alerts spent: {count} more",
    },
    "noise.channel": "{channel}: {alone} by themselves, {held}; critical ones held back: {criticals}",
    "noise.nothing_held": "none held back",
    "noise.quiet_hours": "{count} held back in quiet hours",
    "noise.budget": "{count} over budget",
    "noise.calls": {"one": "{count} call over budget", "other": "{count} calls over budget"},
    "noise.not_called": "Budget of calls spent, not called: {names}",
}
