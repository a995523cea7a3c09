"""The fast matcher equals the plain one; its classes are derived right; its cache can only cost time."""

from __future__ import annotations

import shutil
import sys
import threading
import unicodedata
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from benchmarks import corpus
from bot.matcher import cache
from bot.matcher.classes import changed, needing_fold
from bot.matcher.fast import FastMatcher
from bot.matcher.plain import PlainMatcher, numbers_by_key
from bot.matcher.text import fold, key
from tests.unit import matcher_fuzz
from tests.unit.test_matcher_properties import texts


def differences(patterns: list[str], looked_through: list[str]) -> list[str]:
    """The texts on which the matchers do not agree, or `found` not with `search`."""
    fast, plain = FastMatcher(patterns), PlainMatcher(patterns)
    return [
        text
        for text in looked_through
        if fast.search(text) != (hits := plain.search(text))
        or not fast.found(text) == plain.found(text) == {hit.pattern for hit in hits}
    ]


def test_equal_on_a_fresh_seed(matcher_seed: int) -> None:
    """Thousands of texts nobody has seen before; the summary of the run says how to see them again."""
    for patterns, looked_through in matcher_fuzz.cases(matcher_seed):
        assert differences(patterns, looked_through) == [], patterns


def test_a_seed_means_the_same_again() -> None:
    """What a fresh seed found can be looked at again; another seed is something else."""
    assert list(matcher_fuzz.cases(1)) == list(matcher_fuzz.cases(1))
    assert list(matcher_fuzz.cases(1)) != list(matcher_fuzz.cases(2))


def test_the_fuzz_reaches_every_path() -> None:
    """Of its texts many match, many do not, many need their fold and many do not."""
    matched = folded = count = 0
    for patterns, looked_through in matcher_fuzz.cases(3):
        matcher = FastMatcher(patterns)
        for text in looked_through:
            count += 1
            matched += bool(matcher.found(text))
            folded += not text.isascii() and matcher._lowered(text) is None
    assert 0.3 < matched / count < 0.9
    assert 0.2 < folded / count < 0.9


@settings(deadline=None, max_examples=60)
@given(
    st.lists(texts, min_size=1, max_size=5), st.lists(texts.filter(lambda one: key(one) != ""), max_size=4)
)
def test_equal_on_any_text(looked_through: list[str], patterns: list[str]) -> None:
    """Whatever the texts and the patterns."""
    assert differences(patterns, looked_through) == []


@settings(deadline=None, max_examples=60)
@given(texts, st.lists(st.tuples(st.integers(0, 39), st.integers(1, 8)), min_size=1, max_size=6))
def test_equal_on_patterns_out_of_the_text(text: str, cuts: list[tuple[int, int]]) -> None:
    """Patterns cut out of the text itself, so that there is something to find."""
    patterns = [piece for at, length in cuts if key(piece := text[at : at + length])]
    assert differences(patterns, [text, text.upper(), unicodedata.normalize("NFKD", text)]) == []


def test_many_patterns_on_many_posts() -> None:
    """Ten thousand patterns of all kinds on posts in many scripts: the same posts match, at the same places."""
    patterns = corpus.patterns(10_000)
    fast, plain = FastMatcher(patterns), PlainMatcher(patterns)
    posts = corpus.posts(300)
    assert [plain.search(post) for post in posts] == [fast.search(post) for post in posts]
    assert [plain.found(post) for post in posts] == [fast.found(post) for post in posts]


@pytest.mark.skipif(corpus.data() is None, reason="OUTCARE_DATA names no real posts")
@pytest.mark.timeout(900)
def test_equal_on_all_real_posts() -> None:
    """20,000 real posts × 10,000 patterns, each looked for in each by the plain matcher: minutes of work."""
    assert differences(list(corpus.patterns()), list(corpus.posts())) == []


# --- the classes ---------------------------------------------------------------------------------


def everything() -> list[str]:
    return [chr(code) for code in range(sys.maxunicode + 1)]


def test_what_folding_changes_is_known() -> None:
    """Every character of this Python's Unicode folds to its lower case, or is listed with what it folds to."""
    known = changed()
    for character in everything():
        if character not in known.with_others and not character.isspace():
            assert known.alone.get(character, character.lower()) == fold(character)


