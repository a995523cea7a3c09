"""Spanish: who is on call, and who covers for whom."""

from __future__ import annotations

from bot.texts.language import Message

ON_CALL: dict[str, Message] = {
    "oncall.nobody": "nadie",
    "oncall.none": "No hay turnos de guardia: se definen en `on_call`, en la configuración.",
    "oncall.for_good": "{rotation}: {name}",
    "oncall.until": "{rotation}: {name} hasta {until}",
    "oncall.then": "{line}, después {name}",
    "oncall.then_at": "{line}; {name} desde {at}",
}
