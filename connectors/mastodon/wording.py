"""What an answer is on a Mastodon server: its words with the name in front, who may see it, how long it is.

Pure. Links count as the server says, names without their domain, everything else as people count (graphemes),
a content warning too: https://docs.joinmastodon.org/user/posting/#text,
https://github.com/mastodon/mastodon/blob/main/app/validators/status_length_validator.rb. Whoever is not named
in an answer is not told of it, so that the name stands in front where the text does not have it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot import graphemes
from bot.errors import Reason, Rejected
from bot.replies import Length
from connectors.mastodon.server import whole
from connectors.mastodon.statuses import PRIVATE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.replies import Outgoing
    from connectors.mastodon.entities import Status
    from connectors.mastodon.server import Me, Terms

ROOM = 32
"""Characters kept free for the name in front: Mastodon's own names have 30 at most."""
_ORDER = {"public": 0, "unlisted": 1, "private": 2, PRIVATE: 3}
_NAME = re.compile(r"(?<![=/\w])@([A-Za-z0-9_]+(?:[.-]+[A-Za-z0-9_]+)*)(?:@([\w.-]*\w(?::[0-9]+)?))?")
_LINK = re.compile(
    r"(?<![\w@$#])https?://[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?::[0-9]+)?"
    r"(?:/(?:[A-Za-z0-9!*';:&=+$/%#\[\]._,~|@-]*[A-Za-z0-9/_#+-])?)?"
    r"(?:\?[A-Za-z0-9!*';:&=+$/%#\[\]._,~|@?-]*[A-Za-z0-9_&=#/-])?"
)
"""No more of a text than any server takes for a link: what is left over counts by itself."""
_LANG = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{1,8})*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What is published. `warning`: the content warning that covers it."""

    text: str
    visibility: str
    warning: str = ""
    lang: str | None = None

    @property
    def fields(self) -> dict[str, object]:
        """As a status is written and changed: https://docs.joinmastodon.org/methods/statuses/#form-data-parameters.

        `content_type` keeps servers that know markup from looking for any.
        """
        return {
            "status": self.text,
            "spoiler_text": self.warning,
            "sensitive": bool(self.warning),
            "content_type": "text/plain",
            **({"language": self.lang} if self.lang else {}),
        }


def length(text: str, terms: Terms) -> Length:
    """Blanks alone are no post."""
    used = counted(text, terms.per_url) if text.strip() else 0
    return Length(used=used, limit=terms.longest - ROOM, unit="characters")


def counted(text: str, per_url: int) -> int:
    short, at, links = [], 0, 0
    for link in _LINK.finditer(text):
        short.append(text[at : link.start()])
        at, links = link.end(), links + 1
    short.append(text[at:])
    rest = "x".join(short)
    return graphemes.count(_NAME.sub(lambda name: f"@{name[1]}", rest)) + links * (per_url - 1)


def worded(reply: Outgoing, to: Status, me: Me, terms: Terms) -> Wording:
    """Raises: Rejected for what would be too long, or go to others."""
    warning = (to.spoiler_text or "").strip()
    return _checked(reply, narrower(to.visibility, me.privacy), warning, (me, terms))


def reworded(reply: Outgoing, ours: Status, me: Me, terms: Terms) -> Wording:
    """In place of what our post says; who sees it stays. Raises: as `worded`."""
    return _checked(reply, ours.visibility, (ours.spoiler_text or "").strip(), (me, terms))


def _checked(reply: Outgoing, visibility: str, warning: str, by: tuple[Me, Terms]) -> Wording:
    me, terms = by
    text = addressed(reply, terms.domain, me.acct)
    if visibility == PRIVATE:
        _check_alone(text, terms.domain, {reply.to.author_id, me.acct})
    fits, room = length(reply.text, terms), terms.longest - counted(text, terms.per_url)
    if not fits.fits or room < bool(warning):
        message = f"{fits.used} characters: a post has at least one and here at most {fits.limit}"
        raise Rejected(message, reason=Reason.INVALID)
    lang = reply.lang if reply.lang and _LANG.fullmatch(reply.lang) else None
    return Wording(text=text, visibility=visibility, warning=_fitted(warning, room), lang=lang)


def addressed(reply: Outgoing, domain: str, own: str) -> str:
    """With the name of whoever is answered in front, where it does not stand in the text."""
    author = reply.to.author_id
    if not author or author == own or author in set(names(reply.text, domain)):
        return reply.text
    username, _, home = author.partition("@")
    return f"@{username if home == domain else author} {reply.text}"


def names(text: str, domain: str) -> Iterator[str]:
    """Whom a text names, by their whole names."""
    for name in _NAME.finditer(text):
        yield whole(f"{name[1]}@{name[2]}" if name[2] else name[1], domain)


def narrower(asked: str, own: str | None) -> str:
    """Never wider than what is answered, nor than the account publishes by itself; what is not known is as
    narrow as can be.
    """
    given = (asked, own) if own else (asked,)
    known = [one if one in _ORDER else PRIVATE for one in given]
    return max(known, key=lambda one: _ORDER[one])


def _check_alone(text: str, domain: str, allowed: set[str]) -> None:
    """Raises: Rejected: a name in a direct message makes its owner a reader of it."""
    others = set(names(text, domain)) - allowed
    if others:
        named = ", ".join(f"@{other}" for other in sorted(others))
        message = f"this is a direct message, and would go to {named} too: take the @ away"
        raise Rejected(message, reason=Reason.INVALID)


def _fitted(warning: str, room: int) -> str:
    """It covers what is below, be it shortened."""
    if graphemes.count(warning) <= room:
        return warning
    kept = warning[: room - 1]
    while graphemes.count(kept) > room - 1:
        kept = kept[:-1]
    return f"{kept.rstrip()}…"


def squeezed(text: str) -> str:
    """What is left of a text when it was turned into HTML and back."""
    return re.sub(r"\s+", "", _NAME.sub(lambda name: f"@{name[1]}", text)).lower()
