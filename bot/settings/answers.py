"""answers.yaml: prepared answers, read strictly, every mistake with its place.

Knows the keys of an entry and what each may hold. It knows no search; what is only unwise (an answer that has
expired, a question that stands there twice) is no mistake and is told by `remarks`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path

from bot import drafts, yamlfile
from bot.answers import Answer, Answers
from bot.errors import BotError, ConfigError, Location, Problem
from bot.markup import is_web
from bot.problems import in_order, with_source
from bot.texts.language import CODE
from bot.yamlfile import Node, closest

DEFAULT_ANSWERS = "answers.yaml"
"""Taken when it stands beside the configuration."""
SECTION = "answers"
KEYS = ("questions", "answer", "lang", "valid_until", "link", "tags", "platforms")
NEEDED = ("questions", "answer")
NAME = re.compile(r"[\w.-]{1,64}")
LINK = "link"
_LONGEST_QUESTION = 500
_MOST_TOLD = 50


def load_answers(path: Path, platforms: Collection[str]) -> Answers:
    """Read the file. `platforms`: those on which somebody can be answered.

    Raises: ConfigError with the mistakes of the file.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", Location(path, 1, 1)) from error
    except UnicodeDecodeError as error:
        message = f"this is not UTF-8 text (byte {error.start}); save it as UTF-8"
        raise ConfigError(message, Location(path, 1, 1)) from error
    return parse_answers(text, path, platforms)


def parse_answers(text: str, path: Path, platforms: Collection[str]) -> Answers:
    """The same for a text that is to stand in a file. Raises: ConfigError."""
    trees = [yamlfile.load(text, path)]
    reading = _Reading(platforms)
    entries = tuple(reading.entries(trees[0]))
    yamlfile.let_go(trees)
    if reading.problems:
        told = in_order(reading.problems)[:_MOST_TOLD]
        raise ConfigError(with_source(told, {path: text}))
    return Answers(path=path, entries=entries, text=text)


def check_proposed(text: str, before: Answers, platforms: Collection[str]) -> None:
    """That a text can take the place of the file: what stood there is to mean the same. Raises: BotError."""
    try:
        after = parse_answers(text, before.path, platforms)
    except ConfigError as error:
        raise BotError(f"this cannot be put into {before.path}: {error.problems[0].message}") from error
    texts = {one.name: one.texts for one in after}
    if any(texts.get(one.name) != one.texts for one in before):
        raise BotError(f"{before.path} is written in a way that nothing can be put into: do it by hand")


def remarks(answers: Answers, *, today: date) -> list[Problem]:
    """What is no mistake and hardly meant: expired answers, questions that stand there twice."""
    return in_order([*_expired(answers, today), *_twice(answers)])


def _expired(answers: Answers, today: date) -> Iterator[Problem]:
    for one in answers:
        if one.valid_until is not None and one.valid_until < today:
            message = f"answer {one.name!r} has expired ({one.valid_until}): it is proposed to nobody"
            yield Problem(message=message, location=one.location, is_warning=True)


def _twice(answers: Answers) -> Iterator[Problem]:
    first: dict[str, tuple[Answer, Location]] = {}
    for one in answers:
        for question, place in zip(one.questions, one.places, strict=True):
            other, there = first.setdefault(_same(question), (one, place))
            if there is not place and _meet(one, other):
                message = f"this question stands in line {there.line} already (answer {other.name!r})"
                yield Problem(message=message, location=place, is_warning=True)


def _same(question: str) -> str:
    return " ".join(re.findall(r"\w+", question.casefold()))


def _meet(one: Answer, other: Answer) -> bool:
    """Whether there is a platform on which both could be given."""
    return not one.platforms or not other.platforms or not set(one.platforms).isdisjoint(other.platforms)


