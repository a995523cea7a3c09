"""English: who is on call, and who covers for whom."""

from __future__ import annotations

from bot.texts.language import Message

ON_CALL: dict[str, Message] = {
    "card.on_call": "On call: {name}",
    "card.on_call_until": "On call: {name} until {until}",
    "oncall.nobody": "nobody",
    "oncall.none": "There are no rotations: `on_call` in the configuration makes one.",
    "oncall.for_good": "{rotation}: {name}",
    "oncall.until": "{rotation}: {name} until {until}",
    "oncall.then": "{line}, then {name}",
    "oncall.then_at": "{line}; {name} from {at}",
    "oncall.covers": "{rotation}: {name} covers from {since} to {until}",
    "oncall.news": "{line} (says {name})",
    "oncall.covers_no_more": "{name} covers for nobody any more.",
    "oncall.not_covered": "{name} covers for nobody.",
    "oncall.usage": (
        "Say it like this: /cover me 18:00-22:00 (or: /cover ANNA tomorrow 09:00-17:00 ROTATION, /cover off)."
    ),
    "oncall.refused": "Only leads and ops say that somebody else covers.",
    "oncall.nobody_called": "There is nobody called “{word}”.",
    "oncall.nobody_called_but": "There is nobody called “{word}”. Did you mean “{near}”?",
    "oncall.which": "Say which rotation, as the last word: {names}.",
    "oncall.no_such_time": "This time is over already, or more than a year ahead.",
    "help.oncall": "who is on call, until when, and who is next",
    "help.cover": "say that you, or somebody else, cover for whoever is on call",
}
