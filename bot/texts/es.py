"""Spanish: plain, addressed as «tú», and without article before a time, so that a weekday fits as well."""

from __future__ import annotations

from bot.texts.catalogue import Texts
from bot.texts.es_answers import ANSWERS
from bot.texts.es_incidents import INCIDENTS
from bot.texts.es_noise import NOISE
from bot.texts.es_on_call import ON_CALL
from bot.texts.es_page import PAGE
from bot.texts.es_shift import SHIFT
from bot.texts.es_silences import SILENCES
from bot.texts.es_steps import STEPS
from bot.texts.language import Language, Message

_STAFF: dict[str, Message] = {
    # dates, times, lists
    "time.today": "{clock}",
    "time.this_week": "{weekday} {clock}",
    "time.this_year": "{weekday} {day} {month} {clock}",
    "time.another_year": "{weekday} {day} {month} {year} {clock}",
    "time.in_zone": "{time} {zone}",
    "time.from_to": "{start}–{end}",
    "due.answer_by": "plazo: {at}",
    "due.overdue": "plazo vencido: {at}",
    "list.comma": ", ",
    "list.semicolon": "; ",
    "text.quoted": "«{text}»",
    # buttons
    "button.claim": "Me encargo",
    "button.release": "Soltar",
    "button.reopen": "Reabrir",
    "button.dismiss": "Descartar",
    "button.more": "Más…",
    "button.less": "Volver",
    "button.right": "Acertado",
    "button.not_about_us": "No va con nosotros",
    "button.spam": "Spam",
    "button.too_high": "Demasiado alta",
    "button.too_low": "Demasiado baja",
    "button.why": "¿Por qué?",
    "button.hand_over": "Pasar",
    "button.snooze": "Posponer",
    "button.elsewhere": "Respondida en otro sitio",
    "button.urgency": "Urgencia",
    "button.persona": "Perfil",
    "button.note": "Nota",
    "button.undo": "Deshacer",
    "button.undo_of": "Deshacer: {verb}",
    "menu.people": "Pasar a…",
    "menu.snooze": "Posponer…",
    "menu.reasons": "Descartar porque…",
    "menu.urgency": "Urgencia…",
    "menu.persona": "Perfil…",
    "menu.feedback": "¿Era acertado?",
    "nap.10m": "10 minutos",
    "nap.1h": "1 hora",
    "nap.morning": "Mañana a las 09:00",
    "nap.reply": "Hasta que escriba",
    "reason.no_answer_needed": "No necesita respuesta",
    "reason.not_for_us": "No nos toca",
    "reason.spam": "Spam",
    "reason.duplicate": "Duplicada",
    "reason.other": "Otro motivo",
    # cards
    "urgency.critical": "CRÍTICA",
    "urgency.high": "ALTA",
    "urgency.normal": "NORMAL",
    "urgency.low": "BAJA",
    "card.open": "abierta",
    "card.deleted": "Borrada por su autor",
    "card.claimed": "La lleva {name}",
    "card.claimed_at": "La lleva {name} ({at})",
    "card.answered": "Respondida",
    "card.answered_after": "Respondida en {duration}",
    "card.dismissed": "Descartada",
    "card.answered_elsewhere": "Respondida en otro sitio",
    "card.snoozed_until": "Pospuesta hasta {at} por {name}",
    "card.snoozed_until_written": "Pospuesta por {name} hasta que escriba",
    "card.woken": "Ya no está pospuesta",
    "card.still_open": "Sigue abierta",
    "card.rang_again": "Volvió a sonar ({at}), mira la tarjeta de abajo",
    "card.draft": "Respuesta preparada, para copiar:",
    "suggestion.rule": "Preparada para esta regla: {name}",
    "suggestion.library": "Respuesta {name}, coincide en un {score} %",
    "suggestion.foreign": "escrita en otro idioma ({lang})",
    "suggestion.model": "Escrita por {name}",
    "suggestion.sources": "a partir de las respuestas {names}",
    "suggestion.unread": "nadie la ha leído todavía",
    "card.by_calendar": "En horario laboral; sin él sería antes de {at}.",
    "card.private": "Mensaje directo: nadie más lo lee; una respuesta solo le llega a quien escribió.",
    "card.open_post": "Abrir la publicación",
    "card.unknown_author": "autor desconocido",
    "card.text_gone": "Su autor retiró la publicación; el texto ya no se muestra.",
    "card.followers": {
        "one": "{count} seguidor",
        "many": "{count} de seguidores",
        "other": "{count} seguidores",
    },
    "card.since": "desde {month} {year}",
    "card.nth_message": "mensaje n.º {nth}",
    "card.nth_time": "{nth}.ª vez",
    "card.last_answered": "última respuesta: {at}",
    "card.last_answered_by": "última respuesta: {at}, de {name}",
    "card.waits_elsewhere": {
        "one": "Espera en {count} hilo más",
        "other": "Espera en {count} hilos más",
    },
    "card.note": "Nota de {name}: {text}",
    "card.urgency_by": "{urgency} según {name}; según las reglas, {rules}",
    "card.persona_by": "{persona} según {name}",
    "card.in_reply": "↳ en respuesta a {text}",
    "card.in_reply_to": "↳ en respuesta a {author}: {text}",
    "card.why": "Motivo: {reasons}",
    "why.no_rule": "no se activó ninguna regla",
    "concerns.mention": "menciona a {brand}",
    "concerns.reply": "respuesta a {brand}",
    "concerns.quote": "cita a {brand}",
    "concerns.dm": "mensaje a {brand}",
    "concerns.review": "reseña de {brand}",
    "concerns.comment": "comentario sobre {brand}",
    "concerns.post": "sobre {brand}",
    # digests and what was missed
    "digest.headline": {
        "one": "{count} mención menos urgente · {route}",
        "other": "{count} menciones menos urgentes · {route}",
    },
    "digest.row": "{urgency} · {platform} · {author}: {text}",
    "digest.rest": "… y {count} más: outcare inbox",
    "group.headline": {
        "=0": "ya no queda nada abierto · {route}",
        "one": "{count} alerta · {route}",
        "other": "{count} alertas relacionadas · {route}",
    },
    "caught_up.headline": "Puesta al día {when}: {mentions}, {waiting}",
    "caught_up.mentions": {"one": "{count} mención", "other": "{count} menciones"},
    "caught_up.still_waiting": {
        "=0": "ninguna espera ya respuesta",
        "one": "{count} aún espera respuesta",
        "other": "{count} aún esperan respuesta",
    },
    "caught_up.waiting": "En espera: {counts}",
    "waiting.critical": {"one": "{count} crítica", "other": "{count} críticas"},
    "waiting.high": {"one": "{count} alta", "other": "{count} altas"},
    "waiting.normal": {"one": "{count} normal", "other": "{count} normales"},
    "waiting.low": {"one": "{count} baja", "other": "{count} bajas"},
    # coverage
    "coverage.not_heard_of": "aún sin noticias",
    "coverage.not_listening": "sin escuchar desde {since} ({reason})",
    "coverage.behind": "poniéndose al día, {duration} de retraso",
    # answers to presses
    "press.claimed": "Es tuya. El reloj corre.",
    "press.already_yours": "Ya la llevas tú.",
    "press.dismissed": "Descartada.",
    "press.released": "Soltada. Está abierta para todos.",
    "press.reopened": "Está abierta otra vez.",
    "press.nobody_has_it": "No la lleva nadie.",
    "press.not_dismissed": "Nadie la ha cerrado.",
    "press.answered_elsewhere": "Respondida en otro sitio. Ya nadie espera.",
    "press.handed_over": "Ahora la lleva {name}.",
    "press.already_theirs": "{name} ya la lleva.",
    "press.no_such_person": "Esa persona ya no está en la lista.",
    "press.snoozed": "Pospuesta hasta {at}. El reloj corre.",
    "press.snoozed_until_written": "Pospuesta hasta que escriba. El reloj corre.",
    "press.urgency": "Ahora es {urgency}.",
    "press.persona": "Perfil: {persona}.",
    "press.same": "Ya es así.",
    "press.note": "Anotado en la tarjeta.",
    "press.empty_note": "Una nota necesita algún texto.",
    "press.undone": "Deshecho. Todo está como antes.",
    "press.changed_since": "No se puede deshacer: algo ha cambiado desde entonces.",
    "press.undo_theirs": "Solo {name} puede deshacerlo.",
    "press.too_late": "Ya es tarde para deshacerlo.",
    "press.noted": "Anotado. Las reglas se medirán con ello.",
    "press.stale": "Este botón es demasiado antiguo: ya no se sabe a qué pertenece.",
    "press.note_begins": "nota:",
    "press.reply": "No se ha publicado nada: este mensaje no admite respuestas.",
    "press.taken": "La lleva otra persona.",
    "press.taken_by": "La lleva {name}.",
    "press.closed_answered": "Ya estaba respondida.",
    "press.closed_dismissed": "Ya estaba descartada.",
    "press.not_staff": "No estás en la lista de personas. Pide que añadan esto: {identity}",
    "press.why": "{urgency}, {points}: {reasons}",
    "press.why_ignored": "Ignorada por las reglas, {points}: {reasons}",
    "why.moved_by": "{evidence}: {words}",
    "press.points": {"one": "{count} punto", "other": "{count} puntos"},
    # commands
    "command.unknown": "Esto no es una orden. Todas las que hay: /help",
    "command.rules_usage": "Se dice así: /rules status",
    "command.rules": {
        "one": "{count} regla, versión {version}, en uso desde: {since}.",
        "other": "{count} reglas, versión {version}, en uso desde: {since}.",
    },
    "command.reload_ok": "Los archivos y estas reglas son iguales, según lo último que se leyó.",
    "command.reload_refused": "Solo ops y leads pueden recargar.",
    "command.needs_restart": "Espera a un reinicio: {keys}",
    # what staff asks
    "help.inbox": "lo que está abierto, lo más urgente primero",
    "help.mine": "lo que llevas tú",
    "help.who": "quién lleva qué",
    "help.why": "como respuesta a una tarjeta, o con un id: qué reglas la hicieron así",
    "help.stats": "el día de hoy en números",
    "help.rules": "rules status: qué reglas se usan",
    "help.reload": "leer ya las palabras y reglas (lead y ops)",
    "help.pause": "pause publishing motivo: no sale ninguna respuesta (lead y ops)",
    "help.resume": "reanudar las publicaciones (lead y ops)",
    "help.link": "decir que dos cuentas son de la misma persona",
    "help.unlink": "decir que una cuenta no es de nadie más",
    "help.block": "decir que alguien no quiere respuestas nuestras",
    "help.unblock": "permitir que se responda otra vez a alguien",
    "help.help": "esta lista",
    "inbox.none": "No hay nada abierto.",
    "inbox.headline": {
        "one": "{count} conversación abierta:",
        "other": "{count} conversaciones abiertas:",
    },
    "mine.none": "No llevas nada.",
    "mine.headline": {"one": "Llevas {count} conversación:", "other": "Llevas {count} conversaciones:"},
    "who.none": "Nadie lleva nada.",
    "who.headline": "{name}: {count}",
    "rows.rest": "… y {count} más",
    "stats.mentions": {"one": "Hoy: {count} mención", "other": "Hoy: {count} menciones"},
    "stats.alerts": {"one": "{count} aviso", "other": "{count} avisos"},
    "stats.none_answered": "Ninguna respondida",
    "stats.answered": "Respondidas: {count}, mediana {median} (n = {n})",
    "stats.week": "Últimos 7 días: {count} de {n} respondidas, la mitad de todas en {median} como mucho",
    "stats.week_unknown": "Últimos 7 días: {count} de {n} respondidas, menos de la mitad",
    "stats.promises": "Plazos: {counts}",
    "stats.promises.kept": {"one": "{count} cumplido", "other": "{count} cumplidos"},
    "stats.promises.missed": {"one": "{count} incumplido", "other": "{count} incumplidos"},
    "stats.promises.open": {"one": "{count} aún por vencer", "other": "{count} aún por vencer"},
    "stats.longest": "La espera más larga: {duration}",
    "stats.nobody": "Nadie espera.",
    "whynow.usage": "Escribe /why como respuesta a una tarjeta, o /why con el id de una mención.",
    "whynow.many": {
        "one": "Hay {count} conversación en esta tarjeta. Pregunta por ella con su id:",
        "other": "Hay {count} conversaciones en esta tarjeta. Pregunta por una con su id:",
    },
    "whynow.unknown": "No conozco esa mención.",
    "trace.ignored": "Ignorada por las reglas, {points}",
    "trace.rules": "Reglas {version}",
    "command.pause_usage": "Escríbelo así: /pause publishing motivo (o bien: /resume).",
    "command.pause_refused": "Solo quienes dirigen u operan pueden detener las publicaciones o reanudarlas.",
    "command.paused": "{name} pausó la publicación a las {since}; no sale ninguna respuesta.",
    "command.paused_why": "{name} pausó la publicación a las {since}; no sale ninguna respuesta: {reason}",
    "command.how_to_resume": "Para reanudarla: /resume",
    "command.not_paused": "La publicación no está en pausa.",
    "command.resumed": "La publicación sigue.",
    "command.resumed_by": "{name} ha reanudado la publicación.",
    "command.block_usage": "Se dice así: /block bluesky:@mara.example (o bien: /unblock …).",
    "command.blocked": "{account} ya no recibe respuestas nuestras.",
    "command.unblocked": "A {account} se le puede responder otra vez.",
    "command.link_usage": (
        "Escríbelo así: /link bluesky:@mara.example telegram:12345 (o bien: /unlink telegram:12345)."
    ),
    "command.no_such_account": "Nadie se llama {account}. Escríbelo como plataforma:@alias o plataforma:id.",
    "command.link_same": "Es dos veces la misma cuenta.",
    "command.linked": "{one} y {other} son una misma persona desde ahora.",
    "command.unlinked": "{account} ya no está unida a ninguna otra cuenta.",
    # notices
    "notice.channel_refused": (
        "{channel} rechaza nuestros mensajes: {cause}\nSus avisos llegan aquí hasta que se arregle."
    ),
    "notice.account_refused": "{platform} no deja publicar a nuestra cuenta: {cause}",
    "notice.source_refused": (
        "{platform} rechaza nuestras credenciales, así que no se lee {source}: {cause}\nQue alguien ejecute"
        " `outcare doctor`: dice qué renovar. Lo que espera se lee luego, hasta donde {platform} lo guarde."
    ),
    "notice.source_works": "{platform} nos deja entrar de nuevo después de {after}: se lee {source}.",
    "notice.budget_slow": (
        "Se han gastado {spent} de los {budget} para {platform} en {month}."
        " La lectura recibe cada día una parte igual del resto; las respuestas salen como antes."
    ),
    "notice.budget_empty": (
        "Se han gastado {spent} de los {budget} para {platform} en {month} y el resto no alcanza: hasta el"
        " próximo mes no se lee nada ahí. Lo que espera se lee entonces, hasta donde {platform} lo guarde."
    ),
    "notice.budget_again": (
        "Vuelve a haber dinero para {platform}: {budget} para {month}. Lo que esperaba allí se lee ahora."
    ),
    "notice.feed_failed": (
        "Los botones de {feed} no nos llegan: {cause}\nLas pulsaciones esperan allí hasta que se arregle."
    ),
    "notice.rules_not_loaded": "reglas NO cargadas:",
    "notice.settings_not_loaded": "{file} NO cargado:",
    "notice.tests_fail": "falla una prueba de las reglas:",
    "notice.still_running": "sigue en uso {version} desde {time}",
    "notice.runs_all_the_same": "{version} se usa de todos modos",
    "notice.rules_loaded": "reglas cargadas: {version}",
    "notice.settings_loaded": "{file} y las reglas cargados: {version}",
    "notice.more_problems": "y {count} más",
    # trying a chat
    "test.headline": "Outcare llega a este chat",
    "test.what_comes": "Aquí llegarán tarjetas sobre {brand}: quién escribe, qué, y hasta cuándo responder.",
    "test.nothing_to_do": "Con esta nadie tiene que hacer nada.",
    # a card as a mail
    "email.open": "Abrir la conversación",
    "email.open_page": "Abrir la página",
    "email.no_page": "Para actuar, use el chat del equipo o la página (aquí no tiene dirección: web.url).",
    "email.footer": "Enviado por Outcare. Nadie lee las respuestas a este correo.",
    # setting up a chat: the first words are the configuration's keys
    "ids.chat": "chat: {chat}",
    "ids.channel": "channel: {channel}",
    "ids.thread": "thread: {thread}",
    "ids.person": "tu id: {person}",
}


def plural(number: int) -> str:
    """`many` is for «un millón de …»: https://www.unicode.org/cldr/charts/latest/supplemental/language_plural_rules.html."""
    if number == 1:
        return "one"
    return "many" if number and number % 1_000_000 == 0 else "other"


SPANISH = Texts(
    Language(
        code="es",
        messages=_STAFF | ANSWERS | INCIDENTS | NOISE | ON_CALL | PAGE | SHIFT | SILENCES | STEPS,
        days=("lun", "mar", "mié", "jue", "vie", "sáb", "dom"),
        months=("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sept", "oct", "nov", "dic"),
        plural=plural,
        ordinal=lambda _: "other",
        units={"d": "{count} d", "h": "{count} h", "m": "{count} min", "s": "{count} s"},
        group=".",
        point=",",
        grouped_from=10_000,  # https://www.rae.es/dpd/números, CLDR's minimumGroupingDigits: 2
    )
)
