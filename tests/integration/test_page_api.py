"""The JSON routes keep to their description, whatever they are asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    positive_data_acceptance,
    response_schema_conformance,
    status_code_conformance,
)

from bot.model import Urgency
from bot.web.openapi import QUERY, described
from tests.integration import store_samples as s
from tests.integration.page_world import Visitor, World, browser, world
from tests.integration.test_page_login import routes

DOCUMENT = described(("acme", "globex"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    positive_data_acceptance,
    negative_data_rejection,
]


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, visitor="anna") as made:
        yield made


@pytest.fixture
async def visitor(at: World) -> AsyncIterator[Visitor]:
    async with browser(at) as made:
        yield made


async def read(visitor: Visitor, path: str) -> tuple[int, Any]:
    status, text, _ = await visitor.get(path)
    return status, json.loads(text)


async def test_every_route_is_described(at: World, visitor: Visitor) -> None:
    """No JSON route without its description, and none described that is not there."""
    known = {path.replace("/1", "/{id}") for _, path in routes(at) if path.startswith("/api/")}
    assert known - {"/api/openapi.json"} == set(DOCUMENT["paths"])
    assert (200, DOCUMENT) == await read(visitor, "/api/openapi.json")


async def test_the_inbox_as_json(at: World, visitor: Visitor) -> None:
    """The same rows in the same order as the page, with where the next ones begin."""
    key, uid = await at.mention(urgency=Urgency.CRITICAL, text="where is it?", due=90)
    await at.mention(urgency=Urgency.LOW)
    status, found = await read(visitor, "/api/inbox?urgency=high")
    (row,) = found["conversations"]
    assert (200, None) == (status, found["next"])
    assert {
        "conversation": key,
        "mention_id": uid,
        "urgency": "critical",
        "text": "where is it?",
        "due_at": s.at(91).isoformat(),
        "author": {"id": "user1", "handle": "user1.example", "name": "Ann"},
    }.items() <= row.items()


@pytest.mark.parametrize(
    "query", ["view=x", "urgency=1", "brand=x", "mine=2", "after=x", "colour=red", "q=a&q=b"]
)
async def test_a_script_is_told_its_mistakes(visitor: Visitor, query: str) -> None:
    """400 with what is wrong."""
    status, found = await read(visitor, f"/api/inbox?{query}")
    assert 400 == status
    assert query.partition("=")[0] in found["error"]


async def test_a_script_without_a_session_is_told(tmp_path: Path) -> None:
    """401 as JSON, no redirect."""
    async with world(tmp_path) as at, browser(at) as nobody:
        for path in DOCUMENT["paths"]:
            assert (401, {"error": "sign in first"}) == await read(nobody, path.replace("{id}", "1"))


async def test_the_routes_keep_to_their_description(at: World, visitor: Visitor) -> None:
    """Generated requests, right and wrong ones: the answers are those that are described."""
    for number in range(3):
        _, uid = await at.mention(urgency=Urgency(number))
        await visitor.post("/decide", {"press": f"claim:{uid}"})
    await s.record(at.store, cursor="1", observed_to=s.at(10))

    asked = await asyncio.to_thread(explore, at.url)
    assert asked >= {"GET /api/inbox", "GET /api/conversations/{id}", "GET /api/sources"}
    assert {"view", "q", "after"} <= QUERY


def explore(url: str) -> set[str]:
    """Ask every operation, as described and otherwise; which were asked. (The session has its own test.)"""
    asked: set[str] = set()
    for result in schemathesis.openapi.from_dict({**DOCUMENT, "security": []}).get_all_operations():
        assert isinstance(result, Ok)
        operation = result.ok()
        for mode in GenerationMode:

            @settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))
            @given(case=operation.as_strategy(mode))
            def ask(case: Any) -> None:
                asked.add(case.operation.label)
                case.call_and_validate(base_url=url, checks=CHECKS)

            with suppress(Unsatisfiable):  # nothing can be wrong where nothing can be given
                ask()
    return asked
