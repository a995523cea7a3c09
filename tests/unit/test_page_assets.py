"""The page's own files: what was vendored is what was published, and nothing asks for anything else."""

from __future__ import annotations

import re
from hashlib import sha256

import pytest

from bot.texts_page import PAGE, say
from bot.web import assets, render
from tests.unit import tree

VENDORED = {
    "htmx.min.js": (
        "2.0.11",
        "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717",
    ),
}
"""Files that others wrote: name → version, SHA-256 of the published file (package htmx.org, 0BSD)."""

TEMPLATES = sorted(render.FOLDER.glob("*.html"))


@pytest.mark.parametrize("name", VENDORED)
def test_vendored_files_are_what_was_published(name: str) -> None:
    """A changed byte is seen; the version is the one that the file says of itself."""
    version, digest = VENDORED[name]
    body = (assets.FOLDER / name).read_bytes()
    assert digest == sha256(body).hexdigest()
    assert f'version:"{version}"'.encode() in body


def test_every_other_file_is_ours() -> None:
    """Whoever adds a file says whose it is."""
    assert {"htmx.min.js", "icon.svg", "page.css", "page.js"} == {
        path.name for path in assets.FOLDER.iterdir()
    }


def test_assets_are_small() -> None:
    """Packed, all of them together: what the first visit costs beside the page itself."""
    assert sum(len(one.packed) for one in assets.assets().values()) < 40_000


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_need_no_exception_from_the_policy(path: object) -> None:
    """No inline script, style or handler, nothing unescaped, nothing from elsewhere."""
    text = (render.FOLDER / getattr(path, "name")).read_text(encoding="utf-8")  # noqa: B009
    assert [] == re.findall(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=|hx-on|\|\s*safe|autoescape", text)
    assert [] == re.findall(r"(?:src|href|action)=\"https?:", text)


def test_every_text_is_used_and_every_used_text_is_there() -> None:
    """Keys of the catalogue, as templates and code name them; those that are put together by their beginning."""
    shipped = [name for name in tree.files() if name.startswith(("bot/web/", "bot/desk.py"))]
    source = "".join(tree.read(name) for name in shipped if name.endswith((".py", ".html")))
    named = set(re.findall(r"say\(\s*[\"'](\w+)[\"'][,)]", source))
    assert set() == named - PAGE.keys()
    made = ("view_", "done_", "event_", "reason_", "key_", "ask_", "author_")
    unused = {
        key for key in PAGE if key not in named and not key.startswith(made) and f'"{key}"' not in source
    }
    assert {"claim", "release", "reopen", "dismiss", "not_about_us", "too_high", "too_low"} >= unused


def test_a_text_with_a_place_wants_it() -> None:
    """A missing value is an error at once, not a sentence with braces in it."""
    assert "2 open" == say("waiting_count", count=2)
    with pytest.raises(KeyError):
        say("waiting_count", number=2)
    with pytest.raises(KeyError):
        say("no such text")
