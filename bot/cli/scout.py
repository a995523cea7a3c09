"""`outcare scout`: a sample of the sources that need no account, for the brand and its rivals."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

from bot import duration
from bot.cli import output, setup
from bot.clock import SystemClock
from bot.errors import BotError, ConfigError
from bot.http import HttpClient
from bot.matcher.fast import FastMatcher
from bot.model import Account, Brand
from bot.ports import Answered, Connector, Lookup, Wiring
from bot.settings.load import Settings
from bot.settings.shape import needs_nothing, platforms
from bot.starting.answers import read_accounts, read_list, read_rivals
from bot.starting.listening import Listen
from bot.starting.scouting import A_DAY, Album, Portrait, told
from bot.watchlist import LiveWatch, Watchlist
from connectors.console import visible
from rules.signals.measure import measure, prepare

LOOKED_UP = 25
"""So many asks of each brand have their answers looked up: one request each."""
LOOKED_UP_WITHIN = 20.0
OURS, RIVAL, CATEGORY = "our brand", "rival", "category"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to sample: `brand` and so on win over the configuration; `within` in real time, `since` ago."""

    config: Path | None
    brand: str | None
    words: str | None
    accounts: str | None
    rivals: tuple[str, ...]
    category: str | None
    since: timedelta
    within: timedelta


def scout(wanted: Wanted, *, as_json: bool) -> int:
    """1 when no source could be heard. Raises: ConfigError, typer.BadParameter."""
    settings = setup.settings(wanted.config, needs_secrets=False)
    albums = _albums(wanted, settings)
    prepare()
    sample = Sample(settings=settings, albums=albums, since=wanted.since, within=wanted.within)
    asyncio.run(sample.take())
    portraits = [album.portrait(sample.spans) for album in albums]
    if as_json:
        sampled = {one.source.name: _as_dict(one) for one in sample.listens}
        output.json(
            {"ok": sample.is_heard, "sources": sampled, "brands": [_portrayed(one) for one in portraits]}
        )
    else:
        _show(sample, portraits, has_category=wanted.category is not None)
    return 0 if sample.is_heard else 1


def _albums(wanted: Wanted, settings: Settings) -> list[Album]:
    """The brands to look for, each with an album; the words of a category are sorted like a rival's."""
    brands = settings.brands
    if wanted.brand or wanted.words:
        brands = _named(wanted)
    elif wanted.config is None and not setup.OWN.is_file():
        raise ConfigError("there is no configuration yet: give --brand NAME, or run outcare init first")
    category = read_list(wanted.category or "")
    if category:
        brands = (*brands, Brand(name=f"category: {', '.join(category)}", words=category, is_rival=True))
    roles = [OURS, *([RIVAL] * (len(brands) - 1))]
    if category:
        roles[-1] = CATEGORY
    return [Album(one, role, measure) for one, role in zip(brands, roles, strict=True)]


def _named(wanted: Wanted) -> tuple[Brand, ...]:
    able = platforms(setup.connectors())
    try:
        rivals = read_rivals(wanted.rivals, able)
        accounts = read_accounts(wanted.accounts or "", able)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    words = read_list(wanted.words or wanted.brand or "")
    name = wanted.brand or words[0]
    own = Brand(name=name, words=words, accounts=tuple(_accounts(name, accounts)))
    others = (
        Brand(
            name=one.name, words=one.words, accounts=tuple(_accounts(one.name, one.accounts)), is_rival=True
        )
        for one in rivals
    )
    return (own, *others)


def _accounts(brand: str, handles: Mapping[str, Sequence[str]]) -> Iterable[Account]:
    for platform, found in handles.items():
        yield from (Account(brand=brand, platform=platform, handle=one) for one in found)


