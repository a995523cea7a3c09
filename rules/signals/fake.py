"""How probably nobody real speaks: what is known of the author, and whether the text reads like spam. Pure.

It discounts and never hides: what comes of it is a rule's choice, and no single fact decides. It knows no
platform, and counts nothing that is unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta

from bot.model import AuthorFacts, Signal
from rules.signals.cues import Moved, probability
from rules.signals.lexicon import Scale

_NUMBERED = re.compile(r"\d{5,}(?=$|\.)")
"""Made by a machine: "anna84629173"; a year or a number of three digits is a person's."""
_NEW, _YOUNG, _OLD = timedelta(days=3), timedelta(days=30), timedelta(days=730)
_FOLLOWS_MANY, _FOLLOWED_BY_FEW = 200, 0.05
"""Who follows that many and is followed by this share of them, or fewer, follows to be seen."""
_FOLLOWED = 1000


def fake(its: Scale, spam: Signal, author: AuthorFacts | None) -> Signal:
    """Unknown where nothing is known of the author and the text gives no reason."""
    moved = [*_of_text(spam, its.features), *(_of_author(author, its.features) if author else ())]
    if not moved and (author is None or not author.is_known):
        return Signal(value=None)
    return probability(its.bias, moved)


def _of_text(spam: Signal, features: Mapping[str, float]) -> Iterator[Moved]:
    if spam.is_present:
        yield "reads like spam", features["spam"]


def _of_author(author: AuthorFacts, features: Mapping[str, float]) -> Iterator[Moved]:
    yield from _of_age(author.age, features)
    yield from _of_followers(author, features)
    if author.handle and (numbered := _NUMBERED.search(author.handle)):
        yield f"{numbered[0]} in the handle", features["numbered_handle"]
    if author.bio is not None and not author.bio.strip():
        yield "no bio", features["no_bio"]
    if author.verified:
        yield "verified", features["verified"]


def _of_age(age: timedelta | None, features: Mapping[str, float]) -> Iterator[Moved]:
    if age is None:
        return
    if age >= _OLD:
        yield f"account {age.days // 365} years old", features["old_account"]
    elif age < _YOUNG:
        days = max(age.days, 0)
        told = f"account {days} {'day' if days == 1 else 'days'} old"
        yield told, features["new_account" if age < _NEW else "young_account"]


def _of_followers(author: AuthorFacts, features: Mapping[str, float]) -> Iterator[Moved]:
    followers, following = author.followers, author.following
    if followers is None:
        return
    if followers >= _FOLLOWED:
        yield f"{followers} followers", features["followed"]
    elif following is not None and following >= _FOLLOWS_MANY and followers <= following * _FOLLOWED_BY_FEW:
        yield f"follows {following}, followed by {followers}", features["follows_many"]
    elif followers == 0:
        yield "no followers", features["no_followers"]
