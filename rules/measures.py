"""The conditions on what is known beyond the words: reactions, history, thread, attachments, customers.

Missing data makes a comparison false and is noted, never an error. Knows facts; knows no rule and no order
of evaluation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot import duration
from bot.matcher.text import key
from bot.measured import REMEMBERED
from rules.comparing import Compare, amount, length, several, some
from rules.leaves import languages, of_fact
from rules.scene import Check, Evidence, Scene, Trace
from rules.signals.language import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from bot.model import Facts
    from bot.yamlfile import Node
    from rules.reading import Reader

ENGAGEMENT = ("likes", "shares", "replies", "views", "replies_per_hour")
HISTORY = ("messages", "unanswered", "last_reply", "within")
THREAD = ("position", "we_spoke", "waiting")
POSITIONS = {"first": False, "reply": True}
MEDIA = ("image", "video", "audio", "link")


def engagement(name: str, node: Node, reader: Reader) -> Check:
    def fact(facts: Facts) -> float | None:
        value: float | None = getattr(facts.engagement, name) if facts.engagement else None
        return value

    holds = several(node, reader, lambda child: amount(name, child, reader, example=">= 20"))
    return of_fact(f"engagement.{name}", fact, holds, lambda value: f"{name} {value:g}")


def history(values: Mapping[str, Node], reader: Reader) -> list[Check]:
    """One check a field; all look at the same stretch of time."""
    within = reader.duration(values.get("within"), "within") or REMEMBERED
    if within > REMEMBERED:
        reader.wrong(values["within"], "at most 90d", "within")
    checks = [_past(name, values[name], within, reader) for name in HISTORY[:2] if name in values]
    if "last_reply" in values:
        checks.append(_last_reply(values["last_reply"], reader))
    elif not checks:
        node = next(iter(values.values()))
        reader.wrong(node, "beside messages, unanswered or last_reply", "within")
    return checks


def _past(name: str, node: Node, within: timedelta, reader: Reader) -> Check:
    def fact(facts: Facts) -> int | None:
        if facts.history is None:
            return None
        ages: tuple[timedelta, ...] = getattr(facts.history, name)
        return sum(age <= within for age in ages)

    holds = several(node, reader, lambda child: amount(name, child, reader, example=">= 1"))
    return of_fact("history", fact, holds, lambda count: f"{name} {count} in {duration.show(within)}")


def _last_reply(node: Node, reader: Reader) -> Check:
    holds = several(node, reader, lambda child: length("last_reply", child, reader, example="> 2d"))

    def check(scene: Scene) -> Trace:
        past = scene.facts.history
        if past is None or past.last_reply is None:
            scene.notes.add("history unknown" if past is None else "history.last_reply: there is none")
            return None
        is_so = holds(past.last_reply.total_seconds())
        return (Evidence(f"last reply {duration.show(past.last_reply)} before"),) if is_so else None

    return check


def position(node: Node, reader: Reader) -> Check:
    wanted = reader.text(node, "position")
    if wanted is not None and wanted not in POSITIONS:
        reader.wrong(node, "first or reply", "position")
    is_reply = POSITIONS.get(wanted or "")
    shown = "answers a post" if is_reply else "begins a thread"
    return of_fact(
        "thread.position", lambda facts: facts.is_reply, lambda value: value == is_reply, lambda _: shown
    )


def we_spoke(node: Node, reader: Reader) -> Check:
    wanted = reader.flag(node, "we_spoke", otherwise=True)
    shown = "we spoke in this thread" if wanted else "we did not speak in this thread"
    return of_fact(
        "thread.we_spoke", lambda facts: facts.we_spoke, lambda value: value == wanted, lambda _: shown
    )


def waiting(node: Node, reader: Reader) -> Check:
    """How long the open ask has waited; at the moment of a mention that asks, no time at all."""
    holds = several(node, reader, lambda child: length("waiting", child, reader, example="> 30m"))

    def check(scene: Scene) -> Trace:
        waited = scene.facts.waiting
        if waited is None:
            return None
        is_so = holds(waited.total_seconds())
        return (Evidence(f"waiting for {duration.show(waited)}"),) if is_so else None

    return check


def links(node: Node, reader: Reader) -> Check:
    holds = several(node, reader, lambda child: some("links", child, reader))
    return of_fact("links", lambda facts: facts.links, holds, lambda value: f"links {value:g}")


def rating(node: Node, reader: Reader) -> Check:
    holds = several(node, reader, lambda child: some("rating", child, reader))
    return of_fact("rating", lambda facts: facts.rating, holds, lambda value: f"rating {value:g}")


def media(node: Node, reader: Reader) -> Check:
    """A kind of attachment, a list of them (any), or how many there are."""
    kinds: set[str] = set()
    counts: list[Compare] = []
    for child in reader.items(node):
        if child.text in MEDIA:
            kinds.add(child.text)
        elif isinstance(child.value, str) and child.text[:1] not in "<>=":
            reader.wrong(child, f"{', '.join(MEDIA)}, true, false or a comparison", "media")
        else:
            counts.append(several(child, reader, lambda one: some("media", one, reader)))
    return of_fact(
        "media",
        lambda facts: facts.media,
        lambda there: not kinds.isdisjoint(there) or any(holds(len(there)) for holds in counts),
        lambda there: f"media {', '.join(sorted(there)) or 'none'}",
    )


def tier(node: Node, reader: Reader) -> Check:
    wanted = frozenset(map(key, reader.texts(node, "tier")))

    def check(scene: Scene) -> Trace:
        facts = scene.facts
        if facts.known is None:
            unless = "no handle to look for, or " if facts.handle is None else ""
            scene.notes.add(f"author.tier unknown: {unless}there is no list of customers")
        found = facts.tier
        return (Evidence(f"tier {found}"),) if found is not None and key(found) in wanted else None

    return check


def customer(name: str, node: Node, reader: Reader) -> Check:
    """`known`, `staff`: what the list of customers says."""
    wanted = reader.flag(node, name, otherwise=True)
    shown = {"known": "a known customer", "staff": "one of our staff"}[name]
    return of_fact(
        f"author.{name}",
        (lambda facts: facts.known) if name == "known" else (lambda facts: facts.staff),
        lambda value: value == wanted,
        lambda value: shown if value else f"not {shown}",
    )


def author_language(node: Node, reader: Reader) -> Check:
    are_wanted = languages(node, reader, "language")
    return of_fact(
        "author.language",
        lambda facts: facts.spoken,
        lambda spoken: are_wanted(canonical(spoken) or spoken),
        lambda spoken: f"speaks {spoken}",
    )
