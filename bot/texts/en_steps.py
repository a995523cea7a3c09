"""English: who is asked when nobody answers."""

from __future__ import annotations

from bot.texts.language import Message

STEPS: dict[str, Message] = {
    "steps.nobody": "Nobody has it after {share} % of the time",
    "steps.at_once": "Nobody has it yet",
    "steps.time_is_up": "Nobody has it and the time is up",
    "steps.returned": "{name} had it, no answer",
    "steps.reminder": "Reminder",
    "steps.remind": "{name}, this is yours and has no answer yet. Answer it, or hand it over.",
    "steps.next": "{why}. Next: {names}",
    "steps.anybody": "{why}. Who takes it?",
    "steps.before": "Asked before: {names}",
    "steps.many.asked": {
        "one": "Nobody has {count} conversation",
        "other": "Nobody has {count} conversations",
    },
    "steps.many.returned": {
        "one": "{count} conversation came back without an answer",
        "other": "{count} conversations came back without an answer",
    },
    "steps.many.reminded": {
        "one": "{count} claimed conversation has no answer yet",
        "other": "{count} claimed conversations have no answer yet",
    },
    "steps.told_head": "Nobody answered at once:",
    "steps.told": "{at}: {what}",
    "steps.told_before": {"one": "… {count} step before", "other": "… {count} steps before"},
    "steps.told_ask": "Nobody had it after {share} % of the time; asked: {names}",
    "steps.told_repeat": "Nobody had it and the time was up; asked again: {names}",
    "steps.told_remind": "{names} had it and did not answer after {share} % of the time: reminded",
    "steps.told_return": (
        "{owner} had it and did not answer after {share} % of the time: back to the queue; asked: {names}"
    ),
    "steps.told_everybody": "whoever is there",
}
