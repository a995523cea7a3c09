"""The files that `outcare init` writes, as texts: the configuration, the first rules, the variables. Pure.

What people answered is quoted so that it is read back as the same text, whatever is in it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from importlib.resources import files

from bot.starting.answers import Answers, Named, key_of
from bot.starting.words import doubt

CHANNEL = "telegram:care"
TOKEN = "OUTCARE_TELEGRAM__TOKEN"  # noqa: S105 - the name of the variable
_PLAIN = re.compile(r"[^\W\d][\w.+-]*(?: [\w.+-]+)*")
_NOT_TEXT = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_OWN_LANGUAGES = ("de", "es", "fr", "pt")


def scalar(text: str) -> str:
    """A text as YAML: bare where that is read back as the same, else in quotation marks."""
    if _PLAIN.fullmatch(text) and text.isprintable() and text.casefold() not in _NOT_TEXT:
        return text
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(char: str) -> str:
    """Of a double-quoted scalar: https://yaml.org/spec/1.2.2/#57-escaped-characters."""
    if char in {'"', "\\"}:
        return f"\\{char}"
    return char if char.isprintable() else f"\\U{ord(char):08x}"


def listed(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(scalar, texts))}]"


def configuration(answers: Answers, free: Collection[str]) -> str:
    """`config/outcare.yaml`. `free`: the sources that need no account."""
    parts = (
        _head(answers),
        _rivals(answers.rivals),
        _sources(free),
        _staff(answers),
        _rest(answers),
    )
    return "\n".join(parts)


def _head(answers: Answers) -> str:
    return f"""\
# Outcare's configuration, first written by `outcare init`. Change what you like, then: outcare check
# Every key: docs/configuration.md. Tokens and keys never stand here: they come from the environment or from
# secrets files (.env.example lists their names).

# What should be different in three months, in your own words. It stands at the head of what Outcare reports.
aim: {scalar(answers.aim) if answers.aim else '""'}

# Whom we work for. `words` are looked for as whole words, in any case and in any script. Posts at the
# accounts are mentions, posts by them are answers.
brand:
  name: {scalar(answers.brand.name)}
{_named(answers.brand)}"""


def _named(named: Named) -> str:
    lines = [f"  words: {listed(named.words)}"]
    if named.accounts:
        lines.append("  accounts:")
        lines += [f"    {platform}: {listed(handles)}" for platform, handles in named.accounts.items()]
    else:
        lines.append(
            "  # accounts: {bluesky: [acme.example]}   # without them nobody sees that you have answered"
        )
    return "\n".join(lines) + "\n"


def _rivals(rivals: Iterable[Named]) -> str:
    head = "# Whom we are measured against, by the same clock, as far as their accounts are named.\n"
    written = [
        f"  {scalar(rival.name)}:\n" + "".join(f"  {line}\n" for line in _named(rival).splitlines())
        for rival in rivals
    ]
    if not written:
        return head + "# rivals:\n#   globex: {words: [globex], accounts: {bluesky: [globex.example]}}\n"
    return head + "rivals:\n" + "".join(written)


def _sources(free: Collection[str]) -> str:
    names = ", ".join(sorted(free)) or "none is installed"
    return f"""\
# Where we listen. Left out: everywhere that needs no account (now: {names}).
# sources:
#   bluesky: {{}}
"""


def _staff(answers: Answers) -> str:
    head = "# Where alerts go: `kind:name`. rules/routes.yaml names these. `console` is this terminal.\n"
    chat = answers.chat
    if chat is None:
        return f"""\
{head}channels:
  console: {{}}
  # {CHANNEL}: {{chat: -1001234567890}}   # outcare init --force pairs one; or docs/connectors/telegram.md

# Who may press buttons. role: agent, lead or ops. Every other key is a channel kind and an id there.
# people:
#   anna: {{name: Anna, role: lead, telegram: 12345}}
"""
    thread = f", thread: {chat.thread}" if chat.thread is not None else ""
    return f"""\
{head}channels:
  {CHANNEL}: {{chat: {chat.id}{thread}}}
  console: {{}}

# Who may press buttons. role: agent, lead or ops. Every other key is a channel kind and an id there.
# A colleague's id: they write /id to the bot while Outcare runs.
{_person(chat.person_id, chat.person_name)}"""


def _person(person: int | None, name: str) -> str:
    if person is None:
        return "# people:\n#   anna: {name: Anna, role: lead, telegram: 12345}\n"
    return f"people:\n  {key_of(name)}: {{name: {scalar(name or 'Me')}, role: lead, telegram: {person}}}\n"


