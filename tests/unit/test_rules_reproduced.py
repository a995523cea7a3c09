"""A stored verdict can be made again: the sources of its set and its facts are all that went into it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from bot.model import Facts, Kind, Verdict
from rules.ruleset import RuleSet, load_rules, parse_rules
from rules.signals.measure import measure

EXAMPLES = Path(__file__).parents[2] / "config" / "examples" / "rules"
MORE = """
# A second file, as somebody on Windows wrote it.
personas:
  reporter: {when: {author: {bio: "reporter OR журналист", followers: ">= 10"}}, score: 7, route: press}
  public: {}
rules:
  nordic: {why: Nordic desk, when: {lang: [no, da]}, tags: [nordic, desk], at_least: high, respond_in: 90s}
  fresh:  {why: New account, when: {author: {age: "< 30d"}, not: {text: gammel}}, score: -3}
routes:
  press: {to: console}
""".replace("\n", "\r\n")

SAID = {
    "loud": Facts(
        mention_id="01J00000000000000000000000",
        brand="acme",
        platform="bluesky",
        kind=Kind.REPLY,
        text="@acme STILL waiting for my refund 😡, fed\nup. where is it??\u2029fire on fire: ﬁre, café",
        speaks_to_us=True,
        bio="Журналист, reporter",
        followers=12_000,
        age=timedelta(days=3, seconds=1, microseconds=7),
        verified=False,
        parent_text="hello",
    ),
    "foreign": Facts(
        mention_id="m2",
        brand="acme",
        platform="mastodon",
        kind=Kind.POST,
        text="Hvor er pakken min? Jeg venter fortsatt på svar fra acme",
        speaks_to_us=True,
        lang="no",
    ),
    "rival": Facts(mention_id="m3", brand="globex", platform="x", kind=Kind.POST, text="ขอบคุณ globex 好き"),
    "empty": Facts(mention_id="m4", brand="acme", platform="x", kind=Kind.DM, text=""),
}


@pytest.fixture(name="loaded", scope="module")
def _loaded(tmp_path_factory: pytest.TempPathFactory) -> RuleSet:
    folder = tmp_path_factory.mktemp("rules")
    starter = (EXAMPLES / "starter.yaml").read_text(encoding="utf-8")
    without_personas = starter.partition("personas:")[0] + "rules:" + starter.partition("\nrules:")[2]
    without_personas = without_personas.replace("persona: journalist, ", "")
    (folder / "b.yaml").write_bytes(b"\xef\xbb\xbf" + without_personas.encode())
    (folder / "a.yml").write_bytes(MORE.encode())
    return load_rules(folder, channels={"console"}, brand="acme", measure=measure)


def _measured(said: Facts) -> Facts:
    lang, signals = measure(said.text, ())
    return replace(said, lang=said.lang or lang, signals=signals)


@pytest.mark.parametrize("name", SAID)
def test_a_stored_verdict_is_made_again_byte_for_byte(loaded: RuleSet, name: str) -> None:
    """Sources and facts go through JSON, as the store keeps them; where the rules stand is the same too."""
    heard = _measured(SAID[name])
    verdict = loaded.judge(heard)
    sources = msgspec.json.decode(msgspec.json.encode(loaded.sources), type=dict[str, str])
    again = parse_rules(sources)
    facts = msgspec.json.decode(msgspec.json.encode(heard), type=Facts)
    stored = msgspec.json.encode(verdict)
    assert stored == msgspec.json.encode(again.judge(facts))
    assert verdict == msgspec.json.decode(stored, type=Verdict)


def test_the_cases_are_not_trivial(loaded: RuleSet) -> None:
    """They fire rules of both files, a persona, the floor of unknown languages, and nothing at all."""
    verdicts = {name: loaded.judge(_measured(said)) for name, said in SAID.items()}
    places = {fired.location.partition(":")[0] for fired in verdicts["loud"].fired}
    assert {"a.yml", "b.yaml"} == places
    assert ("reporter", "press") == (verdicts["loud"].persona, verdicts["loud"].route)
    assert any("at least normal" in note for note in verdicts["foreign"].notes)
    assert () == verdicts["rival"].fired


def test_settings_decide_no_verdict() -> None:
    """The name of the brand and the channels say only which names in the files are right."""
    sources = {"a.yaml": "brand: acme\nrules: {all: {why: x, when: {text: acme}, score: 5}}"}
    bare, full = parse_rules(sources), parse_rules(sources, channels={"console"}, brand="acme")
    for said in SAID.values():
        assert bare.judge(said) == full.judge(said)
