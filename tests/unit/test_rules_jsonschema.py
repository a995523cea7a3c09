"""The JSON Schema of the rule language: what `check` takes it takes, and it knows the names of the set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from bot.yamlfile import load
from rules.jsonschema import json_schema
from rules.reread import Source
from rules.ruleset import parse_rules

ROOT = Path(__file__).parents[2]
STARTER = (ROOT / "config" / "examples" / "rules" / "starter.yaml").read_text(encoding="utf-8")
SETS = [
    STARTER,
    *(
        file.read_text(encoding="utf-8")
        for file in sorted((ROOT / "tests" / "samples" / "rules").glob("*.yaml"))
    ),
    (ROOT / "docs" / "rules.md").read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0],
    "rules:\nwords:\n",
    "personas: {all: }\nwords: {n: 502, f: {en: [a], any: b}}",
    """
use: [core/en, core/es]
words: {core/safety: {add: [recall, 502], remove: [smoke]}}
tune: {core/praise: off, core/churn: {score: 5, tags: leaving, not: {text: gym}}}
""",
]


def validator(text: str, channels: tuple[str, ...] = ()) -> jsonschema_rs.Draft7Validator:
    schema = json_schema(Source(parse_rules({"rules.yaml": text})).found, channels)
    jsonschema_rs.meta.validate(schema)
    return jsonschema_rs.Draft7Validator(schema)


def plain(text: str) -> Any:
    """As an editor reads it, by YAML 1.2: that is how we read it."""
    return load(text, Path("rules.yaml")).plain()


@pytest.mark.parametrize("text", SETS)
def test_a_right_set_is_right_in_the_editor(text: str) -> None:
    """Nothing is underlined that `check` takes."""
    assert [] == [str(error) for error in validator(text).iter_errors(plain(text))]


WRONG = {
    "section": "ruls: {}",
    "key": "rules: {a: {why: x, when: {text: x}, scor: 3}}",
    "no why": "rules: {a: {when: {text: x}}}",
    "condition": "rules: {a: {why: x, when: {txt: x}}}",
    "nested condition": "rules: {a: {why: x, when: {any: [{not: {platfrm: x}}]}}}",
    "author field": "rules: {a: {why: x, when: {author: {folowers: '> 1'}}}}",  # codespell:ignore
    "named condition": "rules: {a: {why: x, when: {is: outage_reprt}}}",
    "urgency": "rules: {a: {why: x, when: {text: x}, at_least: urgent}}",
    "route": "rules: {a: {why: x, when: {text: x}, route: defalt}}",  # codespell:ignore
    "points": "rules: {a: {why: x, when: {text: x}, score: 40 points}}",
    "empty when": "rules: {a: {why: x, when: {}}}",
    "level": "urgency: {critical: {form: 80}}",
    "route without a target": "routes: {default: {fallback: console}}",
    "channel": "routes: {default: {to: consol}}",  # codespell:ignore
    "expected rule": "tests: {a: {given: x, expect: {rules: [complant]}}}",
    "expects nothing": "tests: {a: {given: x, expect: {}}}",
    "given": "rules: {a: {why: x, when: {text: x}, tests: {fires: [{txt: x}]}}}",
    "pack": "use: [core/xx]",
    "rule of no pack": "tune: {core/complaint: off}",
    "a file beside languages": "words: {a: {file: x.txt, en: [b]}}",
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_underlined(text: str) -> None:
    """A key, a type, or a name that the set does not have."""
    assert not validator(STARTER, ("console",)).is_valid(yaml.safe_load(text))
