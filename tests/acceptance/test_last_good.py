"""Broken rules never stop triage: what ran runs on, at run time and over a start, and staff hear of it once."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from pathlib import Path

import aiohttp
import pytest

from tests.acceptance._world import RULES, World, until
from tests.acceptance.test_life import ended, started
from tests.acceptance.test_reload import delivered, lines

TYPO = RULES.replace("route: desk", "route: dsek")
TESTED = RULES.replace(
    "    score: 50\n    route: desk", "    score: 50\n    route: desk\n    tests: {fires: [%s]}"
)


def rules(world: World, text: str) -> Path:
    """Write the rules as an editor does: beside the old file, then into its place."""
    file = world.folder / "rules" / "rules.yaml"
    scratch = file.with_name("rules.yaml~")
    scratch.write_text(text)
    scratch.replace(file)
    return file


def notices(world: World) -> list[str]:
    """What staff were told of rules and settings."""
    return [one.text for one in world.telegram.messages if "loaded" in one.text or "fails" in one.text]


async def told(world: World, count: int) -> str:
    await until(lambda: len(notices(world)) >= count, what=f"{notices(world)}\n{world.output}")
    assert len(notices(world)) == count
    return notices(world)[-1]


async def status(world: World, *words: str) -> str:
    """What `outcare status` prints."""
    asked = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.cli.main", "status", *words, "--config", str(world.config)),
        env=world.env,
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await asked.communicate()
    assert asked.returncode == 0
    return out.decode()


async def reload_ok(world: World) -> str:
    """The gauge of /metrics, and what /readyz says of the rules."""
    page = lines(world, "daemon.started")[-1]["page"]
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{page}/metrics") as answer:
            [gauge] = re.findall(r"^outcare_rules_reload_ok (\S+)$", await answer.text(), re.MULTILINE)
        async with session.get(f"{page}/readyz") as answer:
            checks = (await answer.json())["checks"]
    [check] = [one for one in checks if one["name"] == "rules"]
    assert check["ok"]
    return f"{float(gauge):.0f} {check['detail']}".strip()


async def test_broken_while_running_and_mended(tmp_path: Path) -> None:
    """No signal is needed; one message for each state of the files; metric, status and page agree; the old rules
    judge meanwhile."""
    async with World(tmp_path) as world:
        daemon = await started(world)
        version = lines(world, "daemon.started")[-1]["rules"]
        assert await reload_ok(world) == "1"
        file = rules(world, TYPO)
        text = await told(world, 1)
        assert re.fullmatch(
            r'rules NOT loaded: rules\.yaml:\d+:\d+ R012 rule "numbered": unknown route "dsek"'
            rf' — did you mean "desk"\? still running {version} from \d\d:\d\d',
            text,
        )
        assert await reload_ok(world) == f"0 {text}"
        os.utime(file)
        await until(lambda: len(lines(world, "reload.failed")) == 2, what=world.output)
        said = await status(world)
        assert f"{version} from" in said
        assert 'unknown route "dsek"' in said
        state = json.loads(await status(world, "--json"))["rules"]
        assert (state["version"], len(state["problems"])) == (version, 1)
        await delivered(world, "acme numbered 1")
        rules(world, TYPO.replace("dsek", "deks"))
        assert "deks" in await told(world, 2)
        rules(world, RULES.replace("text: numbered", "text: counted"))
        loaded = await told(world, 3)
        assert re.fullmatch(r"rules loaded: [0-9a-f]{12}", loaded)
        assert version not in loaded
        assert await reload_ok(world) == "1"
        assert json.loads(await status(world, "--json"))["rules"]["problems"] == []
        await delivered(world, "acme counted 2")
        await ended(daemon)


async def test_a_start_with_broken_rules_uses_the_last_good_ones(tmp_path: Path) -> None:
    """Twice, for the second start has no newer good ones; mended before the third, that is told too."""
    async with World(tmp_path) as world:
        daemon = await started(world)
        version = lines(world, "daemon.started")[-1]["rules"]
        await ended(daemon)
        rules(world, "rules: [")
        for number in (1, 2):
            daemon = await started(world)
            assert lines(world, "daemon.started")[-1]["rules"] == version
            assert len(lines(world, "rules.held_back")) == number
            await until(lambda: notices(world), what=world.output)
            assert f"still running {version} from" in notices(world)[-1]
            assert (await reload_ok(world)).startswith("0 rules NOT loaded: rules.yaml:2:1 R001 ")
            await delivered(world, f"acme numbered {number}")
            assert "NOT those of the files" in await status(world)
            await ended(daemon)
        assert len(set(notices(world))) == 1
        rules(world, RULES)
        daemon = await started(world)
        await until(lambda: notices(world)[-1] == f"rules loaded: {version}", what=world.output)
        assert await reload_ok(world) == "1"
        await ended(daemon)


async def test_a_first_start_with_broken_rules_fails_and_leaves_nothing(tmp_path: Path) -> None:
    """There is nothing to fall back to: every mistake is shown."""
    async with World(tmp_path) as world:
        rules(world, TYPO)
        daemon = await world.outcare("run")
        assert await asyncio.wait_for(daemon.wait(), 20) == 1
        assert 'unknown route "dsek"' in world.output
        assert not world.database.exists()


@pytest.mark.parametrize("is_first", [True, False])
async def test_a_start_whose_tests_fail(tmp_path: Path, *, is_first: bool) -> None:
    """The last good rules run, if there are others; else these do. Either way staff are told."""
    async with World(tmp_path) as world:
        if not is_first:
            await ended(await started(world))
        rules(world, TESTED % "nothing of that")
        daemon = await started(world)
        text = await told(world, 1)
        assert "R052" in text
        expected = "a test in the rules fails: " if is_first else "rules NOT loaded: "
        assert text.startswith(expected)
        assert text.endswith(" runs all the same") == is_first
        await delivered(world, "acme numbered 1")
        rules(world, TESTED % "numbered")
        assert (await told(world, 2)).startswith("rules loaded: ")
        await ended(daemon)


async def test_a_list_in_a_file_of_its_own_is_watched(tmp_path: Path) -> None:
    """Also one that was not there when the rules first named it."""
    async with World(tmp_path) as world:
        daemon = await started(world)
        listed = "words: {count: {file: count.txt}}\n" + RULES.replace("text: numbered", "text: $count")
        rules(world, listed)
        assert "count.txt" in await told(world, 1)
        (world.folder / "rules" / "count.txt").write_text("counted\n")
        assert (await told(world, 2)).startswith("rules loaded: ")
        await delivered(world, "acme counted 1")
        (world.folder / "rules" / "count.txt").write_text("zaehlt\n")
        await until(lambda: len(lines(world, "reload.done")) == 2, what=world.output)
        await delivered(world, "acme zaehlt 2")
        await ended(daemon)


async def test_outcare_yaml_is_watched_too(tmp_path: Path) -> None:
    """Its words are taken over without a signal; broken, it is named."""
    async with World(tmp_path) as world:
        daemon = await started(world)
        whole = world.config.read_text()
        world.config.write_text(whole.replace("words:", "wrods:"))
        text = await told(world, 1)
        assert text.startswith("outcare.yaml NOT loaded: outcare.yaml:")
        world.config.write_text(whole.replace("- acme\n", "- zebra\n"))
        assert (await told(world, 2)).startswith("outcare.yaml and the rules loaded: ")
        await delivered(world, "zebra numbered 1")
        await ended(daemon)


async def test_reload_in_the_chat(tmp_path: Path) -> None:
    """Ops and leads get the answer where they asked, also what waits for a restart; an agent is refused."""
    async with World(tmp_path) as world:
        people = {"anna": {"name": "Anna", "role": "agent", "telegram": 1}}
        world.write_config(people=people | {"omar": {"name": "Omar", "role": "ops", "telegram": 3}})
        daemon = await started(world)
        rules(world, RULES.replace("text: numbered", "text: counted"))
        world.telegram.say("/reload", user=1)
        await until(lambda: world.telegram.messages, what=world.output)
        assert world.telegram.messages[0].text == "Only ops and leads may reload."
        world.write_config(timezone="Europe/Paris", people=None)
        world.telegram.say("/reload", user=3)
        await until(lambda: len(world.telegram.messages) == 2, what=world.output)
        said = world.telegram.messages[1].text
        assert re.fullmatch(r"rules loaded: [0-9a-f]{12}\nWaits for a restart: .+", said)
        assert {"timezone", "people"} == set(said.rpartition(": ")[2].split(", "))
        await delivered(world, "acme counted 1")
        rules(world, TYPO)
        world.telegram.say("/reload", user=3)
        await until(lambda: len(world.telegram.messages) >= 4, what=world.output)
        assert all(one.text.startswith("rules NOT loaded: ") for one in world.telegram.messages[-2:])
        taken = [(line["person"], line["outcome"]) for line in lines(world, "command.taken")]
        assert taken == [("anna", "refused"), ("omar", "told"), ("omar", "told")]
        await ended(daemon)


def has_begun(pid: int) -> bool:
    """Whether our code runs in that process: before it, nobody can know what SIGHUP means to it."""
    found = re.search(r"^Sig(?:Ign|Cgt):\s*([0-9a-f]+[13579bdf])$", status_of(pid), re.MULTILINE)
    return found is not None


def status_of(pid: int) -> str:
    return Path(f"/proc/{pid}/status").read_text()


async def test_a_hangup_in_the_first_second_ends_nothing(tmp_path: Path) -> None:
    """While it still imports and compiles, a SIGHUP asks for what is being done anyway."""
    async with World(tmp_path) as world:
        daemon = await world.outcare("run")
        while not world.jetstream.open_requests:
            assert daemon.returncode is None, world.output
            if has_begun(daemon.pid):
                daemon.send_signal(signal.SIGHUP)
            await asyncio.sleep(0.02)
        await delivered(world, "acme numbered 1")
        await ended(daemon)
