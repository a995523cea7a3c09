"""What a button of a card hands back when it is pressed. Pure."""

from __future__ import annotations

import re

from bot.staff import Verb

_TOKEN = re.compile(r"([a-z_]+)(?:\.([0-9]{1,18}))?:([0-9A-HJKMNP-TV-Z]{26})\Z")
_VERBS = frozenset(verb.value for verb in Verb)


def token(verb: Verb, mention_id: str, number: int = 0) -> str:
    """What a button hands back: at most 64 bytes, readable by `parse_token`."""
    return f"{verb.value}.{number}:{mention_id}" if number else f"{verb.value}:{mention_id}"


def parse_token(text: str) -> tuple[Verb, str, int] | None:
    """The verb, the mention id, and which draft or reply it is about (0: none); None for anything that no
    card of ours has.
    """
    match = _TOKEN.match(text)
    if match is None or match[1] not in _VERBS:
        return None
    return Verb(match[1]), match[3], int(match[2] or 0)
