"""Packs of rules: how a set uses, tunes and keeps them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.errors import ConfigError
from bot.model import Urgency
from rules.coverage import coverage
from rules.places import is_of_pack
from rules.reread import Source
from rules.ruleset import RuleSet, load_rules, parse_rules
from rules.trial import failures, run
from rules.whynot import why_not
from tests.unit.rule_cases import facts, fired, measured

BOTH = "use: [core/en, core/es]\n"
ANGRY = facts("hello", signals=measured(0.9, 0.1))


def own(text: str) -> RuleSet:
    return parse_rules({"rules.yaml": text})


def urgency(rules: RuleSet, text: str) -> Urgency:
    return rules.judge(facts(text)).urgency


def problems(sources: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_rules(sources)
    return [f"{problem.location}: {problem.code} {problem.message}" for problem in caught.value.problems]


# --- use ------------------------------------------------------------------------------------------


def test_a_pack_brings_its_rules() -> None:
    """By their whole names, and with the place in the pack."""
    rules = own("use: core/en")
    verdict = rules.judge(facts("my charger caught fire"))
    assert ["core/safety"] == fired(verdict)
    assert verdict.fired[0].location.startswith("core/en.yaml:")
    assert (Urgency.CRITICAL, ("safety",)) == (verdict.urgency, verdict.tags)


def test_two_packs_of_a_family_are_one_set_of_rules() -> None:
    """Each rule once, with the words of both and the place in each."""
    english, both = own("use: [core/en]"), own(BOTH)
    assert {rule.name for rule in english.every} == {rule.name for rule in both.every}
    for said in ("my charger caught fire", "se incendió el cargador"):
        assert ["core/safety"] == fired(both.judge(facts(said)))
    assert [] == fired(english.judge(facts("se incendió el cargador")))
    english_at, spanish_at = both.judge(facts("caught fire")).fired[0].location.split(", ")
    assert english_at.startswith("core/en.yaml:")
    assert spanish_at.startswith("core/es.yaml:")


def test_the_order_of_use_does_not_matter() -> None:
    """Nor whether it stands in one file or in two."""
    turned = own("use: [core/es, core/en, core/es]")
    apart = parse_rules({"a.yaml": "use: core/es", "b.yaml": "use: core/en"})
    assert own(BOTH).version == turned.version == apart.version
    assert own(BOTH).judge(ANGRY) == turned.judge(ANGRY) == apart.judge(ANGRY)


def test_packs_and_rules_of_our_own_add_up() -> None:
    """The user's own rules may use the lists and conditions of a pack."""
    rules = own(
        "use: [core/en]\nrules:\n  promo: {why: x, when: {text: $core/giveaway, is: core/asks-if-real}, score: 7}"
    )
    verdict = rules.judge(facts("airdrop: is this real?", signals=measured(0.9, 0.9)))
    assert {"core/complaint", "core/question", "promo"} == set(fired(verdict))


def test_a_set_without_packs_knows_nothing_of_them() -> None:
    """A name may have a slash where no pack of that name is used."""
    rules = own("rules: {core/mine: {why: x, when: {text: hello}, score: 3}}")
    assert (["core/mine"], frozenset()) == (fired(rules.judge(facts())), rules.packed)


# --- tune -----------------------------------------------------------------------------------------


def test_tuning_replaces_what_it_names() -> None:
    """Points, tags, route, caps and the reason that staff sees; the rest stays."""
    rules = own(
        """
use: [core/en]
routes: {angry: {to: console}}
tune:
  core/complaint: {score: 35, tags: [angry, people], route: angry, respond_in: 3m, why: Is angry, at_least: high}
"""
    )
    verdict = rules.judge(ANGRY)
    assert (35, ("angry", "people"), "angry") == (verdict.score, verdict.tags, verdict.route)
    assert ("Is angry", Urgency.HIGH) == (verdict.fired[0].why, verdict.urgency)
    assert "core/en.yaml" in verdict.fired[0].location


def test_off_switches_a_rule_off() -> None:
    """It is still there, so that its tests and --why-not can be asked for."""
    rules = own(f"{BOTH}tune: {{core/complaint: off}}")
    assert [] == fired(rules.judge(ANGRY))
    assert not next(rule for rule in rules.every if rule.name == "core/complaint").counts
    on = own(f"{BOTH}tune: {{core/complaint: {{enabled: true}}}}")
    assert ["core/complaint"] == fired(on.judge(ANGRY))


def test_an_exception_is_added_to_those_of_the_pack() -> None:
    """`not` is one more reason to stay quiet, in every language of the family."""
    rules = own(f"{BOTH}tune: {{core/safety: {{not: {{text: drill OR simulacro}}}}}}")
    for quiet in ("the fire drill: a charger caught fire", "simulacro: se incendió", "to smoke"):
        assert [] == fired(rules.judge(facts(quiet)))
    for loud in ("a charger caught fire", "se incendió el cargador"):
        assert ["core/safety"] == fired(rules.judge(facts(loud)))


