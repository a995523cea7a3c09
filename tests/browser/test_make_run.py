"""The README's first command, literally: `make run` in a fresh clone, on a machine whose only network is loopback."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import async_playwright

from tests.browser.conftest import CHROMIUM
from tests.browser.test_demo import visit

pytestmark = pytest.mark.timeout(300)

ROOT = Path(__file__).parents[2]
ALONE = ("unshare", "--net") if os.geteuid() == 0 else ("unshare", "--map-root-user", "--net")
JOIN = ("--net",) if os.geteuid() == 0 else ("--user", "--preserve-credentials", "--net")
LOOPBACK_UP = """
import fcntl, os, socket, struct, sys
IFF_UP, SIOCSIFFLAGS = 0x1, 0x8914  # https://man7.org/linux/man-pages/man7/netdevice.7.html
with socket.socket() as any_socket:
    fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", IFF_UP))
os.execvp(sys.argv[1], sys.argv[1:])
"""


def cannot() -> str:
    """Why it cannot be tried here; empty: it can."""
    missing = [tool for tool in ("git", "make", "unshare", "nsenter") if shutil.which(tool) is None]
    if missing:
        return f"needs {', '.join(missing)}"
    if not (ROOT / ".git").exists():
        return "needs a checkout that can be cloned"
    if subprocess.run([*ALONE, "true"], capture_output=True, check=False).returncode:
        return "needs a network of its own, which this system does not allow (unshare --net)"
    return ""


def fresh_clone(place: Path) -> None:
    """With an empty environment that finds what is installed here, as one finds what a distribution packages.

    Nothing of pip's configuration goes along, and there is no network: `make` must do with that.
    """
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(place)], check=True)
    subprocess.run([sys.executable, "-m", "venv", str(place / ".venv")], check=True)
    paths = {sysconfig.get_paths()[kind] for kind in ("purelib", "platlib")}
    libraries = next((place / ".venv" / "lib").glob("python3.*/site-packages"))
    (libraries / "lent.pth").write_text("".join(f"{path}\n" for path in sorted(paths)))


@dataclass(frozen=True, kw_only=True)
class Running:
    """`url` is what the banner names. Seconds, from `make run` and from the banner on: `began`, `ready`."""

    url: str
    pid: int
    began: float
    ready: float


@asynccontextmanager
async def make_run(clone: Path) -> AsyncIterator[Running]:
    """Until the `async with` ends; then Ctrl-C."""
    log = clone.parent / "output.log"
    env = {"PATH": os.environ["PATH"], "HOME": str(clone.parent)}
    began = time.monotonic()
    with log.open("wb") as sink:
        process = await asyncio.create_subprocess_exec(
            *(*ALONE, sys.executable, "-c", LOOPBACK_UP, "make", "run"),
            env=env,
            cwd=clone,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            start_new_session=True,
        )
    try:
        while not (found := re.search(r"look here +(http://127\.0\.0\.1:\d+/)", log.read_text())):
            assert process.returncode is None, log.read_text()
            await asyncio.sleep(0.02)
        yield Running(url=found[1], pid=process.pid, began=began, ready=time.monotonic())
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGINT)
        await asyncio.wait_for(process.wait(), 15)
    assert "Traceback" not in log.read_text()


def browser_beside(pid: int, folder: Path) -> Path:
    """A Chromium that is on the machine on which the process is: one without a network."""
    script = folder / "chromium"
    command = shlex.join(["nsenter", "--target", str(pid), *JOIN, CHROMIUM])
    script.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    script.chmod(0o755)
    return script


@pytest.mark.slow
@pytest.mark.skipif(bool(cannot()), reason=cannot())
async def test_make_run_in_a_fresh_clone_without_a_network(
    tmp_path: Path, tell: Callable[[str], None]
) -> None:
    """It sets itself up; mentions come; the phone's button works, and the answered card closes."""
    clone = tmp_path / "clone"
    fresh_clone(clone)
    async with make_run(clone) as running, async_playwright() as driver:
        program = browser_beside(running.pid, tmp_path)
        browser = await driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        async with visit(browser, running.url) as seen:
            await seen.page.get_by_text("there is smoke coming out of the battery").first.wait_for()
            first = time.monotonic() - running.ready
            tell(
                f"make run, without a network: ready after {running.ready - running.began:.1f} s, the first "
                f"mention on the page {first:.1f} s later (a browser was started meanwhile)"
            )
            phone = seen.page.frame_locator("iframe")
            card = phone.locator("li.card", has_text="smoke coming out")
            await card.get_by_role("button", name="Claim").click()
            await phone.get_by_text("Yours. The clock is running.").wait_for()
            await card.get_by_text("Answered after").first.wait_for()
            assert [] == seen.complaints
        await browser.close()
    assert (clone / "data" / "demo.db").exists()
