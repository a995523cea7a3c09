"""The shape of a rule file as JSON Schema, with the names of a set: an editor completes and underlines by it.

It knows shapes and names (https://json-schema.org/draft-07); what only `check` can tell (mistakes in queries,
circles, what can never be reached) it lets pass.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from bot.model import NO_DRAFT
from rules import counters, listfiles, times
from rules.cases import EXPECT
from rules.compile import AUTHOR_FIELDS, CONDITIONS
from rules.engine import DEFAULT_ROUTE
from rules.given import AUTHOR, GIVEN, PAST
from rules.leaves import KINDS, SIGNALS
from rules.measures import ENGAGEMENT, HISTORY, MEDIA, POSITIONS, THREAD
from rules.packs import installed
from rules.packs.tuning import EXCEPTION, FORMS, KEYS, OFF
from rules.places import is_of_pack
from rules.schema import (
    ALERTS,
    GROUPS,
    LEVEL_KEYS,
    PERSONA_KEYS,
    ROUTE_KEYS,
    RULE_KEYS,
    SECTIONS,
    URGENCIES,
)

if TYPE_CHECKING:
    from rules.definitions import Definitions

Schema = Mapping[str, Any]

MODELINE = "# yaml-language-server: $schema=./.schema/rules.json"
"""The first line of a rule file that lies beside the folder `.schema`."""

_TEXT: Schema = {"type": "string"}
_NUMBER_OR_TEXT: Schema = {"type": ["string", "number", "boolean"]}
_DURATION: Schema = {"type": "string", "pattern": "^[0-9]+(s|m|h|d)"}
_COMPARISON: Schema = {"type": "string", "pattern": "^\\s*(>=|<=|>|<|=)"}
_POINTS: Schema = {"type": "integer", "minimum": -100, "maximum": 100}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_PROBABILITY: Schema = {"type": ["number", "boolean"], "minimum": 0, "maximum": 1}
_FLAG: Schema = {"type": "boolean"}
_AMOUNT_GIVEN: Schema = {"type": "number", "minimum": 0}
_BLOCK: Schema = {"$ref": "#/definitions/block"}
_BLOCKS: Schema = {"type": "array", "items": _BLOCK, "minItems": 1}
_AMOUNT: Schema = {
    "anyOf": [{"type": ["boolean", "number"]}, _COMPARISON, {"type": "array", "items": _COMPARISON}]
}
_GIVEN: Schema = {"$ref": "#/definitions/given"}


def json_schema(found: Definitions, channels: Collection[str] = ()) -> dict[str, Any]:
    """For a set with these definitions. `channels`: those that routes may name; none: any."""
    routes = _one_of({DEFAULT_ROUTE, *_names(found, "routes")})
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Rules of Outcare",
        "definitions": {"block": _block(found), "given": _given()},
        **_object(
            {
                "use": {**_some(_one_of(installed.names())), "description": "Packs of rules."},
                "brand": _text("Whose rules these are."),
                "words": _members(_word_list(), "Word lists; a query uses one as $name."),
                "conditions": _members(_BLOCK, "Named conditions; `is:` uses them."),
                "personas": _members(_persona(routes), "Who is talking: the first that matches wins."),
                "times": _members(_some(_time()), "Stretches of the week; `time:` uses them."),
                "rules": _members(_rule(found, routes), "Every rule looks at every mention."),
                "urgency": _urgency(),
                "routes": _members(_route(channels), "Which channel gets the alerts."),
                "tune": _tune(found, routes),
                "drafts": _members(_TEXT, "Prepared answers; `draft:` names one."),
                "tests": _members(_scenario(found, routes), "What should come of a mention."),
            },
            SECTIONS,
        ),
    }


def _names(found: Definitions, section: str) -> list[str]:
    return [name for kind, name in found.names_at if kind == section]


def _object(
    properties: Mapping[str, Schema], keys: Iterable[str], *, required: Iterable[str] = ()
) -> dict[str, Any]:
    """A mapping with these keys and no others; `keys` is what the language knows: none may be forgotten."""
    if set(properties) != set(keys):
        raise ValueError(f"the schema lacks {sorted(set(keys) ^ set(properties))}")
    shape: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": dict(properties)}
    return {**shape, "required": list(required)} if required else shape


def _members(of: Schema, what: str) -> Schema:
    return {"type": ["object", "null"], "description": what, "additionalProperties": of}


def _text(what: str) -> Schema:
    return {"type": "string", "description": what}


def _one_of(names: Iterable[str]) -> Schema:
    """One of these names; any, where there are none yet."""
    return {"enum": known} if (known := sorted(names)) else _TEXT


def _some(of: Schema) -> Schema:
    """One, or a list of them: any of these."""
    return {"anyOf": [of, {"type": "array", "items": of, "minItems": 1}]}


def _block(found: Definitions) -> Schema:
    signal: Schema = {"anyOf": [_FLAG, _some(_COMPARISON)]}
    conditions: dict[str, Schema] = {
        "platform": _some(_TEXT),
        "kind": _some(_one_of(KINDS)),
        "lang": _some(_TEXT),
        "text": {**_some(_NUMBER_OR_TEXT), "description": "A query, or several: any of them."},
        "is": _some(_one_of(_names(found, "conditions"))),
        "any": _BLOCKS,
        "all": _BLOCKS,
        "not": _BLOCK,
        **dict.fromkeys(SIGNALS, signal),
        "author": _object(
            {
                "handle": _some(_TEXT),
                "bio": _some(_TEXT),
                "followers": _some(_COMPARISON),
                "following": _some(_COMPARISON),
                "age": _some(_COMPARISON),
                "verified": _FLAG,
                "tier": _some(_TEXT),
                "known": _FLAG,
                "staff": _FLAG,
                "language": _some(_TEXT),
            },
            AUTHOR_FIELDS,
        ),
        "engagement": _object(dict.fromkeys(ENGAGEMENT, _some(_COMPARISON)), ENGAGEMENT),
        "history": _object({**dict.fromkeys(HISTORY[:3], _some(_COMPARISON)), "within": _DURATION}, HISTORY),
        "thread": _object(
            {"position": _one_of(POSITIONS), "we_spoke": _FLAG, "waiting": _some(_COMPARISON)}, THREAD
        ),
        "links": _AMOUNT,
        "rating": _AMOUNT,
        "media": {"anyOf": [_some(_one_of(MEDIA)), _AMOUNT]},
        "time": _some(_one_of(_names(found, "times"))),
        **_counted(found),
    }
    one = {**_object(conditions, CONDITIONS), "minProperties": 1}
    return {"anyOf": [one, _BLOCKS]}


def _counted(found: Definitions) -> dict[str, Schema]:
    of, at_least = _one_of(_names(found, "conditions")), {"type": "integer", "minimum": 1}
    fact = _one_of(counters.FACTS)
    rate = {"of": of, "in": _DURATION, "at_least": at_least, "distinct": fact, "by": fact}
    times: Schema = {"type": "number", "exclusiveMinimum": 1}
    spike = {"of": of, "in": _DURATION, "against": _DURATION, "times": times, "at_least": at_least}
    return {
        "rate": _object(rate, counters.RATE, required=counters.RATE[:3]),
        "spike": _object(spike, counters.SPIKE, required=counters.SPIKE),
    }


def _time() -> Schema:
    shape = {"zone": _TEXT, "days": _some(_TEXT), "hours": _some(_TEXT)}
    return {**_object(shape, times.KEYS), "minProperties": 1}


def _word_list() -> Schema:
    entries = _some(_NUMBER_OR_TEXT)
    file = {
        "type": "object",
        "required": ["file"],
        "properties": {"file": _TEXT},
        "additionalProperties": False,
    }
    variants = {
        "type": "object",
        "propertyNames": {"not": {"enum": [listfiles.KEY, *FORMS]}},
        "additionalProperties": {"anyOf": [entries, file]},
    }
    adjustment = {**_object(dict.fromkeys(FORMS, entries), FORMS), "minProperties": 1}
    return {"anyOf": [entries, file, variants, adjustment]}


def _tune(found: Definitions, routes: Schema) -> Schema:
    """Of the rules of the packs that are used."""
    rule = {**_rule(found, routes)["properties"], EXCEPTION: _BLOCK}
    keys = {key: rule[key] for key in KEYS}
    wanted: Schema = {"anyOf": [{"const": OFF}, {**_object(keys, KEYS), "minProperties": 1}]}
    packed = {rule.name: wanted for rule in found.rules if is_of_pack(rule.location.file)}
    what = "What is to be otherwise with the rules of packs."
    return {**_object(packed, packed), "type": ["object", "null"], "description": what}


def _persona(routes: Schema) -> Schema:
    when: Schema = {"anyOf": [_BLOCK, {"type": "object", "maxProperties": 0}]}
    shape = _object({"when": when, "score": _POINTS, "route": routes}, PERSONA_KEYS)
    return {**shape, "type": ["object", "null"]}


def _rule(found: Definitions, routes: Schema) -> Schema:
    urgency = _one_of(URGENCIES)
    sentences = _some({"anyOf": [_TEXT, _GIVEN]})
    keys: dict[str, Schema] = {
        "why": _text("Shown to staff: why am I seeing this?"),
        "when": _BLOCK,
        "score": _POINTS,
        "at_least": {**urgency, "description": "Lifts the urgency, whatever the score."},
        "at_most": {**urgency, "description": "Caps it."},
        "ignore": {**_FLAG, "description": "Stored and counted, alerts nobody."},
        "tags": _some(_TEXT),
        "route": routes,
        "cc": {**_some(routes), "description": "Routes that get a copy."},
        "respond_in": _DURATION,
        "draft": _one_of({NO_DRAFT, *_names(found, "drafts")}),
        "probation": {**_FLAG, "description": "Looked at and counted, worth nothing."},
        "until": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
        "owner": _TEXT,
        "enabled": _FLAG,
        "tests": _object(dict.fromkeys(("fires", "quiet", "todo"), sentences), ("fires", "quiet", "todo")),
    }
    return _object(keys, RULE_KEYS, required=("why", "when"))


def _urgency() -> Schema:
    level = _object(
        {"from": {"type": "integer"}, "respond_in": _DURATION, "alert": _one_of(ALERTS)}, LEVEL_KEYS
    )
    return _object(dict.fromkeys(URGENCIES, level), URGENCIES)


def _route(channels: Collection[str]) -> Schema:
    channel = _one_of(channels)
    keys: dict[str, Schema] = {
        "to": channel,
        "fallback": channel,
        "group_by": _some(_one_of(GROUPS)),
        "wait": _DURATION,
        "interval": _DURATION,
        "repeat_every": _DURATION,
    }
    return _object(keys, ROUTE_KEYS, required=("to",))


def _given() -> Schema:
    author: dict[str, Schema] = {
        "handle": _TEXT, "bio": _TEXT, "followers": _COUNT, "following": _COUNT, "age": _DURATION,
        "verified": _FLAG, "tier": _TEXT, "known": _FLAG, "staff": _FLAG, "language": _TEXT,
    }  # fmt: skip
    past: dict[str, Schema] = {**dict.fromkeys(PAST, _COUNT), "last_reply": _DURATION}
    thread: dict[str, Schema] = {"position": _one_of(POSITIONS), "we_spoke": _FLAG, "waiting": _DURATION}
    facts: dict[str, Schema] = {
        "text": _TEXT,
        "kind": _one_of(KINDS),
        "platform": _TEXT,
        "lang": _TEXT,
        "author": _object(author, AUTHOR),
        **dict.fromkeys(SIGNALS, _PROBABILITY),
        "sentiment": {"type": "number", "minimum": -1, "maximum": 1},
        "engagement": _object(dict.fromkeys(ENGAGEMENT, _AMOUNT_GIVEN), ENGAGEMENT),
        "history": _object(past, PAST),
        "thread": _object(thread, THREAD),
        "links": _COUNT,
        "rating": _AMOUNT_GIVEN,
        "media": _some(_one_of(MEDIA)),
        "at": _TEXT,
        "repeat": {"type": "integer", "minimum": 1},
        "every": _DURATION,
    }
    return _object(facts, GIVEN, required=("text",))


def _scenario(found: Definitions, routes: Schema) -> Schema:
    tags = sorted({tag for rule in found.rules for tag in rule.tags})
    expect: dict[str, Schema] = {
        "urgency": _one_of(URGENCIES),
        "persona": _one_of(persona.name for persona in found.personas),
        "route": routes,
        "tags": _some(_one_of(tags)),
        "rules": _some(_one_of(rule.name for rule in found.rules)),
        "cc": _some(routes),
        "respond_in": _DURATION,
        "draft": _one_of({NO_DRAFT, *_names(found, "drafts")}),
        "alerts": _one_of(ALERTS),
        "ignored": _FLAG,
    }
    keys = {"given": {"anyOf": [_TEXT, _GIVEN]}, "expect": {**_object(expect, EXPECT), "minProperties": 1}}
    return _object(keys, keys, required=keys)
