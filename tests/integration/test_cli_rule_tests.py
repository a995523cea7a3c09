"""`outcare rules test`, `outcare check` and a reload: where the tests in the rules count."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bot import rulebook
from bot.cli import setup
from bot.errors import ConfigError
from tests.integration.test_cli_rules import Run, _home, _run

__all__ = ["_home", "_run"]  # the fixtures `home` and `run`

RULES = """
words:
  refund: [refund*, money back]
rules:
  late:
    why: Money is owed
    when: {text: $refund NEAR/8 (waiting OR owed)}
    score: 60
    tests:
      fires: [waiting for my refund, "50% of my money, waiting"]
      quiet: [no refunds]
      todo: ["you owe me, waiting: refund me"]
  off:
    why: Not in use
    when: {text: "off"}
    enabled: false
    tests: {fires: ["on\\tand on"]}
tests:
  it-is-high:
    given: owed my money back
    expect: {urgency: high}
"""
FAILING = '"50% of my money, waiting"'
RIGHT = RULES.replace(FAILING, "money back owed")


def write(home: Path, rules: str) -> None:
    (home / "rules" / "rules.yaml").write_text(rules, encoding="utf-8")


def test_failures_are_told_in_a_line_each(run: Run, home: Path) -> None:
    """What failed and why, what need not be a todo any more, the sums; status 1."""
    write(home, RULES)
    ran = run("rules", "test")
    assert ran.code == 1
    assert ran.err == ""
    assert ran.out.splitlines() == [
        "FAIL rules.yaml:10 late should fire on: 50% of my money, waiting",
        "       because text: is false",
        "DONE rules.yaml:12 late fires by now, move it from todo to fires: you owe me, waiting: refund me",
        "FAIL rules.yaml:17 off should fire on: on and on (switched off, so it does not count)",
        "       because text: is false",
        "4 passed, 2 failed · rules fired by a test: 1/2, seen quiet: 1/2",
        "used by a test: branches 2/2, words of lists 2/2 (which not: --coverage)",
    ]


def test_only_what_counts_decides_the_status(run: Run, home: Path) -> None:
    """A failing test of a rule that is switched off is told, and is no failure."""
    write(home, RIGHT)
    assert 0 == run("rules", "test").code
    assert "switched off" in run("rules", "test").out


def test_a_rule_on_probation_is_not_called_switched_off(run: Run, home: Path) -> None:
    """What keeps its failing test from counting is said; of one that is both, that it is switched off."""
    for setting, said in (
        ("probation: true", "on probation"),
        ("probation: true\n    enabled: false", "switched off"),
    ):
        write(home, RIGHT.replace("enabled: false", setting))
        ran = run("rules", "test")
        assert ran.code == 0
        assert f"off should fire on: on and on ({said}, so it does not count)" in ran.out


def test_what_no_test_uses_is_named(run: Run, home: Path) -> None:
    """Rules that never fire, branches, words: each with its place."""
    write(
        home,
        RIGHT.replace(", money back owed", "").replace("given: owed my money back", "given: waiting, refund"),
    )
    assert run("rules", "test", "--coverage").out.splitlines()[-4:] == [
        "used by a test: branches 1/2, words of lists 1/2",
        "  untested rules.yaml:13 off never fires",
        "  untested rules.yaml:7 branch owed",
        '  untested rules.yaml:3 word $refund "money back"',
    ]


def test_for_scripts(run: Run, home: Path) -> None:
    """One document, by `--json` as everywhere."""
    write(home, RULES)
    told = run("rules", "test", "--json")
    assert told.code == 1
    document = told.json()
    assert {"passed": 4, "failed": 2, "todo": 0} == document["counts"]
    assert not document["ok"]
    (failed,) = [one for one in document["tests"] if one["is_blocking"]]
    assert ("late", "fires", 10, "failed") == (
        failed["name"],
        failed["kind"],
        failed["line"],
        failed["outcome"],
    )
    assert document == json.loads(run("rules", "test", "--format", "json").out)


def test_for_a_pull_request(run: Run, home: Path) -> None:
    """GitHub's workflow commands: an error, a warning for what does not count, a notice; escaped."""
    write(home, RULES)
    lines = run("rules", "test", "-f", "github").out.splitlines()
    file = str(home / "rules" / "rules.yaml")
    assert lines[0] == (
        f"::error file={file},line=10,col=38,title=late::late should fire on: 50%25 of my money, waiting "
        "because text: is false"
    )
    assert lines[1].startswith(f"::notice file={file},line=12,")
    assert lines[2].startswith(f"::warning file={file},line=17,")


