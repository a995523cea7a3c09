"""A reload takes over all or nothing, names what must wait, and loses nothing that was learnt meanwhile."""

from __future__ import annotations

import asyncio
import gc
import os
import weakref
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from bot import reload
from bot.acknowledging import Acknowledge
from bot.answers import Answers
from bot.bulletin import Bulletin
from bot.cli import setup
from bot.errors import ConfigError, Problem, StoreError
from bot.escalation import Escalation
from bot.filewatch import FileWatch
from bot.metrics import Metrics
from bot.model import Account, Brand
from bot.noise import Noise
from bot.oncall import OnCall
from bot.reload import Reading, Reload, cache_beside, differing
from bot.settings.customers import Customers
from bot.settings.load import Settings, load
from bot.storing import Store
from bot.targets import ROUND_THE_CLOCK
from bot.testing.clock import ManualClock
from bot.texts.en import ENGLISH
from bot.watchlist import Ids, LiveWatch, Watchlist
from tests.integration.outbox_world import until

NOW = datetime(2026, 11, 21, tzinfo=UTC)
BASE = "brand: {name: acme, words: [acme], accounts: {bluesky: [acme.test]}}\n"
ACME = ("bluesky", "acme.test")


@dataclass(frozen=True, kw_only=True)
class Files:
    """A rule set, as far as a reload looks."""

    version: str
    sources: Mapping[str, str] = field(default_factory=dict)

    def pieces(self) -> Iterable[object]:
        return (self.sources,)


class Shelf:
    """The store, as far as a reload needs one."""

    def __init__(self) -> None:
        self.ids: dict[tuple[str, str], str] = {}
        self.brands: tuple[Brand, ...] = ()
        self.rules: list[str] = []
        self.states: list[tuple[str, tuple[str, ...]]] = []
        self.is_locked = False
        self.targets = ROUND_THE_CLOCK
        self.escalation: Escalation | None = None
        self.planned = 0

    async def plan_anew(self, *, now: datetime) -> None:
        self.planned += 1

    async def account_ids(self) -> Ids:
        return dict(self.ids)

    async def save_brands(self, brands: Iterable[Brand]) -> None:
        if self.is_locked:
            raise StoreError("locked")
        self.brands = tuple(brands)

    async def save_rules(
        self, version: str, engine: str, source: Mapping[str, str], *, now: datetime
    ) -> None:
        self.rules.append(version)

    async def save_rules_state(self, version: str, problems: Sequence[str], *, now: datetime) -> None:
        if self.is_locked:
            raise StoreError("locked")
        self.states.append((version, tuple(problems)))


