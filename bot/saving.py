"""A good reply kept as an answer: what answers.yaml would say then. Pure; nothing is written here.

A new entry goes behind the others in canonical form; where an entry says nearly the same already, it gets
the question as a new variant. Everything else in the file stays as it is, comments too. What is personal is
hidden first, and the author's name becomes a field again: the file is for whoever asks next.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import count, islice
from pathlib import Path

import yaml

from bot import drafts, privacy, yamlfile
from bot.answers import Answer, Answers
from bot.errors import BotError, ConfigError
from bot.library import function_words, words

ALIKE = 0.85
"""Replies that have so much in common are the same answer."""
LONGEST_QUESTION = 200
_NAME_WORDS = 3
_OUR_FIELD = re.compile(rf"(\{{(?:{'|'.join(re.escape(one) for one in drafts.FIELDS if one != 'link')})\}})")
_NO_BRACES = str.maketrans("{}", "()")


class Did(StrEnum):
    ADDED = "added"
    VARIANT = "variant"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What was asked and what was said, as published. `name`, `handle`: of whom it was said to."""

    question: str
    text: str
    lang: str
    name: str = ""
    handle: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """`text`: the whole file as it would be. `entry`: the answer that is new or gets a variant."""

    did: Did
    entry: str
    text: str

    def diff(self, before: str, path: Path) -> str:
        """As a unified diff, for people and `patch`."""
        lines = difflib.unified_diff(
            before.splitlines(), self.text.splitlines(), str(path), f"{path} (proposed)", lineterm=""
        )
        return "".join(f"{line}\n" for line in lines)


class NoPlace(BotError):  # noqa: N818 - named by what the person does next: put it there by hand
    """The file is written in a way that nothing can be put into without a person."""


def propose(before: str, answers: Answers, reply: Reply, *, keep: Collection[str] = ()) -> Proposal:
    """What the file would be. `before`: its text, which `answers` were read from; `keep`: handles of ours.

    Raises: NoPlace.
    """
    proposal = _proposed(before, answers, reply, keep)
    try:
        yamlfile.load(proposal.text, answers.path)
    except ConfigError as error:
        said = error.problems[0].message
        raise NoPlace(f"this cannot be put into {answers.path}: {said}; do it by hand") from error
    return proposal


def _proposed(before: str, answers: Answers, reply: Reply, keep: Collection[str]) -> Proposal:
    question = privacy.masked(" ".join(reply.question.split())[:LONGEST_QUESTION], keep=keep)
    text = _templated(reply, keep)
    same = _same(answers, text, reply.lang)
    if same is None:
        name = _name(privacy.without_masks(question), reply.lang, {one.name for one in answers})
        return Proposal(did=Did.ADDED, entry=name, text=_appended(before, name, question, text, reply.lang))
    known = {tuple(words(one)) for one in same.questions}
    if tuple(words(question)) in known:
        return Proposal(did=Did.NOTHING, entry=same.name, text=before)
    return Proposal(did=Did.VARIANT, entry=same.name, text=_with_variant(before, same.name, question))


def _templated(reply: Reply, keep: Collection[str]) -> str:
    """The reply with its author's name and handle as fields again; other braces stay no field."""
    text = reply.text.strip()
    bare = reply.handle.removeprefix("@")
    for written, field in ((bare, "author.handle"), (reply.name, "author.name")):
        if len(written) > 1:
            pattern = rf"(?<![\w.{{]){re.escape(written)}(?![\w}}])"
            text = re.sub(pattern, f"{{{field}}}", text)
    text = privacy.masked(text, keep=keep)
    pieces = _OUR_FIELD.split(text)  # every second one is a field
    return "".join(one if place % 2 else one.translate(_NO_BRACES) for place, one in enumerate(pieces))


def _same(answers: Answers, text: str, lang: str) -> Answer | None:
    """The entry that says nearly the same in this language."""
    best = max(((_alike(one.texts.get(lang, ""), text), one) for one in answers), key=_first, default=None)
    return best[1] if best is not None and best[0] >= ALIKE else None


def _first(pair: tuple[float, Answer]) -> float:
    return pair[0]


def _alike(one: str, other: str) -> float:
    a, b = list(words(one)), list(words(other))
    matcher = difflib.SequenceMatcher(None, a, b, autojunk=False)
    return matcher.ratio() if matcher.real_quick_ratio() >= ALIKE and matcher.quick_ratio() >= ALIKE else 0.0


