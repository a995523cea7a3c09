"""Spanish: what is said of answers, their approval, and why one was not published."""

from __future__ import annotations

from bot.texts.language import Message

ANSWERS: dict[str, Message] = {
    "button.use": "Usar {number}",
    "button.edit": "Cambiar",
    "button.again": "Usar otra vez este texto",
    "button.discard": "Descartar",
    "button.approve": "Publicar",
    "button.cancel": "Cancelar",
    "button.correct": "Corregir nuestra respuesta",
    "button.take_back": "Retirar",
    "button.is_there": "Está publicado",
    "button.is_not_there": "No está: enviar otra vez",
    "button.save": "Guardar como respuesta",
    "answer.patch": "Propuesto para el archivo de respuestas. No se ha escrito nada:",
    "answer.patch_more": "Recortado: entero está en la página.",
    "answer.patch_added": (
        "Una respuesta nueva, {entry}, para {path}. No se ha escrito nada: la pone una persona."
    ),
    "answer.patch_question": (
        "Una pregunta más para la respuesta {entry} de {path}. No se ha escrito nada: la pone una persona."
    ),
    "answer.patch_none": "La respuesta {entry} de {path} ya dice eso, a esta pregunta.",
    "answer.patch_begun": (
        "Aún no hay archivo de respuestas. Para empezarlo, guarda lo que se muestra como answers.yaml, "
        "junto a la configuración."
    ),
    "answer.unsaved_deleted": "La publicación se borró: sus palabras no se guardan.",
    "answer.unsaved_language": "No se sabe en qué idioma está la respuesta: ponla en el archivo a mano.",
    "answer.unsaved_by_hand": "No se puede proponer ningún cambio: {detail}",
    "answer.how": "Para responder, contesta a esta tarjeta con el texto. Lo verás aquí antes de publicarlo.",
    "answer.preview": (
        "Para publicar en {platform}, en respuesta a {to}. Nada sale antes de que alguien pulse "
        "Publicar; responde a esta tarjeta con otras palabras para cambiarlo:"
    ),
    "answer.length": "{used} de {limit} {unit}",
    "answer.length_over": "Demasiado largo: {used} de {limit} {unit}",
    "answer.unit_graphemes": "caracteres",
    "answer.unit_characters": "caracteres",
    "answer.look_at_it": "Míralo otra vez: se publica cuando alguien pulsa Publicar.",
    "answer.discarded": "Descartado.",
    "answer.approved": "Sale en {seconds}. Cancelar lo detiene.",
    "answer.corrected": "Nuestra respuesta se cambia en {seconds}. Cancelar lo detiene.",
    "answer.canceled": "Detenido. No se ha publicado nada.",
    "answer.too_late": "Demasiado tarde: ya está en camino.",
    "answer.leaves": "Se está retirando.",
    "answer.found": "Anotado: se publicó.",
    "answer.resent": "Se envía otra vez.",
    "answer.by_hand": "Hay que borrarlo en la aplicación.",
    "answer.outdated": "Esto ha cambiado entretanto. Mira otra vez.",
    "answer.expired": (
        "Un borrador vale {after}. Aquí está otra vez: mira si sigue siendo correcto y publícalo."
    ),
    "answer.no_text": "Escribe la respuesta: al menos un carácter, como mucho 10.000.",
    "answer.too_long": "Sobran {over}. Acorta el texto.",
    "answer.under_way": "Ya hay una respuesta nuestra en camino en esta conversación.",
    "refusal.no_account": "Outcare no puede publicar ahí; abre la publicación para responder.",
    "refusal.not_summoned": "Solo se responde a quien nombra o cita nuestra cuenta; abre la publicación.",
    "refusal.no_direct_messages": "Los mensajes directos no se responden desde aquí; abre el chat.",
    "refusal.deleted": "La publicación ya no está; no hay nada que responder.",
    "answer.since_deleted": "Su autor retiró la publicación.",
    "answer.since_edited": "Su autor cambió la publicación desde entonces. Mírala otra vez.",
    "answer.since_newer": "Su autor ha escrito más desde entonces. Míralo otra vez.",
    "answer.since_answered": "Un colega ha respondido entretanto.",
    "answer.since_opted_out": "Su autor no quiere respuestas nuestras.",
    "answer.is_held": "Aprobado por {name}; sale en {platform} a las {at}.",
    "answer.waits": "Aprobado por {name}; aún sin publicar ({cause}), se intenta otra vez a las {at}.",
    "answer.is_going": "Publicándose en {platform}.",
    "answer.is_published": "Publicado en {platform} por {name}, {at}:",
    "answer.is_corrected": "Corregido en {platform} por {name}, {at}:",
    "answer.not_corrected": (
        "No se ha corregido en {platform}: {cause}. Lo publicado sigue como estaba. El texto, para copiar:"
    ),
    "answer.is_refused": "Sin publicar en {platform}: {cause}. El texto, para copiar:",
    "answer.is_unsure": "Enviado a {platform}, que no lo confirmó. Se está buscando.",
    "answer.look": "{platform} no dijo si esto se publicó. Abre la publicación y mira:",
    "answer.is_withdrawn": "Sin publicar: {cause}. El texto, para copiar:",
    "answer.is_canceled": "Detenido antes de publicarse. El texto, para copiar:",
    "answer.is_leaving": "Retirándose de {platform}:",
    "answer.is_taken_back": "Retirado de {platform}. Decía:",
    "answer.not_taken_back": "No se pudo retirar: {cause}.",
    "answer.open_reply": "Abrir nuestra respuesta",
    "acknowledged.label": "[automático]",
    "acknowledged.published": "Acuse de recibo automático a las {at} (regla {rule})",
    "acknowledged.refused": "Sin acuse de recibo automático: {cause}.",
    "acknowledged.withdrawn": "Sin acuse de recibo automático: {cause}.",
    "acknowledged.unsure": (
        "Se envió un acuse de recibo automático (regla {rule}); {platform} no dijo si llegó."
    ),
    "acknowledged.taken_back": "El acuse de recibo automático se retiró.",
    "cause.connection": "no hay conexión",
    "cause.timeout": "no hubo respuesta a tiempo",
    "cause.server": "la plataforma tiene problemas",
    "cause.rate_limited": "demasiadas peticiones",
    "cause.protocol": "la plataforma respondió algo sin sentido",
    "cause.unauthorized": "nuestra cuenta no puede publicar; alguien tiene que mirar su contraseña",
    "cause.forbidden": "su autor o la plataforma no nos dejan responder",
    "cause.not_found": "la publicación ya no está",
    "cause.invalid": "la plataforma no acepta este texto",
    "cause.conflict": "lo que hay allí no es lo que se leyó",
    "cause.outcome_unknown": "no se sabe si llegó",
    "cause.storage": "la base de datos tuvo problemas",
    "cause.bug": "un fallo nuestro; mira el registro",
    "cause.paused": "las publicaciones están en pausa",
    "cause.late": "no pudo salir a tiempo",
    "cause.altered": "su texto no es el que se aprobó",
    "cause.deleted": "su autor retiró la publicación",
    "cause.edited": "su autor cambió la publicación",
    "cause.newer": "su autor ha escrito más",
    "cause.answered": "un colega respondió entretanto",
    "cause.taken": "un colega lo tomó entretanto",
    "cause.opted_out": "su autor no quiere respuestas nuestras",
    "cause.cursor_lost": "se perdió la posición",
}
