"""`/rules/lab`: try a text on the rules, edit them in a scratch copy, take the difference away.

The copy lives in the form and nowhere else; files are never written. The work is done in one thread of its
own, for each session one piece at a time. Leads and ops only.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from aiohttp import web

from bot import duration
from bot.errors import ConfigError
from bot.lab import Bench, Looked, Sample
from bot.model import Facts, Kind, Verdict
from bot.problems import render_all
from bot.silences import in_force
from bot.texts.language import is_code
from bot.web import shown
from bot.web.door import SESSION, form
from bot.web.rules import may_rule
from bot.web.shown import clean

if TYPE_CHECKING:
    from bot.web.page import Page

T = TypeVar("T")

MOST_FORM = 1_500_000
"""Bytes of a form with files in it."""
MOST_FILE = 200_000
MOST_TEXT = 10_000
MOST_FIELD = 2_000
_NUMBER = re.compile(r"[0-9]{1,12}\Z")
_PLATFORM = re.compile(r"[a-z0-9_-]{1,40}\Z")
MISTAKES = ("mention", "size", "kind", "platform", "lang", "number", "age")
PLAIN = ("mention", "kind", "platform", "lang", "handle", "bio", "followers", "following", "age", "verified")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The form as it was sent: it is shown again with what came of it. `files`: those that are open."""

    plain: dict[str, str]
    text: str
    files: dict[str, str] = field(default_factory=dict)
    opens: str = ""


@dataclass(frozen=True, kw_only=True)
class Mistake(Exception):  # noqa: N818 - what a person mistyped, not an error of ours
    """A field that cannot be read; `key` is its message."""

    key: str


