"""A query that staff says in a chat, as the rules understand it: whole words, any case, AND, OR, NOT,
"phrases".

Patterns and word lists are the rule files' own: what is said in a chat is read by people who see no file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.query import ListName, Pattern, is_positive, parse, show, walk
from rules.terms import Text, compile_query

if TYPE_CHECKING:
    from collections.abc import Callable

    from rules.query import Query


def canonical(text: str) -> str | None:
    """The query as it is kept, so that it is found again however it was typed; None: it cannot be used."""
    query = _usable(text)
    return None if query is None else show(query)


def finder(text: str) -> Callable[[str], bool]:
    """Whether a text is meant by the query; by one that cannot be used, none is."""
    query = _usable(text)
    if query is None:
        return lambda _: False
    search = compile_query(query, {})
    return lambda said: search(Text(said)) is not None


def _usable(text: str) -> Query | None:
    """None too for what is said by leaving words out: it would silence nearly all there is."""
    parsed = parse(text)
    if parsed.query is None or parsed.mistakes or not is_positive(parsed.query):
        return None
    is_of_files = any(isinstance(part, ListName | Pattern) for part in walk(parsed.query))
    return None if is_of_files else parsed.query
