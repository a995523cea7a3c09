"""The page on silences: its commands are understood, answered as it says, and hold what it says."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.model import Alert, Facts, Kind
from bot.silences import Standing
from bot.silencing import listed, over
from bot.texts.en import ENGLISH
from rules.ruleset import parse_rules
from rules.wording import finder
from tests.integration import store_samples as s
from tests.integration.test_commands import office
from tests.integration.test_silencing import with_troll

WHOLE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
PAGE = WHOLE.partition("\n## Silences\n")[2].partition("\n## ")[0]
RULES = """
rules:
  leak: {why: Something leaks, when: {text: leaks}, at_least: high}
  fire: {why: Possible harm, when: {text: fire}, at_least: critical}
"""


async def test_the_page_says_what_happens(tmp_path: Path) -> None:
    """Each command is carried out, each example rings or does not, and the chat hears what stands there."""
    commands, answer = re.findall(r"```\n(.*?)```", PAGE, re.DOTALL)
    async with office(tmp_path / "x.db") as it:
        await with_troll(it)
        told = [await it.say(one) for one in commands.splitlines()]
        assert answer.strip() == told[0]
        assert all(one.startswith("Silenced.") for one in told[:-1])
        assert 4 == len(told[-1].splitlines())
        words = next(one for one in it.standing[-1] if one.scope.value == "words")
        held = examples(Standing(silences=(words,), finder=finder, people=str))
        assert held == len(re.findall(r"\| silenced \|", PAGE)) == 2
        counted = replace(words, held=held)
        line = listed(ENGLISH, counted, now=s.at(0), zone=ZoneInfo("UTC"), name="Li")
        assert f"`{line}`" in PAGE
        assert f"`{over(ENGLISH, counted)}`" in PAGE
        critical = re.findall(r"`(/silence [^`]*\+critical [^`]*)`", PAGE)
        assert "critical ones included" in await it.say(critical[0])


def examples(standing: Standing) -> int:
    """How many of the page's examples are held; each is as it says."""
    rules, held = parse_rules({"a.yaml": RULES}), 0
    for text, said in re.findall(r"^\| `([^`]+)` \| (silenced|rings.*) \|$", PAGE, re.MULTILINE):
        facts = Facts(mention_id="m", brand="acme", platform="x", kind=Kind.POST, text=text)
        facts = replace(facts, silences=standing.met_by(facts, "x", s.at(1)))
        verdict = rules.judge(facts)
        assert (said == "silenced") == (verdict.alert is Alert.NONE), text
        assert ("critical" in said) == (verdict.urgency.label == "critical"), text
        held += verdict.alert is Alert.NONE
    return held
