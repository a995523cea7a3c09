"""The conditions on what is known beyond the words: reactions, history, thread, attachments, customers.

Missing data makes a comparison false and is noted, never an error. Knows facts; knows no rule and no order
of evaluation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot import duration
from bot.matcher.text import key
from bot.measured import REMEMBERED
from rules.comparing import amount, length, several, some
from rules.leaves import is_language, of_author
from rules.scene import Check, Evidence, Scene, Trace
from rules.signals.language import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import timedelta

    from bot.measured import Engagement, History
    from bot.model import Facts
    from bot.yamlfile import Node
    from rules.reading import Reader

ENGAGEMENT = ("likes", "shares", "replies", "views", "replies_per_hour")
HISTORY = ("messages", "unanswered", "last_reply", "within")
THREAD = ("position", "we_spoke", "waiting")
POSITIONS = {"first": False, "reply": True}
MEDIA = ("image", "video", "audio", "link")


def engagement(name: str, node: Node, reader: Reader) -> Check:
    compares = several(node, reader, lambda child: amount(name, child, reader, example=">= 20"))

    def check(scene: Scene) -> Trace:
        known: Engagement | None = scene.facts.engagement
        value: float | None = getattr(known, name) if known else None
        if value is None:
            scene.notes.add(f"engagement.{name} unknown")
            return None
        holds = any(compare(value) for compare in compares)
        return (Evidence(f"{name} {value:g}"),) if holds else None

    return check


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
    compares = several(node, reader, lambda child: amount(name, child, reader, example=">= 1"))

    def check(scene: Scene) -> Trace:
        past: History | None = scene.facts.history
        if past is None:
            scene.notes.add("history unknown")
            return None
        ages: tuple[timedelta, ...] = getattr(past, name)
        count = sum(age <= within for age in ages)
        holds = any(compare(count) for compare in compares)
        return (Evidence(f"{name} {count} in {duration.show(within)}"),) if holds else None

    return check


def _last_reply(node: Node, reader: Reader) -> Check:
    compares = several(node, reader, lambda child: length("last_reply", child, reader, example="> 2d"))

    def check(scene: Scene) -> Trace:
        past = scene.facts.history
        if past is None or past.last_reply is None:
            scene.notes.add("history unknown" if past is None else "history.last_reply: there is none")
            return None
        holds = any(compare(past.last_reply.total_seconds()) for compare in compares)
        return (Evidence(f"last reply {duration.show(past.last_reply)} before"),) if holds else None

    return check


def position(node: Node, reader: Reader) -> Check:
    wanted = reader.text(node, "position")
    if wanted is not None and wanted not in POSITIONS:
        reader.wrong(node, "first or reply", "position")
    is_reply = POSITIONS.get(wanted or "")
    shown = "answers a post" if is_reply else "begins a thread"
    return _known("thread.position", lambda facts: facts.is_reply, is_reply, shown)


def we_spoke(node: Node, reader: Reader) -> Check:
    wanted = reader.flag(node, "we_spoke", otherwise=True)
    shown = "we spoke in this thread" if wanted else "we did not speak in this thread"
    return _known("thread.we_spoke", lambda facts: facts.we_spoke, wanted, shown)


def _known(name: str, fact: Callable[[Facts], bool | None], wanted: bool | None, shown: str) -> Check:
    def check(scene: Scene) -> Trace:
        value = fact(scene.facts)
        if value is None:
            scene.notes.add(f"{name} unknown")
            return None
        return (Evidence(shown),) if value == wanted else None

    return check


def waiting(node: Node, reader: Reader) -> Check:
    """How long the open ask has waited; at the moment of a mention that asks, no time at all."""
    compares = several(node, reader, lambda child: length("waiting", child, reader, example="> 30m"))

    def check(scene: Scene) -> Trace:
        waited = scene.facts.waiting
        if waited is None:
            return None
        holds = any(compare(waited.total_seconds()) for compare in compares)
        return (Evidence(f"waiting for {duration.show(waited)}"),) if holds else None

    return check


def links(node: Node, reader: Reader) -> Check:
    compares = several(node, reader, lambda child: some("links", child, reader))
    return _number("links", lambda facts: facts.links, compares)


def rating(node: Node, reader: Reader) -> Check:
    compares = several(node, reader, lambda child: some("rating", child, reader))
    return _number("rating", lambda facts: facts.rating, compares)


def _number(
    name: str, fact: Callable[[Facts], float | None], compares: Collection[Callable[[float], bool]]
) -> Check:
    def check(scene: Scene) -> Trace:
        value = fact(scene.facts)
        if value is None:
            scene.notes.add(f"{name} unknown")
            return None
        holds = any(compare(value) for compare in compares)
        return (Evidence(f"{name} {value:g}"),) if holds else None

    return check


def media(node: Node, reader: Reader) -> Check:
    """A kind of attachment, a list of them (any), or how many there are."""
    kinds: set[str] = set()
    compares: list[Callable[[float], bool]] = []
    for child in reader.items(node):
        if child.text in MEDIA:
            kinds.add(child.text)
        elif isinstance(child.value, str) and child.text[:1] not in "<>=":
            reader.wrong(child, f"{', '.join(MEDIA)}, true, false or a comparison", "media")
        else:
            compares += several(child, reader, lambda one: some("media", one, reader))

    def check(scene: Scene) -> Trace:
        there = scene.facts.media
        if there is None:
            scene.notes.add("media unknown")
            return None
        holds = not kinds.isdisjoint(there) or any(compare(len(there)) for compare in compares)
        return (Evidence(f"media {', '.join(sorted(there)) or 'none'}"),) if holds else None

    return check


def tier(node: Node, reader: Reader) -> Check:
    wanted = frozenset(map(key, reader.texts(node, "tier")))

    def check(scene: Scene) -> Trace:
        if scene.facts.known is None:
            scene.notes.add("author.tier unknown: there is no list of customers")
        found = scene.facts.tier
        return (Evidence(f"tier {found}"),) if found is not None and key(found) in wanted else None

    return check


def customer(name: str, node: Node, reader: Reader) -> Check:
    """`known`, `staff`: what the list of customers says."""
    wanted = reader.flag(node, name, otherwise=True)
    shown = {"known": "a known customer", "staff": "one of our staff"}[name]
    return of_author(
        name,
        (lambda facts: facts.known) if name == "known" else (lambda facts: facts.staff),
        lambda value: value == wanted,
        lambda value: shown if value else f"not {shown}",
    )


def author_language(node: Node, reader: Reader) -> Check:
    tags = {tag: canonical(tag) for tag in reader.texts(node, "language")}
    for child in reader.items(node):
        if child.text in tags and not is_language(child.text):
            reader.wrong(child, "a language code like en, no or pt-BR", "language")
    wanted = frozenset(tag.lower() for tag in tags.values() if tag)

    def holds(spoken: str) -> bool:
        tag = (canonical(spoken) or spoken).lower()
        return tag in wanted or tag.partition("-")[0] in wanted

    return of_author("language", lambda facts: facts.spoken, holds, lambda spoken: f"speaks {spoken}")
