"""Every Unicode trap that was met while measuring is a named case."""

from __future__ import annotations

import pytest

from bot.matcher.plain import Hit, PlainMatcher

FOUND = {
    "plain": ("acme", "I like acme a lot", "acme"),
    "other case": ("acme", "ACME!", "ACME"),
    "pattern in capitals": ("ACME", "my acme", "acme"),
    "hashtag": ("acme", "so #acme", "acme"),
    "at name": ("acme", "hey @acme", "acme"),
    "possessive": ("acme", "acme's app", "acme"),
    "between punctuation": ("acme", "(acme)", "acme"),
    "hyphen beside it": ("acme", "acme-like", "acme"),
    "Kelvin sign": ("kelvin", "\u212aelvin", "\u212aelvin"),
    "Kelvin sign in the pattern": ("\u212aelvin", "kelvin", "kelvin"),
    "full-width": ("acme", "ＡＣＭＥ", "ＡＣＭＥ"),
    "bold maths": ("acme", "buy 𝗔𝗰𝗺𝗲 now", "𝗔𝗰𝗺𝗲"),
    "ligature": ("firefly", "ﬁreﬂy", "ﬁreﬂy"),
    "half-width kana": ("アクメ", "ｱｸﾒです", "ｱｸﾒ"),
    "half-width voiced kana": ("ガス", "ｶﾞｽ", "ｶﾞｽ"),
    "sharp s and SS": ("straße", "STRASSE 5", "STRASSE"),
    "SS and sharp s": ("strasse", "die Straße", "Straße"),
    "decomposed accent in the text": ("café", "my cafe\u0301 now", "cafe\u0301"),
    "decomposed accent in the pattern": ("cafe\u0301", "my café now", "café"),
    "full-width hash": ("#acme", "＃acme", "＃acme"),
    "full-width punctuation in the text": ("@user.name", "＠user．name", "＠user．name"),
    "full-width punctuation in the pattern": ("@user．name", "@user.name", "@user.name"),
    "Latin inside kana": ("acme", "アクメacmeの話", "acme"),
    "Latin inside ideographs": ("acme", "我用acme很久", "acme"),
    "Latin inside Thai": ("acme", "ซื้อacmeแล้ว", "acme"),
    "Latin with a Korean particle": ("acme", "acme를 샀다", "acme"),
    "ideographs inside ideographs": ("東京", "新東京駅", "東京"),
    "Korean with a particle": ("삼성", "삼성이", "삼성"),
    "decomposed Hangul": (
        "삼성",
        "\u1109\u1161\u11b7\u1109\u1165\u11bc",
        "\u1109\u1161\u11b7\u1109\u1165\u11bc",
    ),
    "Thai inside Thai": ("กาแฟ", "ร้านกาแฟดี", "กาแฟ"),
    "line break in a phrase": ("new york", "in New\nYork", "New\nYork"),
    "tab in a phrase": ("new york", "in new\tyork", "new\tyork"),
    "many blanks in a phrase": ("new york", "new  \r\n  york", "new  \r\n  york"),
    "no-break space in a phrase": ("new york", "new\u00a0york", "new\u00a0york"),
    "ideographic space in a phrase": ("new york", "new\u3000york", "new\u3000york"),
    "line separator in a phrase": ("new york", "new\u2028york", "new\u2028york"),
    "blanks in the pattern": (" new \t york ", "New York", "New York"),
    "curly apostrophe": ("can't", "I can’t", "can’t"),
    "modifier apostrophe": ("can't", "I canʼt", "canʼt"),
    "acute accent as apostrophe": ("can't", "I can´t", "can´t"),
    "curly apostrophe in the pattern": ("can’t", "I can't", "can't"),
    "trade mark sign": ("acme", "Acme™ rocks", "Acme"),
    "registered sign": ("acme", "Acme® rocks", "Acme"),
    "C++": ("C++", "we use c++ here", "c++"),
    "C++ before digits": ("C++", "C++20", "C++"),
    "Google+": ("Google+", "bring google+ back", "google+"),
    "word before a plus": ("google", "google+", "google"),
    "emoji": ("🔥", "hot🔥🔥", "🔥"),
    "emoji with a skin tone": ("👍", "👍🏽", "👍"),
    "Cyrillic case": ("акме", "АКМЕ!", "АКМЕ"),
    "Greek final sigma": ("ΟΔΟΣ", "οδος", "οδος"),
    "Greek final sigma form": ("οδοσ", "ὁ οδος", "οδος"),
    "dotted capital I": ("i̇stanbul", "İstanbul", "İstanbul"),
    "Arabic": ("مرحبا", "قال مرحبا لنا", "مرحبا"),
    "Devanagari": ("राम", "जय राम!", "राम"),
    "Bengali vowel sign that composes": ("কো", "ক\u09c7\u09be", "ক\u09c7\u09be"),
    "after an astral character": ("acme", "𝗔𝗕 acme", "acme"),
    "soft hyphen after the word": ("acme", "acme\u00ad", "acme"),
}

