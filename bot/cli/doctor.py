"""`outcare doctor`: tries each credential and address, and says of each what it may do and what to mend."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing
from datetime import timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from bot.cli import draft_model, machine, output, setup
from bot.clock import SystemClock
from bot.errors import BotError, ConfigError
from bot.findings import Exam, Finding, Health, fine, mend, note
from bot.http import HttpClient
from bot.ids import ulid
from bot.log import configure
from bot.matcher.plain import PlainMatcher
from bot.model import Alert
from bot.ports import Connector, Source, Wiring
from bot.rulebook import load_ruleset
from bot.settings.load import Settings
from bot.staff import Card, Line
from bot.starting.listening import Counting, Listen
from bot.texts.catalogue import Texts
from bot.texts.languages import texts_in
from bot.vault import FileVault, vault_beside
from connectors.console import visible

BACK = timedelta(minutes=10)
READ_WITHIN = 20.0
_SIGNS = {
    Health.FINE: ("ok    ", "green"),
    Health.NOTE: ("note  ", "yellow"),
    Health.MEND: ("mend  ", "bold red"),
}


def examine(config: Path | None, *, send: bool, as_json: bool) -> int:
    """Print what is found as it is found; 1 if something must be mended. Raises: ConfigError."""
    path = setup.config_path(config)
    found: list[Finding] = []

    def take(finding: Finding) -> None:
        found.append(finding)
        if not as_json:
            _show(finding)

    try:
        settings = setup.settings(config)
        rules = load_ruleset(settings)
    except ConfigError as error:
        for problem in error.problems:
            take(mend("configuration", str(problem), "outcare check shows the place"))
    else:
        take(fine("configuration", f"{path} and {rules.count} rules are right (outcare check)"))
        configure("error", settings.log.format, secrets=settings.secrets())
        asyncio.run(_try_all(settings, take, send=send))
    is_well = all(one.health is not Health.MEND for one in found)
    if as_json:
        output.json({"ok": is_well, "config": str(path), "findings": found})
    elif not is_well:
        Console(highlight=False).print(
            "Something must be mended: the lines that begin with “mend” say what to do."
        )
    return 0 if is_well else 1


async def _try_all(settings: Settings, take: Callable[[Finding], None], *, send: bool) -> None:
    for finding in (*machine.database(settings.database), machine.web(settings.http, settings.database)):
        take(finding)
    clock, connectors = SystemClock(), setup.connectors()
    http = HttpClient(clock)
    vault = FileVault(vault_beside(settings.database))  # the daemon's: no login for a look
    texts, page = texts_in(settings.language), settings.web.url or ""
    dated = machine.Dated(http=http, clock=clock)
    wiring = Wiring(http=dated, clock=clock, texts=texts, vault=vault, page=page)
    try:
        for name, exam in exams(settings, connectors).items():
            async for finding in _examined(name, exam, connectors[name], wiring):
                take(finding)
        if model := await draft_model.tried(settings, dated, clock):
            take(model)
        if send:
            for channel in settings.channels:
                take(await _sent(channel, settings, connectors, wiring))
        take(machine.clock(dated.apart))
    finally:
        await http.close()


def exams(settings: Settings, connectors: Mapping[str, Connector]) -> dict[str, Exam]:
    """What to ask each connector that is in use."""
    used = {*settings.sources, *settings.accounts, *(name.partition(":")[0] for name in settings.channels)}
    accounts = [account for brand in settings.brands for account in brand.accounts]
    rivals = frozenset(brand.name for brand in settings.brands if brand.is_rival)
    return {
        name: Exam(
            account=settings.account(name),
            source=settings.sources.get(name),
            channels=_channels(name, settings),
            accounts=tuple(account for account in accounts if account.platform == name),
            rivals=rivals,
        )
        for name in connectors
        if name in used
    }


def _channels(kind: str, settings: Settings) -> dict[str, Any]:
    parted = {name: name.partition(":") for name in settings.channels}
    return {parted[name][2]: given for name, given in settings.channels.items() if parted[name][0] == kind}


async def _examined(name: str, exam: Exam, connector: Connector, wiring: Wiring) -> AsyncIterator[Finding]:
    if connector.examine is None:
        if exam.source is not None and connector.source is not None:
            yield await _read(name, connector.source(exam.source, wiring), connector, wiring)
        return
    async with aclosing(connector.examine(exam, wiring)) as findings:  # type: ignore[type-var]
        async for finding in findings:
            yield finding


async def _read(name: str, source: Source, connector: Connector, wiring: Wiring) -> Finding:
    """A source that cannot examine itself is read for a moment; nothing of it is kept."""
    listen = Listen.back(BACK, source, connector.cursor_at, clock=wiring.clock, seconds=READ_WITHIN)
    async for _ in listen.read(Counting.of((), PlainMatcher)):
        pass
    if listen.trouble is not None:
        do = "see that this machine reaches it; the daemon tries again by itself"
        return mend(name, f"cannot be read: {listen.trouble}", do)
    return fine(name, f"can be read ({listen.posts:,} posts just now); it is answered by hand, not from here")


async def _sent(
    channel: str, settings: Settings, connectors: Mapping[str, Connector], wiring: Wiring
) -> Finding:
    """The only proof that a card arrives: one that arrives."""
    kind, _, name = channel.partition(":")
    factory = connectors[kind].notifier
    if factory is None:
        return note(channel, "takes no cards")
    notifier = factory(settings.account(kind), _channels(kind, settings), wiring)
    try:
        card = test_card(settings.brands[0].name, texts_in(settings.language))
        await notifier.notify(name, card, key=f"doctor:{ulid(wiring.clock.now())}")
    except BotError as error:
        return mend(
            channel, f"a test card did not arrive: {error}", "mend what stands above, then send again"
        )
    return fine(channel, "a test card went there")


def test_card(brand: str, texts: Texts) -> Card:
    """What a chat gets to see when it is tried."""
    lines = (
        Line(text=texts.say("test.what_comes", brand=brand)),
        Line(text=texts.say("test.nothing_to_do")),
    )
    return Card(
        headline=texts.say("test.headline"), lines=lines, alert=Alert.MESSAGE, data={"event": "notice"}
    )


def _show(finding: Finding) -> None:
    sign, colour = _SIGNS[finding.health]
    text = Text.assemble((sign, colour), (f"{finding.about}: ", "bold"), visible(finding.says))
    if finding.do:
        text.append(f"\n      → {visible(finding.do)}")
    Console(highlight=False, soft_wrap=True).print(text)
