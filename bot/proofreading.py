"""Whether a text that nobody of ours has written may be shown as a draft: the first flaw, or none. Pure.

What stands in a post may have told its writer what to write, so a draft is judged by what it is, not by what
it was asked to be. Strict on purpose: a good draft that is lost costs less than a promise that gets out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from urllib.parse import urlsplit

from bot import drafts, privacy
from bot.answers import primary
from bot.replies import Length
from bot.voice import Emoji

PROMISES = (
    *(
        "refund*",
        "reimburs*",
        "compensat*",
        "guarantee*",
        "promise*",
        "voucher*",
        "discount*",
        "free of charge",
    ),
    *(
        "erstatt*",
        "rückerstatt*",
        "entschädig*",
        "garant*",
        "versprech*",
        "gutschein*",
        "rabatt*",
        "kostenlos*",
    ),
    *("schadenersatz*", "schadensersatz*", "reembols*", "devolveremos", "compens*", "indemniz*", "promet*"),
    *(
        "descuento*",
        "gratis",
        "rembours*",
        "dédommag*",
        "indemnis*",
        "promett*",
        "promess*",
        "remise*",
        "gratuit*",
    ),
    *(
        "indeniz*",
        "desconto*",
        "rimbors*",
        "risarc*",
        "sconto*",
        "terugbetal*",
        "vergoed*",
        "belov*",
        "beloof*",
    ),
    *("korting*", "tegoedbon*"),
)
"""What only a person may hold out, in English, German, Spanish, French, Portuguese, Italian and Dutch."""

OUR_FIELDS = ("author.name", "author.handle", "brand")
"""`{link}` is not among them: where a draft leads is not for its writer to say."""

LONGEST = 5_000
"""No platform's reply is longer; what is, is not looked at."""

_FEW_EMOJI = 2
_MOST_MARKS = 3
_JOINER = "\u200d"
_LINKS = re.compile(
    r"[a-z][a-z0-9+.-]{0,20}://\S*|\b(?:mailto|tel|data|javascript):\S+|\bwww\.\S+"
    r"|[\w.+-]{1,64}@[\w.-]+|(?<![\w.@-])[\w-]+(?:\.[\w-]+)*\.[^\W\d_]{2,}(?:[:/?#]\S*)?|[a-z0-9-]+[。｡][a-z0-9-]{2,}",
    re.IGNORECASE,
)
_HANDLE = re.compile(r"(?<![\w.+-])@([\w][\w.-]*)")
_MARKUP = re.compile(r"<[/!?a-z]|`{3}|\]\(|\*\*", re.IGNORECASE)
_FIELD = re.compile(rf"@?\{{(?:{'|'.join(map(re.escape, OUR_FIELDS))})\}}")
_SIGN = "[\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff][\ufe0f\U0001f3fb-\U0001f3ff]?"
_EMOJI = re.compile(f"{_SIGN}(?:{_JOINER}{_SIGN})*")


class Flaw(StrEnum):
    """Why a draft is none; a metric label."""

    EMPTY = "empty"
    CHARACTERS = "characters"
    LINK = "link"
    HANDLE = "handle"
    PROMISE = "promise"
    FIELD = "field"
    MARKUP = "markup"
    ECHO = "echo"
    LANGUAGE = "language"
    EMOJI = "emoji"
    TOO_LONG = "too_long"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    """What a draft is held to.

    `length` measures in the platform's unit what would be published. `hosts`: where links may lead (their
    subdomains too). `handles`: who may be named with an @. `promises`: words or beginnings (`refund*`).
    `lang` is what it has to be written in, `language` tells what a text is written in; None: unknown.
    `instructions`: what its writer was told, and is not to repeat.
    """

    length: Callable[[str], Length]
    hosts: Collection[str] = ()
    handles: Collection[str] = ()
    promises: Collection[str] = PROMISES
    lang: str | None = None
    language: Callable[[str], str | None] = lambda _: None
    emoji: Emoji = Emoji.FREE
    instructions: Collection[str] = ()


