"""`make torture-replies N=1000`: answers in public, and a fault at every step of each.

`python -m tests.faults.replies --runs N [--seed S]`. Each run is one question that is answered once: the process
is killed (before it sends, while the platform has it, with the answer in hand, within the transaction that
settles it, behind that), or the platform takes the request and cuts the connection, or answers nothing, or
with an error, having carried it out or not; sometimes two of them in a row. Bluesky knows a reply again and
can be asked for it; servers of the Mastodon API can be asked, and some of them know it again; X can be asked,
and takes the same words once (every other run: twice); Telegram does neither. The auditor asks the platform,
not us: no answer stands there twice, none is missing, and where nobody could know a person was asked. Exit
status 1: a promise was broken.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bot.testing.telegram_server import CHAT
from tests.faults.reply_life import (
    DEATHS,
    DID,
    FEDIVERSE_TOKEN,
    HANDLE,
    MASTODONS,
    PASSWORD,
    Life,
    live,
    public,
    telegram_question,
    tell,
)
from tests.integration import store_samples as s

PLATFORMS = ("bluesky", "telegram", "x", *MASTODONS)
MISHAPS = tuple((how, is_done) for how in ("cut", "withhold", 500, 502, 503) for is_done in (True, False))
BETWEEN_LIVES = timedelta(minutes=2)
"""Longer than a lease."""
MOST_LIVES = 8
PER_FOLDER = 200
"""Runs with one database and one pair of platforms, which have rate limits as the real ones do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What goes wrong in a run: how its lives end, and what the platform does with its first requests."""

    platform: str
    deaths: tuple[str, ...]
    mishaps: tuple[tuple[str | int, bool], ...]

    def __str__(self) -> str:
        told = (f"{how} {'after' if is_done else 'before'}" for how, is_done in self.mishaps)
        return f"{self.platform}: {', '.join([*filter(None, self.deaths), *told]) or 'nothing'}"


def plan(chance: random.Random) -> Plan:
    deaths = [chance.choice(DEATHS)] if chance.random() < 0.6 else []
    if deaths and chance.random() < 0.3:
        deaths.append(chance.choice(DEATHS))
    mishaps = [chance.choice(MISHAPS)] if not deaths or chance.random() < 0.5 else []
    if mishaps and chance.random() < 0.3:
        mishaps.append(chance.choice(MISHAPS))
    return Plan(platform=chance.choice(PLATFORMS), deaths=tuple(deaths), mishaps=tuple(mishaps))


def each() -> list[Plan]:
    """Every fault by itself, on each platform."""
    dead = [Plan(platform=where, deaths=(death,), mishaps=()) for where in PLATFORMS for death in DEATHS]
    ill = [Plan(platform=where, deaths=(), mishaps=(one,)) for where in PLATFORMS for one in MISHAPS]
    return [*dead, *ill]


# --- the platforms ------------------------------------------------------------------------------------


@dataclass(kw_only=True)
class Stage:
    """The platforms as processes, and a folder for the daemon's lives."""

    folder: Path
    urls: dict[str, str]
    asked: Counter[str] = field(default_factory=Counter)

    def tell(self, platform: str, **command: Any) -> Any:
        return tell(self.urls[platform], **command)

    def question(self, platform: str, number: int) -> str:
        if platform == "bluesky":
            uri = f"at://did:plc:ann/app.bsky.feed.post/3k{number:011d}"
            self.tell(platform, do="post", uri=uri, text="what now?")
            return uri
        if platform == "x":
            self.tell(platform, do="take", duplicates=number % 2 == 0)
            return str(self.tell(platform, do="post", author="ann", text=f"@acme what now? {number}"))
        if platform in MASTODONS:
            status = self.tell(platform, do="ask", text=f"@acme what now? {number}")
            return f"{urlsplit(self.urls[platform]).netloc}/{status}"
        self.tell(platform, do="say", text=f"what now? {number}", user=77, name="Ann")
        return telegram_question(max(self.tell(platform, do="state")["said"]))

    def plant(self, one: Plan) -> None:
        for how, is_done in one.mishaps:
            if one.platform != "telegram":
                self.tell(one.platform, do="mishap", how=how, is_done=is_done)
            else:
                status = {"cut": -1, "withhold": 0}.get(str(how), how)
                self.tell("telegram", do="fail", status=status, method="sendMessage", is_done=is_done)

    def clear(self, platform: str) -> None:
        """What was planted and not used is not the next run's."""
        self.tell(platform, do="calm")


@contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    folder.mkdir(parents=True, exist_ok=True)
    servers = {
        "bluesky": ["bot.testing.pds_server"],
        "telegram": ["bot.testing.telegram_server", "--chat", str(CHAT)],
        "x": ["bot.testing.x_server"],
        **{name: ["bot.testing.mastodon_server", "--manners", kind] for name, kind in MASTODONS.items()},
    }
    running = {
        name: subprocess.Popen([sys.executable, "-m", *words], stdout=subprocess.PIPE)
        for name, words in servers.items()
    }
    try:
        urls = {name: json.loads(one.stdout.readline())["url"] for name, one in running.items() if one.stdout}
        there = Stage(folder=folder, urls=urls)
        there.tell("bluesky", do="account", did=DID, handle=HANDLE, password=PASSWORD)
        there.tell("x", do="grant", requests=1_000_000)
        for name in MASTODONS:  # its time is not in a hurry, so that its limit of requests would be for ever
            there.tell(name, do="sign_in", token=FEDIVERSE_TOKEN, acct="acme")
            there.tell(name, do="grant", requests=1_000_000)
        yield there
    finally:
        for one in running.values():
            one.terminate()
            one.wait()
            if one.stdout:
                one.stdout.close()


# --- a run ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    plan: Plan
    lives: int
    asked_staff: bool
    violation: str = ""


def play(there: Stage, number: int, one: Plan, later: timedelta) -> Outcome:
    """Lives, one after the other, until one ends by itself; then what the public sees."""
    question = there.question(one.platform, number)
    there.plant(one)
    for count in range(MOST_LIVES):
        life = Life(
            folder=there.folder,
            platform=one.platform,
            urls=there.urls,
            number=number,
            question=question,
            death=one.deaths[count] if count < len(one.deaths) else "",
            later=later + BETWEEN_LIVES * count,
        )
        if one.platform == "x":  # ids of its posts tell the time
            there.tell("x", do="hurry", seconds=life.later.total_seconds())
        status = _fork(life)
        if status == 0:
            break
        if status != -signal.SIGKILL:
            return Outcome(
                plan=one, lives=count + 1, asked_staff=False, violation=f"a life ended with {status}"
            )
    there.clear(one.platform)
    return _audited(there, number, one, count + 1)


def _audited(there: Stage, number: int, one: Plan, lives: int) -> Outcome:
    times = public(there.urls[one.platform], one.platform, f"answer number {number}")
    found = s.rows(
        there.folder / "x.db",
        "SELECT r.state, r.asks_staff, (SELECT count(*) FROM decisions d WHERE d.mention = r.mention"
        " AND d.outcome IN ('found', 'resent')) FROM replies r JOIN mentions m ON m.id = r.mention"
        " WHERE m.uid = ?",
        f"01KAJ4ZC00{number:016d}",
    )
    states = [state for state, _, _ in found]
    violation = ""
    if times > 1:
        violation = f"published {times} times"
    elif states == ["published"] and times != 1:
        violation = "is said to be published, and is not"
    elif states != ["published"] and times:
        violation = f"was published, and is said to be {states}"
    elif states != ["published"]:
        violation = f"was lost: {states}"
    return Outcome(plan=one, lives=lives, asked_staff=any(row[2] for row in found), violation=violation)


def _fork(life: Life) -> int:
    """A life in a process of its own; its exit status, negative for a signal."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status)
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        live(life)
        os._exit(0)
    except BaseException:  # noqa: BLE001 - nothing of this process may go on in the other one
        sys.excepthook(*sys.exc_info())
        os._exit(1)


def torture(folder: Path, plans: Sequence[Plan]) -> list[Outcome]:
    """What came of each, up to the first that broke a promise."""
    outcomes: list[Outcome] = []
    for first in range(0, len(plans), PER_FOLDER):
        with stage(folder / str(first)) as there:
            for number, one in enumerate(plans[first : first + PER_FOLDER], start=first):
                later = timedelta(hours=1) * (number - first)
                outcomes.append(play(there, number, one, later))
                if outcomes[-1].violation:
                    return outcomes
    return outcomes


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.replies", description=__doc__)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=None, help="of an earlier run; else a fresh one")
    parser.add_argument("--each", action="store_true", help="before these, every fault by itself")
    given = parser.parse_args()
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(10**9)
    folder = Path(tempfile.mkdtemp(prefix=f"outcare-replies-{seed}-"))
    print(f"seed {seed}, {given.runs} runs", flush=True)
    began = time.monotonic()
    chance = random.Random(seed)
    outcomes = torture(folder, [*(each() if given.each else ()), *(plan(chance) for _ in range(given.runs))])
    lives = sum(one.lives for one in outcomes)
    asked = sum(one.asked_staff for one in outcomes)
    kinds = Counter(one.plan.platform for one in outcomes)
    faults = Counter(fault for one in outcomes for fault in (*one.plan.deaths, *map(str, one.plan.mishaps)))
    print(f"{len(outcomes)} answers ({dict(kinds)}), {lives} lives, {time.monotonic() - began:.0f} s")
    print(f"a person was asked: {asked}")
    for fault, times in sorted(faults.items()):
        print(f"  {fault:<20} {times}")
    broken = next((one for one in outcomes if one.violation), None)
    if broken:
        print(
            f"BROKEN: {broken.plan}: {broken.violation}\nagain: --runs {given.runs} --seed {seed}; {folder}"
        )
        return 1
    print("published once each: none twice, none lost")
    shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
