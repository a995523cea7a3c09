"""Which conversations a URL asks for, and the URL that asks for them. Pure.

What a person mistypes is left out; whoever calls the JSON routes is told (`problems`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import urlencode

from bot.listing import Place, View, Wanted
from bot.model import Urgency

MOST_TEXT = 100
"""So many characters of a search are looked for."""
PER_PAGE = 50
PLACE = re.compile(r"([0-9]{1,2})\.(-?[0-9]{1,18})\.([0-9]{1,18})\Z")
T = TypeVar("T")
_URGENCIES = {level.label: level for level in Urgency}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What may be chosen: brands (ours first), platforms, personas."""

    brands: tuple[str, ...]
    platforms: tuple[str, ...] = ()
    personas: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What stands in the URL, understood. Everything is optional; `mine` is whatever `person` has."""

    view: View = View.OPEN
    brand: str = ""
    urgency: Urgency | None = None
    platform: str = ""
    persona: str = ""
    lang: str = ""
    mine: bool = False
    q: str = ""
    after: Place | None = None
    problems: tuple[str, ...] = field(default=())

    def wanted(self, *, own: str, person: str) -> Wanted:
        return Wanted(
            brand=self.brand or own,
            view=self.view,
            urgency=self.urgency,
            platform=self.platform or None,
            persona=self.persona or None,
            lang=self.lang or None,
            holder=person if self.mine else None,
            text=self.q,
            after=self.after,
            limit=PER_PAGE,
        )

    def query(self, **changed: str) -> str:
        """`?view=overdue&q=refund`: these filters, some of them changed; the first page of them."""
        given = {
            "view": "" if self.view is View.OPEN else self.view.value,
            "brand": self.brand,
            "urgency": self.urgency.label if self.urgency else "",
            "platform": self.platform,
            "persona": self.persona,
            "lang": self.lang,
            "mine": "1" if self.mine else "",
            "q": self.q,
        }
        kept = {name: value for name, value in {**given, **changed}.items() if value}
        return f"?{urlencode(kept)}" if kept else ""

    @property
    def is_narrow(self) -> bool:
        """Whether anything but the view is chosen."""
        return bool(self.urgency or self.platform or self.persona or self.lang or self.mine or self.q)


def place_text(place: Place) -> str:
    return ".".join(str(number) for number in place)


def parse(query: Mapping[str, str], choices: Choices) -> Filters:
    """Understand a query; what is not understood is in `problems` and otherwise left out."""
    problems: list[str] = []
    return Filters(
        view=_chosen("view", query, dict(zip(View, View, strict=True)), problems) or View.OPEN,
        urgency=_chosen("urgency", query, _URGENCIES, problems) or None,
        brand=_chosen("brand", query, {name: name for name in choices.brands}, problems) or "",
        platform=_word("platform", query, problems),
        persona=_word("persona", query, problems),
        lang=_word("lang", query, problems),
        mine=_chosen("mine", query, {"0": False, "1": True}, problems) or False,
        q=" ".join(_word("q", query, problems).split()),
        after=_after(query.get("after"), problems),
        problems=tuple(problems),
    )


def _chosen(name: str, query: Mapping[str, str], known: Mapping[str, T], problems: list[str]) -> T | None:
    given = query.get(name)
    if given is not None and given not in known:
        problems.append(f"{name} is one of: {', '.join(known)}")
    return known.get(given or "")


def _word(name: str, query: Mapping[str, str], problems: list[str]) -> str:
    """A text that may find nothing but has no business being long."""
    given = query.get(name, "")
    if len(given) > MOST_TEXT:
        problems.append(f"{name} has at most {MOST_TEXT} characters")
    return given[:MOST_TEXT].replace("\0", " ").encode("utf-8", "replace").decode()


def _after(text: str | None, problems: list[str]) -> Place | None:
    match = PLACE.match(text or "")
    if match is None:
        if text is not None:
            problems.append("after is what `next` of the page before says")
        return None
    return int(match[1]), int(match[2]), int(match[3])
