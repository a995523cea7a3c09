"""Draws docs/images/terminal.svg: the real daemon at work against the loopback network, its output as it is.

`python docs/images/draw.py`, from the root of a checkout. The posts are our own sentences.
"""

from __future__ import annotations

import asyncio
import io
import os
import pty
import re
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from rich.console import Console
from rich.text import Text

sys.path.insert(0, str(Path(__file__).parents[2]))

from bot.cli.setup import examples
from tests.acceptance._world import ACME, ANN, World, until

WIDTH = 108
STARTER = examples().parent / "rules"


async def scene(folder: Path) -> str:
    async with World(folder) as world:
        (folder / "rules" / "rules.yaml").unlink()
        for file in STARTER.glob("*.yaml"):
            (folder / "rules" / file.name).write_text(file.read_text())
        world.write_config(
            channels={"console": {}}, people=None, telegram=None, log={"level": "info", "format": "console"}
        )
        world.secrets.clear()
        leader, follower = pty.openpty()
        os.set_blocking(leader, False)
        daemon = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot.cli.main", "run", "--config", str(world.config)),
            env={**world.env, "TERM": "xterm-256color", "COLUMNS": str(WIDTH), "FORCE_COLOR": "1"},
            stdout=follower,
            stderr=follower,
            cwd=folder,
        )
        output = bytearray()

        def seen(text: bytes) -> bool:
            with suppress(BlockingIOError):
                output.extend(os.read(leader, 65536))
            return text in output

        await until(lambda: seen(b"account.resolved"), what="the handle is resolved")
        question = await world.jetstream.post(
            ANN, "@acme still waiting for my refund, it's been three weeks. Where is it??"
        )
        await until(lambda: seen(b"delivery.settled"), what="the card")
        await asyncio.sleep(2)
        link = {"uri": question, "cid": "bafyreiexample"}
        await world.jetstream.post(
            ACME, "So sorry, it is on its way today.", reply={"root": link, "parent": link}
        )
        await until(lambda: output.count(b"delivery.settled") >= 2 or seen(b""), what="the update")
        await until(lambda: seen(b"Answered") or seen(b"answered"), what="the answer")
        daemon.terminate()
        await daemon.wait()
        seen(b"")
        os.close(leader)
        os.close(follower)
        return output.decode(errors="replace").replace("\r", "").replace(str(folder) + "/", "config/")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        text = asyncio.run(scene(Path(folder)))
    lines = [line for line in text.splitlines() if "daemon.stopped" not in line and "WARNING" not in line]
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(Text("$ make run", style="bold"))
    console.print(Text.from_ansi("\n".join(lines)))
    target = Path(__file__).with_name("terminal.svg")
    svg = console.export_svg(title="outcare", clear=False)
    target.write_text(re.sub(r"https?://\S+?woff2?", "", svg))
    sys.stdout.write(console.export_text())


if __name__ == "__main__":
    main()
