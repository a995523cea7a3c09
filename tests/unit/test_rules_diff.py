"""What the rule lab offers to download applies with the usual programs, whatever the file looks like."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.diff import diff, normal

BEFORE = "rules:\n" + "".join(f"  rule-{number}: {{why: x}}\n" for number in range(30))
CASES = {
    "a line in the middle": (BEFORE, BEFORE.replace("rule-7:", "rule-seven:")),
    "two far apart": (BEFORE, BEFORE.replace("rule-2:", "two:").replace("rule-25:", "x:\n  y:")),
    "the first and the last": (BEFORE, "# new\n" + BEFORE + "# end\n"),
    "no line end before": ("a\nb", "a\nc\n"),
    "no line end after": ("a\nb\n", "a\nc"),
    "no line end at all": ("a\nb", "a\nc"),
    "from nothing": ("", "a\nb\n"),
    "to nothing": ("a\nb\n", ""),
    "Windows": (BEFORE.replace("\n", "\r\n"), BEFORE.replace("rule-7:", "rule-seven:")),
    "a byte order mark": ("\ufeff" + BEFORE, "# new\n" + BEFORE),
    "odd line ends inside": ("a\x0bb\u2028c\x85d\ne\n", "a\x0bb\u2028c\x85d\nf\n"),
    "what looks like a diff": ("--- a/x\n+++ b/x\n@@ -1 +1 @@\n", "--- a/x\n+++ b/y\n@@ -1 +1 @@\n"),
}


def applied(program: list[str], folder: Path, before: str, after: str, name: str) -> bytes:
    """The file after the program has applied the difference."""
    file = folder / "rules" / name
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(before.encode())
    made = diff(before, after, f"rules/{name}")
    ended = subprocess.run(program, cwd=folder, input=made.encode(), capture_output=True, check=False)
    assert 0 == ended.returncode, (ended.stderr, made)
    return file.read_bytes() if file.exists() else b""


@pytest.mark.parametrize(
    "program", [["git", "apply", "-"], ["patch", "-p1", "--binary"]], ids=["git", "patch"]
)
@pytest.mark.parametrize("case", CASES)
def test_it_applies(tmp_path: Path, case: str, program: list[str]) -> None:
    """The result is what was edited, with the line ends and the mark that the file had."""
    if shutil.which(program[0]) is None:
        pytest.skip(f"there is no {program[0]} here")
    before, after = CASES[case]
    if not before and program[0] == "git":
        pytest.skip("git makes no file of an empty one without its own header")
    got = applied(program, tmp_path, before, after, "two words.yaml").decode()
    assert normal(after) == normal(got)
    assert before.startswith("\ufeff") == got.startswith("\ufeff")
    assert ("\r\n" in before) == ("\r\n" in got)


@pytest.mark.parametrize("text", ["a\r\nb\r\n", "\ufeffa\nb\n", "a\rb\n"])
def test_line_ends_alone_are_no_difference(text: str) -> None:
    """A browser's form changes them in every file that it shows."""
    assert "" == diff(text, "a\nb\n", "x.yaml")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from("abc\n")), st.lists(st.sampled_from("abcd\n")))
def test_any_two_texts(tmp_path_factory: pytest.TempPathFactory, one: list[str], other: list[str]) -> None:
    """Short lines, many of them alike."""
    before, after = "x\n" + "".join(one), "x\n" + "".join(other)
    if before == after or shutil.which("patch") is None:
        return
    folder = tmp_path_factory.mktemp("any")
    assert after.encode() == applied(["patch", "-p1"], folder, before, after, "a.yaml")
