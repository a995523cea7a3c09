"""Every Unicode trap that was met while measuring is a named case, for the plain matcher and the fast one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from bot.matcher.fast import FastMatcher
from bot.matcher.plain import Hit, PlainMatcher

Make = Callable[[Sequence[str]], PlainMatcher | FastMatcher]
both = pytest.mark.parametrize("make", [PlainMatcher, FastMatcher])

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
    "circled letters": ("acme", "Ⓐⓒⓜⓔ!", "Ⓐⓒⓜⓔ"),
    "long s": ("stop", "ſtop", "ſtop"),
    "capital sharp s": ("straße", "STRAẞE", "STRAẞE"),
    "micro sign": ("μm", "5 µm", "µm"),
    "Ohm sign": ("ω", "5 Ω", "Ω"),
    "Angstrom sign": ("å", "5 Å", "Å"),
    "digraph": ("džep", "ǅep", "ǅep"),
    "apostrophe inside a letter": ("ŉ", "so ŉ ding", "ŉ"),
    "j with a caron, which has no capital": ("ǰa", "J\u030cA", "J\u030cA"),
    "iota with three marks": ("ΐ", "Ϊ\u0301", "Ϊ\u0301"),
    "iota below": ("ᾳ", "ΑΙ", "ΑΙ"),
    "Cherokee, whose capitals came first": ("ᏣᎳᎩ", "ꮳꮃꭹ", "ꮳꮃꭹ"),
    "Arabic ligature": ("صلى الله عليه وسلم", "قال ﷺ ذلك", "ﷺ"),
    "unit sign": ("km", "㎞", "㎞"),
    "fraction": ("1⁄2", "½ off", "½"),
    "ellipsis that is three points": ("wait...", "wait…", "wait…"),
    "half of an ellipsis": ("acme.", "acme…", "acme…"),
    "points that an ellipsis goes on with": ("....", "….", "…."),
    "full-width exclamation mark": ("yahoo!", "ｙａｈｏｏ！", "ｙａｈｏｏ！"),
    "full-width exclamation mark alone": ("acme", "acme！", "acme"),
    "wave dash": ("~acme~", "～acme～", "～acme～"),
    "two ideographic spaces": ("new york", "new\u3000\u3000york", "new\u3000\u3000york"),
    "next line in a phrase": ("new york", "new\u0085york", "new\u0085york"),
    "Ogham blank in a phrase": ("new york", "new\u1680york", "new\u1680york"),
    "file separator in a phrase": ("new york", "new\x1cyork", "new\x1cyork"),
    "blanks of all kinds in a phrase": ("new york", "new\u00a0\t\u3000 york", "new\u00a0\t\u3000 york"),
    "diaeresis that becomes a blank and a mark": ("a \u0308b", "a¨b", "a¨b"),
    "marks in another order": ("q\u0323\u0307", "q\u0307\u0323", "q\u0307\u0323"),
    "iota below among marks": ("ᾴ", "ᾳ\u0301", "ᾳ\u0301"),
    "Thai tone mark": ("น้ำ", "ดื่มน้ำเย็น", "น้ำ"),
    "Hindi nukta": ("ज़रा", "ज\u093cरा सुनो", "ज\u093cरा"),
    "Hebrew points": ("שָׁלוֹם", "שׁ\u05b8לוֹם", "שׁ\u05b8לוֹם"),
    "vowel sign that composes inside a word": ("কোম", "ক\u09c7\u09beম", "ক\u09c7\u09beম"),
    "family emoji": ("👨\u200d👩\u200d👧", "we 👨\u200d👩\u200d👧!", "👨\u200d👩\u200d👧"),
    "emoji with a variation selector": ("❤", "I ❤\ufe0f it", "❤\ufe0f"),
    "half a surrogate pair beside it": ("acme", "\ud800 acme", "acme"),
    "half a surrogate pair in the pattern": ("a\udc00b", "so a\udc00b", "a\udc00b"),
    "zero byte in the pattern": ("a\0b", "so A\0B", "A\0B"),
    "zero byte in a text that is not ASCII": ("a\0b", "é A\0B", "A\0B"),
    "zero byte beside the word": ("acme", "é\0acme\0", "acme"),
    "a pattern of one letter": ("x", "on X today", "X"),
    "a pattern longer than any post": ("é" * 700, "É" * 700 + "!", "É" * 700),
    "after the same letters inside a word": ("acme", "acmes pacme acme", "acme"),
    "in another part of the post": ("acme", "nothing\u2029acme", "acme"),
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
    "vowel sign that composes with the word's end": ("ক\u09c7", "ক\u09c7\u09be"),
    "Hangul final that composes with the word's end": ("가", "가\u11a8"),
    "trap letter out of a letter": ("ŉ", "ʼn"),
    "apostrophe is not the letter with one": ("'n", "ŉ"),
    "trade mark is not its letters": ("acmetm", "acme™"),
    "service mark is not its letters": ("sm", "℠"),
    "more than an ellipsis": ("wait....", "wait…"),
    "zero byte ends nothing": ("a\0b", "a\0c"),
    "not quite a pattern longer than any post": ("é" * 700, "é" * 699 + "e"),
    "a longer word than a pattern longer than any post": ("e" * 700, "e" * 701),
    "empty text": ("acme", ""),
}


@both
@pytest.mark.parametrize(("pattern", "text", "marked"), FOUND.values(), ids=FOUND)
def test_finds(make: Make, pattern: str, text: str, marked: str) -> None:
    """The pattern is found, and its first hit marks exactly this piece of the original."""
    matcher = make([pattern])
    hit = matcher.search(text)[0]
    assert marked == text[hit.start : hit.end]
    assert matcher.found(text)


@both
@pytest.mark.parametrize(("pattern", "text"), QUIET.values(), ids=QUIET)
def test_stays_quiet(make: Make, pattern: str, text: str) -> None:
    """The pattern is not found."""
    matcher = make([pattern])
    assert matcher.search(text) == ()
    assert not matcher.found(text)


@both
def test_offsets_count_in_the_original(make: Make) -> None:
    """Characters that grow or shrink when they are normalised don't shift what comes after them."""
    text = "ﬁ  ㎞\r\nStraße é e\u0301 ＃acme ok"
    hits = make(["acme", "#acme", "straße é é"]).search(text)
    assert [text[hit.start : hit.end] for hit in hits] == ["Straße é e\u0301", "＃acme", "acme"]


@both
def test_hits_carry_their_pattern_and_may_overlap(make: Make) -> None:
    """Patterns with the same normal form hit together; overlapping hits are all there, in order."""
    hits = make(["York", "new york", "YORK"]).search("New York")
    assert (Hit(1, 0, 8), Hit(0, 4, 8), Hit(2, 4, 8)) == hits


@both
def test_same_word_twice_is_two_hits(make: Make) -> None:
    """Each place where a pattern stands is a hit."""
    assert (Hit(0, 0, 4), Hit(0, 5, 9)) == make(["acme"]).search("acme acme")


@both
@pytest.mark.parametrize("blank", ["", "  ", "\t\n", "\u2029"])
def test_a_blank_pattern_is_refused(make: Make, blank: str) -> None:
    """A pattern with nothing to look for would be everywhere."""
    with pytest.raises(ValueError, match="pattern 1 is blank"):
        make(["acme", blank])


@both
def test_no_patterns_find_nothing(make: Make) -> None:
    """An empty watch list is quiet."""
    assert make([]).search("anything") == ()