def test_only_those_of_a_name(run: Run, home: Path) -> None:
    """The rest is neither run nor counted."""
    write(home, RULES)
    assert "1 passed · " in run("rules", "test", "-k", "high").out
    assert "no such test\n" == run("rules", "test", "-k", "nothing").out


def test_for_a_ci_server(run: Run, home: Path) -> None:
    """JUnit's XML: what counts and failed is a failure, what is to do, or does not count, is skipped."""
    write(home, RULES)
    suite = ET.fromstring(run("rules", "test", "-f", "junit").out)  # noqa: S314 - our own output
    assert ("6", "1") == (suite.get("tests"), suite.get("failures"))
    outcomes = [case[0].tag if len(case) else "passed" for case in suite]
    assert outcomes == ["passed", "failure", "passed", "skipped", "skipped", "passed"]
    assert "fires: on and on" == suite[4].get("name")


def test_a_folder_needs_no_configuration(run: Run, home: Path, tmp_path: Path) -> None:
    """For a repository that holds nothing but rules."""
    write(home, RIGHT)
    (home / "outcare.yaml").unlink()
    assert 0 == run("rules", "test", str(home / "rules")).code
    assert 2 == run("rules", "test", str(tmp_path / "nowhere")).code


def test_a_set_without_tests_says_how_to_begin(run: Run) -> None:
    """No test is no failure."""
    ran = run("rules", "test")
    assert (0, "no tests: put sentences under tests: in a rule (docs/rules.md)\n") == (ran.code, ran.out)


def test_check_runs_them(run: Run, home: Path) -> None:
    """A failing test is a mistake with its place, as a wrong key is."""
    write(home, RULES)
    ran = run("check")
    assert ran.code == 1
    assert (
        "rules.yaml:10:38: R052 late should fire on: 50% of my money, waiting (because text: is false)"
        in ran.err
    )
    write(home, RIGHT)
    assert 0 == run("check").code


@pytest.mark.usefixtures("run")
def test_a_reload_takes_no_set_whose_tests_fail(home: Path) -> None:
    """It would replace one that works."""
    write(home, RULES)
    settings = setup.settings(home / "outcare.yaml")
    with pytest.raises(ConfigError, match="R052 late should fire on"):
        rulebook.tested(settings)
    write(home, RIGHT)
    assert 2 == rulebook.tested(settings).count


def test_why_a_rule_does_not_fire(run: Run, home: Path) -> None:
    """Below the explanation, or as a part of it in JSON; a name that is not there gets the near one."""
    write(home, RIGHT)
    told = run("rules", "explain", "no money back", "--why-not", "late")
    assert told.out.splitlines()[-3:] == [
        "late does not fire:",
        "  rules.yaml:7  text: asks for  $refund NEAR/8 (waiting OR owed)",
        '       here: $refund is there ("money back"); waiting is not; owed is not',
    ]
    assert "late fires" in run("rules", "explain", "refund owed", "--why-not", "late").out
    assert "would fire, but is switched off" in run("rules", "explain", "off", "--why-not", "off").out
    answer = run("rules", "explain", "refund", "--why-not", "late", "--json").json()["why_not"]
    assert ("late", False, "text") == (answer["rule"], answer["fires"], answer["because"][0]["condition"])
    wrong = run("rules", "explain", "refund", "--why-not", "lat")
    assert (2, True) == (wrong.code, "did you mean 'late'?" in wrong.err)


WRONG = """
words: {unused: [a]}
rules:
  late: {why: x, when: {text: late}, scor: 4}
"""


def test_the_rules_alone_are_checked(run: Run, home: Path) -> None:
    """Every mistake and a sum; no test is run; a warning is an error only if one wants it."""
    write(home, WRONG)
    wrong = run("rules", "check")
    assert (1, "") == (wrong.code, wrong.out)
    assert 'R010 rule "late": unknown key "scor" — did you mean "score"?' in wrong.err
    write(home, RULES)
    right = run("rules", "check", str(home / "rules"))
    assert (0, "") == (right.code, right.err)
    assert right.out.startswith("2 rules (version ")
    write(home, WRONG.replace("scor:", "score:"))
    assert 0 == run("rules", "check").code
    assert 1 == run("rules", "check", "--strict").code


def test_mistakes_for_machines(run: Run, home: Path) -> None:
    """The same in the three forms."""
    write(home, WRONG)
    told = run("rules", "check", "--json").json()
    assert (False, ["R010"]) == (told["ok"], [one["code"] for one in told["problems"]])
    line = run("rules", "check", "-f", "github").out
    file = str(home / "rules" / "rules.yaml")
    assert line.startswith(f"::error file={file},line=4,col=38,title=R010::rule ")
    suite = ET.fromstring(run("rules", "check", "-f", "junit").out)  # noqa: S314 - our own output
    assert ("1", "1") == (suite.get("tests"), suite.get("failures"))
    write(home, RULES)
    suite = ET.fromstring(run("rules", "check", "-f", "junit").out)  # noqa: S314
    assert ("1", "0") == (suite.get("tests"), suite.get("failures"))


