"""Spanish: who is asked when nobody answers."""

from __future__ import annotations

from bot.texts.language import Message

STEPS: dict[str, Message] = {
    "steps.nobody": "Nadie la lleva tras el {share} % del plazo",
    "steps.at_once": "Nadie la lleva todavía",
    "steps.time_is_up": "Nadie la lleva y el plazo ha vencido",
    "steps.returned": "{name} la llevaba, sin respuesta",
    "steps.reminder": "Recordatorio",
    "steps.remind": "{name}, la llevas tú y sigue sin respuesta. Respóndela o pásala a otra persona.",
    "steps.next": "{why}. Ahora: {names}",
    "steps.anybody": "{why}. ¿Quién la lleva?",
    "steps.before": "Avisados antes: {names}",
    "steps.many.asked": {
        "one": "Nadie lleva {count} conversación",
        "other": "Nadie lleva {count} conversaciones",
    },
    "steps.many.returned": {
        "one": "Ha vuelto {count} conversación sin respuesta",
        "other": "Han vuelto {count} conversaciones sin respuesta",
    },
    "steps.many.reminded": {
        "one": "{count} conversación asignada sigue sin respuesta",
        "other": "{count} conversaciones asignadas siguen sin respuesta",
    },
    "steps.told_head": "Nadie respondió enseguida:",
    "steps.told": "{at}: {what}",
    "steps.told_before": {"one": "… {count} paso antes", "other": "… {count} pasos antes"},
    "steps.told_ask": "Nadie la llevaba tras el {share} % del plazo; aviso a: {names}",
    "steps.told_repeat": "Nadie la llevaba y el plazo había vencido; otro aviso a: {names}",
    "steps.told_remind": "{names} la llevaba y no respondió tras el {share} % del plazo: recordatorio",
    "steps.told_return": (
        "{owner} la llevaba y no respondió tras el {share} % del plazo: vuelve a la cola; aviso a: {names}"
    ),
    "steps.told_everybody": "quien esté",
}
