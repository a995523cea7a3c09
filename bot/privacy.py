"""What says who somebody is, taken out of a text before it leaves the house. Pure.

Knows how e-mail addresses, handles, and numbers of phones, accounts and cards look; names it cannot know, and
those that we do know are not put into such texts at all. In doubt it hides too much. Secrets are
`redaction`'s.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from bot.redaction import redact

EMAIL, PHONE, IBAN, CARD, NUMBER, PERSON = "[e-mail]", "[phone]", "[IBAN]", "[card]", "[number]", "[person]"
_PLACEHOLDERS = (EMAIL, PHONE, IBAN, CARD, NUMBER, PERSON)

_HOST = r"(?:[\w-]{1,63}\.){1,4}[^\W\d_]{2,24}"
_EMAIL = re.compile(rf"[\w.+%-]{{1,64}}(?:@|\s?\(at\)\s?|\s?\[at\]\s?){_HOST}", re.IGNORECASE)
_HANDLE = re.compile(r"(?<![\w.+-])@([\w][\w.-]*[\w]|\w)")
_IBAN = re.compile(r"\b[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]{4}){2,7}(?:[ -]?[A-Za-z0-9]{1,3})?\b")
_DIGITS = re.compile(r"(?<!\d)\+?\(?\d(?:[ \t./()\u00a0\u2009-]{0,2}\d){6,}+")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{2,4}")


def masked(text: str, *, keep: Collection[str] = ()) -> str:
    """The text with placeholders for what is personal. `keep`: handles that are ours."""
    kept = {handle.lower().removeprefix("@") for handle in keep}
    hidden = _EMAIL.sub(EMAIL, redact(text))
    hidden = _HANDLE.sub(lambda found: found[0] if found[1].lower() in kept else PERSON, hidden)
    hidden = _IBAN.sub(_account, hidden)
    return _DIGITS.sub(_number, hidden)


def is_masked(text: str) -> bool:
    """Whether a placeholder of ours stands in it."""
    lower = text.lower()
    return any(one.lower() in lower for one in _PLACEHOLDERS)


def without_masks(text: str) -> str:
    """The words between the placeholders."""
    for one in _PLACEHOLDERS:
        text = text.replace(one, " ")
    return text


def _account(found: re.Match[str]) -> str:
    """What looks like an account: country, check digits, and as many characters as accounts have."""
    bare = re.sub(r"[ -]", "", found[0])
    is_one = 15 <= len(bare) <= 34 and sum(map(str.isdigit, bare)) >= 8
    return IBAN if is_one else found[0]


def _number(found: re.Match[str]) -> str:
    written = found[0]
    digits = [int(each) for each in written if each.isdigit()]
    if _DAY.fullmatch(written.strip()):
        return written
    if 13 <= len(digits) <= 19 and _is_card(digits):
        return CARD
    is_plain = written.isdigit() and not written.startswith("0")
    return NUMBER if is_plain else PHONE


def _is_card(digits: list[int]) -> bool:
    """https://en.wikipedia.org/wiki/Luhn_algorithm"""
    doubled = [sum(divmod(2 * each, 10)) for each in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
