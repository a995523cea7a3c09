"""What a sample says about a brand: where people talk, how much, in which languages, and who answers. Pure.

A sample is a piece of time, so that a rate has an interval: what was not seen may only be rare.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from bot.model import Brand, Mention, Post, Signal

Measure = Callable[[str, tuple[str, ...]], tuple[str | None, Mapping[str, Signal]]]
A_DAY = timedelta(days=1)
_Z = 1.96
"""Of a 95 % interval."""
EXAMPLES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Posts a day with their 95 % interval, of a count in so much time."""

    count: int
    of: timedelta
    a_day: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """`count` of `of`; None of it is known where `of` is 0."""

    count: int
    of: int

    @property
    def share(self) -> float | None:
        return self.count / self.of if self.of else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Portrait:
    """One brand in the sample. `answered`: of the asks that were looked up, those with an answer of the
    brand; `by_others`: with an answer of somebody else only. `answerers`: by whom, our accounts first.
    """

    brand: str
    role: str
    by_source: Mapping[str, Rate]
    languages: Mapping[str, int]
    questions: Share
    complaints: Share
    answered: Share
    by_others: Share
    answerers: Mapping[str, int]
    examples: tuple[str, ...]

    @property
    def count(self) -> int:
        return sum(rate.count for rate in self.by_source.values())


def rate(count: int, of: timedelta) -> Rate:
    """By the Wilson-Hilferty approximation of the exact Poisson interval: good to a few per cent, zero too.

    https://www.jstor.org/stable/2346778 (Garwood's limits, approximated).
    """
    days = of / A_DAY
    if not days:
        return Rate(count=count, of=of, a_day=0.0, low=0.0, high=math.inf)
    low = count * (1 - 1 / (9 * count) - _Z / (3 * math.sqrt(count))) ** 3 if count else 0.0
    above = count + 1
    high = above * (1 - 1 / (9 * above) + _Z / (3 * math.sqrt(above))) ** 3
    return Rate(count=count, of=of, a_day=count / days, low=max(low, 0.0) / days, high=high / days)


@dataclass
class Album:
    """Collects what is found of one brand."""

    brand: Brand
    role: str
    measure: Measure
    found: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    questions: list[bool] = field(default_factory=list)
    complaints: list[bool] = field(default_factory=list)
    asks: list[Post] = field(default_factory=list)
    answers: list[tuple[str, ...]] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)

    def add(self, source: str, mention: Mention) -> None:
        post = mention.post
        language, signals = self.measure(post.searchable, post.langs)
        self.found[source] += 1
        self.languages[language or "unknown"] += 1
        self.posts.append(post)
        is_question, is_complaint = _present(signals.get("question")), _present(signals.get("complaint"))
        self.questions += [] if is_question is None else [is_question]
        self.complaints += [] if is_complaint is None else [is_complaint]
        if is_question or is_complaint:
            self.asks.append(post)

    def answered_by(self, ask: Post, answers: Iterable[Post]) -> None:
        """Who answered an ask that was looked up; the author's own words are no answer."""
        others = (one for one in answers if one.author_id != ask.author_id)
        self.answers.append(tuple(dict.fromkeys(one.author_handle or one.author_id for one in others)))

    def portrait(self, spans: Mapping[str, timedelta]) -> Portrait:
        """`spans`: how much time of each source was read."""
        ours = {name for account in self.brand.accounts for name in (account.handle, account.id) if name}
        by_us = [bool(ours.intersection(who)) for who in self.answers]
        only_others = [bool(who) and not us for who, us in zip(self.answers, by_us, strict=True)]
        names = Counter(name for who in self.answers for name in who)
        order = sorted(names, key=lambda name: (name not in ours, -names[name], name))
        return Portrait(
            brand=self.brand.name,
            role=self.role,
            by_source={source: rate(self.found[source], span) for source, span in spans.items()},
            languages=dict(self.languages.most_common()),
            questions=_share(self.questions),
            complaints=_share(self.complaints),
            answered=_share(by_us),
            by_others=_share(only_others),
            answerers={name: names[name] for name in order[:5]},
            examples=tuple(post.url for post in self.posts[-EXAMPLES:] if post.url),
        )


def _present(signal: Signal | None) -> bool | None:
    return None if signal is None or signal.value is None else signal.is_present


def _share(found: Sequence[bool]) -> Share:
    return Share(count=sum(found), of=len(found))


# --- in words -------------------------------------------------------------------------------------


def told(portrait: Portrait) -> list[str]:
    """A portrait in a few lines, the sample's size in each."""
    head = f"{portrait.brand} ({portrait.role})"
    if not portrait.count:
        return [f"{head}: nobody talked about it in this sample", *_at_most(portrait)]
    lines = [head]
    lines += [
        f"  {source:<12} {amount(found)}" for source, found in portrait.by_source.items() if found.count
    ]
    listed = ", ".join(f"{name} {count}" for name, count in list(portrait.languages.items())[:6])
    lines.append(f"  languages    {listed}")
    lines.append(f"  asks         {percent(portrait.questions, 'are questions')}")
    lines.append(f"               {percent(portrait.complaints, 'are complaints')}")
    lines.append(f"  answered     {_answered(portrait)}")
    lines += [f"  for example  {url}" for url in portrait.examples]
    return lines


def _at_most(portrait: Portrait) -> list[str]:
    return [
        f"  {source:<12} at most about {number(found.high)} posts a day"
        for source, found in portrait.by_source.items()
        if math.isfinite(found.high)
    ]


def amount(found: Rate) -> str:
    interval = f"{number(found.low)} to {number(found.high)}"
    posts = "post" if found.count == 1 else "posts"
    amount = f"about {number(found.a_day)} posts" if found.a_day >= 0.95 else "under 1 post"
    return f"{amount} a day ({interval}; {found.count:,} {posts} seen)"


def number(value: float) -> str:
    """Two figures are all that a sample is good for."""
    if value < 0.95:
        return "under 1" if value else "0"
    digits = max(0, int(math.log10(value)) - 1)
    return f"{round(value, -digits):,.0f}"


def percent(share: Share, what: str) -> str:
    if share.share is None:
        return f"how many {what}: not known (no signals in these languages)"
    return f"{share.share:.0%} {what} ({share.count} of {share.of})"


def _answered(portrait: Portrait) -> str:
    if not portrait.answered.of:
        return "not known: nothing was asked, or the platform does not tell"
    by = f" ({', '.join(portrait.answerers)})" if portrait.answerers else ""
    return (
        f"{portrait.answered.count} of {portrait.answered.of} asks by the brand, "
        f"{portrait.by_others.count} by somebody else only, so far{by}"
    )
