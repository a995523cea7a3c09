"""The JSON routes described for machines, by hand: OpenAPI 3.0 (https://spec.openapis.org/oas/v3.0.3)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.catchup import Why
from bot.listing import View
from bot.model import ConversationState, Kind, Urgency
from bot.replies import Origin, ReplyState
from bot.silenced import Scope
from bot.web.filters import MOST_TEXT

_URGENCIES = [level.label for level in Urgency]
_AT = {"type": "string", "format": "date-time"}
_MAYBE_AT = {**_AT, "nullable": True}
_TEXT = {"type": "string"}
_MAYBE_TEXT = {"type": "string", "nullable": True}
_COUNT = {"type": "integer", "minimum": 0}
_SCOPE = {"type": "string", "enum": [scope.value for scope in Scope]}
_TEXTS = {"type": "array", "items": _TEXT}


def _closed(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _many(item: Any) -> dict[str, Any]:
    return {"type": "array", "items": item}


def _query(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}


SINCE = "^[1-9][0-9]{0,3}[mhd]$"
"""A length of time, as `outcare catchup --since` takes them; more than 31 days are 31."""
_PLACE = {"type": "string", "pattern": "^[0-9]{1,2}\\.-?[0-9]{1,18}\\.[0-9]{1,18}$"}
_NAME = {"type": "string", "maxLength": MOST_TEXT}
_LISTED = {
    "conversation": _COUNT,
    "mention_id": _TEXT,
    "brand": _TEXT,
    "platform": _TEXT,
    "state": {"type": "string", "enum": [state.value for state in ConversationState]},
    "urgency": {"type": "string", "enum": _URGENCIES},
    "ignored": {"type": "boolean"},
    "persona": _MAYBE_TEXT,
    "lang": _MAYBE_TEXT,
    "kind": {"type": "string", "enum": [kind.value for kind in Kind]},
    "author": _closed(id=_TEXT, handle=_MAYBE_TEXT, name=_MAYBE_TEXT),
    "text": _MAYBE_TEXT,
    "url": _MAYBE_TEXT,
    "is_deleted": {"type": "boolean"},
    "posted_at": _AT,
    "due_at": _MAYBE_AT,
    "answered_at": _MAYBE_AT,
    "claimed_by": _MAYBE_TEXT,
    "messages": _COUNT,
    "rules": _TEXTS,
}
_FIRED = _closed(rule=_TEXT, points={"type": "integer"}, why=_TEXT, location=_TEXT, evidence=_TEXTS)
_WHY = _closed(
    urgency={"type": "string", "enum": _URGENCIES},
    score={"type": "integer"},
    persona=_MAYBE_TEXT,
    route=_TEXT,
    tags=_TEXTS,
    rules_version=_TEXT,
    fired=_many(_FIRED),
    notes=_TEXTS,
    signals={"type": "object", "additionalProperties": {"type": "number", "nullable": True}},
)
_DRAFT = _closed(
    id=_COUNT,
    mention_id=_TEXT,
    text=_TEXT,
    origin={"type": "string", "enum": [origin.value for origin in Origin]},
    made_by=_TEXT,
    made_at=_AT,
    stale=_MAYBE_TEXT,
    length={**_closed(used=_COUNT, limit=_COUNT, unit=_TEXT), "nullable": True},
    price={**_closed(micros=_COUNT, currency=_TEXT, is_within={"type": "boolean"}), "nullable": True},
)
_REPLY = _closed(
    id=_COUNT,
    text=_TEXT,
    state={"type": "string", "enum": [state.value for state in ReplyState]},
    approved_by=_TEXT,
    approved_at=_AT,
    due_at=_AT,
    reason=_MAYBE_TEXT,
    asks_staff={"type": "boolean"},
    published_at=_MAYBE_AT,
    url=_MAYBE_TEXT,
)
_USUAL = {"type": "number", "minimum": 0, "nullable": True}
_SHARES = _many(_closed(name=_TEXT, count=_COUNT, usual=_USUAL))
_TOLD_ROW = _closed(
    **{name: _LISTED[name] for name in ("conversation", "mention_id", "platform", "urgency", "state")},
    **{name: _LISTED[name] for name in ("claimed_by", "due_at", "text", "url")},
    author=_TEXT,
)
_TOLD = {"count": _COUNT, "rows": _many(_TOLD_ROW)}
_INCIDENT = _closed(
    event={"type": "string", "enum": ["incident"]},
    incident=_TEXT,
    brand=_TEXT,
    route=_TEXT,
    begun_at=_AT,
    ended_at=_MAYBE_AT,
    posts=_COUNT,
    authors=_COUNT,
    platforms={"type": "object", "additionalProperties": _COUNT},
    critical=_COUNT,
    open=_COUNT,
    answered=_COUNT,
)
_CATCH_UP = _closed(
    person=_TEXT,
    since=_AT,
    why={"type": "string", "enum": [why.value for why in Why]},
    until=_AT,
    mine=_closed(**_TOLD),
    urgent=_closed(**_TOLD),
    incidents=_many(_INCIDENT),
    more_incidents=_COUNT,
    gaps=_many(_closed(**{"source": _TEXT, "from": _AT, "to": _AT, "reason": _TEXT})),
    more_gaps=_COUNT,
    silences=_many(_closed(scope=_SCOPE, name=_TEXT, until=_AT, person=_TEXT, reason=_TEXT)),
    paused_since=_MAYBE_AT,
    missed=_closed(**_TOLD, open=_COUNT),
    answered=_many(_closed(person=_MAYBE_TEXT, count=_COUNT)),
    mentions=_closed(count=_COUNT, usual=_USUAL),
    topics=_SHARES,
    platforms=_SHARES,
)
_SCHEMAS = {
    "CatchUp": _CATCH_UP,
    "Error": _closed(error=_TEXT),
    "Listed": _closed(**_LISTED),
    "Inbox": _closed(conversations=_many({"$ref": "#/components/schemas/Listed"}), next=_MAYBE_TEXT),
    "Conversation": _closed(
        **_LISTED,
        why=_WHY,
        asks=_many(
            _closed(
                started_at=_AT,
                due_at=_MAYBE_AT,
                calendar_due_at=_MAYBE_AT,
                answered_at=_MAYBE_AT,
                outcome=_MAYBE_TEXT,
            )
        ),
        thread=_many(
            _closed(
                post_id=_TEXT,
                author_id=_TEXT,
                handle=_MAYBE_TEXT,
                text=_MAYBE_TEXT,
                url=_MAYBE_TEXT,
                posted_at=_AT,
                is_ours={"type": "boolean"},
                is_deleted={"type": "boolean"},
                mention_id=_MAYBE_TEXT,
            )
        ),
        decisions=_many(
            _closed(
                person=_TEXT, verb=_TEXT, outcome=_TEXT, channel=_TEXT, note=_TEXT, words=_MAYBE_TEXT, at=_AT
            )
        ),
        steps=_many(_closed(kind=_TEXT, share=_COUNT, whom=_many(_TEXT), owner=_MAYBE_TEXT, at=_AT)),
        earlier=_many(_COUNT),
    ),
    "Answer": _closed(
        can_answer={"type": "boolean"},
        refusal=_MAYBE_TEXT,
        suggestions=_many(_closed(text=_TEXT, origin=_TEXT, name=_TEXT)),
        draft={**_DRAFT, "nullable": True},
        reply={**_REPLY, "nullable": True},
        acknowledged={**_REPLY, "nullable": True},
        publications=_many(
            _closed(outcome=_TEXT, reason=_MAYBE_TEXT, at=_AT, is_automatic={"type": "boolean"})
        ),
    ),
    "Sources": _closed(
        sources=_many(
            _closed(
                name=_TEXT, observed_from=_MAYBE_AT, observed_to=_MAYBE_AT, missed_seconds={"type": "number"}
            )
        ),
        checks=_many(_closed(name=_TEXT, ok={"type": "boolean"}, detail=_TEXT)),
        gaps=_many(_closed(source=_TEXT, started_at=_AT, ended_at=_AT, reason=_TEXT)),
        more_gaps=_COUNT,
        mentions=_COUNT,
        open_asks=_COUNT,
        overdue_asks=_COUNT,
    ),
    "Silences": _closed(
        silences=_many(
            _closed(
                scope=_SCOPE,
                name=_TEXT,
                called=_TEXT,
                until=_AT,
                begun_at=_AT,
                person=_TEXT,
                reason=_TEXT,
                criticals={"type": "boolean"},
                held=_COUNT,
            )
        )
    ),
}
_SINCE_WHEN = _query(
    "since", {"type": "string", "pattern": SINCE}, "so long ago; else the end of the last shift, or last act"
)
_PARAMETERS = [
    _query("view", {"type": "string", "enum": [view.value for view in View]}, "open if left out"),
    _query("urgency", {"type": "string", "enum": _URGENCIES}, "this urgent or more"),
    _query("platform", _NAME, "such as bluesky"),
    _query("persona", _NAME, "as the rules name them"),
    _query("lang", _NAME, "such as en"),
    _query("mine", {"type": "string", "enum": ["0", "1"]}, "1: what I have claimed"),
    _query("q", {"type": "string", "maxLength": MOST_TEXT}, "looked for in text and title"),
    _query("after", _PLACE, "`next` of the page before"),
]
QUERY = frozenset({"brand", *(str(parameter["name"]) for parameter in _PARAMETERS)})


def _brand(names: Iterable[str]) -> dict[str, Any]:
    return _query("brand", {"type": "string", "enum": [*names]}, "ours, or a rival; ours if left out")


def _answers(schema: str, *errors: int) -> dict[str, Any]:
    def of(name: str) -> dict[str, Any]:
        return {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}

    told = {400: "asked for wrongly", 401: "sign in first", 404: "there is none"}
    return {
        "200": {"description": "as asked", "content": of(schema)},
        **{str(code): {"description": told[code], "content": of("Error")} for code in (401, *errors)},
    }


def _get(name: str, summary: str, parameters: Iterable[dict[str, Any]], answers: Any) -> dict[str, Any]:
    operation = {"operationId": name, "summary": summary, "parameters": [*parameters], "responses": answers}
    return {"get": operation}


def described(brands: Iterable[str]) -> dict[str, Any]:
    """The document, for these brands."""
    number = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}}
    inbox = "Conversations, the most urgent and longest waiting first"
    sources = "What is listened to, and what does not work"
    catchup = "What happened since your last shift"
    silences = "What is silenced, until when, by whom and why"
    return {
        "openapi": "3.0.3",
        "info": {"title": "Outcare", "version": "1", "description": "What the page shows, for scripts."},
        "components": {
            "schemas": _SCHEMAS,
            "securitySchemes": {"session": {"type": "apiKey", "in": "cookie", "name": "outcare"}},
        },
        "security": [{"session": []}],
        "paths": {
            "/api/inbox": _get("inbox", inbox, [*_PARAMETERS, _brand(brands)], _answers("Inbox", 400)),
            "/api/conversations/{id}": _get(
                "conversation", "One conversation, whole", [number], _answers("Conversation", 404)
            ),
            "/api/conversations/{id}/answer": _get(
                "answer", "What is to be said there, and what was", [number], _answers("Answer", 404)
            ),
            "/api/sources": _get("sources", sources, [], _answers("Sources")),
            "/api/catchup": _get("catchup", catchup, [_SINCE_WHEN], _answers("CatchUp", 400)),
            "/api/silences": _get("silences", silences, [], _answers("Silences")),
        },
    }
