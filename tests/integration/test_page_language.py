"""The page in another language: of the staff, and of one person."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from tests.integration.page_world import PEOPLE, browser, world


def words(html: str) -> str:
    """What a person reads: without markup, blanks joined."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


async def test_every_view_is_in_the_staffs_language(tmp_path: Path) -> None:
    """Inbox, conversation, sources, what is missing, and what a press tells."""
    async with world(tmp_path, language="es") as it, browser(it, "anna") as visitor:
        number, uid = await it.mention(text="is it acme again?", due=5)
        _, inbox, _ = await visitor.get("/")
        assert '<html lang="es">' in inbox
        for told in ("Bandeja de entrada", "1 abierta", "Me encargo", "nadie todavía", "plazo vencido: "):
            assert told in words(inbox)
        _, conversation, _ = await visitor.get(f"/c/{number}")
        for told in ("El hilo", "¿Acertó el veredicto?", "No necesita respuesta", "Volver a la bandeja"):
            assert told in words(conversation)
        _, sources, _ = await visitor.get("/sources")
        assert "Huecos de los últimos siete días" in words(sources)
        status, missing, _ = await visitor.get("/c/987654")
        assert (404, True) == (status, "No existe esa conversación." in words(missing))
        _, done, _ = await visitor.post("/decide", {"press": f"claim:{uid}", "back": "/"})
        assert "Es tuya. El reloj corre." in words(done)
        _, after, _ = await visitor.get(f"/c/{number}")
        assert "Anna se encarga" in words(after)
        assert ("claimed", "anna") == it.state(number)


async def test_a_person_sees_the_page_in_their_own(tmp_path: Path) -> None:
    """Beside colleagues who see it in the staff's."""
    async with world(tmp_path) as it:
        it.page.people = {**PEOPLE, "ben": replace(PEOPLE["ben"], language="es")}
        async with browser(it, "anna") as anna, browser(it, "ben") as ben:
            assert "Nothing waits." in words((await anna.get("/"))[1])
            assert "Nada espera." in words((await ben.get("/"))[1])


@pytest.mark.parametrize("language", ["en", "es"])
async def test_signing_in_is_in_the_staffs_language(tmp_path: Path, language: str) -> None:
    """Nobody knows yet who comes."""
    async with world(tmp_path, language=language) as it, browser(it) as visitor:
        _, asked, _ = await visitor.get("/login")
        told = {"en": "Sign in", "es": "Iniciar sesión"}
        assert told[language] in words(asked)
