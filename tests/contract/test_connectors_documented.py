"""Rule 13: a connector that can be used can be read about, and copied from an example."""

from __future__ import annotations

import importlib
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CONNECTORS = PROJECT["entry-points"]["outcare.connectors"]


@pytest.mark.parametrize("name", CONNECTORS)
def test_it_has_a_docs_page(name: str) -> None:
    """Every entry point has docs/connectors/<name>.md, with a heading."""
    page = ROOT / "docs" / "connectors" / f"{name}.md"
    assert page.is_file()
    assert page.read_text(encoding="utf-8").startswith("# ")


@pytest.mark.parametrize("name", CONNECTORS)
def test_it_is_in_the_example_configuration(name: str) -> None:
    """Every entry point is in config/examples/outcare.yaml, be it in a comment."""
    assert f"{name}:" in (ROOT / "config" / "examples" / "outcare.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "target"), CONNECTORS.items())
def test_it_loads_and_a_source_has_samples(name: str, target: str) -> None:
    """Every entry point leads to a Connector of that name; one that reads has tests/samples/<name>/."""
    module, _, attribute = target.partition(":")
    connector = getattr(importlib.import_module(module), attribute)
    assert name == connector.name
    if connector.source is not None:
        assert any((ROOT / "tests" / "samples" / name).iterdir())
