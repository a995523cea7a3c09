"""Whatever stands in the file or the environment: settings or a ConfigError, never a traceback."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from bot.errors import ConfigError
from bot.settings.load import load
from bot.settings.shape import File, file_model, spots
from bot.settings.sources import Given
from tests.unit.settings_world import CONNECTORS, MINIMAL

KEYS = st.sampled_from(
    [
        *File.model_fields,
        *CONNECTORS,
        *[
            "name",
            "words",
            "accounts",
            "role",
            "chat",
            "token",
            "url",
            "secret",
            "host",
            "port",
            "level",
            "format",
        ],
        *[
            "telegram:care",
            "telegram:",
            ":",
            "webhook:ops",
            "globex",
            "acme",
            "anna",
            "hosts",
            "urls",
            "retries",
        ],
    ]
) | st.text(max_size=8)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(
        ["acme", "en", "Europe/Berlin", "15m", "lead", "info", "did:plc:x", "https://a.example", "1" * 50]
    )
)
TREES = st.recursive(
    SCALARS,
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(KEYS, inside, max_size=5),
    max_leaves=25,
)
ROOTS = st.dictionaries(KEYS, TREES, max_size=8)
NAMES = st.sampled_from(sorted(spots(file_model(CONNECTORS, ["telegram:care"]), Given({})))) | st.text(
    alphabet="ABC_XYZ", max_size=12
).map("OUTCARE_{}".format)
VALUES = st.sampled_from(
    ["{a: 1}", "[1, {a: [}", "[a, b]", "{", "*x", "8080", "telegram: {}", "~", "{chat: 1}"]
) | st.text(max_size=20)
relaxed = hypothesis_settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def told(attempt: Callable[[], object]) -> str:
    """What a person reads of an attempt: nothing, or the problems."""
    try:
        attempt()
    except ConfigError as error:
        return str(error)
    return ""


def attempt(text: str, folder: Path, env: dict[str, str]) -> None:
    file = folder / "outcare.yaml"
    file.write_text(text, encoding="utf-8", errors="surrogatepass")
    with contextlib.suppress(ConfigError):
        load(file, CONNECTORS, env=env)


@relaxed
@given(ROOTS)
def test_any_tree_loads_or_is_a_config_error(tmp_path: Path, tree: dict[str, Any]) -> None:
    """No shape of mappings, lists and values gets past the checks as anything else."""
    attempt(yaml.safe_dump(tree, allow_unicode=True), tmp_path, {})


@relaxed
@given(st.dictionaries(st.sampled_from(sorted(File.model_fields)), TREES, max_size=4))
def test_any_values_of_known_keys_load_or_are_a_config_error(tmp_path: Path, tree: dict[str, Any]) -> None:
    """With a good brand the rest is reached too."""
    whole = {"brand": {"name": "acme", "words": ["acme"]}, **tree}
    attempt(yaml.safe_dump(whole), tmp_path, {})


@relaxed
@given(st.text(max_size=200))
def test_any_text_loads_or_is_a_config_error(tmp_path: Path, text: str) -> None:
    """Also what is no YAML at all."""
    attempt(MINIMAL + text, tmp_path, {})


@relaxed
@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_any_environment_loads_or_is_a_config_error(tmp_path: Path, env: dict[str, str]) -> None:
    """Known names with any value, unknown names with any."""
    attempt(MINIMAL, tmp_path, env)


@relaxed
@given(
    st.sampled_from(sorted(spots(file_model(CONNECTORS, ["telegram:care"]), Given({})))),
    st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789:", min_size=12, max_size=40).map("QJ{}".format),
)
def test_no_value_of_the_environment_is_in_an_error(tmp_path: Path, name: str, value: str) -> None:
    """Whatever setting it was meant for: the variable is named, its text is not told."""
    file = tmp_path / "outcare.yaml"
    file.write_text(MINIMAL)
    assert value not in told(lambda: load(file, CONNECTORS, env={name: value}))


@pytest.mark.parametrize(
    "text", ["a: &a {<<: *a}", "\ufeff" + MINIMAL, "%YAML 9.9\n---\n", "--- a\n--- b\n", "\0"]
)
def test_curious_files_load_or_are_a_config_error(tmp_path: Path, text: str) -> None:
    """A byte order mark, directives, two documents, a NUL."""
    attempt(text, tmp_path, {})
