"""The catalogue is whole: each language has each message, each message is asked for, nothing is said without it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from html.parser import HTMLParser
from string import Formatter
from typing import get_args

import jinja2
import pytest
from jinja2 import nodes

from bot.catchup import Why as Since
from bot.errors import Reason
from bot.escalation import Kind as StepKind
from bot.listing import View
from bot.model import ConversationState, Kind, Urgency
from bot.noise import Why
from bot.overrides import Anew
from bot.replies import ReplyState
from bot.silenced import Scope
from bot.staff import COMMANDS, FEEDBACK_VERBS, REASONS, Menu, Nap, Verb
from bot.texts.catalogue import Texts
from bot.texts.en import ENGLISH
from bot.texts.language import Message
from bot.texts.languages import LANGUAGES, texts_in
from bot.tries import End
from bot.web.conversation import EVENTS
from bot.web.deciding import UNDO
from bot.web.lab import MISTAKES
from tests.unit import tree

SINCE = ("deleted", "edited", "newer", "answered", "opted_out")
"""What may happen between a draft and its publication."""

FAMILIES: Mapping[str, Iterable[str]] = {
    "notice.budget_": ["slow", "empty", "again"],
    "button.": [verb.value for verb in Verb],
    "urgency.": [level.label for level in Urgency],
    "waiting.": [level.label for level in Urgency],
    "concerns.": [kind.value for kind in Kind],
    "press.closed_": [ConversationState.ANSWERED.value, ConversationState.DISMISSED.value],
    "cause.": [reason.value for reason in Reason] + [*SINCE, "paused", "late", "altered", "taken"],
    "acknowledged.": ["published", "refused", "withdrawn", "unsure", "taken_back"],
    "answer.since_": SINCE,
    "answer.unsaved_": ["deleted", "language", "by_hand"],
    "preview.left_": [
        *("answered", "opted_out", "dismissed", "taken", "snoozed", "drafted", "unprepared", "no_question"),
        *("no_account", "not_summoned", "no_direct_messages", "deleted", "refused"),
    ],
    "refusal.": ["no_account", "not_summoned", "no_direct_messages", "deleted"],
    "answer.is_": [state.value for state in ReplyState],
    "answer.unit_": ["graphemes", "characters"],
    "help.": COMMANDS,
    "held.": [why.value for why in Why],
    "noise.": [why.value for why in Why],
    "catchup.since_": [one.value for one in Since],
    "stats.promises.": ["kept", "missed", "open"],
    "page.view_": [view.value for view in View],
    "page.level_": ["normal", "high", "critical"],
    "page.done_": [verb.value for verb in UNDO],
    "reason.": REASONS,
    "menu.": [menu.value for menu in Menu if menu not in {Menu.MORE, Menu.ANSWER}],
    "nap.": [nap.value for nap in Nap],
    "page.silences_": [scope.value for scope in Scope],
    "silence.what_": [scope.value for scope in Scope],
    "silence.scope_": ["rule", "source", "route"],
    "page.mistake_": MISTAKES,
    "page.ask_": ["dismissed", "deleted", "elsewhere"],
    "page.event_": [*EVENTS, "other"],
    "steps.told_": [kind.value for kind in StepKind],
    "steps.many.": [why.value for why in (Anew.ASKED, Anew.REMINDED, Anew.RETURNED)],
    "page.try_": [one.__name__.lower() for one in get_args(End)],
}
"""Keys that are put together: what they begin with, and all that may follow."""

VARIABLES: Mapping[str, Iterable[str]] = {
    "verb": [verb.value for verb in FEEDBACK_VERBS],
    "verb.value": [*(verb.value for verb in UNDO), "elsewhere"],
    "word": [f"key_{key}" for key in ("j", "c", "d", "o", "x", "w", "u", "slash", "help")],
}
"""Variables in which templates have a key: of a verb, or of a line of help."""

OTHERS = [texts for texts in LANGUAGES.values() if texts is not ENGLISH]
LETTERS = re.compile(r"[^\W\d_]{2,}")


def forms(message: Message) -> Mapping[str, str]:
    return {"": message} if isinstance(message, str) else message


def places(text: str) -> set[str]:
    """What stands in braces, as it stands there."""
    return {
        f"{name}{f'!{conversion}' if conversion else ''}{f':{spec}' if spec else ''}"
        for _, name, spec, conversion in Formatter().parse(text)
        if name is not None
    }


@pytest.mark.parametrize("texts", OTHERS, ids=lambda texts: texts.language.code)
def test_every_language_has_every_message(texts: Texts) -> None:
    """No translation is missing, and none is of a message that is gone."""
    assert ENGLISH.language.messages.keys() == texts.language.messages.keys()


@pytest.mark.parametrize("texts", OTHERS, ids=lambda texts: texts.language.code)
def test_every_translation_has_the_same_places(texts: Texts) -> None:
    """What is put into the English message is put into each form of the other one."""
    wrong = {
        f"{key} {form}": places(text)
        for key, message in texts.language.messages.items()
        for form, text in forms(message).items()
        if places(text) != all_places(ENGLISH.language.messages[key]) - ({"count"} if form == "=0" else set())
    }
    assert {} == wrong


def all_places(message: Message) -> set[str]:
    return set().union(*(places(text) for text in forms(message).values()))


@pytest.mark.parametrize("texts", LANGUAGES.values(), ids=LANGUAGES)
def test_forms_are_those_of_the_language(texts: Texts) -> None:
    """Each message in forms has `other`, and no form that no number of the language takes."""
    language = texts.language
    numbers = [*range(2000), *(10**power for power in range(4, 10))]
    counted, ranked = {language.plural(one) for one in numbers}, {language.ordinal(one) for one in numbers}
    for key, message in language.messages.items():
        if isinstance(message, str):
            continue
        known = ranked if "nth" in all_places(message) else counted
        named = {form for form in message if not re.fullmatch(r"=\d+", form)}
        assert "other" in named, key
        assert named <= known, key


@pytest.mark.parametrize("texts", LANGUAGES.values(), ids=LANGUAGES)
def test_places_are_plain_names(texts: Texts) -> None:
    """Nothing in a message looks into a value, and no text is empty."""
    for key, message in texts.language.messages.items():
        for text in forms(message).values():
            assert text, key
            assert all(re.fullmatch(r"[a-z_]+", place) for place in places(text)), key


@pytest.mark.parametrize("texts", LANGUAGES.values(), ids=LANGUAGES)
def test_a_language_is_complete(texts: Texts) -> None:
    """Seven days, twelve months, four units; found under its code."""
    language = texts.language
    assert (7, 12) == (len(set(language.days)), len(set(language.months)))
    assert all({"count"} == places(unit) for unit in language.units.values())
    assert {"d", "h", "m", "s"} == language.units.keys()
    assert texts_in(language.code) is texts


# --- what the code asks for -------------------------------------------------------------------------


PREFIXES = {"say": "", "on_page": "page."}
"""Methods that give a message, and what they put before its key."""


def asked(source: str) -> Iterator[tuple[str, set[str] | None]]:
    """Each call of those: its key, `*` where it is put together, and the names that it gives (None: by `**`)."""
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if node.func.attr not in PREFIXES or not node.args:
            continue
        names = {word.arg for word in node.keywords}
        given = None if None in names else {name for name in names if name}
        for key in keys(node.args[0]):
            yield (key if key.startswith("?") else PREFIXES[node.func.attr] + key), given


def keys(node: ast.expr) -> Iterator[str]:
    """The keys that an expression may be."""
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.JoinedStr):
        assert isinstance(node.values[0], ast.Constant), ast.unparse(node)
        yield f"{node.values[0].value!s}*"
    elif isinstance(node, ast.IfExp):
        yield from keys(node.body)
        yield from keys(node.orelse)
    elif isinstance(node, ast.Name):
        yield f"?{node.id}"


SAMPLE = """
texts.say("a.b", count=1)
texts.say(f"c.{x}")
self.say("d" if y else "e", **more)
"""


def test_what_is_asked_for_is_seen() -> None:
    """The check below knows every way to ask."""
    assert [("a.b", {"count"}), ("c.*", set()), ("d", None), ("e", None)] == list(asked(SAMPLE))


def all_asked() -> list[tuple[str, str, set[str] | None]]:
    """(file, key, names) of each `say` in shipped code; `Language.say` itself is passed through."""
    found = []
    for name in tree.python(*tree.SHIPPED):
        source = tree.read(name)
        for key, given in asked(source):
            if key in {"?key", "page.*"}:
                continue
            if key.startswith("?"):  # a variable: the keys are the strings that it is set to
                found += [(name, one, given) for one in _set_to(source, key[1:])]
            elif key.endswith("*"):
                found += [(name, key[:-1] + end, given) for end in FAMILIES[key[:-1]]]
            else:
                found.append((name, key, given))
    return [*found, *(one for name in templates() for one in asked_by_template(name))]


def templates() -> list[str]:
    return [name for name in tree.files() if name.endswith(".html") and name.startswith("bot/web/templates/")]


def asked_by_template(name: str) -> Iterator[tuple[str, str, set[str] | None]]:
    """Each `say(…)` and `texts.say(…)` of a template."""
    for call in jinja2.Environment(autoescape=True).parse(tree.read(name)).find_all(nodes.Call):
        given = {word.key for word in call.kwargs}
        if isinstance(call.node, nodes.Name) and call.node.name == "say":
            yield from ((name, f"page.{key}", given) for key in template_keys(call.args[0], "page."))
        elif isinstance(call.node, nodes.Getattr) and call.node.attr == "say":
            yield from ((name, key, given) for key in template_keys(call.args[0], ""))


def template_keys(node: nodes.Node, prefix: str) -> list[str]:
    """The keys that an expression of a template may be."""
    if isinstance(node, nodes.Const):
        return [str(node.value)]
    if isinstance(node, nodes.Add | nodes.Concat):
        first = node.left if isinstance(node, nodes.Add) else node.nodes[0]
        assert isinstance(first, nodes.Const)
        return [f"{first.value}{end}" for end in FAMILIES[f"{prefix}{first.value}"]]
    if isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name):
        return list(VARIABLES[f"{node.node.name}.{node.attr}"])
    assert isinstance(node, nodes.Name), node
    return list(VARIABLES[node.name])


def _set_to(source: str, variable: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assign) and variable in map(ast.unparse, node.targets):
            yield from keys(node.value)


def is_one_of_many(key: str) -> bool:
    return key.startswith(("time.", *FAMILIES))


def test_every_message_that_is_asked_for_is_there() -> None:
    """With the very values that it has places for; more where one call may mean several messages."""
    wrong = []
    for name, key, given in all_asked():
        message = ENGLISH.language.messages.get(key)
        places_ = all_places(message or "")
        if message is None:
            wrong.append(f"{name}: no message {key}")
        elif given is not None and not (given >= places_ if is_one_of_many(key) else given == places_):
            wrong.append(f"{name}: {key} is given {sorted(given)}")
    assert [] == wrong


def test_every_message_is_asked_for() -> None:
    """What nobody says any more goes from the catalogue."""
    assert set() == set(ENGLISH.language.messages) - {key for _, key, _ in all_asked()}


# --- nothing is said without it ---------------------------------------------------------------------

SAID = {"Line": "text", "Card": "headline", "Button": "label", "Change": "reply", "Message": "text"}
"""What is shown to staff: a class, and its field that people read."""

WORDLESS = ("bot/cards.py", "bot/digests.py", "bot/desk.py", "bot/notices.py")
"""Files that make what staff sees: in them every text is a name or a sign, unless somebody else reads it."""


def written(node: ast.AST) -> Iterator[str]:
    """Texts with words in them that an expression holds, outside of calls of the catalogue."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "say":
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and LETTERS.search(node.value):
        yield node.value
    for child in ast.iter_child_nodes(node):
        yield from written(child)


