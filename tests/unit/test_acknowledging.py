"""What is acknowledged automatically, and in which words: nothing that was not asked for, allowed and new."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.acknowledging import EXPIRES, FORBIDDEN, NOTHING, Acknowledge, Acknowledging
from bot.model import Alert, Facts, Fired, Kind, Mention
from bot.replies import Acknowledgement
from bot.testing.wall import Wall
from bot.wishes import Route
from tests.unit._values import NOW, post, verdict

BY_AUTHOR = "author:bluesky:did:ann"
ON_IT = "Hi @{author.handle}, {brand} is on it."
WANTED = Acknowledge(platforms=frozenset({"bluesky"}), words={"core/outage": ON_IT, "refund": "Seen."})


def fired(*rules: str, probation: bool = False) -> tuple[Fired, ...]:
    return tuple(
        Fired(rule=rule, points=9, why="", location="r.yaml:1", probation=probation) for rule in rules
    )


def wished(
    wanted: Acknowledge = WANTED,
    *,
    kind: Kind = Kind.MENTION,
    later: timedelta = timedelta(seconds=3),
    wall: Wall | None = None,
    is_paused: bool = False,
    said: dict[str, Any] | None = None,
    facts: dict[str, Any] | None = None,
    found: dict[str, Any] | None = None,
    routes: tuple[Route, ...] = (Route(name="default", to="telegram:care"),),
) -> Acknowledgement | None:
    """`said`, `facts`, `found`: parts of the post, the facts and the verdict; `routes`: who hears of it."""
    acknowledging = Acknowledging(
        wanted=wanted,
        repliers={"bluesky": wall or Wall()},
        now=lambda: NOW + later,
        is_paused=lambda: is_paused,
        wake=lambda: None,
    )
    mention = Mention(post=post(**said or {}), brand="acme", kind=kind)
    known = Facts(
        mention_id="m", brand="acme", platform="bluesky", kind=kind, text="is acme down?", speaks_to_us=True,
        lang="en", handle="ann.test", name="Ann, free refunds for all",
    )  # fmt: skip
    judged = replace(verdict(fired=fired("core/outage")), **found or {})
    return acknowledging.wish(mention, replace(known, **facts or {}), judged, routes)


def test_a_rule_that_fired_is_acknowledged_in_its_words() -> None:
    """Filled in, labelled, and good for ten minutes from the post on."""
    wish = wished()
    assert wish == Acknowledgement(
        text="[automatic] Hi @ann.test, acme is on it.", rule="core/outage", per_day=1, until=NOW + EXPIRES
    )


@pytest.mark.parametrize("held_by", [("rule:refund",), ("route:press",)])
def test_what_staff_hears_of_all_the_same_is_acknowledged(held_by: tuple[str, ...]) -> None:
    """A silenced rule counts for nothing, and by another route it rings."""
    assert wished(found={"held_by": held_by})


def test_an_unknown_handle_is_left_out() -> None:
    """A display name, which anybody chooses freely, never takes its place."""
    wish = wished(facts={"handle": None})
    assert wish
    assert "[automatic] Hi, acme is on it." == wish.text


def test_the_first_that_is_configured_counts() -> None:
    """Whatever the order in which they fired."""
    wish = wished(found={"fired": fired("refund", "core/outage")})
    assert wish
    assert "core/outage" == wish.rule


NOT = {
    "it is off": lambda: wished(NOTHING),
    "its author is silenced": lambda: wished(found={"held_by": (BY_AUTHOR,), "alert": Alert.NONE}),
    "its only route is silenced": lambda: wished(found={"held_by": ("route:default",)}, routes=()),
    "another platform": lambda: wished(replace(WANTED, platforms=frozenset({"telegram"}))),
    "no such rule fired": lambda: wished(found={"fired": fired("other")}),
    "the rule is on probation": lambda: wished(found={"fired": fired("refund", probation=True)}),
    "the mention is ignored": lambda: wished(found={"ignored": True}),
    "it is not said to us": lambda: wished(kind=Kind.POST),
    "it is said to a rival": lambda: wished(facts={"speaks_to_us": False}),
    "it is an edit": lambda: wished(said={"is_edit": True}),
    "it is too late": lambda: wished(later=EXPIRES + timedelta(seconds=1)),
    "publishing is paused": lambda: wished(is_paused=True),
    "it is too long there": lambda: wished(wall=Wall(limit=20)),
    "it cannot be answered there": lambda: wished(wall=Closed()),
}


class Closed(Wall):
    def refusal(self, to: object) -> str:
        return "gated"


@pytest.mark.parametrize("why", NOT)
def test_nothing_is_said_when(why: str) -> None:
    """Each of these alone is enough; without them something is said (above)."""
    ask: Callable[[], Acknowledgement | None] = NOT[why]
    assert ask() is None


@pytest.mark.parametrize(
    ("lang", "label"),
    [("es", "[automático]"), ("es-MX", "[automático]"), ("de", "[automatic]"), (None, "[automatic]")],
)
def test_the_label_is_in_the_language_of_whoever_wrote(lang: str | None, label: str) -> None:
    """Where we speak it; else in ours. One that is configured is always that one."""
    assert f"{label} Seen." == WANTED.labelled("Seen.", lang)
    assert "[automático] Seen." == replace(WANTED, language="es").labelled("Seen.", "de")
    assert "(robot) Seen." == replace(WANTED, label="(robot)").labelled("Seen.", lang)


def test_what_is_replaced_counts_from_the_next_mention_on() -> None:
    """As a reload does it, also to switch it off; what is stored wakes whoever publishes."""
    woken: list[bool] = []
    it = Acknowledging(
        wanted=WANTED, repliers={}, now=lambda: NOW, is_paused=lambda: False, wake=lambda: woken.append(True)
    )
    it.use(NOTHING)
    it.wished(("m1", "m2"))
    assert (NOTHING, [True]) == (it.wanted, woken)


def test_platforms_that_forbid_it_say_why() -> None:
    """In words that go on after a colon."""
    assert {"bluesky", "hackernews"} == set(FORBIDDEN)
    assert all(why.startswith("it") for why in FORBIDDEN.values())
