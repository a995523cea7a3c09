"""The page on being on call, "When nobody answers": its example loads, and does what its tables say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.escalation import Duties, Kind, Wait, coming, whom
from bot.model import ConversationState, Urgency
from bot.settings.load import Settings
from tests.unit.settings_world import TOKEN, load_text

PAGE = (Path(__file__).parents[2] / "docs" / "oncall.md").read_text(encoding="utf-8")
PART = PAGE.partition("## When nobody answers")[2]
TEN = datetime(2026, 11, 24, 10, tzinfo=UTC)
ASKED = Wait(started_at=TEN, due_at=TEN + timedelta(minutes=15), rang_at=TEN)


@pytest.fixture
def example(tmp_path: Path) -> Settings:
    [text] = re.findall(r"```yaml\n(.*?)```", PART, re.DOTALL)
    return load_text(text, tmp_path, env={"OUTCARE_TELEGRAM__TOKEN": TOKEN})


def tables() -> list[list[str]]:
    """The rows of the tables of times, after the alert."""
    found = re.findall(r"\| at \| \|\n\|---\|---\|\n((?:\|.*\n)+)", PART)
    rows = [re.findall(r"^\| (\d\d:\d\d) \| (.*) \|$", table, re.MULTILINE) for table in found]
    return [[f"{at} {said}" for at, said in table if "alert" not in said] for table in rows]


def told(settings: Settings, wait: Wait, before: set[str]) -> Iterator[str]:
    """What happens from then on, in the words of the tables."""
    made, names = settings.escalation, {one.key: one.name for one in settings.people}
    plan = made.plan(route="default", persona=None, urgency=Urgency.CRITICAL)
    duties = Duties(rotation=made.on_call.rotation("default"), covers=(), leads=made.leads)
    while step := coming(wait, plan, None, wait.started_at):
        owner = {"ben"} if wait.state is ConversationState.CLAIMED else set()
        people = owner if step.kind is Kind.REMIND else whom(step.step, duties, step.at, before | owner)
        said = f"{step.at:%H:%M} {step.kind.value} ({step.share}%): {', '.join(names[one] for one in people)}"
        yield f"{said} in {step.step.to}" if step.step.to else said
        before |= set(people)
        if step.kind is Kind.REMIND:
            wait = replace(wait, reminded_at=step.at)
        else:
            wait = replace(wait, share=step.share, asked_at=step.at, state=ConversationState.OPEN)


def test_the_example_does_what_the_page_says(example: Settings) -> None:
    """Minute by minute, until nobody new is asked."""
    unclaimed, _ = tables()
    steps = told(example, ASKED, {"anna"})
    assert unclaimed == [next(steps) for _ in unclaimed]


def test_a_claim_that_comes_to_nothing_does_what_the_page_says(example: Settings) -> None:
    """Ben, who was asked at 10:06, claims at 10:07 and sleeps."""
    _, claimed = tables()
    asked_at = TEN + timedelta(minutes=6)
    ben = replace(ASKED, state=ConversationState.CLAIMED, claimed_at=TEN + timedelta(minutes=7))
    steps = told(example, replace(ben, share=40, asked_at=asked_at), {"anna", "ben"})
    assert claimed == [next(steps) for _ in claimed]


def test_what_is_low_asks_nobody_and_the_press_has_steps_of_its_own(example: Settings) -> None:
    """As it stands there; what is not named is the default."""
    plan = example.escalation.plan
    assert () == plan(route="default", persona=None, urgency=Urgency.LOW).steps
    assert [25] == [one.after for one in plan(route="press", persona=None, urgency=Urgency.HIGH).steps]
    assert [50, 80, 100] == [one.after for one in plan(route="x", persona=None, urgency=Urgency.HIGH).steps]
