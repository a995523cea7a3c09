"""Spanish: incidents, and one answer for all who are in one."""

from __future__ import annotations

from bot.texts.language import Message

INCIDENTS: dict[str, Message] = {
    "incident.runs": "Incidente · {posts} desde {since} · {route}",
    "incident.ended": "Terminado · {posts}, {answered}, {open} · {when} · {route}",
    "incident.posts": {"one": "{count} publicación", "other": "{count} publicaciones"},
    "incident.authors": {"one": "{count} autor", "other": "{count} autores"},
    "incident.on": "{platform} {count}",
    "incident.lately": {
        "=0": "ninguna en el último minuto",
        "one": "{count} en el último minuto",
        "other": "{count} en el último minuto",
    },
    "incident.critical": {
        "one": "{count} crítica (con tarjeta propia)",
        "other": "{count} críticas (cada una con tarjeta propia)",
    },
    "incident.open": {"=0": "ninguna abierta", "one": "{count} abierta", "other": "{count} abiertas"},
    "incident.answered": {
        "=0": "ninguna respondida",
        "one": "{count} respondida",
        "other": "{count} respondidas",
    },
    "incident.stands": "Conversaciones: {open}, {answered}",
    "incident.first": "Las primeras:",
    "incident.urgent": "Las más urgentes y con más seguidores:",
    "incident.waiting": "Aún por responder:",
}
