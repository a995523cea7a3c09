"""`/api/…`: the inbox, a conversation and the sources as JSON for scripts; read only, by the same session.

What is asked for wrongly is 400 and says what is wrong; `/api/openapi.json` describes all of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from bot.oneline import link
from bot.web import filters
from bot.web.door import PERSON
from bot.web.openapi import QUERY, described
from bot.web.sources import ran

if TYPE_CHECKING:
    from bot.listing import Listed, Spoken, Whole
    from bot.model import Verdict
    from bot.records import Status
    from bot.web.health import Check
    from bot.web.page import Page


class Api:
    def __init__(self, page: Page) -> None:
        self._page = page

    async def inbox(self, request: web.Request) -> web.Response:
        page, choices, person = self._page, self._page.choices(), request[PERSON]
        asked = filters.parse(request.query, choices)
        twice = {name for name in request.query if len(request.query.getall(name)) > 1}
        problems = [
            *asked.problems,
            *(f"there is no parameter {name}" for name in sorted(set(request.query) - QUERY)),
            *(f"{name} is given more than once" for name in sorted(twice)),
        ]
        if problems:
            return _json({"error": "; ".join(problems)}, status=400)
        found = await page.shelf.listing(
            asked.wanted(own=choices.brands[0], person=person), now=page.clock.now()
        )
        return _json(
            {
                "conversations": [_listed(one) for one in found.rows],
                "next": filters.place_text(found.after) if found.after else None,
            }
        )

    async def conversation(self, request: web.Request) -> web.Response:
        key = request.match_info["id"]
        whole = None
        if key.isascii() and key.isdecimal() and len(key) <= 18:
            whole = await self._page.shelf.whole(int(key))
        if whole is None:
            return _json({"error": "there is no such conversation"}, status=404)
        return _json(_whole(whole))

    async def sources(self, _request: web.Request) -> web.Response:
        status = await self._page.shelf.status(now=self._page.clock.now())
        return _json(_sources(status, ran(self._page)))

    async def description(self, _request: web.Request) -> web.Response:
        return _json(described(self._page.choices().brands))


def _listed(one: Listed) -> dict[str, Any]:
    return {
        "conversation": one.conversation,
        "mention_id": one.mention_id,
        "brand": one.brand,
        "platform": one.platform,
        "state": one.state.value,
        "urgency": one.urgency.label,
        "ignored": one.ignored,
        "persona": one.persona,
        "lang": one.lang,
        "kind": one.kind.value,
        "author": {"id": one.author_id, "handle": one.handle or None, "name": one.author or None},
        "text": None if one.is_deleted else one.text or one.title,
        "url": None if one.is_deleted else link(one.url),
        "is_deleted": one.is_deleted,
        "posted_at": one.posted_at,
        "due_at": one.due_at,
        "answered_at": one.answered_at,
        "claimed_by": one.claimed_by,
        "messages": one.messages,
        "rules": [fired.rule for fired in one.verdict.fired],
    }


def _whole(whole: Whole) -> dict[str, Any]:
    return {
        **_listed(whole.shown),
        "why": why(whole.shown.verdict),
        "asks": [
            {
                "started_at": ask.started_at,
                "due_at": ask.due_at,
                "answered_at": ask.answered_at,
                "outcome": ask.outcome,
            }
            for ask in whole.asks
        ],
        "thread": [_spoken(one) for one in whole.thread],
        "decisions": [
            {
                "person": one.person,
                "verb": one.verb,
                "outcome": one.outcome,
                "channel": one.channel,
                "note": one.note,
                "at": one.at,
            }
            for one in whole.decisions
        ],
        "earlier": [one.conversation for one in whole.earlier],
    }


def why(verdict: Verdict) -> dict[str, Any]:
    """The verdict's trace."""
    return {
        "urgency": verdict.urgency.label,
        "score": verdict.score,
        "persona": verdict.persona,
        "route": verdict.route,
        "tags": list(verdict.tags),
        "rules_version": verdict.rules_version,
        "fired": [
            {
                "rule": one.rule,
                "points": one.points,
                "why": one.why,
                "location": one.location,
                "evidence": list(one.evidence),
            }
            for one in verdict.fired
        ],
        "notes": list(verdict.notes),
        "signals": {name: signal.value for name, signal in verdict.signals.items()},
    }


def _spoken(one: Spoken) -> dict[str, Any]:
    return {
        "post_id": one.post.id,
        "author_id": one.post.author_id,
        "handle": one.post.author_handle,
        "text": None if one.is_deleted else one.post.text,
        "url": None if one.is_deleted else link(one.post.url),
        "posted_at": one.post.posted_at,
        "is_ours": one.is_ours,
        "is_deleted": one.is_deleted,
        "mention_id": one.mention_id,
    }


def _sources(status: Status, checks: tuple[Check, ...]) -> dict[str, Any]:
    return {
        "sources": [
            {
                "name": one.name,
                "observed_from": one.observed_from,
                "observed_to": one.observed_to,
                "missed_seconds": one.missed.total_seconds(),
            }
            for one in status.sources
        ],
        "checks": [{"name": one.name, "ok": one.ok, "detail": one.detail} for one in checks],
        "gaps": [
            {
                "source": one.source,
                "started_at": one.started_at,
                "ended_at": one.ended_at,
                "reason": one.reason,
            }
            for one in status.gaps
        ],
        "more_gaps": status.more_gaps,
        "mentions": status.mentions,
        "open_asks": status.open_asks,
        "overdue_asks": status.overdue_asks,
    }


def _json(body: object, *, status: int = 200) -> web.Response:
    return web.Response(
        body=orjson.dumps(body, default=str, option=orjson.OPT_NON_STR_KEYS) + b"\n",
        status=status,
        content_type="application/json",
    )
