"""A first rule from example sentences: a query that tells those that must fire from those that must not.

Words that the sentences share and the others lack, everyday words left out. What is suggested has been tried
on all of them. Knows sentences, queries and how a rule is written; reads no file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise, takewhile
from typing import TYPE_CHECKING

import yaml

from rules.everyday import usual
from rules.query import parse
from rules.terms import Text, compile_query

if TYPE_CHECKING:
    from rules.terms import Search

_NEAR = 8
_NEAR_WORD = "near"
_SHORTEST = 3
_STEM = 5
_LONGEST_ENDING = 4
_MOST_TERMS = 6
_LONGEST_COVER = 5
_ADDRESSES = re.compile(r"https?://\S+|[@#][\w.-]+")
_WORD = re.compile(r"[^\W\d_][\w']*")
_NAME = re.compile(r"\w[\w-]*\Z")
_PLAIN = re.compile(r"[\w$][\w $()/*'’,.!?-]*\Z")
_NOT_TEXT = re.compile(r"[-+]?[\d.]+(?:e[-+]?\d+)?\Z|true\Z|false\Z|null\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """What somebody says of a rule that is not there yet."""

    name: str
    fires: Sequence[str]
    quiet: Sequence[str] = ()
    why: str = ""
    score: int = 20


def suggest(sketch: Sketch, everyday: Collection[str] = ()) -> str | None:
    """A query that finds all that must fire and nothing that must not; None: no words tell them apart.

    `everyday`: words that are taken only when nothing better is there.
    """
    fires, quiet = [[Text(one) for one in several] for several in (sketch.fires, sketch.quiet)]
    for query in _candidates(fires, quiet, everyday):
        search = _search(query)
        if search and all(search(text) is not None for text in fires) and not _found(search, quiet):
            return query
    return None


def _candidates(fires: Sequence[Text], quiet: Sequence[Text], everyday: Collection[str]) -> Iterator[str]:
    """The most telling first."""
    terms = sorted(_terms(fires), key=lambda term: (term in everyday, -len(term), term))
    shared = [term for term in terms if _finds_all(term, fires)]
    ordered = _as_said(shared[:_MOST_TERMS], fires[0])
    yield from (f"{one} NEAR/{_NEAR} {other}" for one, other in combinations(ordered, 2))
    yield from shared
    yield from (f"{one} AND {other}" for one, other in combinations(ordered, 2))
    for term in shared:
        unlike = _cover(sorted(_terms(quiet)), [text for text in quiet if _finds_all(term, [text])], fires)
        if unlike:
            yield f"{term} NOT ({' OR '.join(unlike)})" if len(unlike) > 1 else f"{term} NOT {unlike[0]}"
    for several in (terms, sorted(_phrases(fires))):
        cover = _cover(several, fires, quiet)
        if cover:
            yield " OR ".join(cover)


def _terms(texts: Iterable[Text]) -> set[str]:
    """Words that say something, and the beginnings that those of different sentences share."""
    words = [set(_words(text)) for text in texts]
    found = {word for several in words for word in several}
    for some, others in combinations(words, 2):
        found.update(stem for one in some for other in others if (stem := _stem(one, other)))
    return found


def _words(text: Text) -> list[str]:
    bare = _ADDRESSES.sub(" ", text.folded)
    return [word for word in _WORD.findall(bare) if len(word) >= _SHORTEST and word not in usual()]


def _stem(one: str, other: str) -> str | None:
    """`refund*` of refunds and refunded."""
    same = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    length = sum(1 for _ in same)
    endings = len(one) - length, len(other) - length
    if one == other or length < _STEM or max(endings) > _LONGEST_ENDING:
        return None
    return f"{one[:length]}*"


def _phrases(texts: Iterable[Text]) -> set[str]:
    """Two words side by side, one of which says something."""
    found: set[str] = set()
    for text in texts:
        words = re.findall(r"[\w']+", _ADDRESSES.sub(" . ", text.folded))
        pairs = pairwise(words)
        found.update(f"{one} {other}" for one, other in pairs if not {one, other} <= usual().keys())
    return found


def _as_said(terms: Sequence[str], text: Text) -> list[str]:
    """In the order in which a sentence says them."""
    return sorted(terms, key=lambda term: text.folded.find(term.removesuffix("*")))


def _cover(terms: Iterable[str], wanted: Sequence[Text], unwanted: Sequence[Text]) -> list[str]:
    """A few terms one of which is in each wanted text, and none in an unwanted one; or nothing."""
    searches = {term: search for term in terms if (search := _search(term)) and not _found(search, unwanted)}
    left = list(wanted)
    chosen: list[str] = []
    while left and len(chosen) < _LONGEST_COVER:
        best = max(searches, key=lambda term: len(_found(searches[term], left)), default=None)
        if best is None or not _found(searches[best], left):
            return []
        chosen.append(best)
        left = [text for text in left if searches[best](text) is None]
    return [] if left else chosen


def _found(search: Search, texts: Iterable[Text]) -> list[Text]:
    return [text for text in texts if search(text) is not None]


def _finds_all(term: str, texts: Sequence[Text]) -> bool:
    search = _search(term)
    return search is not None and len(_found(search, texts)) == len(texts)


def _search(query: str) -> Search | None:
    parsed = parse(query)
    return compile_query(parsed.query, {}) if parsed.query and not parsed.mistakes else None


def written(sketch: Sketch, query: str, *, column: int = 2) -> str:
    """The rule as YAML, its name in this column."""
    words = [word for word in _words(Text(query)) if word != _NEAR_WORD]
    why = sketch.why or f"Speaks of {', '.join(dict.fromkeys(words))}"
    lines = [
        f"{sketch.name}:",
        f"  why: {_scalar(why)}",
        f"  when: {{text: {_scalar(query)}}}",
        f"  score: {sketch.score}",
        "  tests:",
    ]
    for key, sentences in (("fires", sketch.fires), ("quiet", sketch.quiet)):
        if sentences:
            lines += [f"    {key}:", *(f"      - {json.dumps(one, ensure_ascii=False)}" for one in sentences)]
    return "".join(f"{' ' * column}{line}\n" for line in lines)


def _scalar(text: str) -> str:
    is_plain = _PLAIN.match(text) and not _NOT_TEXT.match(text) and text == text.strip()
    return text if is_plain else json.dumps(text, ensure_ascii=False)


def is_name(name: str) -> bool:
    """Whether a rule can be called so without quotation marks."""
    return _NAME.match(name) is not None and not _NOT_TEXT.match(name)


def added(text: str, sketch: Sketch, query: str) -> str | None:
    """A file's text with the rule behind its other rules; None: where they stand cannot be told.

    Everything else stays as it is.
    """
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    lines = [line + "\n" for line in text.splitlines()]
    if root is None:
        return "".join([*lines, "rules:\n", written(sketch, query)])
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        return None
    starts = {key.value: key.start_mark.line for key, _ in root.value}
    if "rules" not in starts:
        return "".join([*lines, "\n", "rules:\n", written(sketch, query)])
    rules = next(value for key, value in root.value if key.value == "rules")
    column = _column(rules)
    if column is None:
        return None
    behind = min(
        (line for line in starts.values() if line > starts["rules"]), default=_end(lines, starts["rules"])
    )
    at = behind
    while at - 1 > starts["rules"] and (not lines[at - 1].strip() or lines[at - 1].startswith("#")):
        at -= 1
    gap = "\n" if rules.value and any(not line.strip() for line in lines[starts["rules"] : at]) else ""
    return "".join([*lines[:at], gap, written(sketch, query, column=column), *lines[at:]])


def _column(rules: yaml.Node) -> int | None:
    """Where the names of rules begin."""
    if isinstance(rules, yaml.ScalarNode):
        return None if rules.value else 2
    if not isinstance(rules, yaml.MappingNode) or rules.flow_style or not rules.value:
        return None
    column: int = rules.value[0][0].start_mark.column
    return column


def _end(lines: Sequence[str], start: int) -> int:
    ends = (at for at in range(start, len(lines)) if lines[at].startswith(("---", "...")))
    return next(ends, len(lines))