def flaw(text: str, standard: Standard) -> Flaw | None:
    """The first flaw of a text whose fields are not filled in yet; None: it may be shown."""
    found = (found for found, is_there in _flaws(text, standard) if is_there)
    return next(found, None)


def _flaws(text: str, standard: Standard) -> Iterator[tuple[Flaw, bool]]:
    plain = _FIELD.sub(" ", unicodedata.normalize("NFKC", text))
    yield Flaw.EMPTY, not text.strip()
    yield Flaw.TOO_LONG, len(text) > LONGEST
    yield Flaw.CHARACTERS, any(map(_is_odd, text)) or _is_piled_up(text)
    yield Flaw.FIELD, any(drafts.called(plain)) or privacy.is_masked(plain)
    yield Flaw.MARKUP, _MARKUP.search(plain) is not None
    yield Flaw.ECHO, any(one in plain for one in standard.instructions)
    yield Flaw.LINK, any(not _is_allowed(link, standard.hosts) for link in _links(plain))
    own = {handle.lower().removeprefix("@") for handle in standard.handles}
    yield Flaw.HANDLE, any(found[1].lower().rstrip(".-") not in own for found in _HANDLE.finditer(plain))
    yield Flaw.PROMISE, _promised(tuple(standard.promises)).search(_folded(text)) is not None
    yield Flaw.EMOJI, len(_EMOJI.findall(text)) > _most_emoji(standard.emoji)
    yield Flaw.LANGUAGE, _is_foreign(text, standard)
    yield Flaw.TOO_LONG, not standard.length(text).fits


def too_long(text: str, standard: Standard) -> Flaw | None:
    """Whether what would be published, filled in and signed, is too long."""
    return None if standard.length(text).fits else Flaw.TOO_LONG


def _is_odd(character: str) -> bool:
    """Not seen, or steering how others are seen; a line break is not, nor what joins an emoji."""
    if character in {"\n", _JOINER}:
        return False
    return unicodedata.category(character) in {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}


def _is_piled_up(text: str) -> bool:
    """Marks upon marks, which run over the lines above and below."""
    run = 0
    for character in unicodedata.normalize("NFD", text):
        run = run + 1 if unicodedata.category(character) in {"Mn", "Me"} else 0
        if run > _MOST_MARKS:
            return True
    return False


def _links(text: str) -> Iterator[str]:
    """Whatever some platform might make a link of."""
    return (found[0] for found in _LINKS.finditer(text))


def _is_allowed(link: str, hosts: Iterable[str]) -> bool:
    if link.count("://") > 1:
        return False  # it leads on to somewhere else
    if "://" in link and not link.lower().startswith(("http://", "https://")):
        return False
    if "@" in link and "/" not in link:
        link = link.rpartition("@")[2]  # an e-mail address
    if "@" in link or "\\" in link:
        return False
    try:
        host = urlsplit(link if "://" in link else f"https://{link}").hostname or ""
    except ValueError:
        return False
    bare = host.rstrip(".").removeprefix("www.")
    return any(bare == allowed or bare.endswith(f".{allowed}") for allowed in map(str.lower, hosts))


@lru_cache(maxsize=8)
def _promised(promises: tuple[str, ...]) -> re.Pattern[str]:
    several = (
        re.escape(_folded(one.removesuffix("*"))) + ("" if one.endswith("*") else r"\b") for one in promises
    )
    return re.compile(rf"\b(?:{'|'.join(several)})" if promises else r"(?!)")


def _folded(text: str) -> str:
    flat = unicodedata.normalize("NFKD", text).casefold()
    return " ".join("".join(each for each in flat if not unicodedata.combining(each)).split())


def _most_emoji(emoji: Emoji) -> int:
    return {Emoji.NONE: 0, Emoji.FEW: _FEW_EMOJI}.get(emoji, 10**6)


def _is_foreign(text: str, standard: Standard) -> bool:
    found = standard.language(text)
    return bool(found and standard.lang and primary(found) != primary(standard.lang))