def test_an_exception_of_several_blocks() -> None:
    """A list means any of these here, too."""
    rules = own("use: core/en\ntune: {core/complaint: {not: [{text: drill}, {kind: post}]}}")
    assert [] == fired(rules.judge(facts("a drill", signals=measured(0.9, 0.1))))
    assert ["core/complaint"] == fired(rules.judge(ANGRY))


def test_words_are_added_and_removed() -> None:
    """As the rule language writes it; what is added may be another list."""
    rules = own(
        """
use: [core/en]
words:
  core/safety: {add: [recall, choking, $ours], remove: [smoke]}
  ours: [acme cough]
"""
    )
    for loud in ("is there a recall?", "my son is choking", "the acme cough", "it caught fire"):
        assert Urgency.CRITICAL is urgency(rules, loud)
    assert Urgency.CRITICAL is urgency(own("use: core/en"), "there is smoke")
    assert Urgency.LOW is urgency(rules, "there is smoke")
    assert () == tuple(problem for problem in rules.warnings if problem.code != "W103")


def test_a_word_that_the_pack_has_already_is_said() -> None:
    """At the user's own word; a pack's own words are nobody's business."""
    rules = own("use: core/en\nwords: {core/safety: {add: [anaphylactic, caught*]}}")
    assert ['word list "core/safety": "anaphylactic" is already found by "anaphyla*"'] == [
        problem.message for problem in rules.warnings
    ]


def test_doing_the_same_as_a_pack_is_said() -> None:
    """Whoever takes a pack beside rules of their own would count things twice."""
    rules = own('use: core/en\nrules: {cross: {why: x, when: {complaint: ">= 0.6"}, score: 25}}')
    assert ['W102 rule "cross" has the same "when" as rule "core/complaint"'] == [
        f"{problem.code} {problem.message}" for problem in rules.warnings
    ]
    rules = own('use: core/en\nrules: {big: {why: x, when: {author: {followers: ">= 50000"}}}}')
    assert ["W102"] == [problem.code for problem in rules.warnings]


def test_tuning_is_in_the_version() -> None:
    """So are added words, and the packs themselves."""
    versions = {
        own(text).version
        for text in (
            "use: core/en",
            BOTH,
            "use: core/en\ntune: {core/churn: off}",
            "use: core/en\ntune: {core/churn: {score: 5}}",
            "use: core/en\nwords: {core/churn: {add: [bye]}}",
        )
    }
    assert 5 == len(versions)


# --- stored sets ----------------------------------------------------------------------------------


def test_a_stored_set_judges_by_the_pack_of_its_time() -> None:
    """The text of the pack is among the sources: an upgrade changes no verdict that has been made."""
    rules = own("use: core/en\ntune: {core/complaint: {score: 35}}")
    stored = dict(rules.sources)
    assert {"rules.yaml", "pack:core/en.yaml"} == stored.keys()
    again = parse_rules(stored)
    assert (rules.version, rules.judge(ANGRY)) == (again.version, again.judge(ANGRY))
    stored["pack:core/en.yaml"] = "rules: {core/complaint: {why: old, when: {kind: mention}, score: 1}}"
    before = parse_rules(stored)
    assert [("core/complaint", "old", 35)] == [
        (one.rule, one.why, one.points) for one in before.judge(facts()).fired
    ]
    assert before.version != rules.version


def test_a_pack_that_is_no_longer_used_is_no_source(tmp_path: Path) -> None:
    """Nor does a folder's name make one of its files a pack."""
    assert {"rules.yaml"} == parse_rules({"rules.yaml": "", "pack:core/en.yaml": "x: ["}).sources.keys()
    folder = tmp_path / "core"
    folder.mkdir()
    (folder / "en.yaml").write_text("use: [core/en]", encoding="utf-8")
    assert {"en.yaml", "pack:core/en.yaml"} == load_rules(folder).sources.keys()


# --- tools ----------------------------------------------------------------------------------------


def test_tests_of_packs_are_kept_apart() -> None:
    """A tuned pack may fail its own tests: that is no mistake of the set."""
    rules = own(
        "use: core/en\nwords: {core/safety: {remove: [caught fire]}}\ntests: {a: {given: {text: x, complaint: 0, question: 0}, expect: {urgency: low}}}"
    )
    assert (["a"], ()) == ([case.name for case in rules.cases], failures(rules))
    assert all(is_of_pack(case.location.file) for case in rules.pack_cases)
    assert 50 < len(rules.pack_cases)
    assert 1 == len(run(rules).results)