def _name(question: str, lang: str, taken: Collection[str]) -> str:
    """Of the question's first telling words: `where-order`."""
    light = function_words().get(lang.partition("-")[0], frozenset())
    telling = (word for word in words(question) if word not in light and word.isalnum())
    base = "-".join(islice(telling, _NAME_WORDS))[:40].strip("-") or "answer"
    several = (base if number == 1 else f"{base}-{number}" for number in count(1))
    return next(name for name in several if name not in taken)


# --- the text of the file -------------------------------------------------------------------------


def entry(name: str, question: str, text: str, lang: str, *, column: int = 2) -> str:
    """An entry in canonical form, its name in this column."""
    lines = [
        f"{_quoted(name) if name.isdecimal() else name}:",
        "  questions:",
        f"    - {_quoted(question)}",
        "  answer:",
        f"    {lang if lang != 'no' else _quoted(lang)}: {_quoted(text)}",
    ]
    return "".join(f"{' ' * column}{line}\n" for line in lines)


def _quoted(text: str) -> str:
    """JSON's strings are YAML's, with what cannot be printed escaped: https://yaml.org/spec/1.2.2/ (5.7)."""
    return "".join(
        one if one.isprintable() else _escaped(one) for one in json.dumps(text, ensure_ascii=False)
    )


def _escaped(character: str) -> str:
    number = 0xFFFD if "\ud800" <= character <= "\udfff" else ord(character)
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _appended(before: str, name: str, question: str, text: str, lang: str) -> str:
    section = _section(before)
    lines = _lines(before)
    if section is None:
        gap = ["\n"] if lines else []
        return "".join([*lines, *gap, "answers:\n", entry(name, question, text, lang)])
    key, value = section
    if not isinstance(value, yaml.MappingNode) or not value.value:
        if value.start_mark.index != value.end_mark.index:  # `answers: {}`
            raise NoPlace("the answers stand in braces: put this one there by hand")
        at = key.end_mark.line + 1
        return "".join([*lines[:at], entry(name, question, text, lang), *lines[at:]])
    _check_block(value, "the answers")
    column: int = value.value[0][0].start_mark.column
    at = _end_of(value, lines)
    gap = ["\n"] if any(not line.strip() for line in lines[key.end_mark.line : at]) else []
    return "".join([*lines[:at], *gap, entry(name, question, text, lang, column=column), *lines[at:]])


def _with_variant(before: str, name: str, question: str) -> str:
    section = _section(before)
    entries = section[1].value if section is not None else []
    inside = next(value for key, value in entries if key.value == name)
    if not isinstance(inside, yaml.MappingNode):
        raise NoPlace(f"answer {name!r} is an anchor's copy: put the question there by hand")
    questions = next(value for key, value in inside.value if key.value == "questions")
    if isinstance(questions, yaml.SequenceNode) and questions.flow_style:
        at = questions.end_mark.index - 1
        return f"{before[:at].rstrip()}, {_quoted(question)}{before[at:]}"
    if not isinstance(questions, yaml.SequenceNode):
        start, end = questions.start_mark.index, questions.end_mark.index
        return f"{before[:start]}[{before[start:end]}, {_quoted(question)}]{before[end:]}"
    lines = _lines(before)
    last = questions.value[-1]
    column = questions.start_mark.column
    at = max(last.start_mark.line + 1, last.end_mark.line + (last.end_mark.column > 0))
    return "".join([*lines[:at], f"{' ' * column}- {_quoted(question)}\n", *lines[at:]])


def _section(text: str) -> tuple[yaml.Node, yaml.Node] | None:
    """The key `answers` and what stands under it."""
    root = yamlfile.marked(text)
    if root is None:
        return None
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        raise NoPlace("the file stands in braces: put this answer there by hand")
    return next((pair for pair in root.value if pair[0].value == "answers"), None)


def _check_block(node: yaml.MappingNode, what: str) -> None:
    if node.flow_style:
        raise NoPlace(f"{what} stand in braces: put this one there by hand")


def _lines(text: str) -> list[str]:
    """Each with its end; the last one gets one, if it has none."""
    lines = text.split("\n")
    return [f"{line}\n" for line in (lines if lines[-1] else lines[:-1])]


def _end_of(section: yaml.MappingNode, lines: Sequence[str]) -> int:
    """The line behind the last entry: what stands below at the left edge, a comment say, stays there."""
    end = min(section.end_mark.line, len(lines))
    if section.end_mark.line < len(lines) or section.end_mark.column:
        end = min(section.end_mark.line + (1 if section.end_mark.column else 0), len(lines))
    start: int = section.start_mark.line
    while end - 1 > start and (not lines[end - 1].strip() or lines[end - 1].startswith(("#", "---", "..."))):
        end -= 1
    return end
