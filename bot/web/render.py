"""Templates to responses: everything escaped, nothing undefined, every text from the catalogue."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.texts.catalogue import Texts
from bot.web import assets
from bot.web.shown import clean

FOLDER = Path(__file__).parent / "templates"
_PACKED_FROM = 1_500


def environment() -> Environment:
    """Autoescape for every file, whatever it is called: a post never becomes markup."""
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals.update(asset=assets.address)
    made.filters["clean"] = clean
    return made


class Templates:
    """`html` makes a response of a template and its values, in the language of `texts`."""

    def __init__(self) -> None:
        self._environment = environment()
        self._compiling: asyncio.Future[None] | None = None

    async def ready(self) -> None:
        """When all are compiled: in a thread, once somebody looks. It would be a tenth of each start, and the
        event loop must not wait for it either.
        """
        if self._compiling is None:
            self._compiling = asyncio.ensure_future(asyncio.to_thread(self._compile))
        await asyncio.shield(self._compiling)  # who leaves meanwhile does not end it for the others

    def _compile(self) -> None:
        for name in self._environment.list_templates():
            self._environment.get_template(name)

    def html(self, template: str, texts: Texts, *, status: int = 200, **values: Any) -> web.Response:
        text = self._environment.get_template(template).render(values, say=texts.on_page, texts=texts)
        response = web.Response(text=text, status=status, content_type="text/html")
        if len(text) >= _PACKED_FROM:
            response.enable_compression()
        return response
