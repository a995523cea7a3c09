"""What would come of one answer for all, platform by platform, before anybody approves it. Pure.

Knows who would be left out and why, what is too long where, what it costs, and how that is said, on the card
and on the page alike. It knows no store and no platform: repliers count and refuse.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bot.expenses import Money
from bot.incidents import PlatformPreview
from bot.replies import Measuring, Priced
from bot.suggestions import Asked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from bot.expenses import Price
    from bot.incidents import Addressee, Incident
    from bot.replies import Length, Replier
    from bot.texts.catalogue import Texts

_REFUSED = frozenset({"no_account", "not_summoned", "no_direct_messages", "deleted"})
"""Refusals that have words of their own here; a plug-in's are told as one."""


@dataclass(frozen=True, kw_only=True)
class Previewing:
    """`repliers` by platform; `personal` fills a text in for one person and signs it."""

    repliers: Mapping[str, Replier]
    personal: Callable[[Asked, str], str]

    def of(self, incident: Incident) -> Incident:
        """The same, with what would come of its answer; without, where that is no question just now."""
        if incident.outlook is None or incident.answer is None:
            return incident
        parts: dict[str, _Part] = {}
        gauges = {name: _Gauge.of(replier) for name, replier in self.repliers.items()}
        for one in incident.outlook.to:
            part = parts.setdefault(one.post.platform, _Part())
            self._add(part, gauges.get(one.post.platform), one, incident.answer.text)
        for platform, left in incident.outlook.left.items():
            parts.setdefault(platform, _Part()).left.update(left)
        preview = tuple(part.told(platform) for platform, part in parts.items())
        return replace(incident, preview=tuple(sorted(preview, key=lambda one: (-one.to, one.platform))))

    def _add(self, part: _Part, gauge: _Gauge | None, one: Addressee, text: str) -> None:
        refusal = gauge.refusal(one) if gauge else "no_account"
        if gauge is None or refusal:
            part.left[refusal if refusal in _REFUSED else "refused"] += 1
            return
        said = one.draft or self.personal(addressed(one), text)
        part.add(gauge.length(one.post.id, said))
        cost = gauge.price(said, one.post.id)
        part.costs += [cost.money] if cost else []


@dataclass(frozen=True, kw_only=True)
class _Gauge:
    """What a platform says of an answer. Found out once: to ask thousands of times what a replier can do
    takes longer than all the rest.
    """

    replier: Replier
    length: Callable[[str, str], Length]
    price: Callable[[str, str], Price | None]

    @classmethod
    def of(cls, replier: Replier) -> _Gauge:
        length = replier.length_to if isinstance(replier, Measuring) else lambda _, text: replier.length(text)
        price = replier.price if isinstance(replier, Priced) else lambda _text, _to: None
        return cls(replier=replier, length=length, price=price)

    def refusal(self, one: Addressee) -> str:
        return "deleted" if one.is_deleted else self.replier.refusal(one.post)


@dataclass(kw_only=True)
class _Part:
    to: int = 0
    too_long: int = 0
    over: int = 0
    costs: list[Money] = field(default_factory=list)
    left: Counter[str] = field(default_factory=Counter)

    def add(self, length: Length) -> None:
        self.to += 1
        if not length.fits:
            self.too_long += 1
            self.over = max(self.over, length.used - length.limit)

    def told(self, platform: str) -> PlatformPreview:
        cost = Money(sum(one.micros for one in self.costs), self.costs[0].currency) if self.costs else None
        left = dict(self.left.most_common())
        return PlatformPreview(
            platform=platform, to=self.to, too_long=self.too_long, over=self.over, price=cost, left=left
        )


def addressed(one: Addressee) -> Asked:
    """As a text is filled in for them."""
    return Asked(
        text=one.post.text or one.post.title,
        platform=one.post.platform,
        brand=one.brand,
        name=one.name,
        handle=one.handle,
        url=one.post.url,
    )


def lines(incident: Incident, texts: Texts) -> Iterator[str]:
    """`Bluesky: 80 people · 3 of them too long … · left out: 9 answered already`, for each platform."""
    is_drafted = incident.answer is not None and incident.answer.drafts > 0
    for one in incident.preview:
        to = texts.say("preview.drafts" if is_drafted else "preview.to", count=one.to)
        parts = [texts.say("preview.on", platform=texts.platform(one.platform), to=to)]
        if one.too_long:
            parts.append(texts.say("preview.too_long", count=one.too_long, over=one.over))
        if one.price is not None:
            parts.append(texts.say("preview.price", price=one.price))
        if one.left:
            why = (texts.say(f"preview.left_{why}", count=count) for why, count in one.left.items())
            parts.append(texts.say("preview.left", why=texts.listed(why)))
        yield " · ".join(parts)
