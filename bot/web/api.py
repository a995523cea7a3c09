"""`/api/…`: the inbox, a conversation, its answers and the sources as JSON for scripts; read only, by the
same session.

What is asked for wrongly is 400 and says what is wrong; `/api/openapi.json` describes all of it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from bot.oneline import link
from bot.web import filters
from bot.web.answering import state_of
from bot.web.catchup import CatchingUp
from bot.web.door import PERSON
from bot.web.openapi import QUERY, described
from bot.web.sources import ran

if TYPE_CHECKING:
    from bot.listing import Listed, Spoken, Whole
    from bot.model import Verdict
    from bot.orders import Silence
    from bot.records import CardState
    from bot.replies import Draft, Means, Reply
    from bot.status import Status
    from bot.web.health import Check
    from bot.web.page import Page


class Api:
    def __init__(self, page: Page) -> None:
        self._page = page

    async def inbox(self, request: web.Request) -> web.Response:
        page, choices, person = self._page, self._page.choices(), request[PERSON]
        asked = filters.parse(request.query, choices)
        problems = [*asked.problems, *_strange(request, QUERY)]
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
        whole = await self._whole(request)
        return _missing() if whole is None else _json(_whole(whole))

    async def answer(self, request: web.Request) -> web.Response:
        """What is proposed to be said in a conversation, and what became of what was approved."""
        whole = await self._whole(request)
        state = await state_of(self._page.answers, whole) if whole else None
        if whole is None or state is None:
            return _missing()
        return _json(_answer(state, whole))

    async def _whole(self, request: web.Request) -> Whole | None:
        key = request.match_info["id"]
        is_number = key.isascii() and key.isdecimal() and len(key) <= 18
        return await self._page.shelf.whole(int(key)) if is_number else None

    async def sources(self, _request: web.Request) -> web.Response:
        status = await self._page.shelf.status(now=self._page.clock.now())
        return _json(_sources(status, ran(self._page)))

    async def silences(self, _request: web.Request) -> web.Response:
        found = await self._page.shelf.silences(now=self._page.clock.now())
        return _json({"silences": [_silence(one) for one in found]})

    async def catchup(self, request: web.Request) -> web.Response:
        """What the person of the session is told who comes back."""
        problems = _strange(request, {"since"})
        told = None if problems else await CatchingUp(self._page).data(request)
        if told is None:
            wrong = problems or ["since is a length of time like 30m, 8h or 7d"]
            return _json({"error": "; ".join(wrong)}, status=400)
        return _json(told)

    async def description(self, _request: web.Request) -> web.Response:
        return _json(described(self._page.choices().brands))


def _strange(request: web.Request, known: Collection[str]) -> list[str]:
    """What is wrong with the names of the parameters."""
    twice = {name for name in request.query if len(request.query.getall(name)) > 1}
    return [
        *(f"there is no parameter {name}" for name in sorted(set(request.query) - set(known))),
        *(f"{name} is given more than once" for name in sorted(twice)),
    ]


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
                "calendar_due_at": ask.calendar_due_at,
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
                "words": one.words or None,
                "at": one.at,
            }
            for one in whole.decisions
        ],
        "steps": [
            {
                "kind": one.kind.value,
                "share": one.share,
                "whom": list(one.whom),
                "owner": one.owner,
                "at": one.at,
            }
            for one in whole.steps
        ],
        "earlier": [one.conversation for one in whole.earlier],
    }


def _answer(state: CardState, whole: Whole) -> dict[str, Any]:
    means = state.means
    return {
        "can_answer": means.can_answer,
        "refusal": means.refusal or None,
        "suggestions": [
            {"text": one.text, "origin": one.origin.value, "name": one.name} for one in means.suggestions
        ],
        "draft": _draft(state.draft, means) if state.draft else None,
        "reply": _reply(state.reply) if state.reply else None,
        "acknowledged": _reply(state.acknowledged) if state.acknowledged else None,
        "publications": [
            {
                "outcome": one.outcome,
                "reason": one.reason or None,
                "at": one.at,
                "is_automatic": one.is_automatic,
            }
            for one in whole.publications
        ],
    }


def _draft(draft: Draft, means: Means) -> dict[str, Any]:
    length, price = means.length, means.price
    return {
        "id": draft.id,
        "mention_id": draft.mention_id,
        "text": draft.text,
        "origin": draft.origin.value,
        "made_by": draft.made_by,
        "made_at": draft.made_at,
        "stale": draft.stale or None,
        "length": {"used": length.used, "limit": length.limit, "unit": length.unit} if length else None,
        "price": {
            "micros": price.money.micros,
            "currency": price.money.currency,
            "is_within": price.is_within,
        }
        if price
        else None,
    }


def _reply(reply: Reply) -> dict[str, Any]:
    there = reply.published
    return {
        "id": reply.id,
        "text": reply.text,
        "state": reply.state.value,
        "approved_by": reply.approved_by,
        "approved_at": reply.approved_at,
        "due_at": reply.due_at,
        "reason": reply.reason or None,
        "asks_staff": reply.asks_staff,
        "published_at": there.at if there else None,
        "url": link(there.url) if there else None,
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


def _silence(one: Silence) -> dict[str, Any]:
    return {
        "scope": one.scope.value,
        "name": one.name,
        "called": one.called,
        "until": one.until,
        "begun_at": one.begun_at,
        "person": one.person,
        "reason": one.reason,
        "criticals": one.criticals,
        "held": one.held,
    }


def _missing() -> web.Response:
    return _json({"error": "there is no such conversation"}, status=404)


def _json(body: object, *, status: int = 200) -> web.Response:
    return web.Response(
        body=orjson.dumps(body, default=str, option=orjson.OPT_NON_STR_KEYS) + b"\n",
        status=status,
        content_type="application/json",
    )
