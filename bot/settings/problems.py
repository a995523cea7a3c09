"""What is wrong with settings, in plain words and with its place.

Knows the shape, the tree of what was given, and pydantic's errors. It never says a value that came from the
environment or a secrets file: the variable's name says enough.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.errors import Location, Problem
from bot.settings.fields import PLAIN
from bot.settings.shape import FIXED, children, is_number, is_secret, item_of, model_of, wanted
from bot.settings.sources import Given, variable_name
from bot.yamlfile import closest

Loc = tuple[str | int, ...]

_WANTED = {
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number",
    "finite": "a number",
    "bool": "true or false",
    "string": "text",
    "list": "a list",
    "tuple": "a list",
    "set": "a list",
    "frozen": "a list",
    "dict": "a mapping (key: value)",
    "mapping": "a mapping (key: value)",
    "model": "a mapping (key: value)",
    "url": "a web address",
    "path": "a path",
    "is": "text",
}
"""The beginning of a pydantic error type (`int_parsing`, `tuple_type`) → what it wants to see.

https://docs.pydantic.dev/latest/errors/validation_errors/
"""

_LIMITS = {
    "greater_than_equal": ("ge", "must be at least {}"),
    "less_than_equal": ("le", "must be at most {}"),
    "greater_than": ("gt", "must be more than {}"),
    "less_than": ("lt", "must be less than {}"),
    "string_pattern_mismatch": ("pattern", "must match {}"),
    "too_long": ("max_length", "must have at most {} entries"),
    "string_too_long": ("max_length", "must have at most {} characters"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """A setting in the tree: its path as far as it exists, what was given, where its key stands."""

    path: Loc
    given: Given
    key: Location | None

    def subject(self, *more: str) -> str:
        """What a problem is about: the setting's name, or the variable that gave it.

        Of what stands inside a variable only our own keys are named: a key may be a misplaced secret.
        """
        if not self.given.by:
            return dotted((*self.path, *more))
        inside = self.path[len(self.given.at) :]
        inner = dotted((*(part if part in FIXED or isinstance(part, int) else "…" for part in inside), *more))
        return f"{self.given.by}: {inner}" if inner else self.given.by

    def problem(self, message: str, *, at_key: bool = False, suggestion: str | None = None) -> Problem:
        """The message here; what a variable gave has no place in the file."""
        where = self.key if at_key else self.given.location or self.key
        return Problem(message=message, location=None if self.given.by else where, suggestion=suggestion)


def locate(tree: Given, loc: Sequence[str | int]) -> Place:
    """The place in the tree that a path leads to."""
    return walk(Place((), tree, tree.location), loc)


def walk(place: Place, loc: Sequence[str | int]) -> Place:
    """The place that a path leads to from here, without the parts that are not in the tree.

    (pydantic puts class names and tags of unions into its paths.)
    """
    for part in loc:
        found = place.given.child(part)
        if found is not None:
            key = place.given.keys.get(str(part)) or found.location or place.key
            place = Place((*place.path, part), found, key)
    return place


def dotted(path: Sequence[str | int]) -> str:
    """`brand.words entry 2`."""
    names = ".".join(part for part in path if isinstance(part, str))
    entries = "".join(f" entry {part + 1}" for part in path if isinstance(part, int))
    return f"{names}{entries}".strip()


@dataclass(slots=True)
class Inspection:
    """A walk over the tree beside the model: everything that can be told before pydantic is asked.

    `spoiled` are the paths that were complained of and taken out, so that nobody hears of them twice.
    """

    model: type[BaseModel]
    tree: Given
    why_unknown: Callable[[Loc, str], tuple[str, str | None] | None]
    problems: list[Problem] = field(default_factory=list)
    spoiled: set[Loc] = field(default_factory=set)

    def data(self) -> Any:
        """The plain values that pydantic may see."""
        return self._clean(self.model, Place((), self.tree, self.tree.location))

    def _clean(self, annotation: Any, place: Place) -> Any:
        given = place.given
        if isinstance(given.value, dict) and wanted(annotation) == "mapping":
            return self._mapping(annotation, place)
        if isinstance(given.value, list) and wanted(annotation) == "list":
            entries = [walk(place, (index,)) for index in range(len(given.value))]
            item = item_of(annotation)
            return [self._clean(item, entry) for entry in entries if not self._is_spoiled(item, entry)]
        if given.value is None and wanted(annotation) == "mapping":
            return {}
        return given.plain()

    def _mapping(self, annotation: Any, place: Place) -> dict[str, Any]:
        known = children(annotation, place.given)
        model = model_of(annotation)
        cleaned = {}
        for key in place.given.value:
            child = walk(place, (key,))
            if key not in known:
                if model is not None and model.model_config.get("extra") == "allow":
                    cleaned[key] = child.given.plain()
                else:
                    self._unknown(key, child, known)
            elif not self._is_spoiled(known[key], child):
                cleaned[key] = self._clean(known[key], child)
        return cleaned

    def _is_spoiled(self, annotation: Any, place: Place) -> bool:
        """Whether there is something wrong with a value that its type alone does not tell pydantic."""
        given = place.given
        if is_secret(annotation) and (given.hides or not given.by):  # also when a variable wins over it
            name = variable_name([str(part) for part in place.path if isinstance(part, str)])
            message = f"{dotted(place.path)} is a secret and must not stand in a file; set {name} instead"
            self.problems.append(Problem(message=message, location=place.key))
        elif is_number(annotation) and _is_no_number(given):
            hint = "; take the quotes away" if isinstance(given.value, str) else ""
            message = f"{place.subject()} must be {_number(annotation)}, not {given.node_kind}{hint}"
            self.problems.append(place.problem(message))
        else:
            return False
        self.spoiled.add(place.path)
        return True

    def _unknown(self, key: str, place: Place, known: Collection[str]) -> None:
        self.spoiled.add(place.path)
        section = place.path[:-1]
        why = self.why_unknown(section, key)
        near = closest(key, known)
        listed = f"; known here: {', '.join(known)}" if known else ""
        if why is not None:
            message, near = f"{place.subject()}: {why[0]}", why[1]
        elif place.given.by:
            message = f"{place.given.by}: unknown key{listed}"
        else:
            inside = f" in {dotted(section)}" if section else ""
            message = f"unknown key {key!r}{inside}{'' if near else listed}"
        if near and place.given.by:
            near = near.partition(":")[0]  # the rest of a channel's name is what the variable says
        self.problems.append(place.problem(message, at_key=True, suggestion=near))


def explain(error: ValidationError, inspection: Inspection) -> list[Problem]:
    """Every validation error once, at its place; the branches of a union in one line."""
    tree = inspection.tree
    grouped: dict[Loc, list[ErrorDetails]] = {}
    for details in error.errors(include_url=False):
        loc = details["loc"]
        path = loc if details["type"] == "missing" else locate(tree, loc).path
        if path not in inspection.spoiled:
            grouped.setdefault(path, []).append(details)
    return [
        _missing(path, inspection) if errors[0]["type"] == "missing" else _explain(locate(tree, path), errors)
        for path, errors in grouped.items()
    ]


def _missing(path: Loc, inspection: Inspection) -> Problem:
    """A setting that nobody wrote; a connector's section is told where the connector is used."""
    tree = inspection.tree
    place = locate(tree, path)
    message = f"{place.subject(*map(str, path[len(place.path) :]))} is missing"
    if path == ("brand",):
        message += (
            "; write brand: {name: acme, words: [acme]} with your name and the words to look for, "
            "or set OUTCARE_BRAND__NAME and OUTCARE_BRAND__WORDS"
        )
    elif is_secret(_annotation(inspection.model, path)):
        message += f"; set {variable_name([str(part) for part in path])}"
    user = next(_users(path[0], inspection), None) if not place.path else None
    if user:
        message += f" (for {user.subject()})"
        place = replace(place, key=user.key)
    return place.problem(message, at_key=True)


