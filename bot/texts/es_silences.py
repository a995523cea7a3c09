"""Spanish: what is silenced, by whom and for how long."""

from __future__ import annotations

from bot.texts.language import Message

SILENCES: dict[str, Message] = {
    "button.silence": "Silenciar cuenta 24 h",
    "silence.by_button": "dicho en la tarjeta",
    "silence.usage": (
        'Se dice así: /silence rule NOMBRE 8h motivo, o /silence author @NOMBRE, words "TEXTO", source'
        " NOMBRE,"
        " route NOMBRE (para terminarlo: off en lugar de 8h motivo). Una regla silenciada no cuenta, tampoco"
        " para lo"
        " crítico; lo demás retiene avisos, los críticos solo con +critical detrás del tiempo."
    ),
    "silence.refused": (
        "Eso solo lo pueden hacer lead y ops. A un autor lo puede silenciar cualquiera, un día como máximo y"
        " no"
        " para lo crítico."
    ),
    "silence.length": "«{text}» no es un tiempo entre {least} y {most}. Escríbelo como 30m, 8h o 2d.",
    "silence.reason": "Di también el motivo: {said} motivo",
    "silence.unknown": "No hay ninguna {kind} «{name}».",
    "silence.unknown_but": "No hay ninguna {kind} «{name}». ¿Querías decir «{near}»?",
    "silence.no_words": (
        'Nadie puede buscar «{text}». Di palabras o una "frase entera", unidas con AND, OR y NOT; los'
        " patrones y"
        " las listas están en los archivos de las reglas."
    ),
    "silence.scope_rule": "regla",
    "silence.scope_source": "fuente",
    "silence.scope_route": "ruta",
    "silence.what_rule": "la regla {called}",
    "silence.what_author": "la cuenta {called}",
    "silence.what_words": "las palabras «{called}»",
    "silence.what_source": "la fuente {called}",
    "silence.what_route": "la ruta {called}",
    "silence.rule": "{rule} no cuenta hasta: {until} ({name}: {reason})",
    "silence.other": "Sin avisos sobre {what} hasta: {until} ({name}: {reason})",
    "silence.with_criticals": "{line}, tampoco los críticos",
    "silence.left": "{line}; quedan {left}",
    "silence.held": {
        "one": "{line}; {count} mención hasta ahora",
        "other": "{line}; {count} menciones hasta ahora",
    },
    "silence.begun": "Silenciado. {silence}\nPara terminarlo: {off}",
    "silence.begun_by": "{name} ha puesto un silencio. {silence}",
    "silence.none": "No hay nada silenciado.",
    "silence.not_silenced": "«{name}» no está en silencio.",
    "silence.lifted_rule": "«{rule}» vuelve a contar.",
    "silence.lifted": "Vuelven los avisos sobre {what}.",
    "silence.lifted_by": "{name} ha terminado un silencio: {end}",
    "silence.over": "Un silencio ha terminado: {end}",
    "silence.were_held": {
        "one": "Se silenció {count} mención.",
        "other": "Se silenciaron {count} menciones.",
    },
    # silencios
    "page.silences": "Silencios",
    "page.silences_line": "Sin avisos sobre {what} hasta: {until} ({name}):",
    "page.silences_none": "No hay nada silenciado.",
    "page.silences_held": {"one": "{count} mención hasta ahora.", "other": "{count} menciones hasta ahora."},
    "page.silences_criticals": "también lo crítico",
    "page.silences_end": "Terminar el silencio de {what}",
    "page.silences_scope": "Silenciar",
    "page.silences_rule": "una regla",
    "page.silences_author": "una cuenta",
    "page.silences_words": "palabras",
    "page.silences_source": "una fuente",
    "page.silences_route": "una ruta",
    "page.silences_name": "Cuál",
    "page.silences_do": "Silenciar",
    "page.silences_hint": "Lo silenciado se guarda, se juzga y se cuenta, y no suena en ningún teléfono; lo"
    " crítico suena igual, salvo que se diga. Una regla no cuenta, tampoco para lo crítico. Se avisa al"
    " equipo.",
    "help.silence": "silenciar un tiempo una regla, una cuenta, palabras, una fuente o una ruta",
    "help.silences": "qué está silenciado, hasta cuándo y por qué",
}
