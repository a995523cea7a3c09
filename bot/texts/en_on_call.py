"""English: who is on call, and who covers for whom."""

from __future__ import annotations

from bot.texts.language import Message

ON_CALL: dict[str, Message] = {
    "oncall.nobody": "nobody",
    "oncall.none": "There are no rotations: `on_call` in the configuration makes one.",
    "oncall.for_good": "{rotation}: {name}",
    "oncall.until": "{rotation}: {name} until {until}",
    "oncall.then": "{line}, then {name}",
    "oncall.then_at": "{line}; {name} from {at}",
}