def test_the_schema_for_editors(run: Run, home: Path) -> None:
    """Printed, or written beside the rules, where a line in each file points to it."""
    write(home, RIGHT)
    printed = run("rules", "schema").out
    assert "http://json-schema.org/draft-07/schema#" == json.loads(printed)["$schema"]
    assert run("rules", "schema", "--write").out.endswith("$schema=./.schema/rules.json\n")
    file = home / "rules" / ".schema" / "rules.json"
    assert printed == file.read_text(encoding="utf-8")
    assert 0 == run("rules", "check").code
    file.unlink()
    file.mkdir()
    refused = run("rules", "schema", "--write")
    assert (1, True) == (refused.code, "cannot be written: Is a directory" in refused.err)


def test_sentences_are_tried_while_the_rules_change(home: Path) -> None:
    """Each line is answered at once; an edit counts from the next on; a mistake is told, and nothing lost."""
    write(home, RIGHT)
    command = [sys.executable, "-m", "bot.cli.main", "rules", "try", str(home / "rules")]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:

        def said(sentence: str) -> str:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(f"{sentence}\n\n")
            process.stdin.flush()
            return "".join(iter(process.stdout.readline, "\n"))

        assert said("waiting for my refund").startswith("HIGH  score 60")
        write(home, RIGHT.replace("score: 60", "score: 90"))
        assert said("waiting for my refund").startswith("CRITICAL  score 90")
        write(home, RIGHT.replace("score:", "scor:"))
        assert said("waiting for my refund").startswith("CRITICAL  score 90")
        _, told = process.communicate()
    assert 0 == process.returncode
    assert "the rules have changed: version" in told
    assert 'unknown key "scor"' in told
    assert "still judged by the rules of before" in told


PACKS = """
use: [core/en]
tune: {core/hiring-noise: off}
words: {core/safety: {add: [recall], remove: [caught fire]}}
rules: {late: {why: x, when: {text: late}, score: 5, tests: {fires: [late], quiet: [early]}}}
"""


def test_packs_are_tried_when_it_is_asked_for(run: Run, home: Path) -> None:
    """Their tests, on the rules as they are tuned; without that only our own, and only those are counted."""
    write(home, PACKS)
    assert run("rules", "test", "--coverage").out.splitlines() == [
        "2 passed · rules fired by a test: 1/1, seen quiet: 1/1",
        "used by a test: branches 0/0, words of lists 0/1",
        '  untested rules.yaml:4 word $core/safety "recall"',
    ]
    document = run("rules", "test", "--json").json()
    assert {"all": 1, "fired": ["late"], "quiet": ["late"]} == document["rules"]
    tried = run("rules", "test", "--packs")
    assert 1 == tried.code
    failed = [line for line in tried.out.splitlines() if line.startswith("FAIL")]
    assert 1 == len(failed)
    assert re.match(
        r"FAIL core/en\.yaml:\d+ core/safety should fire on: my @acme charger caught fire", failed[0]
    )
    assert "rules fired by a test: 15/15, seen quiet: 15/15" in tried.out


def test_explaining_leads_into_a_pack(run: Run, home: Path) -> None:
    """The place of a rule, and of what is false in it, is that in the pack."""
    write(home, PACKS)
    told = run("rules", "explain", "an early bird", "--why-not", "core/safety")
    assert "core/safety does not fire:" in told.out
    assert re.search(r"^  core/en\.yaml:\d+  text: asks for ", told.out, re.MULTILINE)
    assert re.search(
        r"\+0  core/safety +core/en\.yaml:\d+  \"recall\"", run("rules", "explain", "a recall").out
    )


def test_tests_are_run_again_when_a_file_changes(home: Path) -> None:
    """Failures and the sum each time; a mistake is told, and the watching goes on; Ctrl-C ends it."""
    write(home, RULES)
    command = [sys.executable, "-m", "bot.cli.main", "rules", "test", "--watch", str(home / "rules")]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None

        def told() -> str:
            assert process.stdout is not None
            return "".join(iter(process.stdout.readline, "\n"))

        assert told().startswith("FAIL rules.yaml:10 late should fire on")
        write(home, RIGHT.replace("score:", "scor:"))
        assert "" == told()
        write(home, RIGHT)
        assert "5 passed" in told()
        process.send_signal(signal.SIGINT)
        try:
            _, errors = process.communicate(timeout=30)
        finally:
            process.kill()
    assert 130 == process.returncode
    assert 'unknown key "scor"' in errors