def said(source: str) -> Iterator[str]:
    """Words in the fields that staff reads."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SAID:
            for word in node.keywords:
                if word.arg == SAID[node.func.id]:
                    yield from written(word.value)


def phrases(source: str) -> Iterator[str]:
    """Texts of more than one word, or with a capital: no key, no name; without docstrings and errors."""
    tree_ = ast.parse(source)
    skipped = {
        id(inner)
        for node in ast.walk(tree_)
        if isinstance(node, ast.Raise)
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        or (isinstance(node, ast.Call) and ast.unparse(node.func) in {"re.compile", "re.match"})
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree_):
        if id(node) in skipped or not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
            continue
        if LETTERS.search(node.value) and not re.fullmatch(r"[a-z_.]+|%\S+|\w+:", node.value):
            yield node.value


def test_words_in_the_code_are_seen() -> None:
    """The two checks below find what they look for, and only that."""
    assert ["Hello"] == list(said('Line(text="Hello"); Line(text=x.say("a.b"), href="https"); F(text="No")'))
    source = '"""Doc."""\nx = ["by {}", "Yes", "name", " · "]\nraise E("Not so")'
    assert ["by {}", "Yes"] == list(phrases(source))


class Shown(HTMLParser):
    """What of a template's own markup people read, or hear read."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.feed(re.sub(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", "", source, flags=re.DOTALL))

    def handle_data(self, data: str) -> None:
        if LETTERS.search(data):
            self.words.append(data.strip())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        read = {"title", "alt", "placeholder", "aria-label", "data-text", "label"}
        self.words += [value for name, value in attrs if name in read and value and LETTERS.search(value)]


def test_words_in_a_template_are_seen() -> None:
    """Text and what screen readers say; not what stands in braces, not classes and addresses."""
    source = '<p class="big" title="Hi">{{ say("x") }} Hello {% if a %}<img alt="{{ b }}">{% endif %}</p>'
    assert ["Hi", "Hello"] == Shown(source).words


def test_templates_have_no_words() -> None:
    """But the program's name."""
    assert templates()
    found = {name: Shown(tree.read(name)).words for name in templates()}
    assert {} == {name: words for name, words in found.items() if set(words) - {"· Outcare"}}


def test_nothing_is_said_outside_the_catalogue() -> None:
    """No card, button, answer or message has words of its own."""
    shipped = (name for name in tree.python(*tree.SHIPPED) if not name.startswith("bot/testing/"))
    found = {name: list(said(tree.read(name))) for name in shipped}
    assert {} == {name: words for name, words in found.items() if words}


@pytest.mark.parametrize("name", WORDLESS)
def test_what_makes_cards_has_no_words(name: str) -> None:
    """Not even on the way to a field."""
    assert [] == [text for text in phrases(tree.read(name)) if not text.startswith(("http://", "https://"))]