def _users(connector: str | int, inspection: Inspection) -> Iterator[Place]:
    """The sources and channels for which a connector's own section is wanted."""
    for section in ("sources", "channels"):
        for name in inspection.tree.entries(section):
            place = locate(inspection.tree, (section, name))
            if name.partition(":")[0] == connector and place.path not in inspection.spoiled:
                yield place


def _annotation(model: type[BaseModel], path: Loc) -> Any:
    """What a model says of the setting at a path, as far as models go."""
    annotation: Any = model
    for part in path:
        given = Given({part: Given(None)})
        annotation = children(annotation, given).get(str(part), Any)
    return annotation


def _explain(place: Place, errors: Sequence[ErrorDetails]) -> Problem:
    told = dict.fromkeys(_predicate(details, place) for details in errors)
    text = _either_of([predicate for predicate, _ in told])
    suggestion = next((suggestion for _, suggestion in told if suggestion), None)
    gap = "" if text.startswith(":") else " "
    has_no_text = isinstance(place.given.value, dict | None)
    return place.problem(f"{place.subject()}{gap}{text}", at_key=has_no_text, suggestion=suggestion)


def _predicate(details: ErrorDetails, place: Place) -> tuple[str, str | None]:
    """What a setting must be, as it follows its name; and what may have been meant."""
    kind, context = details["type"], details.get("ctx", {})
    family = _WANTED.get(kind.partition("_")[0])
    if kind == PLAIN:
        return str(context["message"]), context.get("suggestion")
    if kind in {"literal_error", "enum"}:
        choices = re.findall(r"'([^']*)'", str(context["expected"]))
        return f"must be {_either(choices)}", closest(str(place.given.value), choices)
    if kind in {"too_short", "string_too_short"}:
        return "must not be empty", None
    if kind in _LIMITS:
        key, sentence = _LIMITS[kind]
        return sentence.format(context[key]), None
    if family is not None:
        return f"must be {family}{_instead(family, place)}", None
    return _hidden(_others_words(details), place.given), None