class World:
    """A daemon's settings file, its watch, and what a reload told whom."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.file = folder, folder / "outcare.yaml"
        self.file.write_text(BASE)
        self.shelf = Shelf()
        self.told, self.used = list[str](), list[str]()
        self.customers: list[Customers | None] = []
        self.acknowledge: list[Acknowledge] = []
        self.judged_by, self.on_call, self.noise = list[Acknowledge](), list[OnCall](), list[Noise]()
        self.kept, self.woken = list[str](), 0
        self.answers: list[Answers | None] = []
        self.rules: Files | Exception = Files(version="r1")
        settings = self.read()
        self.watch = LiveWatch(Watchlist(settings.brands, ids={}, matcher=_none), {}, "bluesky")
        self.metrics, clock = Metrics(), ManualClock(NOW)
        self.reload = Reload(
            reading=Reading(
                asked=asyncio.Event(),
                settings=self.read,
                rules=self.read_rules,
                files=FileWatch(lambda: [self.file]),
                below=(folder,),
            ),
            settings=settings,
            rules=Files(version="r0"),
            engine="e",
            watches={"bluesky": self.watch},
            store=cast("Store", self.shelf),
            read_answers=self._read_answers,
            clock=clock,
            metrics=self.metrics,
            bulletin=self.bulletin(clock),
            prepare=self.prepare,
            use_rules=lambda rules: self.used.append(rules.version),
            use_customers=self.customers.append,
            use_acknowledge=self.acknowledge.append,
            use_on_call=self.on_call.append,
            use_noise=self.use_noise,
            watching_others=self._wake,
            breathe=lambda: None,
        )

    async def use_noise(self, noise: Noise) -> None:
        self.noise.append(noise)

    def read(self) -> Settings:
        settings = load(self.file, setup.connectors(), env={}, needs_secrets=False)
        return replace(settings, database=self.folder / "outcare.db")

    def _read_answers(self, answers: Answers | None) -> Callable[[], None]:
        return lambda: self.answers.append(answers)

    def read_rules(self, settings: Settings) -> Files:
        self.judged_by.append(settings.acknowledge)
        if isinstance(self.rules, Exception):
            raise self.rules
        return self.rules

    @property
    def is_ok(self) -> float:
        return float(self.metrics.rules_reload_ok._value.get())

    def bulletin(self, clock: ManualClock) -> Bulletin:
        return Bulletin(
            store=cast("Store", self.shelf),
            clock=clock,
            metrics=self.metrics,
            texts=ENGLISH,
            zone=ZoneInfo("UTC"),
            tell=lambda _, text: self.told.append(text),
        )

    async def prepare(self, rules: Files) -> Callable[[], Awaitable[None]]:
        """Fetched before the rules are used, kept after."""
        before = len(self.used)

        async def keep() -> None:
            self.kept.append(rules.version)
            assert len(self.used) == before + 1

        return keep

    def _wake(self) -> None:
        self.woken += 1

    def wants(self, text: str) -> bool:
        return self.watch.wants(text, "did:plc:ann", ())

    def count(self, outcome: str) -> float:
        return float(self.metrics.reloads.labels(outcome)._value.get())


def _none(_: object) -> Any:
    """A matcher that finds nothing: whatever is found, a reload has brought."""
    return type("Nothing", (), dict.fromkeys(("found", "search", "matches", "pieces"), lambda *_: ()))()


async def test_the_list_of_customers_is_taken_over(tmp_path: Path) -> None:
    """As it stands now, without a restart; a mistake in it changes nothing."""
    world = World(tmp_path)
    (tmp_path / "customers.csv").write_text("platform,handle,tier\nbluesky,ann.test,gold\n")
    await world.reload.once()
    (tmp_path / "customers.csv").write_text("platform,handle,tear\nbluesky,ann.test,gold\n")
    await world.reload.once()
    (customers,) = world.customers
    found = customers and customers.find("bluesky", "@Ann.Test")
    assert ("gold", ()) == (found and found.tier, world.reload.waiting)
    assert "unknown column 'tear'" in world.told[0]


async def test_who_is_on_call_is_taken_over(tmp_path: Path) -> None:
    """By commands and cards; it waits for no restart."""
    world = World(tmp_path)
    world.file.write_text(
        BASE + "people: {anna: {}}\non_call: {care: {people: [anna], starts: 2026-11-23}}\n"
    )
    await world.reload.once()
    (used,) = world.on_call
    assert ["care"] == [*used.rotations]
    assert used == world.reload.settings.on_call


async def test_what_is_acknowledged_is_taken_over_with_the_rules_that_it_names(tmp_path: Path) -> None:
    """A rule that goes and the words that named it may go at once; nothing waits for a restart."""
    world = World(tmp_path)
    world.file.write_text(BASE + "acknowledge: {rules: {outage: We are on it}, per_day: 2}\n")
    await world.reload.once()
    (used,), (judged_by,) = world.acknowledge, world.judged_by
    assert ({"outage": "We are on it"}, 2) == (dict(used.words), used.per_day)
    assert (used, ()) == (judged_by, world.reload.waiting)
    world.rules = ConfigError("acknowledge names the rule 'outage'; there is no such one")
    world.file.write_text(BASE)
    await world.reload.once()
    assert [used] == world.acknowledge
    assert used == world.reload.settings.acknowledge


async def test_business_hours_and_quiet_hours_are_taken_over(tmp_path: Path) -> None:
    """The next message is due by them, and held back by those; nothing waits for a restart."""
    world = World(tmp_path)
    office, night = "{office: {open: {mon-fri: 09:00-17:00}}}", "{night: {hours: {mon-sun: 22:00-07:00}}}"
    world.file.write_text(f"{BASE}hours: {office}\nquiet_hours: {night}\n")
    await world.reload.once()
    assert world.shelf.targets.everywhere is not None
    assert (1, world.reload.settings.noise) == (len(world.noise[0].quiet), world.noise[0])
    assert () == world.reload.waiting


async def test_words_and_rules_are_taken_over(tmp_path: Path) -> None:
    """Watch, rules, store, metrics and log agree afterwards."""
    world = World(tmp_path)
    world.file.write_text(BASE.replace("[acme]", "[zebra, blue horse]"))
    with capture_logs() as logs:
        await world.reload.once()
    assert world.wants("a BLUE\thorse")
    assert not world.wants("acme")
    assert (["r1"], ["r1"], ["r1"], 1) == (world.used, world.kept, world.shelf.rules, world.woken)
    assert ("zebra", "blue horse") == world.shelf.brands[0].words
    assert [("reload.done", 4)] == [(line["event"], line["patterns"]) for line in logs]
    assert (1, 0, 4) == (world.count("ok"), world.count("failed"), world.metrics.watch_patterns._value.get())
    assert cache_beside(tmp_path / "outcare.db").is_dir()


async def test_the_set_before_goes_without_the_collector(tmp_path: Path) -> None:
    """Each is frozen when it is in use: were there a cycle in it, every reload would cost its memory for good."""
    world = World(tmp_path)
    gc.disable()
    try:
        await world.reload.once()
        first = weakref.ref(cast("Any", world.watch.watchlist)._matcher._find)
        world.file.write_text(BASE.replace("[acme]", "[zebra, blue horse]"))
        await world.reload.once()
        assert first() is None
    finally:
        gc.enable()
        gc.unfreeze()


@pytest.mark.parametrize("broken", ["settings", "rules", "store", "bug"])
async def test_a_mistake_changes_nothing(tmp_path: Path, broken: str) -> None:
    """Whatever the mistake is in: what ran runs on, with its rules, and staff are told."""
    world = World(tmp_path)
    await world.reload.once()
    world.file.write_text(BASE.replace("[acme]", "[zebra]"))
    if broken == "settings":
        world.file.write_text("brand: {called: acme}\n")
    elif broken == "rules":
        world.rules = ConfigError([Problem(message=f"mistake {number}") for number in range(7)])
    elif broken == "bug":
        world.rules = KeyError("a secret")
    else:
        world.shelf.is_locked = True
    world.rules = replace(world.rules, version="r2") if isinstance(world.rules, Files) else world.rules
    with capture_logs() as logs:
        await world.reload.once()
    assert world.wants("acme")
    assert not world.wants("zebra")
    assert ["r1"] == world.used
    events = ["reload.crashed"] * (broken == "bug") + ["reload.failed"]
    events += ["rules.state_unsaved"] * (broken == "store")
    assert events == [line["event"] for line in logs]
    assert (1, 1, 0) == (world.count("ok"), world.count("failed"), world.is_ok)
    assert len(world.told) == 1
    assert world.told[0].startswith(
        "outcare.yaml NOT loaded:" if broken == "settings" else "rules NOT loaded:"
    )
    assert world.told[0].endswith("still running r1 from 00:00")
    assert "secret" not in world.told[0]
    assert ("and 2 more" in world.told[0]) == (broken == "rules")


async def test_what_must_wait_is_named_until_it_is_as_it_was(tmp_path: Path) -> None:
    """Also by later reloads; words are taken over all the same."""
    world = World(tmp_path)
    for more, keys in (
        ("timezone: Asia/Tokyo\naim: other\n", {"timezone", "aim"}),
        ("timezone: Asia/Tokyo\n", {"timezone"}),
        ("", set()),
    ):
        world.file.write_text(BASE.replace("[acme]", "[zebra]") + more)
        with capture_logs() as logs:
            await world.reload.once()
        waits = [line["keys"] for line in logs if line["event"] == "reload.needs_restart"]
        assert keys == {key for line in waits for key in line}
        assert world.wants("zebra")


async def test_another_name_of_the_brand_waits_with_its_words(tmp_path: Path) -> None:
    """Rules and history know the brand by its name."""
    world = World(tmp_path)
    world.file.write_text("brand: {name: zebra, words: [zebra]}\n")
    await world.reload.once()
    assert ("brand.name",) == world.reload.waiting
    assert world.wants("acme")
    assert not world.wants("zebra")


async def test_an_id_that_came_meanwhile_is_kept(tmp_path: Path) -> None:
    """An account resolved while others compiled is not forgotten by the swap."""
    world = World(tmp_path)
    reloading = asyncio.create_task(world.reload.once())
    await asyncio.sleep(0)
    world.watch.swap(world.watch.watchlist.with_ids({ACME: "did:plc:acme"}))
    await reloading
    assert world.watch.watchlist.owner("bluesky", "did:plc:acme") == "acme"


async def test_asked_twice_it_reads_the_last_state(tmp_path: Path) -> None:
    """A second wish during a reload leads to one more; none is lost."""
    world = World(tmp_path)
    running = asyncio.create_task(world.reload.run())
    world.reload.reading.asked.set()
    await asyncio.sleep(0)
    world.file.write_text(BASE.replace("[acme]", "[zebra]"))
    world.reload.reading.asked.set()
    await until(lambda: world.wants("zebra"))
    running.cancel()


def test_what_differs_is_named_as_in_the_file(tmp_path: Path) -> None:
    """Whole keys; parts of maps by their own."""
    settings = World.read(World(tmp_path))
    other = replace(
        settings,
        aim="other",
        lookup_budget=timedelta(seconds=9),
        sources={},
        brands=(replace(settings.brands[0], accounts=(Account(brand="acme", platform="x", handle="h"),)),),
    )
    sources = {f"sources.{name}" for name in settings.sources}
    assert {"aim", "lookup_budget", "sources.bluesky"} | sources == set(differing(settings, other))
    assert [] == list(differing(settings, settings))


async def test_a_change_is_taken_when_it_rests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has to ask; a mistake is told once, and again only with other contents; then that all is well."""
    monkeypatch.setattr(reload, "LOOK_EVERY", 0.01)
    world = World(tmp_path)
    running = asyncio.create_task(world.reload.run())
    world.file.write_text("brand: [")
    await until(lambda: len(world.told) == 1)
    os.utime(world.file, (0, 0))
    await until(lambda: world.count("failed") == 2)
    assert len(world.told) == 1
    world.file.write_text("brand: {")
    await until(lambda: len(world.told) == 2)
    world.file.write_text(BASE.replace("[acme]", "[zebra]"))
    await until(lambda: world.wants("zebra"))
    await until(lambda: len(world.told) == 3)
    assert world.told[-1] == "outcare.yaml and the rules loaded: r1"
    assert world.is_ok
    running.cancel()


async def test_what_only_the_database_kept_back_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody would save the file once more."""
    monkeypatch.setattr(reload, "AGAIN_AFTER", 0.01)
    world = World(tmp_path)
    world.shelf.is_locked = True
    world.file.write_text(BASE.replace("[acme]", "[zebra]"))
    await world.reload.once()
    world.shelf.is_locked = False
    running = asyncio.create_task(world.reload.run())
    await until(lambda: world.wants("zebra"))
    running.cancel()
