"""How cues are read from the data files and found in words."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from rules.signals import cues, lexicon, phrases
from rules.signals.names import EVERY
from rules.signals.phrases import Cue, Vocabulary

NAMES = {*EVERY} - {"fake"}


def test_every_language_has_a_data_file_that_loads() -> None:
    """Each named language has every signal that words can tell, and no file lies unused."""
    assert {f"{lang}.yaml" for lang in (*lexicon.LANGUAGES, "any")} == {
        p.name for p in lexicon.DATA.iterdir()
    }
    for lang in lexicon.LANGUAGES:
        known = lexicon.load(lang)
        assert known is not None
        assert set(known.scales) == NAMES
        assert len(known.common) > 40


def test_no_lexicon_for_an_unlisted_language() -> None:
    """A name that is no data file never becomes a path."""
    assert lexicon.load("../en") is None


def test_a_phrase_in_two_groups_is_refused() -> None:
    """A contradiction in a data file is found when it is loaded, not when it misleads."""
    one, two = Cue("one", 1.0, 1.0), Cue("two", 2.0, 2.0)
    with pytest.raises(ValueError, match="'so bad' stands in one and in two"):
        Vocabulary([[("so bad", one), ("so bad", two)]])
    Vocabulary([[("so bad", one)], [("so bad", two)]])


def found(vocabulary: Vocabulary, tokens: list[str], starts: set[int]) -> list[list[tuple[str, int, int]]]:
    words = vocabulary.words(tokens)
    hits = vocabulary.find(words, starts, [at for at, word in enumerate(words) if word.begins])
    return [[(hit.cue.group, hit.start, hit.end) for hit in each] for each in hits]


def test_the_longest_phrase_wins() -> None:
    """ "not bad" is found as one, "bad*" and numbers by their kind; of two sets each finds its own."""
    pairs = [
        ("bad", "short"),
        ("not bad", "long"),
        ("broke*", "stem"),
        ("# days|weeks", "count"),
        ("^is it", "start"),
    ]
    cues = [(phrase, Cue(name, 1.0, 1.0)) for phrase, name in pairs]
    vocabulary = Vocabulary([cues, [("bad broken", Cue("two", 1.0, 1.0))]], numbers=frozenset({"two"}))
    tokens = ["not", "bad", "broken", "two", "weeks", "is", "it", "bad"]
    assert found(vocabulary, tokens, {0}) == [
        [("long", 0, 2), ("stem", 2, 3), ("count", 3, 5), ("short", 7, 8)],
        [("two", 1, 3)],
    ]
    assert found(vocabulary, ["is", "it"], {0}) == [[("start", 0, 2)], []]


def test_a_beginning_wins_over_an_equal_phrase_and_loses_to_a_longer_one() -> None:
    """Where a clause begins "^why" is meant; "why not" is longer."""
    cues = [("why", "anywhere"), ("^why", "start"), ("why not", "longer")]
    vocabulary = Vocabulary([[(phrase, Cue(name, 1.0, 1.0)) for phrase, name in cues]])
    assert found(vocabulary, ["why", "me", "why"], {0}) == [[("start", 0, 1), ("anywhere", 2, 3)]]
    assert found(vocabulary, ["why", "not"], {0}) == [[("longer", 0, 2)]]


def test_the_memory_of_words_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ever new words do not fill the memory, and forgetting changes no result."""
    monkeypatch.setattr(phrases, "_MEMORY", 10)
    vocabulary = Vocabulary([[("bad", Cue("g", 1.0, 1.0))]])
    assert [found(vocabulary, [f"w{n}", "bad"], set()) for n in range(50)] == [[[("g", 1, 2)]]] * 50
    assert len(vocabulary._seen) <= 10


def test_sigmoid_of_nothing_is_a_half() -> None:
    """The scale's middle is even odds."""
    assert cues.sigmoid(0) == 0.5


def test_the_data_files_stand_inside_the_package() -> None:
    """What the wheel takes with `packages = [… "rules"]` is beside the code."""
    assert Path(lexicon.__file__).parent / "data" == lexicon.DATA


def test_a_language_knows_what_its_file_has_cues_for() -> None:
    """A file without a section leaves that signal unknown instead of calling every text harmless."""
    shared = {name: {"bias": -1.0} for name in lexicon.SCALES}
    built = lexicon._build("xx", shared, {"complaint": {}, "question": {}, "thanks": {}})
    assert set(built.scales) == {"complaint", "question", "thanks"}


def test_a_word_between_two_signs_begins_no_clause_but_a_nickname_does() -> None:
    """ "anna84 where is it": who is called by name is asked next."""
    known = lexicon.load("en")
    assert known is not None
    assert known.starts(["anna84", "where", "is"]) == {0, 1}
    assert known.starts(["anna", "where", "is"]) == {0}


def test_numbers_are_no_memory_each() -> None:
    """There is no end of them: each is the same word, and none is remembered."""
    vocabulary = Vocabulary([[("# days", Cue("one", 1.0, 1.0))]])
    tracemalloc.start()
    try:
        first = vocabulary.words(["1", "days"])[0]
        before = tracemalloc.get_traced_memory()[0]
        assert all(vocabulary.words([str(number)]) == [first] for number in range(2_000))
        assert 20_000 > tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert first.begins
