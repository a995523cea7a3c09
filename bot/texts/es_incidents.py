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
    "incident.to_answer": "Para responder a todas a la vez, responde a esta tarjeta con el texto.",
    "incident.page": "En la página",
    "share.text": "Para todas, de {name}:",
    "share.to": {
        "=0": "No queda nadie a quien pudiera ir.",
        "one": "Podría ir a {count} persona, por su nombre. Nada se publica antes de que lo digas dos veces.",
        "other": (
            "Podría ir a {count} personas, a cada una por su nombre. Nada se publica antes de que lo digas"
            " dos veces."
        ),
    },
    "share.drafts": {
        "one": "{count} respuesta espera aprobación (está con su conversación en la página).",
        "other": "{count} respuestas esperan aprobación (cada una está con su conversación en la página).",
    },
    "preview.on": "{platform}: {to}",
    "preview.to": {"=0": "nadie", "one": "{count} persona", "other": "{count} personas"},
    "preview.drafts": {"=0": "ninguna respuesta", "one": "{count} respuesta", "other": "{count} respuestas"},
    "preview.too_long": {
        "one": "{count} demasiado larga, por {over}: no se publica si no se acorta",
        "other": "{count} demasiado largas, hasta por {over}: no se publican si no se acortan",
    },
    "preview.price": "{price} en total",
    "preview.left": "quedan fuera: {why}",
    "preview.left_answered": "{count} ya con respuesta",
    "preview.left_opted_out": "{count} que pidieron que no se les escriba",
    "preview.left_dismissed": "{count} cerradas",
    "preview.left_taken": "{count} que ya tiene alguien",
    "preview.left_snoozed": "{count} aplazadas",
    "preview.left_drafted": "{count} con borrador de otra persona",
    "preview.left_unprepared": "{count} aún sin preparar",
    "preview.left_no_question": "{count} que no esperan nada",
    "preview.left_no_account": "{count} donde no tenemos cuenta",
    "preview.left_not_summoned": "{count} que no nombraron nuestra cuenta",
    "preview.left_no_direct_messages": "{count} en mensajes directos",
    "preview.left_deleted": "{count} cuya publicación ya no está",
    "preview.left_refused": "{count} a quienes la plataforma no nos deja responder",
    "share.progress": "{published} de {count} publicadas, {under_way} en camino, {refused} no publicadas",
    "share.kept": "Guardado; no se publica nada. La tarjeta dice a cuántas personas podría ir.",
    "share.prepared": {
        "one": "Se prepara {count} respuesta. Aún no se publica nada.",
        "other": "Se preparan {count} respuestas; la tarjeta las cuenta. Aún no se publica nada.",
    },
    "share.preparing": {
        "one": "{count} respuesta preparada; faltan más. Aún no se publica nada.",
        "other": "{count} respuestas preparadas; faltan más. Aún no se publica nada.",
    },
    "share.published": "{count} respuestas aprobadas salen una tras otra, {left} no.",
    "share.stopped": "Parado: {count} respuestas quedan sin publicar.",
    "share.outdated": "Eso ya no es actual: mira otra vez la tarjeta.",
    "share.under_way": "Hay respuestas en camino: páralas primero.",
    "share.unknown_field": "No hay campo {{{field}}}; hay author.name, author.handle, brand, link.",
    "button.all_use": "Responder a todas con el texto preparado",
    "button.all_edit": "Responder a todas",
    "button.all_prepare": "Preparar {number} respuestas",
    "button.all_publish": "Publicar {number} respuestas",
    "button.all_stop": "Parar",
}
