"""How checks go together, and those that look for words.

A check answers with its evidence, or None for false. Knows texts and evidence; knows no YAML and no names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.scene import Check, Evidence, Scene, Trace

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rules.terms import Search, Text


def all_of(checks: Iterable[Check]) -> Check:
    """True when each is; the evidence of all, in the order of evaluation."""
    members = tuple(checks)
    if len(members) == 1:
        return members[0]

    def check(scene: Scene) -> Trace:
        found: list[Evidence] = []
        for member in members:
            trace = member(scene)
            if trace is None:
                return None
            found += trace
        return tuple(found)

    return check


def any_of(members: Sequence[Check]) -> Check:
    """True when one is. All are asked, so that the order in the file changes neither evidence nor notes."""
    if len(members) == 1:
        return members[0]

    def check(scene: Scene) -> Trace:
        traces = [trace for member in members if (trace := member(scene)) is not None]
        if not traces:
            return None
        return tuple(sorted({evidence for trace in traces for evidence in trace}, key=_reading_order))

    return check


def _reading_order(evidence: Evidence) -> tuple[int, int, str]:
    span = evidence.span
    return (span.start, span.end, evidence.text) if span else (-1, -1, evidence.text)


def found_in_text(search: Search) -> Check:
    def check(scene: Scene) -> Trace:
        places = search(scene.text)
        return None if places is None else tuple([_quoted(scene.text, place) for place in places])

    return check


def _quoted(text: Text, place: tuple[int, int]) -> Evidence:
    span = text.span(*place)
    return Evidence(f'"{" ".join(text.original[span.start : span.end].split())}"', span)


def found_in_bio(searches: Sequence[Search]) -> Check:
    def check(scene: Scene) -> Trace:
        if scene.facts.bio is None:
            scene.notes.add("author.bio unknown")
            return None
        found = [places for search in searches if (places := search(scene.bio)) is not None]
        if not found:
            return None
        quoted = sorted({_quoted(scene.bio, place).text for places in found for place in places})
        return tuple(Evidence(f"bio {text}") for text in quoted)

    return check
