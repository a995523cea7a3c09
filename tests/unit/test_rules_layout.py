"""The canonical form of rule files: what moves, what stays, and that nothing changes its meaning."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from bot import yamlfile
from bot.errors import ConfigError
from rules import layout, schema
from rules.layout import canonical
from rules.ruleset import parse_rules
from tests.unit.test_rules_properties import STARTER

ROOT = Path(__file__).parents[2]
FILE = Path("rules.yaml")
SHIPPED = sorted((ROOT / "bot").rglob("rules/*.yaml")) + sorted((ROOT / "config").rglob("rules/*.yaml"))
SAMPLES = sorted((ROOT / "tests").rglob("rules/*.yaml"))

UNTIDY = """\
# yaml-language-server: $schema=./.schema/rules.json

# Who gets what.
routes:
    # the desk
    care: {fallback: console, to: "telegram:care"}   # all day
    default:
        to:   console

# What counts.
rules:


    late:
        # how much
        score: 40
        # what it asks for
        when:
            text:
            - refund late
            # or so
            -   owed
                money
            not: {text: "no refund"}
            # (no more)
        why: Money is owed # really
        tests:
            quiet: [{kind: post, text: hm}]
            fires:
              - text: |
                    refund late
                      # no comment
                kind: reply
    # the last one
    soon: {score: 1, tests: {todo: [soon], fires: [soon]}, when: {text: soon}, why: Soon}
  # below
# the end
brand: "acme"
"""
TIDY = """\
# yaml-language-server: $schema=./.schema/rules.json

# the end
brand: "acme"

# What counts.
rules:
  late:
    why: Money is owed # really
    # what it asks for
    when:
      text:
        - refund late
        # or so
        - owed
            money
      not: {text: "no refund"}
      # (no more)
    # how much
    score: 40
    tests:
      fires:
        - text: |
              refund late
                # no comment
          kind: reply
      quiet: [{kind: post, text: hm}]
  # the last one
  soon: {why: Soon, when: {text: soon}, score: 1, tests: {fires: [soon], todo: [soon]}}
  # below
# Who gets what.
routes:
  # the desk
  care: {to: "telegram:care", fallback: console}   # all day
  default:
    to:   console
"""


def test_an_untidy_file_is_put_in_order() -> None:
    """Sections and keys in order, two blanks a level, comments with what they are about, blank lines where
    they were.
    """
    assert TIDY == canonical(UNTIDY, FILE)


@pytest.mark.parametrize("path", [*SHIPPED, *SAMPLES], ids=lambda path: f"{path.parts[-3]}/{path.name}")
def test_the_meaning_stays_and_once_is_enough(path: Path) -> None:
    """Examples and goldens mean the same afterwards, and a second time changes nothing."""
    text = path.read_text(encoding="utf-8")
    try:
        before = yamlfile.load(text, path).plain()
    except ConfigError:
        with pytest.raises(ConfigError):
            canonical(text, path)
        return
    after = canonical(text, path)
    assert before == yamlfile.load(after, path).plain()
    assert after == canonical(after, path)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parts[-3]}/{path.name}")
def test_what_we_ship_is_in_canonical_form(path: Path) -> None:
    """Whoever begins with it can keep it so."""
    text = path.read_text(encoding="utf-8")
    assert text == canonical(text, path)


def crooked(text: str, order: random.Random) -> str:
    """Other blanks before each level, comments and blank lines anywhere between lines."""
    step = order.choice([1, 2, 3, 5])
    lines = []
    for line in text.splitlines():
        if not line.strip():
            lines.append(order.choice(["", "   "]))
            continue
        indent = len(line) - len(line.lstrip())
        if order.random() < 0.2:
            lines += order.choice([["# a comment"], ["", ""], [f"{' ' * order.randrange(9)}# another"]])
        lines.append(" " * (indent // 2 * step + indent % 2) + line.lstrip() + " " * order.randrange(2))
    return "\n".join(lines) + "\n" * order.randrange(3)


def test_a_crooked_file_keeps_version_and_comments() -> None:
    """Whatever the blanks, the version stays, every comment is kept, and once is enough."""
    version = parse_rules({"rules.yaml": STARTER}).version
    for seed in range(30):
        text = crooked(STARTER, random.Random(seed))
        after = canonical(text, FILE)
        assert version == parse_rules({"rules.yaml": after}).version
        assert sorted(comments(text)) == sorted(comments(after))
        assert after == canonical(after, FILE), seed
        assert all(not line.endswith(" ") for line in after.splitlines())


def comments(text: str) -> list[str]:
    return [line.partition("#")[2].strip() for line in text.splitlines() if "#" in line]


UNTOUCHED = {
    "an anchor used again": "rules:\n  a: {when: &w {text: a}, why: x}\nbrand: x\nconditions:\n  c: *w\n",
    "a dash on a line of its own": "words:\n    a:\n    -\n      b: c\n",
    "no mapping": "- a\n",
    "a mapping in braces": "{rules: {}, brand: x}\n",
    "a separator of lines": "rules: {}\nbrand: 'a\u2028b'\n",
    "nothing": "# only this\n",
}


@pytest.mark.parametrize("why", UNTOUCHED)
def test_what_is_not_understood_stays(why: str) -> None:
    """Rather untidy than changed; whatever comes of it means the same."""
    text = UNTOUCHED[why]
    after = canonical(text, FILE)
    assert yamlfile.load(text, FILE).plain() == yamlfile.load(after, FILE).plain()
    assert text == after


def test_every_key_has_its_place() -> None:
    """No key of the language is missing in the canonical order."""
    orders = (
        (layout.FILE, schema.SECTIONS),
        (layout.FILE.of("rules").of("x"), schema.RULE_KEYS),
        (layout.FILE.of("personas").of("x"), schema.PERSONA_KEYS),
        (layout.FILE.of("urgency"), schema.URGENCIES),
        (layout.FILE.of("urgency").of("x"), schema.LEVEL_KEYS),
        (layout.FILE.of("routes").of("x"), schema.ROUTE_KEYS),
    )
    assert [] == [key for shape, keys in orders for key in keys if key not in shape.order]