def _others_words(details: ErrorDetails) -> str:
    """What a connector's own validator says, or pydantic of a type that we have no words for."""
    error = details.get("ctx", {}).get("error")
    return f": {error}" if error else details["msg"].replace("Input should be", "must be")


def _either_of(predicates: Sequence[str]) -> str:
    """What the branches of a union want, as one sentence."""
    first, *others = predicates
    if not others:
        return first
    rest = (other.removeprefix("must be ").removeprefix("must ") for other in others)
    return " or ".join(text.partition(", not ")[0] for text in (first, *rest))


def _instead(family: str, place: Place) -> str:
    """`, not text`, and how to write it. All that a variable holds is text: no need to say it."""
    given = place.given
    if (given.by and place.path == given.at) or given.node_kind == family:
        return ""
    if isinstance(given.value, float) and family == "a whole number":
        return ", not a fraction"
    hint = ""
    if family == "text" and not isinstance(given.value, dict | list | None):
        hint = "; put it in quotes"
    if family == "a list" and not isinstance(given.value, dict | None):
        hint = "; put it in [ ]"
    return f", not {given.node_kind}{hint}"


def _either(choices: Sequence[str]) -> str:
    return " or ".join(filter(None, [", ".join(choices[:-1]), *choices[-1:]]))


def _hidden(message: str, given: Given) -> str:
    """Somebody else's message, unless it tells any part of a text that came from a variable."""
    for text in _texts(given):
        windows = {text[start : start + 4] for start in range(max(1, len(text) - 3))}
        if any(window in message for window in windows):
            return "is not accepted"
    return message


def _texts(given: Given) -> Iterator[str]:
    if isinstance(given.value, dict):
        for child in given.value.values():
            yield from _texts(child)
    elif isinstance(given.value, list):
        for child in given.value:
            yield from _texts(child)
    elif given.by:
        yield str(given.value)


def _is_no_number(given: Given) -> bool:
    """Whether pydantic would take as a number what is none in YAML: `true`, `"8080"`."""
    if given.by:
        return False
    is_digits = isinstance(given.value, str) and re.fullmatch(r"\s*[-+]?[\d_.]+\s*", given.value) is not None
    return isinstance(given.value, bool) or is_digits


def _number(annotation: Any) -> str:
    return "a whole number" if "int" in str(annotation) else "a number"


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """By place in the file, then what has none; each once."""
    nowhere = Location(Path(), 0, 0)
    unique = dict.fromkeys(problems)
    return sorted(unique, key=lambda problem: (problem.location is None, problem.location or nowhere))