class _Reading:
    """One pass over the nodes; what is wrong is collected."""

    def __init__(self, platforms: Collection[str]) -> None:
        self.problems: list[Problem] = []
        self._platforms = platforms

    def entries(self, root: Node) -> Iterator[Answer]:
        if not isinstance(root.value, dict):
            self._report(f"this is a mapping with the one key {SECTION}, not {root.kind}", root.location)
            return
        for key, place in root.keys.items():
            if key != SECTION:
                self._unknown(f"unknown key {key!r}", place, key, (SECTION,))
        section = root.value.get(SECTION)
        if section is None or section.value is None:
            return
        if not isinstance(section.value, dict):
            self._report(f"{SECTION} must be a mapping (name: answer), not {section.kind}", section.location)
            return
        for name, node in section.value.items():
            yield from self._entry(name, node, section.keys[name])

    def _entry(self, name: str, node: Node, place: Location) -> Iterator[Answer]:
        what = f"answer {name!r}"
        if not NAME.fullmatch(name):
            self._report(f"{what}: a name has letters, digits, dots and dashes (64 at most)", place)
        if not isinstance(node.value, dict):
            self._report(f"{what} must be a mapping (questions, answer, …), not {node.kind}", place)
            return
        for key, where in node.keys.items():
            if key not in KEYS:
                self._unknown(f"{what}: unknown key {key!r}", where, key, KEYS)
        for key in NEEDED:
            if key not in node.value:
                self._report(f"{what}: {key} is missing", place)
        given: Mapping[str, Node] = node.value
        questions = tuple(self._questions(what, given.get("questions")))
        link = self._link(what, given.get(LINK))
        texts = dict(self._texts(what, given.get("answer"), given.get("lang"), has_link=link is not None))
        if questions and texts:
            yield Answer(
                name=name,
                questions=tuple(question for question, _ in questions),
                texts=texts,
                valid_until=self._day(what, given.get("valid_until")),
                link=link,
                tags=tuple(text for text, _ in self._list(what, "tags", given.get("tags"))),
                platforms=tuple(self._known_platforms(what, given.get("platforms"))),
                location=place,
                places=tuple(where for _, where in questions),
            )

    def _questions(self, what: str, node: Node | None) -> Iterator[tuple[str, Location]]:
        if node is None:
            return
        found = list(self._list(what, "questions", node))
        if not found and isinstance(node.value, list) and not node.value:
            self._report(f"{what}: questions must not be empty; write how people ask for it", node.location)
        for text, where in found:
            if len(text) > _LONGEST_QUESTION:
                message = f"{what}: a question has at most {_LONGEST_QUESTION} characters; write its gist"
                self._report(message, where)
            else:
                yield text, where

    def _texts(
        self, what: str, node: Node | None, lang: Node | None, *, has_link: bool
    ) -> Iterator[tuple[str, str]]:
        """The texts by their languages."""
        if node is None:
            return
        if isinstance(node.value, dict):
            if lang is not None:
                self._report(f"{what}: lang is for an answer of one text; here are several", lang.location)
            for code, child in node.value.items():
                self._code(what, code, node.keys[code])
                yield from self._text(what, code, child, has_link=has_link)
            return
        code = self._plain(f"{what}: lang", lang) if lang is not None else None
        if lang is None:
            self._report(f"{what}: say its language: lang: en, or answer: {{en: …}}", node.location)
        elif code is not None:
            self._code(what, code, lang.location)
        yield from self._text(what, code or "und", node, has_link=has_link)

    def _text(self, what: str, code: str, node: Node, *, has_link: bool) -> Iterator[tuple[str, str]]:
        text = self._plain(f"{what}: answer", node)
        if text is None:
            return
        for field in drafts.called(text):
            if field not in drafts.FIELDS:
                self._unknown(f"{what}: unknown field {{{field}}}", node.location, field, drafts.FIELDS)
            elif field == LINK and not has_link:
                self._report(f"{what} has {{link}}, but no link: write link: https://…", node.location)
        yield code, text

    def _code(self, what: str, code: str, where: Location) -> None:
        if not re.fullmatch(CODE, code):
            self._report(f"{what}: {code!r} is no language code (en, pt-BR)", where)

    def _day(self, what: str, node: Node | None) -> date | None:
        if node is None:
            return None
        try:
            if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", node.text):
                return date.fromisoformat(node.text)
        except ValueError:  # the 30th of February
            pass
        self._report(f"{what}: valid_until must be a day like 2027-01-31", node.location)
        return None

    def _link(self, what: str, node: Node | None) -> str | None:
        text = self._plain(f"{what}: {LINK}", node) if node is not None else None
        if text is None or is_web(text):
            return text
        if node is not None:
            self._report(f"{what}: link must be a web address like https://acme.example/help", node.location)
        return text

    def _known_platforms(self, what: str, node: Node | None) -> Iterator[str]:
        for name, where in self._list(what, "platforms", node):
            if name not in self._platforms:
                self._unknown(f"{what}: unknown platform {name!r}", where, name, self._platforms)
            yield name

    def _list(self, what: str, key: str, node: Node | None) -> Iterator[tuple[str, Location]]:
        """Texts with their places; a single text is a list of one."""
        if node is None:
            return
        for child in node.value if isinstance(node.value, list) else [node]:
            text = self._plain(f"{what}: {key}", child)
            if text is not None:
                yield text, child.location

    def _plain(self, what: str, node: Node) -> str | None:
        if isinstance(node.value, str) and node.value.split():
            return node.value.strip()
        hint = "; put it in quotes" if isinstance(node.value, int | float | bool) else ""
        kind = "must not be empty" if isinstance(node.value, str | None) else f"must be text, not {node.kind}"
        self._report(f"{what} {kind}{hint}", node.location)
        return None

    def _unknown(self, message: str, where: Location, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        near = closest(name, names)
        hint = "" if near or not names else f"known: {', '.join(names)}"
        self.problems.append(Problem(message=message, location=where, suggestion=near, hint=hint))

    def _report(self, message: str, where: Location) -> None:
        self.problems.append(Problem(message=message, location=where))
