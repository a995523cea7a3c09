"""What a draft that nobody of ours wrote must not hold, and what leaves the house of a post."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import privacy
from bot.proofreading import Flaw, Standard, flaw
from bot.replies import Length
from bot.voice import Emoji


def length(text: str) -> Length:
    return Length(used=len(text), limit=120, unit="characters")


STANDARD = Standard(
    length=length,
    hosts=("acme.example",),
    handles=("@acme.example",),
    lang="en",
    emoji=Emoji.FEW,
    instructions=("You draft one public reply",),
)

GOOD = [
    "Hi {author.name}, we are looking into it right now.",
    "Please see https://acme.example/help or help.acme.example.",
    "Write us at care@acme.example, or ask @acme.example.",
    "All is well again 🎉 Thank you, @{author.handle}!",
    "Version 2.5 of {brand} comes at 3.30 p.m., e.g. on phones.",
    "First line.\n\nSecond line: Ünïcödé, 👩‍👩‍👧.",
    "Chúng tôi đang kiểm tra ngay bây giờ ế ộ",
]

BAD = [
    (Flaw.EMPTY, " \n "),
    (Flaw.CHARACTERS, "Look at this \u202egnp.exe"),
    (Flaw.CHARACTERS, "ze\u200bro"),
    (Flaw.CHARACTERS, "bell \x07"),
    (Flaw.CHARACTERS, "tag \U000e0041"),
    (Flaw.CHARACTERS, "line\u2028break"),
    (Flaw.CHARACTERS, "z̸̡̢̛a̴l̶g̵o̷"),
    (Flaw.FIELD, "Hi {author.bio}"),
    (Flaw.FIELD, "See {link}"),
    (Flaw.FIELD, "Hi {brand.__class__}"),
    (Flaw.FIELD, "I have mailed [e-mail] about it"),
    (Flaw.LINK, "See https://evil.example/acme.example"),
    (Flaw.LINK, "See acme.example.evil.test"),
    (Flaw.LINK, "See evil.test/x"),
    (Flaw.LINK, "See notacme.example"),
    (Flaw.LINK, "https://acme.example@evil.test"),
    (Flaw.LINK, "https://acme.example\\@evil.test/"),
    (Flaw.LINK, "https://аcme.example/ with a Cyrillic letter"),
    (Flaw.LINK, "evil．test by a full-width dot"),
    (Flaw.LINK, "evil。test by an ideographic one"),
    (Flaw.LINK, "javascript:alert(1)"),
    (Flaw.MARKUP, "[our page](http://evil.test)"),
    (Flaw.MARKUP, "<b>all</b> is well"),
    (Flaw.MARKUP, "```\nx\n```"),
    (Flaw.ECHO, "I was told: You draft one public reply for acme"),
    (Flaw.LINK, "https://acme.example/out?to=https://evil.test"),
    (Flaw.LINK, "ftp://acme.example/x"),
    (Flaw.LINK, "write to boss@evil.test"),
    (Flaw.HANDLE, "cc @somebody.else"),
    (Flaw.HANDLE, "cc ＠somebody"),
    (Flaw.PROMISE, "You will get a full refund."),
    (Flaw.PROMISE, "We GUARANTEE it"),
    (Flaw.PROMISE, "free  of\ncharge"),
    (Flaw.PROMISE, "Wir erstatten alles"),
    (Flaw.PROMISE, "Rückerstattung folgt"),
    (Flaw.PROMISE, "le reembolsamos todo"),
    (Flaw.PROMISE, "nous vous dédommagerons"),
    (Flaw.EMOJI, "🎉🎉🎉"),
    (Flaw.TOO_LONG, "x" * 121),
]


@pytest.mark.parametrize("text", GOOD)
def test_a_good_draft_passes(text: str) -> None:
    """Fields, our own links, addresses and handle, numbers, some emoji, every alphabet."""
    assert flaw(text, STANDARD) is None


@pytest.mark.parametrize(("expected", "text"), BAD)
def test_a_bad_draft_is_none(expected: Flaw, text: str) -> None:
    """Each for its own reason."""
    assert expected == flaw(text, STANDARD)


def test_the_language_is_the_mentions() -> None:
    """One of another region is the same; what cannot be told is no flaw."""
    german = replace(STANDARD, language=lambda _: "de")
    assert Flaw.LANGUAGE == flaw("Alles gut", german)
    assert flaw("Alles gut", replace(german, lang="de-AT")) is None
    assert flaw("Alles gut", replace(german, lang=None)) is None
    assert flaw("Alles gut", replace(german, language=lambda _: None)) is None


def test_promises_and_emoji_are_yours_to_say() -> None:
    """A list of one's own takes the place of ours; a whole word is only that."""
    own = replace(STANDARD, promises=("tomorrow",), emoji=Emoji.NONE)
    assert (Flaw.PROMISE, None) == (flaw("see you TOMORROW", own), flaw("tomorrows refund", own))
    assert (None, Flaw.EMOJI) == (flaw("refund", replace(own, promises=())), flaw("hi 🙂", own))


@given(st.text(max_size=300))
def test_any_text_can_be_proofread(text: str) -> None:
    """Total; and what passes has no control characters."""
    if flaw(text, STANDARD) is None:
        assert not {unicodedata.category(each) for each in text if each != "\n"} & {
            "Cc",
            "Cs",
            "Co",
            "Zl",
            "Zp",
        }


MASKED = [
    ("mail ann.b+x@mail.example please", "mail [e-mail] please"),
    ("ann (at) mail.example", "[e-mail]"),
    ("call +49 170 1234567 or 0170/1234567", "call [phone] or [phone]"),
    ("(030) 123 45 67 8", "[phone]"),
    ("order 1234567890", "order [number]"),
    ("order 123456", "order 123456"),
    ("on 2026-11-22 at 12:30", "on 2026-11-22 at 12:30"),
    ("22.11.2026", "22.11.2026"),
    ("DE89 3704 0044 0532 0130 00 is mine", "[IBAN] is mine"),
    ("gb82west12345698765432", "[IBAN]"),
    ("card 4111 1111 1111 1111 exp", "card [card] exp"),
    ("4111-1111-1111-1112", "[phone]"),
    ("@bo.example and @acme.example", "[person] and @acme.example"),
    ("token=abcdef0123456789abcdef", "token=***"),
    ("we met in 2024, 5 of us", "we met in 2024, 5 of us"),
]


@pytest.mark.parametrize(("text", "expected"), MASKED)
def test_what_is_personal_stays_here(text: str, expected: str) -> None:
    """Addresses, phones, accounts, cards, long numbers, handles that are not ours; days and small numbers go."""
    assert expected == privacy.masked(text, keep=("@acme.example",))


@given(st.text(alphabet="0123456789 +-()./@aeDx", max_size=80))
def test_no_long_number_gets_out(text: str) -> None:
    """Total, and no nine digits in a row are left."""
    assert not any(len(run) >= 9 and run.isdecimal() for run in privacy.masked(text).split())