def _rest(answers: Answers) -> str:
    return f"""\
# The languages that the team answers in, and the time zone that cards are written in (an IANA name).
languages: {listed(answers.languages)}
timezone: {answers.timezone}

# The database (from the working directory), and the folder of rules (from this file's folder).
database: data/outcare.db
rules: rules

# The address of /healthz, /readyz and /metrics.
http: {{host: 127.0.0.1, port: 8080}}

# An outside monitor that is called while all is well, and raises the alarm when it is not called.
# heartbeat_url: https://monitor.example/ping/outcare
"""


# --- rules ----------------------------------------------------------------------------------------


def rules(answers: Answers, starter: str) -> dict[str, str]:
    """The first rules, by file name: `starter` (the shipped set), one file per language, routes, context."""
    texts = {"starter.yaml": _without_routes(starter), "routes.yaml": _routes(answers)}
    for language in dict.fromkeys(one.partition("-")[0] for one in answers.languages):
        if language in _OWN_LANGUAGES:
            found = files("bot.starting").joinpath("rules", f"{language}.yaml")
            texts[f"{language}.yaml"] = found.read_text(encoding="utf-8")
    context = _context(answers)
    if context:
        texts["context.yaml"] = context
    return texts


def _without_routes(starter: str) -> str:
    """The shipped set's first comment speaks of copying it, and its routes are another file's here."""
    head, routes = starter.split("\nwords:", 1)[0], starter.partition("\nroutes:")[0]
    body = routes[len(head) :]
    return (
        "# A starting set: make it yours. All files of this folder are one set; neither their order nor the\n"
        "# order of rules matters. What each key means: docs/rules.md. After an edit: outcare check, then\n"
        '# outcare rules explain "a post as people write it"\n'
        f"{body}\n"
    )


def _routes(answers: Answers) -> str:
    to = "console" if answers.chat is None else f'"{CHANNEL}", fallback: console'
    rivals = ", ".join(rival.name for rival in answers.rivals)
    text = f"""\
# Which channel gets the alerts. A rule, or a persona, may name another route than `default`.
routes:
  default: {{to: {to}}}
"""
    if rivals:
        text += f"""
# Posts about {rivals} alert nobody unless a rule names a route (docs/rules.md).
# Take the # away to hear of people who look for something else:
# rules:
#   looks-for-another:
#     why: Looks for an alternative
#     when: {{question: true, text: alternative* OR switch* OR instead of}}
#     route: default
"""
    return text


def _context(answers: Answers) -> str | None:
    """The rule for words that mean other things too; None where there are none, or nothing to tell by."""
    unsure = [word for word in answers.brand.words if doubt(word)]
    if not answers.context or not unsure:
        return None
    sure = [word for word in answers.brand.words if word not in unsure]
    others = [word for rival in answers.rivals for word in rival.words]
    handles = [handle for found in answers.brand.accounts.values() for handle in found]
    return f"""\
# {", ".join(unsure)}: found in other people's posts as well. A post that has it without any of our own words
# below is stored and counted, but alerts nobody. What is addressed to us (a reply, a mention) always counts.
words:
  everyday: {listed(unsure)}
  ours: {listed((*answers.context, *sure, *others, *handles))}

rules:
  without-context:
    why: An everyday word, and nothing beside it that is ours
    when:
      kind: [post, comment]
      text: $everyday
      not: {{text: $ours}}
    ignore: true
"""


# --- variables ------------------------------------------------------------------------------------


def variables(secrets: Mapping[str, str]) -> str:
    """`.env.example`: `secrets` are the names of secret settings, each with what it is."""
    lines = [f"# {meaning}\n{name}=\n" for name, meaning in secrets.items()]
    return (
        "# What may come from the environment. Copy this file to .env, fill in what you use, and hand it to\n"
        "# systemd (EnvironmentFile=), compose (env_file:) or your shell; Outcare itself reads no .env. A\n"
        "# file works as well: config/secrets/outcare_telegram__token. Keep both out of version control.\n\n"
        + "\n".join(lines)
        + "\n# Any setting has a variable (docs/configuration.md), such as:\n"
        "# OUTCARE_DATABASE=data/outcare.db\n# OUTCARE_HTTP__PORT=8080\n# OUTCARE_LOG__FORMAT=json\n"
    )
