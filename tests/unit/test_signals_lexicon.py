"""How cues are read from the data files and found in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from rules.signals import cues, lexicon
from rules.signals.names import EVERY

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
    one, two = lexicon.Cue("one", 1.0, 1.0), lexicon.Cue("two", 2.0, 2.0)
    with pytest.raises(ValueError, match="'so bad' stands in one and in two"):
        lexicon.Phrases([("so bad", one), ("so bad", two)])


def test_the_longest_phrase_wins() -> None:
    """ "not bad" is found as one, "bad*" and numbers by their kind."""
    kinds = {name: lexicon.Cue(name, 1.0, 1.0) for name in ("short", "long", "stem", "count", "start")}
    pairs = [
        ("bad", "short"),
        ("not bad", "long"),
        ("broke*", "stem"),
        ("# days|weeks", "count"),
        ("^is it", "start"),
    ]
    phrases = lexicon.Phrases([(p, kinds[n]) for p, n in pairs])
    vocabulary = lexicon.Vocabulary([phrases], numbers=frozenset({"two"}))
    words = vocabulary.words(["not", "bad", "broken", "two", "weeks", "is", "it", "bad"])
    assert [(hit.cue.group, hit.start, hit.end) for hit in phrases.find(words, {0}, range(8))] == [
        ("long", 0, 2),
        ("stem", 2, 3),
        ("count", 3, 5),
        ("short", 7, 8),
    ]
    assert [hit.cue.group for hit in phrases.find(vocabulary.words(["is", "it"]), {0}, [0, 1])] == ["start"]


def test_the_memory_of_words_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ever new words do not fill the memory, and forgetting changes no result."""
    monkeypatch.setattr(lexicon, "_MEMORY", 10)
    phrases = lexicon.Phrases([("bad", lexicon.Cue("g", 1.0, 1.0))])
    vocabulary = lexicon.Vocabulary([phrases])
    assert (
        sum(1 for n in range(50) for _ in phrases.find(vocabulary.words([f"w{n}", "bad"]), set(), [0, 1]))
        == 50
    )
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