def test_coverage_counts_what_is_ours() -> None:
    """Words that are added, exceptions that are made; nothing that the pack brings along."""
    rules = own(
        "use: core/en\nwords: {core/safety: {add: [recall]}}\ntune: {core/safety: {not: {text: a OR b}}}"
    )
    shown = [part.shown for part in coverage(rules, [facts("recall a")]).parts]
    assert ["text:", "a", "b", '$core/safety "recall"'] == shown
    assert ["b"] == [part.shown for part in coverage(rules, [facts("recall a")]).unused]


def test_why_not_speaks_of_the_pack() -> None:
    """With its places, and of the user's exception with theirs."""
    rules = own("use: core/en\ntune: {core/safety: {not: {text: drill}}}")
    reasons = why_not(rules, "core/safety", facts("a drill"))
    assert {"text", "not"} == {reason.path for reason in reasons}
    assert {"pack:core/en.yaml", "rules.yaml"} == {str(reason.location.file) for reason in reasons}


def test_reading_again_finds_the_same() -> None:
    """The rules that explaining works on are those that judge."""
    rules = own(f"{BOTH}tune: {{core/churn: off}}")
    again = Source(rules).found
    assert [rule.name for rule in rules.every] == sorted(rule.name for rule in again.rules)


# --- mistakes -------------------------------------------------------------------------------------


def test_without_a_pack_there_is_nothing_to_tune() -> None:
    """The message says how a pack is used."""
    assert [
        'rules.yaml:1:8: R013 tune: no pack has a rule "core/complaint" (a pack is used like this: use: [core/en])'
    ] == problems({"rules.yaml": "tune: {core/complaint: off}"})


def test_sections_of_the_wrong_shape_are_said() -> None:
    """Also in packs; nothing of it is an exception."""
    assert [
        "rules.yaml:1:6: R014 use: a pack must be text, not a mapping",
        'rules.yaml:2:7: R014 section "tune" holds names, not a list',
    ] == problems({"rules.yaml": "use: {core: en}\ntune: [core/complaint]"})
    assert ['rules.yaml:1:7: R014 section "tune" holds names, not text'] == problems(
        {"rules.yaml": "tune: x"}
    )
    broken = {"rules.yaml": "use: core/en", "pack:core/en.yaml": "words: [a]\nrules: {a: {}}\nroutes: {}"}
    assert [
        'pack:core/en.yaml:1:8: R014 pack "core/en": words must be names with what they stand for, not a list',
        'pack:core/en.yaml:2:9: R013 pack "core/en": the name "a" must begin with "core/"',
        'pack:core/en.yaml:3:1: R010 pack "core/en": unknown key "routes"',
    ] == problems(broken)


def test_packs_of_a_family_must_agree() -> None:
    """A rule that two packs have is one: only its reason, its condition and its tests may differ."""
    rule = "rules: {{core/a: {{why: {0}, when: {{text: {0}}}, score: {1}{2}}}}}"
    sources = {
        "rules.yaml": "use: [core/en, core/es]",
        "pack:core/en.yaml": rule.format("one", 5, ", tags: x"),
        "pack:core/es.yaml": rule.format("uno", 6, ", at_least: high"),
    }
    assert [
        'rule "core/a": "tags" is otherwise than in core/en.yaml:1',
        'rule "core/a": "score" is otherwise than in core/en.yaml:1',
        'rule "core/a": "at_least" is otherwise than in core/en.yaml:1',
    ] == [problem.partition(" R002 ")[2] for problem in problems(sources)]


@pytest.mark.parametrize(
    "rule", ["rules: {core/a: }", "rules: {core/a: [x]}", "rules: {core/a: {why: x, tests: 3}}"]
)
def test_rules_of_packs_that_are_none_are_said(rule: str) -> None:
    """Tuned, joined or alone: problems with their places."""
    for tune in ("", "\ntune: {core/a: off}", "\ntune: {core/a: {not: {text: x}}}"):
        sources = {"rules.yaml": f"use: [core/en, core/es]{tune}", "pack:core/en.yaml": rule}
        assert problems({**sources, "pack:core/es.yaml": rule})
        assert problems({**sources, "pack:core/es.yaml": ""})


TUNED = """
use: [core/en, core/es]
tune: {core/complaint: {score: 35}, core/churn: off, core/safety: {not: {text: drill}}}
words: {core/safety: {add: [recall], remove: [smoke]}}
"""


def test_a_slip_of_the_finger_is_told() -> None:
    """A letter less in a name, a key or a word that is removed: one mistake, nearly always with what was meant."""
    names = ("core/en", "core/es", "core/complaint", "core/churn", "core/safety", "score", "remove", "smoke")
    slips = [(name, name[:at] + name[at + 1 :]) for name in names for at in range(len(name))]
    suggested = []
    for name, slip in slips:
        with pytest.raises(ConfigError) as caught:
            own(re.sub(rf"(?<![\w/]){name}\b", slip, TUNED, count=1))
        suggested.append(name in {problem.suggestion for problem in caught.value.problems})
    assert sum(suggested) / len(slips) >= 0.9
