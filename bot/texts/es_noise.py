"""Spanish: what was held back, and why."""

from __future__ import annotations

from bot.texts.language import Message

NOISE: dict[str, Message] = {
    "held.quiet_hours": {
        "=0": "Terminaron las horas de silencio: ya no queda nada abierto",
        "one": "Terminaron las horas de silencio: esperaba {count} alerta",
        "other": "Terminaron las horas de silencio: esperaban {count} alertas",
    },
    "held.budget": {
        "=0": "Agotado el cupo de {budget} alertas: ya no queda nada abierto",
        "one": "Agotado el cupo de {budget} alertas: {count} más",
        "other": "Agotado el cupo de {budget} alertas: {count} más",
    },
    "noise.channel": "{channel}: {alone} por separado, {held}; críticas retenidas: {criticals}",
    "noise.nothing_held": "ninguna retenida",
    "noise.quiet_hours": {
        "one": "{count} retenida en horas de silencio",
        "other": "{count} retenidas en horas de silencio",
    },
    "noise.budget": "{count} por encima del cupo",
    "noise.calls": {
        "one": "{count} llamada por encima del cupo",
        "other": "{count} llamadas por encima del cupo",
    },
    "noise.not_called": "Cupo de llamadas agotado, sin llamar a: {names}",
}
