"""What must hold of the normal form and its map for any text."""

from __future__ import annotations

import re
import sys
import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.matcher.plain import PlainMatcher
from bot.matcher.text import (
    FoldedText,
    _changing,
    _composes,
    _word_starts,
    _word_starts_of_any,
    fold,
    fold_characters,
    key,
)

ODD = "aAéßﬁＡｶﾞKkſİıς㎞½™®’´'\u0301\u0323\u0345\u200d\u2029\u00a0\t\n  กาแ각ᄀ가\u09c7\u09be#@+_🔥👍🏽"
texts = st.text(alphabet=st.one_of(st.sampled_from(ODD), st.characters()), max_size=40)


def places(original: str) -> tuple[list[int], list[int]]:
    """For each folded character, where the piece of the original that it came from starts and ends."""
    folded = ""
    starts: list[int] = []
    ends: list[int] = []
    pieces = {start: end for start, end, _ in _changing(original)}
    at = 0
    while at < len(original):
        end = pieces.get(at, at + 1)
        became = fold_characters(original[at:end])
        folded += became
        starts += [at] * len(became)
        ends += [end] * len(became)
        at = end
    for run in reversed(list(re.finditer(r"[^\S\u2029]{2,}", folded))):
        starts[run.start() : run.end()] = [starts[run.start()]]
        ends[run.start() : run.end()] = [ends[run.end() - 1]]
    return starts, ends


@settings(deadline=None)
@given(texts)
def test_the_map_is_as_long_as_the_folded_text(text: str) -> None:
    """Folding piece by piece gives the same text as folding the whole."""
    starts, ends = places(text)
    assert len(fold(text)) == len(starts) == len(ends)


@settings(deadline=None)
@given(texts)
def test_the_map_never_goes_back(text: str) -> None:
    """Places in the original rise with places in the folded text and stay inside it."""
    starts, ends = places(text)
    assert sorted(starts) == starts
    assert sorted(ends) == ends
    assert all(0 <= start < end <= len(text) for start, end in zip(starts, ends, strict=True))


@settings(deadline=None)
@given(texts)
def test_each_marked_piece_folds_to_what_was_found(text: str) -> None:
    """The piece of the original that a folded character came from contains that character, folded."""
    whole = FoldedText(text)
    for at, character in enumerate(whole.folded):
        span = whole.span(at, at + 1)
        assert character in fold(text[span.start : span.end])


@settings(deadline=None)
@given(texts)
def test_the_form_of_accents_makes_no_difference(text: str) -> None:
    """Composed and decomposed texts fold to the same."""
    assert fold(unicodedata.normalize("NFC", text)) == fold(unicodedata.normalize("NFD", text))


@settings(deadline=None)
@given(st.text(alphabet="abcéßﬁＡ漢กк", min_size=1, max_size=6), texts, texts)
def test_a_word_between_blanks_is_always_found(word: str, before: str, after: str) -> None:
    """Whatever stands around it, a word with blanks on both sides is found where it stands."""
    text = f"{before} {word} {after}"
    spans = {(hit.start, hit.end) for hit in PlainMatcher([word]).search(text)}
    assert (len(before) + 1, len(before) + 1 + len(word)) in spans


@settings(deadline=None)
@given(texts, st.lists(texts.filter(lambda pattern: key(pattern) != ""), max_size=4))
def test_search_and_matches_agree(text: str, patterns: list[str]) -> None:
    """`matches` says whether `search` would find something."""
    matcher = PlainMatcher(patterns)
    assert bool(matcher.search(text)) == bool(matcher.found(text))


@settings(deadline=None)
@given(
    st.text(alphabet="aB é'ﬁＡк漢の#@.+_™\u0301\u00ad\u200d\u2029", min_size=1, max_size=30),
    st.lists(st.tuples(st.integers(0, 29), st.integers(1, 8)), min_size=1, max_size=6),
)
def test_no_piece_of_a_text_is_passed_over(text: str, cuts: list[tuple[int, int]]) -> None:
    """Patterns cut out of the text itself: what `matches` does not look at could not have been found."""
    patterns = [piece for at, length in cuts if key(piece := text[at : at + length])]
    for pattern in patterns:
        matcher = PlainMatcher([pattern])
        assert bool(matcher.search(text)) == bool(matcher.found(text))


@settings(deadline=None)
@given(st.text(alphabet="ab c.#@", max_size=30), st.text(alphabet="ab", min_size=1, max_size=3))
def test_ascii_words_equal_a_regular_expression(text: str, word: str) -> None:
    """On plain text the matcher is what everybody's `\\b` is."""
    expected = [(found.start(), found.end()) for found in re.finditer(rf"\b{word}\b", text)]
    assert expected == [(hit.start, hit.end) for hit in PlainMatcher([word]).search(text)]


def test_every_character_that_composes_is_known() -> None:
    """Each character of this Python's Unicode that composes with the one before it keeps to its piece."""
    seconds = set()
    for code in range(sys.maxunicode + 1):
        parts = unicodedata.decomposition(chr(code)).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            seconds.add(chr(int(parts[1], 16)))
    assert len(seconds) > 50
    assert set() == {second for second in seconds if not _composes(second)}


usual = st.lists(
    texts
    | st.sampled_from(
        ["é", "Ñandú", "’s", "don't", "ß", "İ", "e\u0301", "❤\ufe0f", "\u2029", "  ", "\n", "１"]
    )
).map("".join)


@settings(deadline=None, max_examples=500)
@given(usual | texts, st.data())
def test_the_way_back_is_that_of_a_map_of_every_character(original: str, data: st.DataObject) -> None:
    """A place is found over the few pieces that changed: the same as looked up character by character."""
    whole = FoldedText(original)
    starts, ends = places(original)
    singly = [whole.span(at, at + 1) for at in range(len(starts))]
    assert list(zip(starts, ends, strict=True)) == [(span.start, span.end) for span in singly]
    if starts:
        first = data.draw(st.integers(0, len(starts) - 1))
        last = data.draw(st.integers(first, len(starts) - 1))
        span = whole.span(first, last + 1)
        assert (starts[first], ends[last]) == (span.start, span.end)


@settings(deadline=None, max_examples=500)
@given(usual)
def test_the_shortcut_for_words_gives_the_same(original: str) -> None:
    """Counted by a pattern or character by character, words begin at the same places."""
    folded = fold(original)
    assert list(_word_starts_of_any(folded)) == list(_word_starts(folded))


@settings(deadline=None, max_examples=500)
@given(usual | texts, st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=30))
def test_words_in_between_are_counted_the_same_near_and_far(
    original: str, asked: list[tuple[int, int]]
) -> None:
    """However often it is asked, no word is counted but those that begin in between, and each of them."""
    whole = FoldedText(original)
    starts = list(_word_starts_of_any(whole.folded))
    for end, length in asked:
        start = min(end + length, len(whole.folded))
        between = sum(end <= at < start for at in starts)
        assert [words for words in range(30) if between <= words] == [
            words for words in range(30) if whole.is_near(end, start, words)
        ]
