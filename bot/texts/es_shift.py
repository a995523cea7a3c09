"""Spanish: what somebody is told who comes back, begins a shift, or hands one over."""

from __future__ import annotations

from bot.texts.language import Message

SHIFT: dict[str, Message] = {
    "help.catchup": "qué ha pasado desde tu última guardia (o: /catchup 8h, /catchup yesterday)",
    "catchup.usage": (
        "Dilo así: /catchup, /catchup 8h, /catchup yesterday, /catchup mon, o una fecha"
        " de los últimos 31 días."
    ),
    "catchup.since_shift": "Desde que acabó tu última guardia ({at}):",
    "catchup.since_act": "Desde que hiciste algo por última vez ({at}):",
    "catchup.since_first": "Aún no has hecho nada. Desde {at}:",
    "catchup.since_asked": "Desde {at}:",
    "page.catchup": "Al día",
    "page.catchup_since": "Desde",
    "page.catchup_shift": "Desde mi última guardia",
    "page.catchup_unclear": (
        "Escribe 8h, today, yesterday, un día como mon, o una fecha de los últimos 31 días."
    ),
    "catchup.nothing": "nada nuevo",
    "catchup.mine": {"one": "Tuya y esperando: {count}", "other": "Tuyas y esperando: {count}"},
    "catchup.urgent": {
        "one": "Crítica o alta, y abierta: {count}",
        "other": "Críticas o altas, y abiertas: {count}",
    },
    "catchup.incident": "Incidente en curso: {posts} de {authors} desde {since} · {route} · {open}",
    "catchup.incident_over": "Incidente terminado: {posts} de {authors}, {when} · {route} · {open}",
    "catchup.gap": "Sin escuchar {source}: {when} ({reason})",
    "catchup.silence": "{silence}",
    "catchup.missed": {"one": "{count} plazo incumplido", "other": "{count} plazos incumplidos"},
    "catchup.missed_open": {
        "one": "{count} plazo incumplido, aún sin respuesta: {open}",
        "other": "{count} plazos incumplidos, aún sin respuesta: {open}",
    },
    "catchup.answered": {"one": "{count} respondida: {names}", "other": "{count} respondidas: {names}"},
    "catchup.by": "{name} ({count})",
    "catchup.by_nobody": "nadie en particular ({count})",
    "catchup.quiet": "En calma: ninguna mención (lo habitual: {usual})",
    "catchup.mentions": {"one": "{count} mención", "other": "{count} menciones"},
    "catchup.topics": "Sobre: {shares}",
    "catchup.platforms": "Dónde: {shares}",
    "catchup.share": "{name} {count}",
    "catchup.usually": "{share} (lo habitual: {usual})",
    "shift.morning": "Buenos días, {name}. {since}",
    "shift.on_call": "{name} está de guardia: {rotation}",
    "shift.on_call_until": "{name} está de guardia: {rotation}, hasta {until}",
    "handover.headline": "{rotation}: {before} → {name}",
    "handover.from": "De {name}:",
    "handover.open": {"=0": "No hay nada abierto", "one": "{count} abierta", "other": "{count} abiertas"},
    "handover.of_these": "{open}: {counts}",
    "handover.overdue": {"one": "{count} vencida", "other": "{count} vencidas"},
    "handover.claimed": {
        "one": "{name} lleva sin responder: {count}",
        "other": "{name} lleva sin responder: {count}",
    },
    "handover.snoozed": {"one": "{count} pospuesta", "other": "{count} pospuestas"},
    "handover.snoozed_until": {
        "one": "{count} pospuesta, hasta {until}",
        "other": "{count} pospuestas, la primera hasta {until}",
    },
    "handover.since": "Desde {at}: {counts}",
    "handover.alerts": {"=0": "ninguna alerta", "one": "{count} alerta", "other": "{count} alertas"},
    "handover.answered": {"one": "{count} respondida", "other": "{count} respondidas"},
    "handover.missed": {
        "=0": "ningún plazo incumplido",
        "one": "{count} plazo incumplido",
        "other": "{count} plazos incumplidos",
    },
    "notice.person_refused": (
        "No se puede escribir a {channel}: {cause}\n"
        "Puede que esa persona tenga que escribirnos antes. Lo suyo llega aquí."
    ),
}
