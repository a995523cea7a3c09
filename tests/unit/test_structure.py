"""The budgets and habits of CONTRIBUTING.md that no linter knows."""

from __future__ import annotations

import ast
import re
import statistics
import tomllib
from collections.abc import Iterator
from itertools import pairwise

import pytest

from tests.unit import tree

LONGEST_FILE = 400
LONGEST_FUNCTION = 40
MEDIAN_FUNCTION = 8
P90_FUNCTION = 20

LONG_FILES: dict[str, str] = {}
"""Files that may be longer, and why. May only shrink."""

LONG_FUNCTIONS: frozenset[str] = frozenset()
"""Functions that may be longer, as `file:name`. May only shrink."""

CATCH_ALL = {
    "bot/outbox.py": "around one delivery: a bug in a channel must not stop the others",
    "bot/publishing.py": "around one publication: nobody knows what a bug did, and the others must go on",
    "bot/feeds.py": "around one feed, the other kind of source: a bug in one press must not end the daemon",
    "bot/listener.py": "around one source: a bug in a connector must not end the program",
    "rules/signals/plugins.py": "around one plug-in: somebody else's bug must not stop triage",
    "bot/store/writer.py": "whatever a unit of work raises belongs to the future of whoever submitted it",
}
"""The only places that may catch everything, and why. May only shrink."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(source: str) -> Iterator[Function]:
    """Every function and method of a file, nested ones too."""
    return (node for node in ast.walk(ast.parse(source)) if isinstance(node, Function))


def length(function: Function) -> int:
    """Lines from `def` to the end, without the docstring."""
    assert function.end_lineno is not None
    lines = function.end_lineno - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function, clean=False) is not None:
        assert first.end_lineno is not None
        lines -= first.end_lineno - first.lineno + 1
    return lines


def catches_all(source: str) -> Iterator[int]:
    """The lines where a file catches everything, under whichever spelling, and does not raise in the end."""
    everything = {"Exception", "BaseException"}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ExceptHandler):
            if isinstance(node.body[-1], ast.Raise):
                continue  # a clean-up, or a translation
            caught = {ast.unparse(name) for name in ast.walk(node.type)} if node.type else everything
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in {"suppress", "contextlib.suppress"}:
            caught = {ast.unparse(argument) for argument in node.args}
        else:
            continue
        if caught & everything:
            yield node.lineno


def imports_ours(source: str) -> list[str]:
    """What a file imports of our own packages."""
    names: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append("." * node.level + (node.module or ""))
    return [name for name in names if name.startswith(".") or name.partition(".")[0] in tree.SHIPPED]


SAMPLE = '''
def outer():
    """Two
    lines."""
    def inner():
        pass
'''


def test_length_counts_no_docstring() -> None:
    """A docstring is free; a nested function counts in its outer one too."""
    assert {function.name: length(function) for function in functions(SAMPLE)} == {"outer": 3, "inner": 2}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("try: x\nexcept: y", [2]),
        ("try: x\nexcept Exception: y", [2]),
        ("try: x\nexcept (OSError, BaseException) as e: y", [2]),
        ("try: x\nexcept* Exception: y", [2]),
        ("with contextlib.suppress(Exception): x", [1]),
        ("try: x\nexcept Exception:\n  if y: raise", [2]),
        ("try: x\nexcept BaseException:\n  y\n  raise", []),
        ("try: x\nexcept (OSError, ValueError): y", []),
        ("with suppress(OSError): x", []),
    ],
)
def test_catching_everything_is_seen(source: str, expected: list[int]) -> None:
    """Every spelling of it, and nothing else."""
    assert list(catches_all(source)) == expected


def test_files_are_short() -> None:
    """A file that grows beyond the limit wants to be two."""
    lengths = {name: len(tree.read(name).splitlines()) for name in tree.python(*tree.SHIPPED, *tree.OTHER)}
    assert {
        name: lines for name, lines in lengths.items() if lines > LONGEST_FILE
    }.keys() == LONG_FILES.keys()


def test_functions_are_short() -> None:
    """No function is longer than a screen."""
    long = {
        f"{name}:{function.name}": length(function)
        for name in tree.python(*tree.SHIPPED, *tree.OTHER)
        for function in functions(tree.read(name))
        if length(function) > LONGEST_FUNCTION
    }
    assert {name: lines for name, lines in long.items() if name not in LONG_FUNCTIONS} == {}


def test_most_functions_are_very_short() -> None:
    """The median and the ninth decile over all shipped code stay in budget."""
    lengths = [
        length(function) for name in tree.python(*tree.SHIPPED) for function in functions(tree.read(name))
    ]
    assert statistics.median(lengths) <= MEDIAN_FUNCTION
    assert statistics.quantiles(lengths, n=10)[-1] <= P90_FUNCTION


def test_every_module_says_what_it_knows() -> None:
    """Each module begins with a docstring (an empty `__init__` has nothing to say)."""
    modules = tree.python(*tree.SHIPPED, *tree.OTHER)
    assert [
        name for name in modules if (text := tree.read(name)) and not ast.get_docstring(ast.parse(text))
    ] == []


def test_every_test_says_what_it_proves() -> None:
    """Each test function has a docstring."""
    missing = [
        f"{name}:{function.name}"
        for name in tree.python("tests")
        for function in functions(tree.read(name))
        if function.name.startswith("test_") and not ast.get_docstring(function)
    ]
    assert missing == []


def test_packages_import_nothing_of_their_own() -> None:
    """Importing a package loads its name and nothing else: only the module that is asked for."""
    roots = [name for name in tree.python(*tree.SHIPPED) if name.endswith("__init__.py")]
    assert {name: found for name in roots if (found := imports_ours(tree.read(name)))} == {}


def test_everything_is_caught_in_few_places() -> None:
    """Outside the listed places only errors that were thought of are caught."""
    caught = {name: list(catches_all(tree.read(name))) for name in tree.python(*tree.SHIPPED)}
    assert {name: lines for name, lines in caught.items() if lines and name not in CATCH_ALL} == {}


def test_the_listed_places_catch_everything_once() -> None:
    """An exception to the rule that is no longer needed goes from the list; one is enough per place."""
    present = [name for name in CATCH_ALL if name in tree.files()]
    assert {name: len(list(catches_all(tree.read(name)))) for name in present} == dict.fromkeys(present, 1)


# Spelled in pieces, so that this file does not name them.
FORBIDDEN = {
    "a package registry": r"(pypi|pythonhosted|npmjs)\.(org|com)|-(-extra)?-index-" + "url|--find-" + "links",
    "a folder beside the checkout": r"\.\./" + "shared",
    "a path of the machine it was written on": r"(?<![\w.-])/(work|root)/" + r"\w",
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_names_what_others_do_not_have(what: str) -> None:
    """A clone works anywhere: nothing in it leads to one machine or one registry."""
    pattern = re.compile(FORBIDDEN[what])
    found = []
    for name in tree.files():
        text = (tree.ROOT / name).read_bytes().decode("utf-8", "replace")
        found += [f"{name}: {match.group()}" for match in pattern.finditer(text)]
    assert found == []


LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)(?: \"[^\"]*\")?\)")


def pages() -> tuple[str, ...]:
    """The documentation."""
    return tuple(name for name in tree.files() if name.endswith(".md"))


def anchors(markdown: str) -> set[str]:
    """The anchors that a page's headings get on GitHub and its likes."""
    headings = re.findall(r"^#+ (.+)$", markdown, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def is_broken(page: str, target: str) -> bool:
    """Whether a relative link leads nowhere."""
    if re.match(r"[a-z]+:", target):
        return False
    file, _, anchor = target.partition("#")
    path = ((tree.ROOT / page).parent / file).resolve() if file else tree.ROOT / page
    if not path.exists():
        return True
    return bool(anchor) and anchor not in anchors(path.read_text(encoding="utf-8"))


TARGETS = {
    "https://example.org/x": False,
    "nowhere.md": True,
    "CHANGELOG.md": False,
    "CHANGELOG.md#nothing": True,
    "CHANGELOG.md#unreleased": False,
    "docs/": False,
}


@pytest.mark.parametrize(("target", "expected"), TARGETS.items())
def test_a_broken_link_is_seen(target: str, expected: bool) -> None:
    """The check below knows files, folders and headings."""
    assert is_broken("README.md", target) == expected


def test_links_between_pages_lead_somewhere() -> None:
    """Every relative link in the documentation finds its file and its heading."""
    links = [(page, target) for page in pages() for target in LINK.findall(tree.read(page))]
    assert [f"{page} -> {target}" for page, target in links if is_broken(page, target)] == []


def test_files_named_in_the_code_exist() -> None:
    """A page that a docstring or a comment sends the reader to is there."""
    named = {
        (name, page)
        for name in tree.python(*tree.SHIPPED)
        for page in re.findall(r"(?<![\w/])(docs/[\w./-]+\.md)", tree.read(name))
    }
    assert sorted(f"{name} -> {page}" for name, page in named if not (tree.ROOT / page).exists()) == []


def test_the_changelog_has_a_place_for_what_comes() -> None:
    """Unreleased stands first, and each of its lines is tagged for operators."""
    sections = re.findall(r"^## \[?([^\]\n]+)\]?.*$", tree.read("CHANGELOG.md"), re.MULTILINE)
    assert sections[0] == "Unreleased"
    unreleased = re.split(r"^## .*$", tree.read("CHANGELOG.md"), flags=re.MULTILINE)[1]
    entries = re.findall(r"^- (.*)$", unreleased, re.MULTILINE)
    assert entries
    assert [entry for entry in entries if not re.match(r"\[(CHANGE|FEATURE|BUGFIX)\] [\w ,]+: ", entry)] == []


def test_decisions_are_numbered_without_a_gap() -> None:
    """Each decision has its number, and says context, choice and price."""
    names = [name for name in tree.files() if name.startswith("docs/decisions/0")]
    numbers = [int(name.split("/")[-1].split("-")[0]) for name in names]
    assert numbers[0] == 1
    assert all(after == before + 1 for before, after in pairwise(numbers))
    assert [name for name in names if not {"context", "choice", "price"} <= anchors(tree.read(name))] == []


def test_hooks_run_what_the_lint_runs() -> None:
    """Every tool that `make lint` runs is a pre-commit hook too, and comes from the virtual environment."""
    recipe = tree.read("Makefile").partition("\nlint:")[2].partition("\n\n")[0]
    tools = set(re.findall(r"^\t\$\(BIN\)/([\w-]+)", recipe, re.MULTILINE))
    hooks = set(re.findall(r"entry: \.venv/bin/([\w-]+)", tree.read(".pre-commit-config.yaml")))
    assert {"ruff", "mypy", "lint-imports", "codespell"} <= tools
    assert tools <= hooks


def test_the_version_of_python_is_said_once() -> None:
    """pyproject, ruff and mypy agree on the oldest Python."""
    pyproject = tomllib.loads(tree.read("pyproject.toml"))
    oldest = pyproject["project"]["requires-python"].removeprefix(">=")
    assert pyproject["tool"]["mypy"]["python_version"] == oldest
    assert pyproject["tool"]["ruff"]["target-version"] == f"py{oldest.replace('.', '')}"
