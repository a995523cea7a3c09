"""Each signal of a text: which cues and what else move it, and how the signals lean on each other.

It knows sarcasm, stress, links and mere thanks. It knows no language, and nobody's author: that is `fake`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from bot.model import Signal
from rules.signals.cues import Moved, Reading, Weighed, evidence, probability, scale, weigh
from rules.signals.lexicon import Scale

SARCASM_ABOVE, HOLLOW = 1.3, 0.4
"""Praise beside that much complaint ("great, another outage"), or before a "but" that a complaint follows,
counts only this much."""

_PRAISE = "praise"
_LONG_WORD = re.compile(r"[^\W\d_]{4,}")
_CAPITALS = re.compile(r"\b[A-ZÀ-ÖØ-Þ]{4,}\b")
_SHOUTED = 0.6
"""A text of which that share is in capitals is merely typed so; single words in capitals are stressed."""
_PRESSING = re.compile(r"!{2,}")
_HASHTAG = re.compile(r"#\w")
_ADDRESS = re.compile(r"\.( {0,2})(?:com|net|org|info|tk|xyz|biz)\b|watch\?v=", re.IGNORECASE)
"""An address that is not linked; somebody may have torn it apart, so that no filter sees it."""


def of_text(reading: Reading) -> dict[str, Signal]:
    """The signals that the language has cues for."""
    scales = reading.lexicon.scales
    blamed = list(_hollowed(reading, weigh(reading, scales["complaint"])))
    found = {
        "complaint": complaint(reading, blamed),
        "question": probability(scales["question"].bias, evidence(weigh(reading, scales["question"]))),
    }
    found["thanks"] = thanks(reading, found)
    if "spam" in scales:
        found["spam"] = spam(reading, scales["spam"], found)
    if "urgent" in scales:
        found["urgent"] = urgent(reading, scales["urgent"])
    if "toxic" in scales:
        found["toxic"] = toxic(reading, scales["toxic"])
    if "sentiment" in scales:
        found["sentiment"] = sentiment(reading, scales["sentiment"], blamed)
    return found


def complaint(reading: Reading, blamed: Iterable[Weighed]) -> Signal:
    """How probably the text complains."""
    its = reading.lexicon.scales["complaint"]
    moved = evidence(blamed)
    if stressed := _stressed(reading.body.plain):
        moved.append((f"{stressed} (capitals)", its.features["capitals"]))
    return probability(its.bias, moved)


def thanks(reading: Reading, found: Mapping[str, Signal]) -> Signal:
    """How probably the text is a mere thanks or praise, after which nobody waits for anything."""
    its = reading.lexicon.scales["thanks"]
    moved = evidence(weigh(reading, its))
    if moved:
        moved += _leaning(its, found)
        length = reading.length
        extra = length - int(its.features["free_words"])
        if extra > 0:
            moved.append((f"{length} words", extra * its.features["further_word"]))
    return probability(its.bias, moved)


def spam(reading: Reading, its: Scale, found: Mapping[str, Signal]) -> Signal:
    """How probably the text is there to draw people elsewhere, whoever wrote it."""
    lures: list[Moved] = evidence(weigh(reading, its))
    moved = [*lures, *_of_links(reading, its)]
    if lures and reading.body.links:
        moved.append(("words beside a link", its.features["beside_link"]))
    return probability(its.bias, [*moved, *_leaning(its, found)] if moved else moved)


def urgent(reading: Reading, its: Scale) -> Signal:
    """How probably somebody is in danger, or an hour from now is too late."""
    moved = evidence(weigh(reading, its))
    if moved and _PRESSING.search(reading.body.plain):
        moved.append(("!!", its.features["pressing"]))
    return probability(its.bias, moved)


def toxic(reading: Reading, its: Scale) -> Signal:
    """How probably the text insults, threatens or demeans people; cursing at a thing is little of it."""
    moved = evidence(weigh(reading, its))
    if moved and (stressed := _stressed(reading.body.plain)):
        moved.append((f"{stressed} (capitals)", its.features["capitals"]))
    return probability(its.bias, moved)


def sentiment(reading: Reading, its: Scale, blamed: Iterable[Weighed]) -> Signal:
    """The tone, -1 to 1: what is complained of or praised, and words of feeling."""
    shares = its.shares
    moved = [(each.text, each.worth(share)) for each in blamed if (share := shares.get(each.cue.group))]
    return scale(its.bias, [*moved, *evidence(weigh(reading, its))])


def _leaning(its: Scale, found: Mapping[str, Signal]) -> list[Moved]:
    """What it says here that the text asks or complains."""
    leaning = ("question", "complaint")
    return [(f"a {name}", its.features[name]) for name in leaning if found[name].is_present]


def _hollowed(reading: Reading, found: list[Weighed]) -> Iterator[Weighed]:
    """Praise that a complaint contradicts is worth less."""
    against = [each for each in found if each.weight > 0]
    is_sarcastic = sum(each.weight for each in against) >= SARCASM_ABOVE
    turn = _turn(reading, against)
    for each in found:
        is_hollow = each.cue.group == _PRAISE and each.weight < 0 and (is_sarcastic or each.start < turn)
        if is_hollow:
            yield each._replace(weight=each.weight * HOLLOW, factor=each.factor * HOLLOW)
        else:
            yield each


def _turn(reading: Reading, against: list[Weighed]) -> int:
    """Where a "but" stands after which something is complained of; 0: nowhere."""
    last = max((each.start for each in against), default=-1)
    contrast = reading.lexicon.contrast
    return max((at for at in range(1, last + 1) if reading.words[at] in contrast), default=0)


def _stressed(plain: str) -> str | None:
    """The first word in capitals in a text that is not all in capitals."""
    capitals = _CAPITALS.findall(plain)
    if not capitals or len(capitals) >= _SHOUTED * len(_LONG_WORD.findall(plain)):
        return None
    return str(capitals[0])


def _of_links(reading: Reading, its: Scale) -> Iterator[Moved]:
    """What addresses, tags and handles say; they are no words of the author's."""
    body, features = reading.body, its.features
    if body.links:
        name = "link" if body.has_words else "bare_link"
        yield ("a link" if body.has_words else "nothing but a link"), features[name]
        if len(body.links) > features["free_links"]:
            yield f"{len(body.links)} links", features["links"]
        targets = " ".join(body.links).lower()
        if host := next((host for host in its.hosts if host in targets), None):
            yield f"a link to {host.strip('./')}", features["told_host"]
    elif address := _ADDRESS.search(body.plain):
        if address[1] or body.plain[: address.start()].endswith(" "):
            yield "an address torn apart", features["torn_link"]
        else:
            yield "an address", features["link"]
    tags = len(_HASHTAG.findall(body.plain)) if "#" in body.plain else 0
    if tags > features["free_tags"]:
        yield f"{tags} hashtags", features["tags"]
    if body.handles > features["free_handles"]:
        yield f"{body.handles} handles", features["handles"]
