"""Where settings come from: the file, the environment, secrets files; each value keeps its origin.

Knows YAML nodes, variable names and files. It does not know which settings exist (it is told), nor what
their values mean. Precedence: environment > `…_FILE` > secrets directory > file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from bot import yamlfile
from bot.errors import ConfigError, Location, Problem

PREFIX = "OUTCARE_"
PORT = "PORT"
"""What platforms with a Procfile set (https://devcenter.heroku.com/articles/dynos#web-dynos)."""

_PORT_MEANS = PREFIX + "HTTP__PORT"
_FILE = "_FILE"

Trail = tuple[str, ...]
"""The keys that lead to a setting: ("http", "port")."""


Wanted = Literal["scalar", "list", "mapping"]


@dataclass(frozen=True, slots=True)
class Given:
    """A value and where it was given: a place in the file, or `by` a variable (which gave all of `at`).

    `hides` is the place in the file of what the variable won over.
    """

    value: Any
    location: Location | None = None
    keys: Mapping[str, Location] = field(default_factory=dict)
    by: str = ""
    at: Trail = ()
    hides: Location | None = None
    node_kind: str = "text"

    def child(self, key: str | int) -> Given | None:
        """What stands under a key or index, if anything."""
        if isinstance(self.value, dict) and isinstance(key, str):
            return self.value.get(key)
        if isinstance(self.value, list) and isinstance(key, int) and key < len(self.value):
            found: Given = self.value[key]
            return found
        return None

    def entries(self, key: str) -> dict[str, Given]:
        """The mapping under a key; empty when there is none."""
        child = self.child(key)
        return child.value if child and isinstance(child.value, dict) else {}

    def plain(self) -> Any:
        """The value without its origins."""
        if isinstance(self.value, dict):
            return {key: child.plain() for key, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.plain() for child in self.value]
        return self.value


@dataclass(frozen=True, slots=True)
class Spot:
    """A setting that exists: where it stands, and whether a list or a mapping is wanted there."""

    path: Trail
    wants: Wanted


@dataclass(frozen=True, slots=True)
class Variable:
    """A text from outside the file. `name` is the setting's variable, `by` what people see named."""

    name: str
    text: str
    by: str


def read_file(path: Path) -> Given:
    """The YAML file with its places. Raises: ConfigError, without quoting lines that may hold a secret."""
    problems: tuple[Problem, ...] = ()
    try:
        return _from_node(yamlfile.read(path))
    except ConfigError as error:
        problems = error.problems
    raise ConfigError([replace(problem, source_line=None) for problem in problems])


def variable_name(path: Sequence[str]) -> str:
    """`channels → webhook:ops → secret` is `OUTCARE_CHANNELS__WEBHOOK_OPS__SECRET`."""
    return PREFIX + "__".join(re.sub(r"[^A-Z0-9]+", "_", part.upper()) for part in path)


def put(tree: Given, path: Trail, given: Given) -> Given:
    """The tree with a value put in; one that is no mapping on the way stays and is complained of later."""
    if not path:
        return given
    if tree.value is not None and not isinstance(tree.value, dict):
        return tree
    inside = tree.value or {}
    child = inside.get(path[0], Given(None))
    return replace(tree, value={**inside, path[0]: put(child, path[1:], given)})


def overlay(
    tree: Given, spots: Mapping[str, Sequence[Spot]], env: Mapping[str, str], secrets_dir: Path | None
) -> tuple[Given, list[Problem]]:
    """The tree with everything from the environment and the secrets files in it, and what was wrong."""
    problems: list[Problem] = []
    found = {**_from_directory(secrets_dir, problems), **_from_environment(spots, env, problems)}
    usable = [variable for variable in found.values() if _is_known(variable, spots, problems)]
    for variable in sorted(usable, key=lambda variable: len(spots[variable.name][0].path)):
        spot = spots[variable.name][0]
        try:
            given = replace(_read_text(variable, spot), hides=_in_file(tree, spot.path))
            tree = put(tree, spot.path, given)
        except ValueError as error:
            problems.append(Problem(message=str(error)))
    return tree, problems


def _in_file(tree: Given, path: Trail) -> Location | None:
    """Where the file gives this setting, even if a variable has won over it."""
    found: Given | None = tree
    for key in path:
        found = found.child(key) if found else None
    return (found.hides if found.by else found.location) if found else None


def _from_node(node: yamlfile.Node) -> Given:
    value = node.value
    if isinstance(value, dict):
        value = {key: _from_node(child) for key, child in value.items()}
    elif isinstance(value, list):
        value = [_from_node(child) for child in value]
    return Given(value, node.location, node.keys, node_kind=node.kind)


def _from_environment(
    spots: Mapping[str, Sequence[Spot]], env: Mapping[str, str], problems: list[Problem]
) -> dict[str, Variable]:
    """An empty variable counts as not set: that is how compose files pass on what is not there."""
    ours = {name.upper(): text for name, text in env.items() if name.startswith(PREFIX) and text.strip()}
    found: dict[str, Variable] = {}
    if env.get(PORT, "").strip():
        found[_PORT_MEANS] = Variable(_PORT_MEANS, env[PORT].strip(), PORT)
    for name, text in ours.items():
        if name not in spots and name.endswith(_FILE):
            content = _content(Path(text), f"{name}: cannot read the file that it names", problems)
            if content is not None:
                found[name.removesuffix(_FILE)] = Variable(name.removesuffix(_FILE), content, name)
    found.update({name: Variable(name, text, name) for name, text in ours.items() if _is_direct(name, spots)})
    return found


def _is_direct(name: str, spots: Mapping[str, Sequence[Spot]]) -> bool:
    return name in spots or not name.endswith(_FILE)


def _from_directory(folder: Path | None, problems: list[Problem]) -> dict[str, Variable]:
    """One file per setting; files that do not begin with our prefix are other programs' secrets."""
    if folder is None:
        return {}
    try:
        files = sorted(path for path in folder.iterdir() if path.name.upper().startswith(PREFIX))
    except OSError as error:
        problems.append(Problem(message=f"cannot read the secrets directory {folder}: {error.strerror}"))
        return {}
    found = {}
    for path in files:
        content = _content(path, f"cannot read the secrets file {path}", problems)
        if content is not None:
            found[path.name.upper()] = Variable(path.name.upper(), content, f"secrets file {path}")
    return found


def _content(path: Path, complaint: str, problems: list[Problem]) -> str | None:
    """A secret's text without the newline at its end, or a problem that does not show it."""
    try:
        content = path.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        problems.append(Problem(message=f"{complaint}: {error.strerror}"))
    except ValueError:  # not UTF-8, or a path that no file can have
        problems.append(Problem(message=f"{complaint}: it is not UTF-8 text"))
    else:
        if content:
            return content
        problems.append(Problem(message=f"{complaint}: it is empty"))
    return None


def _is_known(variable: Variable, spots: Mapping[str, Sequence[Spot]], problems: list[Problem]) -> bool:
    means = spots.get(variable.name, ())
    if len(means) == 1:
        return True
    if means:
        both = " or ".join(".".join(spot.path) for spot in means)
        problems.append(Problem(message=f"{variable.by} could mean {both}: rename one of them"))
        return False
    names = [name.removeprefix(PREFIX) for name in spots]
    near = yamlfile.closest(variable.name.removeprefix(PREFIX), names)
    guess = f"{PREFIX}{near}{_FILE if variable.by.endswith(_FILE) else ''}" if near else None
    message = f"{variable.by} is not a setting"
    if not guess:
        message += " (names that begin with OUTCARE_ are read as settings)"
    problems.append(Problem(message=message, suggestion=guess))
    return False


def _read_text(variable: Variable, spot: Spot) -> Given:
    """Text as it is, or, where a list or a mapping is wanted, read as YAML; a list also as `a, b`."""
    if spot.wants == "scalar":
        return Given(variable.text, by=variable.by, at=spot.path)
    if spot.wants == "list" and variable.text.lstrip()[:1] != "[":
        parts = [part.strip() for part in variable.text.split(",")]
        value: Any = [Given(part, by=variable.by, at=spot.path) for part in parts if part]
        return Given(value, by=variable.by, at=spot.path)
    return _stamp(_parse(variable, spot), variable.by, spot.path)


def _parse(variable: Variable, spot: Spot) -> Given:
    shape = "[a, b]" if spot.wants == "list" else "{key: value}"
    try:
        given = _from_node(yamlfile.load(variable.text, Path(variable.by)))
    except ConfigError:
        given = None
    if given is None or not isinstance(given.value, list if spot.wants == "list" else dict):
        raise ValueError(f"{variable.by} must be a {spot.wants}; write it like {shape}")
    return given


def _stamp(given: Given, by: str, at: Trail) -> Given:
    """Everything inside was given by the variable; the places in its text mean nothing to anybody."""
    value = given.value
    if isinstance(value, dict):
        value = {key: _stamp(child, by, at) for key, child in value.items()}
    elif isinstance(value, list):
        value = [_stamp(child, by, at) for child in value]
    return Given(value, by=by, at=at, node_kind=given.node_kind)
