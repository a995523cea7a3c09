"""English: what is silenced, by whom and for how long."""

from __future__ import annotations

from bot.texts.language import Message

SILENCES: dict[str, Message] = {
    "button.silence": "Silence author 24 h",
    "silence.by_button": "said on the card",
    "silence.usage": (
        'Say it like this: /silence rule NAME 8h why, or /silence author @NAME, words "TEXT", source NAME,'
        " route"
        " NAME (to end it: off instead of 8h why). A silenced rule counts for nothing, criticals included;"
        " the"
        " others hold alerts back, what is critical only with +critical behind the time."
    ),
    "silence.refused": (
        "Only leads and ops may do that. An author can be silenced by anybody, for a day at most and not for"
        " what is critical."
    ),
    "silence.length": "“{text}” is no time between {least} and {most}. Write it like 30m, 8h or 2d.",
    "silence.reason": "Say why as well: {said} why",
    "silence.unknown": "There is no {kind} “{name}”.",
    "silence.unknown_but": "There is no {kind} “{name}”. Did you mean “{near}”?",
    "silence.no_words": (
        'Nobody can look for “{text}”. Say words or a "whole phrase", with AND, OR and NOT between them;'
        " patterns"
        " and lists stand in the rules' files."
    ),
    "silence.scope_rule": "rule",
    "silence.scope_source": "source",
    "silence.scope_route": "route",
    "silence.what_rule": "the rule {called}",
    "silence.what_author": "the author {called}",
    "silence.what_words": "the words “{called}”",
    "silence.what_source": "the source {called}",
    "silence.what_route": "the route {called}",
    "silence.rule": "{rule} counts for nothing until {until} ({name}: {reason})",
    "silence.other": "No alerts about {what} until {until} ({name}: {reason})",
    "silence.with_criticals": "{line}, critical ones included",
    "silence.left": "{line}; {left} left",
    "silence.held": {"one": "{line}; {count} mention so far", "other": "{line}; {count} mentions so far"},
    "silence.begun": "Silenced. {silence}\nTo end it: {off}",
    "silence.begun_by": "{name} set a silence. {silence}",
    "silence.none": "Nothing is silenced.",
    "silence.not_silenced": "“{name}” is not silenced.",
    "silence.lifted_rule": "“{rule}” counts again.",
    "silence.lifted": "Alerts about {what} go out again.",
    "silence.lifted_by": "{name} ended a silence: {end}",
    "silence.over": "A silence is over: {end}",
    "silence.were_held": {"one": "{count} mention was silenced.", "other": "{count} mentions were silenced."},
    # silences
    "page.silences": "Silences",
    "page.silences_line": "No alerts about {what} until {until} ({name}):",
    "page.silences_none": "Nothing is silenced.",
    "page.silences_held": {"one": "{count} mention so far.", "other": "{count} mentions so far."},
    "page.silences_criticals": "critical ones included",
    "page.silences_end": "End the silence of {what}",
    "page.silences_scope": "Silence",
    "page.silences_rule": "a rule",
    "page.silences_author": "an author",
    "page.silences_words": "words",
    "page.silences_source": "a source",
    "page.silences_route": "a route",
    "page.silences_name": "Which",
    "page.silences_do": "Silence it",
    "page.silences_hint": "What is silenced is stored, judged and counted, and rings nobody's phone; what is"
    " critical rings all the same, unless you say so. A rule counts for nothing, criticals included. The"
    " staff is"
    " told.",
    "help.silence": "silence a rule, an author, words, a source or a route for a while",
    "help.silences": "what is silenced, until when and why",
}
