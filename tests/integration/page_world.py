"""A page on loopback over a real store and desk, and a browser's worth of manners to talk to it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
from yarl import URL

from bot.answering import Answering
from bot.commands import Commands
from bot.covering import Covering
from bot.desk import Desk
from bot.expenses import Bill, Purse, Spent
from bot.ids import ulid
from bot.inquiries import Inquiries
from bot.metrics import Metrics
from bot.model import Author, Brand, Kind, Span, Urgency
from bot.orders import RulesInUse
from bot.records import Leased
from bot.sharing import Sharing
from bot.staff import PAGE, Person, Role, Staff
from bot.store.sqlite import SqliteStore
from bot.testing.clock import ManualClock
from bot.testing.wall import Wall
from bot.texts.catalogue import Texts
from bot.texts.languages import texts_in
from bot.web.door import Door
from bot.web.filters import Choices
from bot.web.health import Check, WebServer
from bot.web.page import ROOMY, Face, Page
from bot.web.sessions import Sessions, key_beside
from rules.lab import RuleLab
from rules.ruleset import RuleSet, load_rules
from rules.signals.measure import measure
from tests.integration import store_samples as s
from tests.integration._answers import RulesDraft
from tests.integration._silencing import silencing
from tests.unit._values import GOES_OUT, IN_BERLIN

PASSWORD = "correct horse battery"
PEOPLE = {
    key: Person(key=key, name=name, role=role)
    for key, name, role in (("anna", "Anna", Role.AGENT), ("ben", "Ben", Role.AGENT), ("li", "Li", Role.LEAD))
}


RULES = """\
words: {refund: [refund*, money back]}
rules:
  refund:
    why: Money is owed
    when: {text: $refund, not: {text: policy}}
    score: 40
    tests:
      fires: ["where is my refund?"]
      quiet: ["what is the refund policy?"]
  big:
    why: Many see it
    when: {text: $refund, author: {followers: ">= 5000"}}
    score: 30
