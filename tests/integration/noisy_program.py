"""A program that lets its secrets slip in every way a daemon can: run by test_log.py, never imported."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
import threading
import warnings
from pathlib import Path

import structlog

from bot.log import configure

KNOWN = "planted-known-secret"
TOKEN_URL = "https://api.telegram.org/bot42:planted-token-in-path/getUpdates"
DSN = "postgres://ann:planted-password@db/x"

log = structlog.get_logger()


def ours() -> None:
    """Our own logger: text, keys, nested values, an exception as a value, a bound variable, %-arguments."""
    structlog.contextvars.bind_contextvars(mention=KNOWN, password="planted-bound-password")
    log.info(
        "mention.stored", url=TOKEN_URL, dsn=DSN, nested={"headers": {"Authorization": "planted-header"}}
    )
    log.warning("delivery.failed", error=ValueError(f"at {TOKEN_URL}"), blob=KNOWN.encode())
    structlog.contextvars.clear_contextvars()
    log.warning("asked %s", DSN)
    log.info("stack.shown", stack_info=True, secret="planted-key")


def foreign() -> None:
    """Libraries: as text, as arguments, in a record that cannot be formatted, as a warning."""
    logging.getLogger("httpx").info("HTTP Request: GET %s", TOKEN_URL)
    logging.getLogger("library").warning("GET %s Authorization: Bearer planted-bearer-value", TOKEN_URL)
    logging.getLogger("library").error("%d broken", KNOWN)
    warnings.warn(f"deprecated: {KNOWN}", stacklevel=2)


def raised() -> None:
    """An exception with a cause, a note, and locals that must not be dumped."""
    local = "planted-local-" + "variable"
    try:
        translate(len(local))
    except RuntimeError as error:
        error.add_note(f"note: {DSN}")
        log.exception("delivery.failed")
        logging.getLogger("library").exception("it failed")


def translate(size: int) -> None:
    """Raises an error of ours from one of a library."""
    try:
        Path(TOKEN_URL).read_text(encoding="utf-8")
    except OSError as error:
        raise RuntimeError(f"token={KNOWN!r} {size}") from error


class Unraisable:
    """An object whose finalizer fails."""

    def __del__(self) -> None:
        raise ValueError(f"finalizer {TOKEN_URL}")


def uncaught() -> None:
    """What reaches the interpreter's own hooks: a finalizer and a thread."""
    Unraisable()
    gc.collect()
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()


def fail() -> None:
    raise ValueError(f"{TOKEN_URL} {KNOWN}")


async def in_the_loop() -> None:
    """asyncio's own exception handler: a task nobody awaits, and a failing callback."""
    task = asyncio.create_task(asyncio.to_thread(fail))
    await asyncio.sleep(0.05)
    del task
    gc.collect()
    asyncio.get_running_loop().call_soon(fail)
    await asyncio.sleep(0.01)


if __name__ == "__main__":
    configure("debug", sys.argv[1], secrets=[KNOWN])  # type: ignore[arg-type]
    ours()
    foreign()
    raised()
    uncaught()
    asyncio.run(in_the_loop())
    log.info("program.ended")
    fail()
