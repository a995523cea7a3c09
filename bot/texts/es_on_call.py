"""Spanish: who is on call, and who covers for whom."""

from __future__ import annotations

from bot.texts.language import Message

ON_CALL: dict[str, Message] = {
    "card.on_call": "De guardia: {name}",
    "card.on_call_until": "De guardia: {name} hasta {until}",
    "oncall.nobody": "nadie",
    "oncall.none": "No hay turnos de guardia: se definen en `on_call`, en la configuración.",
    "oncall.for_good": "{rotation}: {name}",
    "oncall.until": "{rotation}: {name} hasta {until}",
    "oncall.then": "{line}, después {name}",
    "oncall.then_at": "{line}; {name} desde {at}",
    "oncall.covers": "{rotation}: {name} cubre la guardia de {since} a {until}",
    "oncall.news": "{line} (lo dice {name})",
    "oncall.covers_no_more": "{name} ya no cubre ninguna guardia.",
    "oncall.not_covered": "{name} no cubre ninguna guardia.",
    "oncall.usage": (
        "Se dice así: /cover me 18:00-22:00 (o bien: /cover ANNA tomorrow 09:00-17:00 care, /cover off)."
    ),
    "oncall.refused": "Solo responsables y operaciones dicen que cubre otra persona.",
    "oncall.nobody_called": "No hay nadie que se llame «{word}».",
    "oncall.nobody_called_but": "No hay nadie que se llame «{word}». ¿Querías decir «{near}»?",
    "oncall.which": "Di qué turno, como última palabra: {names}.",
    "oncall.no_such_time": "Ese horario ya ha pasado, o falta más de un año.",
    "help.oncall": "quién está de guardia, hasta cuándo y quién sigue",
    "help.cover": "decir que cubres la guardia, o que la cubre otra persona",
}