"""

CHANNELS = ("console",)
BILL = Bill(
    platform="x",
    month="2026-11",
    currency="USD",
    budget=50_000_000,
    purse=Purse.SLOW,
    sources={"x-mentions": Spent(today=1, month=1200, micros_today=1_000, micros_month=41_200_000)},
)
BRANDS = (Brand(name="acme", words=("acme",)), Brand(name="globex", words=("globex",), is_rival=True))

CHOICES = Choices(
    brands=("acme", "globex"), platforms=("bluesky", "hackernews"), personas=("customer", "press")
)


@dataclass(frozen=True, kw_only=True)
class Address:
    host: str = "127.0.0.1"
    port: int = 0


@dataclass(kw_only=True)
class World:
    """Everything behind a page that answers at `url`."""

    store: SqliteStore
    clock: ManualClock
    page: Page
    url: str
    database: Path
    server: WebServer
    wall: Wall
    delivered: list[Leased] = field(default_factory=list)
    leased: list[Leased] = field(default_factory=list)
    stored: int = 0
    people: dict[str, Person] = field(default_factory=lambda: dict(PEOPLE))

    async def mention(self, **changed: Any) -> tuple[int, str]:
        """Store a mention in a conversation of its own; the conversation's number and the mention's id.

        `changed`: fields of the post, and `urgency`, `brand`, `author`, `due` (minutes), `ignored`,
        `acknowledge`.
        """
        self.stored += 1
        name = changed.pop("handle", f"user{self.stored}")
        author = changed.pop(
            "author", Author(platform="bluesky", id=name, handle=f"{name}.example", name="Ann")
        )
        options = {
            key: changed.pop(key)
            for key in ("urgency", "brand", "due", "ignored", "asks", "draft")
            if key in changed
        }
        acknowledge = changed.pop("acknowledge", None)
        spans = changed.pop("spans", (Span(start=3, end=9),))
        post = replace(s.post(f"p{self.stored}", author=name, root=None, minute=self.stored), **changed)
        uid = ulid(self.clock.now())
        judged = s.judged(post, uid=uid, author=author, **options)
        kind = Kind.DM if post.is_private else judged.mention.kind
        mention = replace(judged.mention, spans=spans, kind=kind)
        judged = replace(judged, mention=mention, acknowledge=acknowledge)
        done = await self.store.record(s.entry(judged), now=self.clock.now(), lease_for=s.LEASE)
        self.leased += done.leased
        brand = options.get("brand", "acme")
        found = s.rows(
            self.database, "SELECT conversation FROM mentions WHERE uid = ? AND brand = ?", uid, brand
        )
        return found[0][0], uid

    def state(self, conversation: int) -> tuple[str, str | None]:
        """The state of a conversation and who has it, as it stands in the file."""
        (found,) = s.rows(
            self.database, "SELECT state, claimed_by FROM conversations WHERE id = ?", conversation
        )
        return found[0], found[1]

    async def go_on(self, seconds: float = 6) -> None:
        """Time passes, and what is due is tried."""
        await self.clock.advance(seconds)
        assert isinstance(self.page.answers, Answering)
        await self.page.answers.publisher.once()

    @property
    def sessions(self) -> Sessions:
        return self.page.door.sessions

    def cookie(self, person: str) -> str:
        return self.sessions.cookie(self.sessions.begin(person))


class Visitor:
    """A browser: keeps cookies, sends the form's token, follows nothing by itself."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self.session = session
        self.token = ""

    async def get(self, path: str, **options: Any) -> tuple[int, str, Mapping[str, str]]:
        async with self.session.get(self.url + path, allow_redirects=False, **options) as response:
            text = await response.text()
            found = re.search(r'<meta name="csrf" content="([0-9a-f]+)"', text)
            self.token = found[1] if found else self.token
            return response.status, text, response.headers

    async def post(
        self,
        path: str,
        fields: Any = (),
        *,
        headers: Mapping[str, str] | None = None,
        token: str | None = None,
    ) -> tuple[int, str, Mapping[str, str]]:
        """A form with the last token seen, unless `token` says otherwise."""
        pairs = [*(fields.items() if isinstance(fields, dict) else fields)]
        pairs.append(("csrf", self.token if token is None else token))
        async with self.session.post(
            self.url + path, data=pairs, headers=headers, allow_redirects=False
        ) as response:
            return response.status, await response.text(), response.headers


@asynccontextmanager
async def world(
    folder: Path,
    *,
    visitor: str | None = None,
    password: str | None = PASSWORD,
    face: Face | None = None,
    checks: tuple[Check, ...] = (Check(name="source:jetstream", ok=True),),
    port: int = 0,
    language: str = "en",
) -> AsyncIterator[World]:
    """A page of acme with a rival, that answers on a wall; `visitor` comes without a login (None: nobody)."""
    clock, delivered = ManualClock(s.at(60)), list[Leased]()
    face, wall = face or Face(), Wall(now=clock.now)
    async with s.opened(folder / "page.db") as store:
        await store.save_brands(BRANDS)
        page = _page(
            store,
            _answering(store, clock, wall, delivered),
            clock=clock,
            database=folder / "page.db",
            delivered=delivered,
            checks=checks,
            face=face,
            visitor=visitor,
            language=language,
            password=password,
        )
        server = WebServer(Address(port=port), lambda: checks, Metrics(), page=page)
        try:
            yield World(
                store=store,
                clock=clock,
                page=page,
                url=await server.start(),
                database=folder / "page.db",
                server=server,
                wall=wall,
                delivered=delivered,
            )
        finally:
            await server.stop()


def _rules(folder: Path) -> RuleSet:
    folder.mkdir(exist_ok=True)
    (folder / "care.yaml").write_text(RULES)
    return load_rules(folder, channels=CHANNELS, brand="acme", measure=measure)


def _lab(rules: RuleSet, folder: Path) -> RuleLab:
    return RuleLab(rules=lambda: rules, folder=folder, channels=frozenset(CHANNELS), brand="acme")


