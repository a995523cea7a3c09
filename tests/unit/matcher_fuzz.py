"""Texts and patterns made to tell a fast matcher from the plain one, the same for the same seed."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable, Iterator

from bot.matcher.classes import changed
from bot.matcher.text import key

ROUNDS = 8
TEXTS = 120

SENTENCES = (
    "The Acme Kettle leaks, can't you fix it before New York Coffee Week?",
    "@acme.help I've waited 3 weeks!! #AcmeFail don't buy… seriously…",
    "Office staff ﬁnd the firefly offer (C++, Google+) at 5 km for 1/2 price: ok",
    "Die Straße zum Café Größe ist naß, STRASSE und Mass sind es nicht",
    "L’été dernier j’ai acheté une cafetière « Acme » à l'œuvre",
    "İstanbul'da ıslak ISPARTA ve iyi bir çay, Iğdır",
    "Η οδός ΟΔΟΣ είναι μακριά, ο Σίσυφος κι ο κόσμος",
    "Мне нравится АКМЕ, но ёлка и йод дороже, чем чайник",
    "新キャラのアクメacmeの話！！　東京タワー～ガスが高い",
    "ｱｸﾒのｶﾞｽはＡＣＭＥ　１２３円（税込）：ok？",
    "我用acme很久了，东京的咖啡「很好」……三毛",
    "삼성이 acme를 샀다 커피 각각 한국어",
    "ร้านกาแฟที่acmeดีมากน้ำใจ",
    "जय राम! ज़रा फ़ोन क्षमा कीजिए रामायण",
    "আমার কোম্পানি কৌশল বাংলা",
    "قال مرحبا لنا، مُحَمَّد لا إله ﷺ",
    "שָׁלוֹם אקמה קפה",
    "buy 𝗔𝗰𝗺𝗲 now 👍🏽🔥 ❤️ family 👨‍👩‍👧 Ⓐⓒⓜⓔ ㎞ ½ Acme™ ® ℠",
    "Tiếng Việt cà phê ấm ở chợ Bến Thành",
    "ŉ ǆ ǰ ΐ ẞ ſtop µm Ω K Å ͅ ᾳ ᏣᎳᎩ ꮳꮃꭹ",
)
TRICKY = (
    "can't",
    "'n",
    "acme.",
    "...ok",
    "wait...",
    "a.b",
    "c++",
    "yahoo!",
    "~ok~",
    "new york",
    "1⁄2",
    "a b c",
    "ss",
)
NEIGHBOURS = "aZ9_#@+.'’-é\u0301\u0345\u00ad\u200c\u200d\u2060\ufeff\ufe0f\u2029の漢กк각ᄀ\u1161\u11a8א\u093c\u09be️™´ʼ\ud800"
BLANKS = (
    " ",
    "  ",
    "\t",
    "\n",
    "\r\n",
    "\n\n",
    "\u00a0",
    "\u3000",
    "\u2028",
    "\u0085",
    "\u1680",
    "\u202f",
    "\u2029",
    "\x1c",
)
WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
BOLD = {**{ord("a") + i: 0x1D5EE + i for i in range(26)}, **{ord("A") + i: 0x1D5D4 + i for i in range(26)}}
CIRCLED = {**{ord("a") + i: 0x24D0 + i for i in range(26)}, **{ord("A") + i: 0x24B6 + i for i in range(26)}}

Change = Callable[[random.Random, str], str]


def cases(seed: int) -> Iterator[tuple[list[str], list[str]]]:
    """Sets of patterns, each with the texts to look through."""
    chance = random.Random(seed)
    for _ in range(ROUNDS):
        patterns = _patterns(chance, chance.choice((1, 2, 5, 20, 60)))
        yield patterns, [_text(chance, patterns) for _ in range(TEXTS)]


def _patterns(chance: random.Random, count: int) -> list[str]:
    found: list[str] = []
    while len(found) < count:
        pattern = _pattern(chance)
        if key(pattern):
            found.append(pattern)
    return found


def _pattern(chance: random.Random) -> str:
    words = chance.choice(SENTENCES).split()
    at = chance.randrange(len(words))
    pattern = " ".join(words[at : at + chance.choice((1, 1, 1, 2, 3))])
    kind = chance.random()
    if kind < 0.3:
        pattern = pattern.strip("!?.,…:()#@„“«»")
    elif kind < 0.5:
        start = chance.randrange(len(pattern))
        pattern = pattern[start : start + chance.randint(1, 6)]
    elif kind < 0.6:
        pattern = chance.choice("#@") + pattern
    elif kind < 0.7:
        pattern = _mutated(chance, pattern)
    elif kind < 0.75:
        pattern = _odd(chance) * chance.choice((1, 1, 2))
    elif kind < 0.85:
        pattern = chance.choice(TRICKY)
    return pattern


def _text(chance: random.Random, patterns: list[str]) -> str:
    words = chance.choice(SENTENCES).split(" ")
    for _ in range(chance.randint(0, 3)):
        words.insert(
            chance.randint(0, len(words)), _beside(chance, _mutated(chance, chance.choice(patterns)))
        )
    text = (chance.choice(BLANKS) if chance.random() < 0.2 else " ").join(words)
    return _mutated(chance, text) if chance.random() < 0.5 else text


def _beside(chance: random.Random, word: str) -> str:
    """The word, with something before or behind it that may or may not make it a part of another word."""
    before = chance.choice(NEIGHBOURS) if chance.random() < 0.3 else ""
    behind = chance.choice(NEIGHBOURS) if chance.random() < 0.3 else ""
    return before + word + behind


def _mutated(chance: random.Random, text: str) -> str:
    for _ in range(chance.randint(0, 3)):
        text = chance.choice(CHANGES)(chance, text)
    return text


def _any_case(chance: random.Random, text: str) -> str:
    return "".join(chance.choice((str.upper, str.lower, str.title, str.swapcase))(one) for one in text)


def _other_case(chance: random.Random, text: str) -> str:
    return chance.choice((str.upper, str.lower, str.title, str.casefold))(text)


def _other_form(chance: random.Random, text: str) -> str:
    return unicodedata.normalize(chance.choice(("NFC", "NFD", "NFKC", "NFKD")), text)


def _other_letters(chance: random.Random, text: str) -> str:
    table = chance.choice((WIDE, BOLD, CIRCLED))
    return "".join(one.translate(table) if chance.random() < 0.7 else one for one in text)


def _other_blanks(chance: random.Random, text: str) -> str:
    return "".join(chance.choice(BLANKS) if one == " " and chance.random() < 0.7 else one for one in text)


def _other_apostrophes(chance: random.Random, text: str) -> str:
    return "".join(chance.choice("'’‘ʼ´") if one in "'’" else one for one in text)


def _other_points(chance: random.Random, text: str) -> str:
    return text.replace(chance.choice(("...", "..", ".")), "…")


def _inserted(chance: random.Random, text: str) -> str:
    at = chance.randint(0, len(text))
    return text[:at] + chance.choice((chance.choice(NEIGHBOURS), _odd(chance))) + text[at:]


def _dropped(chance: random.Random, text: str) -> str:
    at = chance.randint(0, len(text))
    return text[:at] + text[at + 1 :]


def _swapped(chance: random.Random, text: str) -> str:
    """Two neighbours change places: marks in another order among them."""
    at = chance.randint(0, len(text))
    return text[:at] + text[at : at + 2][::-1] + text[at + 2 :]


def _odd(chance: random.Random) -> str:
    """A character that folding changes, or something close to one."""
    every = ODD_ALONE if chance.random() < 0.6 else ODD_WITH_OTHERS
    one = chance.choice(every)
    return chance.choice((one, one, one.upper(), one.lower(), unicodedata.normalize("NFKD", one)))


ODD_ALONE = sorted(changed().alone)
ODD_WITH_OTHERS = sorted(changed().with_others)
CHANGES: tuple[Change, ...] = (
    _any_case,
    _other_case,
    _other_form,
    _other_letters,
    _other_blanks,
    _other_apostrophes,
    _other_points,
    _inserted,
    _dropped,
    _swapped,
)