class LabPage:
    def __init__(self, page: Page) -> None:
        self._page = page
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lab")
        self._busy: set[str] = set()

    async def stop(self, _app: web.Application) -> None:
        """What waits is given up."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def whole(self, request: web.Request) -> web.Response:
        """Empty, or with a stored mention (`?mention=ID`)."""
        if not may_rule(self._page, request):
            return self._not_for_you(request)
        asked = Asked(plain={"mention": request.query.get("mention", "")[:MOST_FIELD]}, text="")
        return await self._alone(request, partial(self._answer, request, asked))

    async def look(self, request: web.Request) -> web.Response:
        if not may_rule(self._page, request):
            return self._not_for_you(request)
        asked = await _asked(request)
        return await self._alone(request, partial(self._answer, request, asked))

    async def patch(self, request: web.Request) -> web.Response:
        """The difference as a file."""
        if not may_rule(self._page, request):
            return self._not_for_you(request)
        asked = await _asked(request)

        async def made() -> web.Response:
            patch = await self._in_thread(partial(self._page.lab.patch, asked.files))
            return web.Response(
                body=patch.encode(),
                content_type="text/x-patch",
                charset="utf-8",
                headers={"Content-Disposition": 'attachment; filename="rules.patch"'},
            )

        return await self._alone(request, made)

    def _not_for_you(self, request: web.Request) -> web.Response:
        texts = self._page.texts(request)
        title, text = texts.on_page("lab"), texts.on_page("lab_not_for_you")
        return self._page.html(request, "trouble.html", status=403, title=title, text=text)

    async def _alone(self, request: web.Request, work: Callable[[], Any]) -> web.Response:
        """One piece of work a session: who presses again and again waits for the first answer."""
        nonce = request[SESSION].nonce
        if nonce in self._busy:
            texts = self._page.texts(request)
            title, text = texts.on_page("lab"), texts.on_page("lab_busy")
            return self._page.html(request, "trouble.html", status=429, title=title, text=text)
        self._busy.add(nonce)
        try:
            answer: web.Response = await work()
        finally:
            self._busy.discard(nonce)
        return answer

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def _answer(self, request: web.Request, asked: Asked) -> web.Response:
        """The form, and below it what came of it."""
        page, texts, now = self._page, self._page.texts(request), self._page.clock.now()
        problem, then, looked = "", None, None
        files = await self._in_thread(page.lab.files)
        try:
            asked = _opened(asked, files)
            facts, then = await self._facts(asked, now)
            if facts.text or asked.files:
                silenced = in_force(await page.shelf.silences(now=now), now)
                bench = Bench(facts=facts, edited=asked.files, silenced=silenced)
                looked = await self._in_thread(partial(page.lab.look, bench))
        except Mistake as mistake:
            problem = texts.on_page(f"mistake_{mistake.key}", most=MOST_FILE)
        except ConfigError as error:
            problem = render_all(error.problems)
        return page.html(
            request,
            "lab.html",
            status=400 if problem else 200,
            asked=asked.plain,
            text=asked.text,
            opened=asked.files,
            unopened=[name for name in files if name not in asked.files],
            kinds=[kind.value for kind in Kind],
            platforms=page.choices().platforms,
            problem=clean(problem),
            then=then,
            found=_found(looked) if looked else None,
        )

    async def _facts(self, asked: Asked, now: datetime) -> tuple[Facts, Verdict | None]:
        """Those of a stored mention with its verdict, or those of the text. Raises: Mistake."""
        if mention := asked.plain.get("mention", "").strip():
            stored = await self._page.shelf.verdict(mention)
            if stored is None:
                raise Mistake(key="mention")
            return stored.facts, stored.verdict
        return await self._in_thread(partial(self._page.lab.facts, _sample(asked), now)), None


async def _asked(request: web.Request) -> Asked:
    given = await form(request)
    sources = (str(one).replace("\r\n", "\n") for one in given.getall("source", []))
    names = (str(one) for one in given.getall("name", []))
    return Asked(
        plain={name: str(given.get(name, ""))[:MOST_FIELD] for name in PLAIN},
        text=str(given.get("text", "")).replace("\r\n", "\n")[:MOST_TEXT],
        files=dict(zip(names, sources, strict=False)),
        opens=str(given.get("open", "")),
    )


def _opened(asked: Asked, files: Any) -> Asked:
    """With the file that is to be opened; without what is none of ours. Raises: Mistake."""
    known = {name: text for name, text in asked.files.items() if name in files}
    if asked.opens in files and asked.opens not in known:
        known[asked.opens] = files[asked.opens]
    if any(len(text) > MOST_FILE for text in known.values()):
        raise Mistake(key="size")
    return replace(asked, files=known)


def _sample(asked: Asked) -> Sample:
    """Raises: Mistake."""
    given = {name: value.strip() for name, value in asked.plain.items()}
    kind, platform, lang = given.get("kind", ""), given.get("platform", ""), given.get("lang", "")
    if kind and kind not in set(Kind):
        raise Mistake(key="kind")
    if platform and not _PLATFORM.match(platform):
        raise Mistake(key="platform")
    if lang and not is_code(lang):
        raise Mistake(key="lang")
    sample = Sample(
        text=asked.text.strip(),
        lang=lang or None,
        handle=given.get("handle", "").removeprefix("@") or None,
        bio=given.get("bio") or None,
        followers=_number(given.get("followers", "")),
        following=_number(given.get("following", "")),
        age=_age(given.get("age", "")),
        verified={"yes": True, "no": False}.get(given.get("verified", "")),
    )
    return replace(sample, kind=Kind(kind or Kind.MENTION), platform=platform or sample.platform)


def _number(text: str) -> int | None:
    if text and not _NUMBER.match(text):
        raise Mistake(key="number")
    return int(text) if text else None


def _age(text: str) -> timedelta | None:
    try:
        return duration.parse(text) if text else None
    except ValueError:
        raise Mistake(key="age") from None


def _found(looked: Looked) -> dict[str, Any]:
    """What came of it, ready for the template: nothing in it steers a screen."""
    counts = looked.after or looked.now
    spans = [span for fired in counts.fired for span in fired.spans]
    return {
        "has_text": bool(looked.facts.text),
        "pieces": shown.pieces(looked.facts.text, spans, limit=MOST_TEXT),
        "lang": looked.facts.lang,
        "now": looked.now,
        "after": looked.after,
        "quiet": looked.quiet,
        "more": looked.more,
        "checked": looked.checked,
        "problems": clean(looked.checked.problems) if looked.checked else "",
        "patch": clean(looked.patch),
    }
