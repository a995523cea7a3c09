"""A real Bluesky network as child processes on loopback: PLC, PDS and, with PostgreSQL, the AppView.

Everything lies in one temporary folder, and is gone afterwards. The AppView's library asks for a Redis and never speaks to it (@atproto/bsky 0.0.280), so none is
needed.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.peers.bluesky.kit import Kit
from tests.peers.installing import Missing, Tell
from tests.peers.processes import WITH_STDIN, end, free_port, process, wait

_NOBODY = "nobody"
"""PostgreSQL refuses to be run by root."""


@dataclass(frozen=True, kw_only=True)
class Network:
    """Where it is. Without an AppView `lacks` says why there is none."""

    pds: str
    appview: str | None = None
    lacks: str = ""


@contextmanager
def started(kit: Kit, tell: Tell) -> Iterator[Network]:
    """Until the `with` ends. Raises: Missing."""
    folder = Path(tempfile.mkdtemp(prefix="outcare-peers-"))
    folder.chmod(0o755)
    began = time.monotonic()
    try:
        with ExitStack() as stack:
            database, lacks = _database(kit, folder, stack)
            told = stack.enter_context(_nodes(kit, folder, database))
            what = "with an AppView" if told["appview"] else f"without an AppView ({lacks})"
            tell(f"a real Bluesky network {what}, after {time.monotonic() - began:.1f} s")
            yield Network(pds=told["pds"], appview=told["appview"], lacks=lacks)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _database(kit: Kit, folder: Path, stack: ExitStack) -> tuple[str, str]:
    """Its address; or why there is none."""
    if kit.postgres is None:
        return "", kit.lacks
    try:
        return stack.enter_context(_postgres(kit.postgres, folder)), ""
    except Missing as missing:
        return "", str(missing)


@contextmanager
def _nodes(kit: Kit, folder: Path, database: str) -> Iterator[dict[str, Any]]:
    ready, place = folder / "network.json", folder / "nodes"
    place.mkdir()
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(place),
        "TMPDIR": str(place),
        "NODE_OPTIONS": "--dns-result-order=ipv4first",
        "LOG_ENABLED": "false",
        **(
            {"DB_POSTGRES_URL": database, "DB_POSTGRES_SCHEMA": "bsky", "REDIS_HOST": "none"}
            if database
            else {}
        ),
    }
    command = [str(kit.node), "network.mjs", str(ready)]
    with process(command, folder / "network.log", cwd=kit.network, env=env) as running:
        wait(running, ready.exists, folder / "network.log")
        yield json.loads(ready.read_text(encoding="utf-8"))


@contextmanager
def _postgres(programs: Path, folder: Path) -> Iterator[str]:
    data, log, port = folder / "postgres", folder / "postgres.log", free_port()
    env, who = {"PATH": os.environ["PATH"], "LC_ALL": "C"}, _who()
    data.mkdir(mode=0o700)
    if who:
        os.chown(data, who["user"], who["group"])
    make = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "-D", str(data)]
    with log.open("wb") as sink:
        try:
            made = subprocess.run(
                [programs / "initdb", *make], env=env, cwd="/", stdout=sink, stderr=sink, check=False, **who
            )
        except OSError as error:
            raise Missing(f"PostgreSQL does not run here: {error.strerror}") from error
    if made.returncode:
        raise Missing(f"PostgreSQL does not run here: {end(log)}")
    serve = (
        f"-D {data} -h 127.0.0.1 -p {port} -c unix_socket_directories= -c fsync=off -c max_connections=200"
    )
    command = ["sh", "-c", WITH_STDIN, "sh", str(programs / "postgres"), *serve.split()]
    with process(command, log, cwd=Path("/"), env=env, **who) as running:
        wait(running, lambda: "ready to accept connections" in log.read_text(errors="replace"), log)
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres"


def _who() -> dict[str, Any]:
    """As whom PostgreSQL is run, where we are root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam(_NOBODY)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
