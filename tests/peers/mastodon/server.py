"""mastodon-mock as a child process on loopback, and what its own control does there.

Everything lies in one temporary folder, and is gone afterwards. Its accounts live at a domain that is not its
address, as on many servers.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.peers.installing import Tell
from tests.peers.processes import WITH_STDIN, free_port, process, wait

DOMAIN = "mock.test"


class Refused(Exception):  # noqa: N818 - what the server did
    """An answer other than 200."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """Where it is. Asked without waiting in the loop: the suites ask as they would ask a list."""

    url: str

    def fail(self, kind: str, *, on: str, times: int = 1, method: str = "GET", **effect: Any) -> None:
        """Let the next requests go wrong, before the server hears of them. `on`: a path, perhaps with `*`.

        `kind`: status, ratelimit, latency, malformed, timeout.
        """
        match = {"methods": [method], "path": on}
        rule = {"match": match, "effect": {"type": kind, **effect}, "count": times}
        self.call("POST", "/api/v1/_mock/faults", body=rule)

    @property
    def faults(self) -> list[dict[str, Any]]:
        """What is still to go wrong."""
        left: list[dict[str, Any]] = self.call("GET", "/api/v1/_mock/faults")
        return left

    def calm(self) -> None:
        self.call("DELETE", "/api/v1/_mock/faults")

    def call(self, verb: str, path: str, *, token: str = "", body: object = None) -> Any:
        """Raises: Refused."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        content = None
        if body is not None:
            content, headers["Content-Type"] = json.dumps(body), "application/json"
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        try:
            connection.request(verb, path, body=content, headers=headers)
            answer = connection.getresponse()
            said = answer.read().decode()
        finally:
            connection.close()
        if answer.status != 200:
            raise Refused(f"{answer.status} {said}")
        return json.loads(said)


@contextmanager
def started(python: Path, tell: Tell) -> Iterator[Server]:
    """Until the `with` ends. Raises: Missing."""
    folder = Path(tempfile.mkdtemp(prefix="outcare-peers-"))
    began, port, log = time.monotonic(), free_port(), folder / "server.log"
    (folder / ".mastodon_mock.toml").write_text(
        f'domain = "{DOMAIN}"\n[database]\npath = "{folder / "server.sqlite"}"\n'
        "[streaming]\nheartbeat_seconds = 1.0\n",
        encoding="utf-8",
    )
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder), "LANG": "C.UTF-8"}
    serve = [str(python), "-m", "mastodon_mock", "serve", "--port", str(port), "--log-level", "warning"]
    server = Server(url=f"http://127.0.0.1:{port}")
    try:
        with process(["sh", "-c", WITH_STDIN, "sh", *serve], log, cwd=folder, env=env) as running:
            wait(running, lambda: _is_up(server), log)
            tell(f"a real server of the Mastodon API (mastodon-mock), after {time.monotonic() - began:.1f} s")
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _is_up(server: Server) -> bool:
    try:
        server.call("GET", "/api/v2/instance")
    except (OSError, Refused):
        return False
    return True