def test_what_is_replaced_is_replaced_once() -> None:
    """Its lower case folds like itself, and nothing that takes a character's place is replaced in its turn."""
    alone = changed().alone
    for character, folded in alone.items():
        assert folded == "".join(alone.get(one, one) for one in character.lower())
        assert alone.keys().isdisjoint(folded)


def test_every_mark_with_a_class_is_known() -> None:
    """Marks change places with each other: all of them depend on their neighbours."""
    assert {one for one in everything() if unicodedata.combining(one)} <= changed().with_others


def test_every_blank_is_known() -> None:
    """Blanks become a blank, those of ASCII aside, which a table of bytes sees to; parts of a post stay apart."""
    odd = {one for one in everything() if one.isspace()} - set(" \t\n\v\f\r\x1c\x1d\x1e\x1f\u2029")
    assert {changed().alone[one] for one in odd} == {" "}


@pytest.mark.parametrize("keys", [("acme",), ("new york", "c++"), ("ас", "καφές"), ("…!", "ǆ", "q\u0307")])
def test_left_alone_is_only_what_touches_no_key(keys: tuple[str, ...]) -> None:
    """A character for which a text is not folded either folds to its lower case or into nothing of a key."""
    folded = {key(one): one for one in keys}
    folding, replaced = needing_fold(tuple(folded))
    for character, becomes in changed().alone.items():
        if folding.union(replaced).isdisjoint(character.lower()):
            assert not any(one in folded_key for one in becomes for folded_key in folded) or len(becomes) > 1


def test_an_exclamation_mark_matters_only_to_those_who_look_for_one() -> None:
    """Japanese posts are full of ！: they are folded only where a pattern has a !."""
    assert "！" not in needing_fold(["acme", "new york"])[1]
    assert "！" in needing_fold(["yahoo!"])[1]


def test_an_ellipsis_matters_only_at_the_edge_of_a_key() -> None:
    """The point inside of a handle is not one of three."""
    assert "…" not in needing_fold(["@acme.example"])[1]
    assert "…" in needing_fold(["wait."])[1]
    assert "…" in needing_fold(["a...b"])[1]


def test_every_character_beside_and_inside_of_a_word() -> None:
    """All of Unicode, one after the other: alone, before, behind and inside of what is looked for."""
    patterns = ["acme", "ac", "me", "new york", "can't", "#acme"]
    fast, plain = FastMatcher(patterns), PlainMatcher(patterns)
    for one in (
        *changed().alone,
        *changed().with_others,
        *everything()[:0x3100],
        *everything()[0xFE00:0x10000],
    ):
        for text in (f"{one}acme", f"acme{one}", f"ac{one}me", f"new{one}york", f"can{one}t"):
            assert fast.found(text) == plain.found(text), ascii(text)


# --- the cache -----------------------------------------------------------------------------------

PATTERNS = ["acme", "new york", "カフェ", "a\0b"]
TEXT = "Acme in New\nYork, ｶﾌｪ a\0b"


