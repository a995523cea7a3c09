"""Text queries: what they find, what they mark, and that a broken one never breaks the parser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.errors import Location
from bot.yamlfile import Node
from rules.patterns import BadPattern, compiled
from rules.places import within
from rules.query import ListName, Near, Pattern, Phrase, Query, Term, parse
from rules.terms import ANY_LANGUAGE, Text, WordList, compile_query

LISTS = {
    "refund": ("refund*", "money back"),
    "waiting": ("still", "waiting", "where is", "weeks"),
}

FOUND = {
    "word": ("refund", "a Refund!", ["Refund"]),
    "phrase over a line break": ("money back", "my money\nback", ["money\nback"]),
    "quoted operator": ('pros "AND" cons', "pros and cons", ["pros and cons"]),
    "quoted parenthesis": ('":("', "oh :( no", [":("]),
    "curly quotation marks": ("“money back”", "money back", ["money back"]),
    "prefix": ("refund*", "REFUNDED today", ["REFUNDED"]),
    "prefix that ends there": ("refund*", "refund", ["refund"]),
    "prefix at the end of a phrase": ("bug hunt*", "our bug hunters", ["bug hunters"]),
    "prefix inside a phrase": ("cancel* my plan", "cancelling my plan", ["cancelling my plan"]),
    "two prefixes": ("cancel* sub*", "cancelled subscriptions", ["cancelled subscriptions"]),
    "and": ("late AND refund", "refund is late", ["late", "refund"]),
    "or takes the first that is there": ("late OR refund", "refund", ["refund"]),
    "and binds closer than or": ("a AND b OR c", "c", ["c"]),
    "parentheses": ("a AND (b OR c)", "a c", ["a", "c"]),
    "not": ("refund NOT policy", "my refund", ["refund"]),
    "and not": ("refund AND NOT policy", "my refund", ["refund"]),
    "not in front": ("NOT policy AND refund", "my refund", ["refund"]),
    "not a group": ("refund NOT (policy OR terms)", "refund", ["refund"]),
    "lower-case and is a word": ("pros and cons", "pros and cons", ["pros and cons"]),
    "list": ("$refund", "give my money back", ["money back"]),
    "list marks what comes first": ("$waiting", "where is it, still", ["where is"]),
    "near": ("late NEAR/2 refund", "late with the refund", ["late with the refund"]),
    "near the other way round": ("late NEAR/2 refund", "refund is so late", ["refund is so late"]),
    "near with nothing between": ("late NEAR/0 refund", "late, refund", ["late, refund"]),
    "near marks what comes first": (
        "$refund NEAR/8 $waiting",
        "@acme STILL waiting for my refund",
        ["STILL waiting for my refund"],
    ),
    "near a group": ("which NEAR/4 (database OR db)", "which good db", ["which good db"]),
    "before": ("late BEFORE/2 refund", "late with the refund", ["late with the refund"]),
    "chain of before": ("a BEFORE/1 b BEFORE/1 c", "a x b y c", ["a x b y c"]),
    "near and before": ("a NEAR/1 b BEFORE/1 c", "b a c", ["b a c"]),
    "regular expression": ("/order \\d{4,}/", "my Order 12345!", ["Order 12345"]),
    "regular expression with a slash": ("/24\\/7/", "open 24/7", ["24/7"]),
    "regular expression with blanks and parentheses": ("/(no|without) reply/ OR a", "No reply", ["No reply"]),
    "regular expression near a word": ("/#\\d+/ NEAR/2 refund", "refund for #77", ["refund for #77"]),
    "regular expression in any case": ("/CAFÉ/", "Le café", ["café"]),
    "regular expression at the end of a part": ("/now$/", "now\u2029not now", ["now"]),
    "regular expression that may also be empty at a boundary": ("/\\bx*\\b/ OR z", "a xx", ["xx"]),
    "chain of near": ("a NEAR/1 b NEAR/1 c", "a x b y c", ["a x b y c"]),
    "chain takes the pair that reaches": ("a NEAR/3 b NEAR/0 c", "a b x b c", ["a b x b c"]),
    "near counts an apostrophe's word once": ("a NEAR/1 b", "a don't b", ["a don't b"]),
    "near does not count punctuation": ("a NEAR/0 b", "a — … 🔥 b", ["a — … 🔥 b"]),
    "hashtag": ("#acme", "ok #ACME", ["#ACME"]),
    "word finds its hashtag": ("acme", "#acme", ["acme"]),
    "C++": ("C++ OR rust", "I write c++", ["c++"]),
    "emoji": ("🔥", "fire🔥", ["🔥"]),
    "curly apostrophe": ("can't log in", "I can’t log in", ["can’t log in"]),
    "substring in a script without blanks": ("返金", "早く返金して", ["返金"]),
    "near in a script without blanks counts characters": ("返金 NEAR/2 待", "返金をず待つ", ["返金をず待"]),
    "negation alone is true by absence": ("NOT policy", "refund", []),
}

QUIET = {
    "whole words only": ("refund", "refunds"),
    "phrase needs its order": ("money back", "back money"),
    "phrase not across parts": ("money back", "money\u2029back"),
    "and needs both": ("late AND refund", "late"),
    "not": ("refund NOT policy", "refund policy"),
    "near too far": ("late NEAR/1 refund", "late with my refund"),
    "near not across parts": ("late NEAR/9 refund", "late\u2029refund"),
    "near wants two different places": ("refund NEAR/5 refund*", "one refund"),
    "near without one side": ("late NEAR/5 refund", "late late late"),
    "prefix inside a phrase goes to its word's end": ("cancel* my", "cancel or my"),
    "phrase of prefixes ends whole": ("cancel* my", "cancelled mystery"),
    "broken off": ("cancel* my plan", "cancel my"),
    "before, the other way round": ("late BEFORE/2 refund", "refund is late"),
    "before too far": ("late BEFORE/1 refund", "late with the refund"),
    "regular expression over parts": ("/a.*b/", "a\u2029b"),
    "regular expression at the end of a part only": ("/^now$/", "now and then\u2029not now"),
    "chain out of reach": ("a NEAR/0 b NEAR/0 c", "a b x c"),
}


def found(query: str, text: str) -> list[str] | None:
    parsed = parse(query)
    assert parsed.query is not None
    assert () == parsed.mistakes
    lists = {name: {ANY_LANGUAGE: [phrase(entry) for entry in entries]} for name, entries in LISTS.items()}
    folded = Text(text)
    places = compile_query(parsed.query, lists)(folded)
    if places is None:
        return None
    return [text[folded.span(*place).start : folded.span(*place).end] for place in places]


def phrase(entry: str) -> Phrase:
    return Phrase((Term(entry.removesuffix("*"), entry.endswith("*")),), 0)


@pytest.mark.parametrize(("query", "text", "marked"), FOUND.values(), ids=FOUND)
def test_finds_and_marks(query: str, text: str, marked: list[str]) -> None:
    """The query is true, by these pieces of the text."""
    assert marked == found(query, text)


@pytest.mark.parametrize(("query", "text"), QUIET.values(), ids=QUIET)
def test_stays_quiet(query: str, text: str) -> None:
    """The query is false."""
    assert found(query, text) is None


def test_mistakes_are_all_reported() -> None:
    """An unclosed parenthesis does not hide the list beside it, nor the operator behind."""
    parsed = parse("$refunds NEAR/5 (late OR waiting AND")
    assert [(16, '"(" is never closed'), (33, 'something is missing after "AND"')] == [
        (mistake.at, mistake.message) for mistake in parsed.mistakes
    ]
    assert isinstance(parsed.query, Near)
    assert ListName("refunds", 0) == parsed.query.left


def test_a_hostile_pattern_cannot_stall() -> None:
    """What takes a backtracking engine for ever takes RE2 as long as the text is."""
    parsed = parse("/(a|a)*b|(a*)*c/")
    assert parsed.query is not None
    assert compile_query(parsed.query, {})(Text("a" * 200_000)) is None


def test_deep_nesting_is_refused() -> None:
    """Thousands of parentheses are a mistake, not a crash."""
    parsed = parse("(" * 5000 + "a")
    assert "parentheses are nested too deeply" in {mistake.message for mistake in parsed.mistakes}


@pytest.mark.parametrize("word", ["AN", "ND", "NO", "NT", "RO", "XR"])
def test_a_short_slip_between_words_is_caught(word: str) -> None:
    """Two capitals where an operator would stand are a slip, not a word."""
    assert parse(f"refund {word} late").mistakes


@pytest.mark.parametrize("query", ["OS", "HR department", "refund in UK", "AI OR ML", "R"])
def test_capitals_that_stand_for_words_are_words(query: str) -> None:
    """Short words in capitals stay words where no operator could be meant."""
    assert () == parse(query).mistakes


PIECES = [
    "AND",
    "OR",
    "NOT",
    "NEAR/3",
    "NEAR/",
    "BEFORE/2",
    "/(/",
    "/y",
    "(",
    ")",
    '"',
    "$a",
    "$",
    "/x/",
    "a*",
    "*",
    "w",
    "-w",
    ",",
    "\u2029",
]


@settings(deadline=None)
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=4)), max_size=14).map(" ".join))
def test_parsing_is_total(query: str) -> None:
    """Any text is parsed or reported, with places inside it, and what is parsed can be searched."""
    parsed = parse(query)
    assert all(0 <= mistake.at <= len(query) and mistake.message for mistake in parsed.mistakes)
    assert parsed.query is not None or parsed.mistakes
    if parsed.query is not None and not parsed.mistakes:
        assume(not any(map(_is_refused, _patterns(parsed.query))))
        compile_query(parsed.query, _AnyList())(Text(query))


def _patterns(query: Query) -> Iterator[str]:
    """The regular expressions in a query."""
    if isinstance(query, Pattern):
        yield query.text
    parts = getattr(query, "parts", ()) or [
        part for name in ("left", "right", "part") if (part := getattr(query, name, None)) is not None
    ]
    for part in parts:
        yield from _patterns(part)


def _is_refused(pattern: str) -> bool:
    try:
        compiled(pattern)
    except BadPattern:
        return True
    return False


class _AnyList(dict[str, WordList]):
    """Every list name is known, and empty."""

    def __missing__(self, name: str) -> WordList:
        return {ANY_LANGUAGE: ()}


def test_a_hostile_post_cannot_stall_a_chain() -> None:
    """A post made of nothing but near words is judged in bounded time."""
    parsed = parse("a* NEAR/100 b NEAR/100 c")
    assert parsed.query is not None
    assert compile_query(parsed.query, {})(Text("a b " * 4000 + "x " * 200 + "c")) is None


def test_a_tree_that_marks_no_places_is_refused() -> None:
    """NEAR over NOT is the parser's mistake to report; the compiler never makes it false in silence."""
    parsed = parse("a NEAR/2 (b AND c)")
    assert parsed.query is not None
    with pytest.raises(TypeError, match="And marks no places"):
        compile_query(parsed.query, {})


def test_a_place_that_cannot_be_told_is_the_texts_own() -> None:
    """Without the file's text, an error points at the beginning of the query."""
    node = Node("late OR", Location(Path("a.yaml"), 3, 9), {}, "late OR")
    assert node.location == within(node, 5, {})
    assert Location(Path("a.yaml"), 3, 14) == within(node, 5, {Path("a.yaml"): "\n\n  text: late OR\n"})
