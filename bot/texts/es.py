"""Spanish: plain, addressed as «tú», and without article before a time, so that a weekday fits as well."""

from __future__ import annotations

from bot.texts.catalogue import Texts
from bot.texts.es_answers import ANSWERS
from bot.texts.es_page import PAGE
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
    "card.snoozed": "Pospuesta",
    "card.still_open": "Sigue abierta",
    "card.rang_again": "Volvió a sonar ({at}), mira la tarjeta de abajo",
    "card.draft": "Respuesta preparada, para copiar:",
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
    "card.earlier": {
        "one": "{count} conversación anterior",
        "other": "{count} conversaciones anteriores",
    },
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
    "press.not_dismissed": "No está descartada.",
    "press.noted": "Anotado. Las reglas se medirán con ello.",
    "press.stale": "Este botón es demasiado antiguo: ya no se sabe a qué pertenece.",
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
    "command.silence_usage": (
        "Se dice así: /silence rule NOMBRE 8h motivo (o: /silence rule NOMBRE off). Hasta entonces la regla"
        " no cuenta, tampoco para lo crítico."
    ),
    "command.silence_refused": "Solo lead y ops pueden silenciar una regla. Pídeselo a alguien de ellos.",
    "command.silence_length": "«{text}» no es un tiempo entre {least} y {most}. Escríbelo como 30m, 8h o 2d.",
    "command.silence_reason": "Di también el motivo: /silence rule {rule} {length} motivo",
    "command.no_such_rule": "No hay ninguna regla «{rule}».",
    "command.no_such_rule_but": "No hay ninguna regla «{rule}». ¿Querías decir «{near}»?",
    "command.silenced": "Silenciada. {silence}\nPara terminarlo: /silence rule {rule} off",
    "command.silenced_by": "{name} ha silenciado una regla. {silence}",
    "command.silence_line": "{rule} no cuenta hasta: {until} ({name}: {reason})",
    "command.silences_none": "No hay ninguna regla silenciada.",
    "command.not_silenced": "«{rule}» no está silenciada.",
    "command.lifted": "«{rule}» vuelve a contar.",
    "command.lifted_by": "{name} ha terminado un silencio: «{rule}» vuelve a contar.",
    # what staff asks
    "help.inbox": "lo que está abierto, lo más urgente primero",
    "help.mine": "lo que llevas tú",
    "help.who": "quién lleva qué",
    "help.why": "como respuesta a una tarjeta, o con un id: qué reglas la hicieron así",
    "help.stats": "el día de hoy en números",
    "help.catchup": "qué ha pasado desde que hiciste algo por última vez",
    "help.rules": "rules status: qué reglas se usan",
    "help.silence": "silenciar una regla un tiempo (lead y ops)",
    "help.silences": "qué reglas están silenciadas",
    "help.reload": "leer ya las palabras y reglas (lead y ops)",
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
    "stats.longest": "La espera más larga: {duration}",
    "stats.nobody": "Nadie espera.",
    "catchup.since": "Desde que hiciste algo por última vez ({at}):",
    "catchup.first": "Aún no has hecho nada. Desde {at}:",
    "catchup.nothing": "nada nuevo",
    "catchup.handled": "{counted}; se encargaron: {names}",
    "catchup.by": "{name} ({count})",
    "catchup.by_nobody": "nadie en particular ({count})",
    "catchup.waiting": {
        "=0": "ninguna espera a que alguien la lleve",
        "one": "{count} espera a que alguien la lleve",
        "other": "{count} esperan a que alguien las lleve",
    },
    "whynow.usage": "Escribe /why como respuesta a una tarjeta, o /why con el id de una mención.",
    "whynow.unknown": "No conozco esa mención.",
    "trace.ignored": "Ignorada por las reglas, {points}",
    "trace.rules": "Reglas {version}",
    # notices
    "notice.channel_refused": (
        "{channel} rechaza nuestros mensajes: {cause}\nSus avisos llegan aquí hasta que se arregle."
    ),
    "notice.account_refused": "{platform} no deja publicar a nuestra cuenta: {cause}",
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
    # setting up a chat: the first words are the configuration's keys
    "ids.chat": "chat: {chat}",
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
        messages=_STAFF | ANSWERS | PAGE,
        days=("lun", "mar", "mié", "jue", "vie", "sáb", "dom"),
        months=("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sept", "oct", "nov", "dic"),
        plural=plural,
        ordinal=lambda _: "other",
        units={"d": "{count} d", "h": "{count} h", "m": "{count} min", "s": "{count} s"},
        group=".",
        grouped_from=10_000,  # https://www.rae.es/dpd/números, CLDR's minimumGroupingDigits: 2
    )
)