class Sample:
    """One look at every source that needs no account."""

    def __init__(
        self, *, settings: Settings, albums: Sequence[Album], since: timedelta, within: timedelta
    ) -> None:
        self._settings = settings
        self._albums = {album.brand.name: album for album in albums}
        self._since, self._within = since, within.total_seconds()
        self._connectors = setup.connectors()
        self.listens: list[Listen] = []

    @property
    def is_heard(self) -> bool:
        return any(listen.span for listen in self.listens)

    @property
    def spans(self) -> dict[str, timedelta]:
        return {listen.source.name: listen.span for listen in self.listens if listen.span}

    async def take(self) -> None:
        clock = SystemClock()
        http = HttpClient(clock)
        wiring = Wiring(http=http, clock=clock)
        names = [name for name in self._settings.sources if _is_free(self._connectors[name])]
        lookups = {name: make(self._settings.sources[name], wiring)
                   for name in names if (make := self._connectors[name].lookup)}  # fmt: skip
        try:
            brands = await _resolved([album.brand for album in self._albums.values()], lookups.values())
            for brand in brands:
                self._albums[brand.name].brand = brand
            self.listens = [self._listen(name, wiring) for name in names]
            watchlist = Watchlist(brands, ids={}, matcher=FastMatcher)
            console = Console(stderr=True)
            with Progress(SpinnerColumn(), TextColumn("{task.description}"), console=console, transient=True,
                          disable=not console.is_terminal) as bar:  # fmt: skip
                await asyncio.gather(*(self._read(one, watchlist, bar) for one in self.listens))
                await self._look_up(lookups.values(), bar)
        finally:
            await http.close()

    def _listen(self, name: str, wiring: Wiring) -> Listen:
        """What is polled has little to say in an hour: it is read from a day ago."""
        connector = self._connectors[name]
        assert connector.source is not None  # noqa: S101 - a source of the settings has one
        source = connector.source(self._settings.sources[name], wiring)
        since = self._since if source.is_stream else max(self._since, A_DAY)
        return Listen.back(since, source, connector.cursor_at, clock=wiring.clock, seconds=self._within)

    async def _read(self, listen: Listen, watchlist: Watchlist, bar: Progress) -> None:
        task = bar.add_task(f"{listen.source.name} …")
        watch = LiveWatch(watchlist, {}, listen.source.platform)
        async for batch in listen.read(watch):
            for post in batch.posts:
                for mention in watchlist.concerns(post, watch.brands_of):
                    self._albums[mention.brand].add(listen.source.name, mention)
            bar.update(task, description=f"{listen.source.name}: {duration.show(listen.span)} read …")

    async def _look_up(self, lookups: Iterable[Lookup], bar: Progress) -> None:
        """The answers to the oldest asks, which had the most time to get one, while time lasts."""
        able = {lookup.platform: lookup for lookup in lookups if isinstance(lookup, Answered)}
        task = bar.add_task("who answered …")
        try:
            async with asyncio.timeout(LOOKED_UP_WITHIN):
                for album in self._albums.values():
                    asks = [ask for ask in album.asks if ask.platform in able][:LOOKED_UP]
                    for number, ask in enumerate(asks, 1):
                        step = f"who answered {album.brand.name}: {number} of {len(asks)} …"
                        bar.update(task, description=step)
                        await _answers(album, ask, able[ask.platform])
        except TimeoutError:
            return


async def _answers(album: Album, ask: Any, lookup: Answered) -> None:
    try:
        album.answered_by(ask, await lookup.answers(ask.id))
    except BotError:
        return  # not known: it is left out of the share


async def _resolved(brands: Sequence[Brand], lookups: Iterable[Lookup]) -> list[Brand]:
    """The brands with the ids of their accounts, as far as known: their own posts are no mentions."""
    ids: dict[tuple[str, str], str] = {}
    for lookup in lookups:
        for account in (one for brand in brands for one in brand.accounts):
            if account.platform == lookup.platform and account.id is None:
                try:
                    ids[account.platform, account.handle] = await lookup.resolve(account.handle)
                except BotError:
                    continue
    return list(Watchlist(brands, ids=ids, matcher=FastMatcher).brands)


def _is_free(connector: Connector) -> bool:
    return needs_nothing(connector.account_settings)


# --- what is shown --------------------------------------------------------------------------------


def _show(sample: Sample, portraits: Sequence[Portrait], *, has_category: bool) -> None:
    for listen in sample.listens:
        typer.echo(_read_of(listen))
    if not sample.is_heard:
        typer.echo("No source could be heard, so nothing can be said. outcare doctor looks closer.")
        return
    for portrait in portraits:
        typer.echo("")
        for line in told(portrait):
            typer.echo(visible(line))
    if not portraits[0].count and not has_category:
        typer.echo(
            "\nThat is no mistake: most brands are not talked about every hour. Look further back\n"
            "(--since 12h), or for what you sell: outcare scout --category 'espresso machine, coffee grinder'"
        )


def _read_of(listen: Listen) -> str:
    name = listen.source.name
    if listen.trouble is not None and not listen.span:
        return f"{name}: cannot be heard ({listen.trouble})"
    cut = " (as much as there was time for: --within)" if listen.is_cut_short else ""
    return f"{name}: {listen.posts:,} posts of {duration.show(listen.span)} were read{cut}"


def _as_dict(listen: Listen) -> dict[str, object]:
    return {
        "posts": listen.posts,
        "seconds": listen.span,
        "is_cut_short": listen.is_cut_short,
        "trouble": str(listen.trouble) if listen.trouble else None,
    }


def _portrayed(portrait: Portrait) -> dict[str, Any]:
    found: dict[str, Any] = output.plain(portrait)
    for name in ("questions", "complaints", "answered", "by_others"):
        found[name]["share"] = getattr(portrait, name).share
    return found