def kept(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def test_a_second_build_compiles_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same patterns are read from the folder, and find the same."""
    first = FastMatcher(PATTERNS, cache=tmp_path / "new" / "folder")

    def never(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(cache, "compile_apart", never)
    second = FastMatcher(PATTERNS, cache=tmp_path / "new" / "folder")
    assert len(first.search(TEXT)) == 4
    assert first.search(TEXT) == second.search(TEXT)


@pytest.mark.parametrize(
    "program", ["", "/nowhere/python", shutil.which("false") or "", shutil.which("echo") or ""]
)
def test_where_no_process_can_be_had_it_is_compiled_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    """No program, one that is not there, one that fails, one that answers something else."""
    apart = FastMatcher(PATTERNS, cache=tmp_path / "apart")
    monkeypatch.setattr(sys, "executable", program)
    here = FastMatcher(PATTERNS, cache=tmp_path / "here")
    (one,), (other,) = kept(tmp_path / "apart"), kept(tmp_path / "here")
    assert one.read_bytes() == other.read_bytes()
    assert apart.search(TEXT) == here.search(TEXT)


def test_other_patterns_take_the_place_of_the_old_ones(tmp_path: Path) -> None:
    """One file is kept: that of the patterns in use. Other people's files stay."""
    FastMatcher(PATTERNS, cache=tmp_path)
    old = kept(tmp_path)
    (tmp_path / "a.tmp").touch()
    (tmp_path / "notes.txt").touch()
    FastMatcher(["other"], cache=tmp_path)
    new = kept(tmp_path)
    assert len(old) == 1
    assert [".patterns", ".txt"] == sorted(path.suffix for path in new)
    assert set(old).isdisjoint(new)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:10],
        lambda data: data[:-1],
        lambda data: data[:200] + bytes([data[200] ^ 1]) + data[201:],
        lambda data: b"x" * len(data),
    ],
    ids=["empty", "short", "cut", "one bit", "foreign"],
)
def test_a_damaged_file_is_made_anew(tmp_path: Path, damage: object) -> None:
    """One line in the log, the right matcher, and a whole file for the next start."""
    FastMatcher(PATTERNS, cache=tmp_path)
    (path,) = kept(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(damage(whole))  # type: ignore[operator]
    with capture_logs() as logs:
        assert len(FastMatcher(PATTERNS, cache=tmp_path).search(TEXT)) == 4
    assert ["matcher.cache_unread"] == [line["event"] for line in logs]
    assert whole == path.read_bytes()


def test_a_database_of_another_engine_is_made_anew(tmp_path: Path) -> None:
    """A whole file whose content this engine cannot use."""
    FastMatcher(PATTERNS, cache=tmp_path)
    (path,) = kept(tmp_path)
    cache._write(path, b"not of this engine" * 100)
    with capture_logs() as logs:
        assert len(FastMatcher(PATTERNS, cache=tmp_path).search(TEXT)) == 4
    assert ["matcher.cache_unread"] == [line["event"] for line in logs]


def test_a_folder_that_cannot_be_written_is_told_once(tmp_path: Path) -> None:
    """A file stands where the folder should be: the matcher is built all the same."""
    (tmp_path / "taken").touch()
    with capture_logs() as logs:
        assert len(FastMatcher(PATTERNS, cache=tmp_path / "taken").search(TEXT)) == 4
    assert len(logs) <= 2
    assert "matcher.cache_unwritten" in [line["event"] for line in logs]


# --- the rest ------------------------------------------------------------------------------------


def test_several_threads_share_a_matcher() -> None:
    """Each finds what it would find alone."""
    patterns = corpus.patterns(500)
    matcher, posts = FastMatcher(patterns), corpus.posts(400)
    alone = [matcher.found(post) for post in posts]
    together = threading.Barrier(4)

    def look(_: int) -> list[AbstractSet[int]]:
        together.wait(10)
        return [matcher.found(post) for post in posts]

    with ThreadPoolExecutor(4) as pool:
        assert [alone] * 4 == list(pool.map(look, range(4)))


def test_a_builder_breathes() -> None:
    """Whoever builds in a thread leaves the others room every now and then."""
    breaths: list[int] = []
    FastMatcher([f"word{number}" for number in range(1000)], breathe=lambda: breaths.append(1))
    assert len(breaths) >= 20


def test_no_patterns_match_nothing() -> None:
    """An empty watch list is quiet and quick."""
    assert not FastMatcher([]).found("anything ＡＣＭＥ")


def test_what_overlaps_is_all_found() -> None:
    """Parts of each other, with the same end, before and behind each other: all of them are told."""
    matcher = FastMatcher(["a b", "b a", "a", "b", "a b a"])
    assert [2, 0, 4, 3, 1, 2, 0, 3] == [hit.pattern for hit in matcher.search("a b a b")]


def test_patterns_with_one_form_share_a_literal() -> None:
    """All their numbers are found."""
    assert {"acme": (0, 2), "b": (1,)} == numbers_by_key(["Acme", "b", " ＡＣＭＥ "])
    assert [0, 2] == [hit.pattern for hit in FastMatcher(["Acme", "b", " ＡＣＭＥ "]).search("acme")]