def _page(
    store: SqliteStore,
    answering: Answering,
    *,
    clock: ManualClock,
    database: Path,
    delivered: list[Leased],
    checks: tuple[Check, ...],
    face: Face,
    visitor: str | None,
    password: str | None,
    language: str,
) -> Page:
    rules = _rules(database.parent / "rules")
    names = tuple(rule.name for rule in rules.every)
    return Page(
        shelf=store,
        desk=_desk(store, clock, answering, delivered, language, names),
        answers=answering,
        inquiries=_inquiries(store),
        checks=lambda: checks,
        bills=lambda: (BILL,),
        rules=lambda: RulesInUse(version=rules.version, names=names, since=s.at(0)),
        lab=_lab(rules, database.parent / "rules"),
        choices=lambda: CHOICES,
        people=PEOPLE,
        clock=clock,
        zone=ZoneInfo("Europe/Berlin"),
        language=language,
        door=Door(
            key=lambda: key_beside(database),
            people=PEOPLE,
            clock=clock,
            visitor=visitor,
            untokened=tuple(f"{path}/" for path in face.extra),
            roomy=ROOMY,
        ),
        password=password,
        face=face,
    )


async def _not_here(texts: Texts) -> str:
    return texts.say("command.unknown")


def _answering(store: SqliteStore, clock: ManualClock, wall: Wall, delivered: list[Leased]) -> Answering:
    return Answering(
        repliers={wall.platform: wall},
        drafts=RulesDraft(),
        store=store,
        clock=clock,
        metrics=Metrics(),
        deliver=delivered.extend,
        on_unauthorized=lambda _platform, _error: None,
        **GOES_OUT,
    )


def people(key: str) -> str:
    return PEOPLE[key].name


def _link(channel: str, receipt: str) -> str:
    return f"https://chat.example/{receipt}"


def _inquiries(store: SqliteStore) -> Inquiries:
    return Inquiries(store=store, zone=ZoneInfo("Europe/Berlin"), people=people, link=_link)


def _sharing(store: SqliteStore, clock: ManualClock, answering: Answering) -> Sharing:
    personal, wake = answering.drafts.personal, answering.wake
    return Sharing(store=store, clock=clock, personal=personal, wake=wake)


def _desk(
    store: SqliteStore,
    clock: ManualClock,
    answering: Answering,
    delivered: list[Leased],
    language: str,
    names: tuple[str, ...],
) -> Desk:
    rules = RulesInUse(version="r1", names=names, since=s.at(0), routes=("default", "press"))
    commands = Commands(
        store=store,
        clock=clock,
        metrics=Metrics(),
        texts=texts_in(language),
        zone=ZoneInfo("Europe/Berlin"),
        people=people,
        rules=lambda: rules,
        reload=_not_here,
        use_silences=lambda _: None,
        tell=lambda _, text: None,
        inquiries=_inquiries(store),
        use_pause=lambda _: None,
        covering=Covering(store=store, zone=ZoneInfo("Europe/Berlin"), staff=()),
        silencing=silencing(store, people=people, rules=lambda: rules, zone="Europe/Berlin"),
    )
    staff = Staff(by_identity={(PAGE, key): person for key, person in PEOPLE.items()})
    return Desk(
        store=store,
        staff=staff,
        clock=clock,
        metrics=Metrics(),
        texts=texts_in(language),
        **IN_BERLIN,
        deliver=delivered.extend,
        commands=commands,
        answers=answering,
        incidents=_sharing(store, clock, answering),
    )


@asynccontextmanager
async def browser(of: World, person: str | None = None) -> AsyncIterator[Visitor]:
    """Somebody at the page; signed in as `person` when one is given."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as session:
        if person is not None:
            jar.update_cookies({"outcare": of.cookie(person)}, response_url=URL(of.url))
        visitor = Visitor(of.url, session)
        await visitor.get("/" if person or of.page.door.visitor else "/login")
        yield visitor


__all__ = ["PASSWORD", "PEOPLE", "Urgency", "Visitor", "World", "browser", "world"]