QUIET = {
    "inside a word": ("acme", "acmeology"),
    "end of a word": ("acme", "pacme"),
    "underscore": ("acme", "acme_corp"),
    "digit beside it": ("acme", "acme2"),
    "hashtag pattern, plain word": ("#acme", "acme"),
    "hashtag pattern, at name": ("#acme", "@acme"),
    "at pattern, mail address": ("@acme", "bob@acme.com"),
    "hashtag pattern, page anchor": ("#acme", "example.org/page#acme"),
    "accent is not its letter": ("cafe", "café"),
    "accent is not its letter, decomposed": ("cafe", "cafe\u0301"),
    "letter is not its accent": ("café", "cafe"),
    "a mark that composes with nothing": ("acme", "acmeq\u0301 acme\u0327\u0323\u030a"),
    "zero-width joiner inside": ("acme", "ac\u200dme"),
    "zero-width non-joiner inside": ("acme", "ac\u200cme"),
    "half a word before a joiner": ("ac", "ac\u200dme"),
    "half a word after a joiner": ("me", "ac\u200dme"),
    "soft hyphen goes on": ("acme", "acme\u00adology"),
    "part of a ligature's word": ("re", "ﬁre"),
    "phrase across two parts": ("new york", "new\u2029york"),
    "phrase across two parts with blanks": ("new york", "new \u2029 york"),
    "phrase without its blank": ("new york", "newyork"),
    "phrase with a comma": ("new york", "new, york"),
    "C++ without signs": ("C++", "C is fine"),
    "C++ with one sign": ("C++", "C+ is a grade"),
    "Devanagari vowel sign goes on": ("राम", "रामायण"),
    "digits glued to a unit": ("km", "5㎞"),
    "empty text": ("acme", ""),
}


@pytest.mark.parametrize(("pattern", "text", "marked"), FOUND.values(), ids=FOUND)
def test_finds(pattern: str, text: str, marked: str) -> None:
    """The pattern is found, and its first hit marks exactly this piece of the original."""
    matcher = PlainMatcher([pattern])
    hit = matcher.search(text)[0]
    assert marked == text[hit.start : hit.end]
    assert matcher.matches(text)


@pytest.mark.parametrize(("pattern", "text"), QUIET.values(), ids=QUIET)
def test_stays_quiet(pattern: str, text: str) -> None:
    """The pattern is not found."""
    matcher = PlainMatcher([pattern])
    assert matcher.search(text) == ()
    assert not matcher.matches(text)


def test_offsets_count_in_the_original() -> None:
    """Characters that grow or shrink when they are normalised don't shift what comes after them."""
    text = "ﬁ  ㎞\r\nStraße é e\u0301 ＃acme ok"
    hits = PlainMatcher(["acme", "#acme", "straße é é"]).search(text)
    assert [text[hit.start : hit.end] for hit in hits] == ["Straße é e\u0301", "＃acme", "acme"]


def test_hits_carry_their_pattern_and_may_overlap() -> None:
    """Patterns with the same normal form hit together; overlapping hits are all there, in order."""
    hits = PlainMatcher(["York", "new york", "YORK"]).search("New York")
    assert (Hit(1, 0, 8), Hit(0, 4, 8), Hit(2, 4, 8)) == hits


def test_same_word_twice_is_two_hits() -> None:
    """Each place where a pattern stands is a hit."""
    assert (Hit(0, 0, 4), Hit(0, 5, 9)) == PlainMatcher(["acme"]).search("acme acme")


@pytest.mark.parametrize("blank", ["", "  ", "\t\n", "\u2029"])
def test_a_blank_pattern_is_refused(blank: str) -> None:
    """A pattern with nothing to look for would be everywhere."""
    with pytest.raises(ValueError, match="pattern 1 is blank"):
        PlainMatcher(["acme", blank])


def test_no_patterns_find_nothing() -> None:
    """An empty watch list is quiet."""
    assert PlainMatcher([]).search("anything") == ()
