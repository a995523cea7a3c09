"""`tools/install.py`: what is installed where there is no network."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import subprocess
import sys
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

import pytest

from tests.unit.tree import ROOT


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("install", ROOT / "tools" / "install.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


install = _load()
WHEEL = "outcare_sample-1.0-py3-none-any.whl"


def make_wheel(place: Path, *, tags: tuple[str, ...] = ("py3-none-any",)) -> Path:
    """A real wheel with one module in it."""
    about = "outcare_sample-1.0.dist-info"
    files = {
        "outcare_sample.py": "WORKS = True\n",
        f"{about}/METADATA": "Metadata-Version: 2.1\nName: outcare-sample\nVersion: 1.0\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n"
        + "".join(f"Tag: {tag}\n" for tag in tags),
    }
    rows = []
    place.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(place, "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            rows.append(f"{name},sha256={digest},{len(text)}")
        wheel.writestr(f"{about}/RECORD", "\n".join([*rows, f"{about}/RECORD,,"]) + "\n")
    return place


def test_wheels_get_their_names_back(tmp_path: Path) -> None:
    """Bodies of answers in pip's cache; what is no wheel is passed over."""
    cache = tmp_path / "cache"
    make_wheel(cache / "http-v2" / "a" / "b" / "0123.body")
    make_wheel(
        cache / "http-v2" / "c" / "4567.body", tags=("cp311-cp311-linux_x86_64", "cp311-cp311-linux_i686")
    )
    (cache / "http-v2" / "page.body").write_text("<html>")
    (cache / "http-v2" / "broken.body").write_bytes(b"PK\x03\x04 and no more")
    with zipfile.ZipFile(cache / "http-v2" / "other.body", "w") as other:
        other.writestr("readme.txt", "no wheel")
    names = {path.name for path in install.from_cache(cache, _into(tmp_path))}
    assert {WHEEL, "outcare_sample-1.0-cp311-cp311-linux_x86_64.linux_i686.whl"} == names


def _into(tmp_path: Path) -> Path:
    into = tmp_path / "into"
    into.mkdir()
    return into


class Index(BaseHTTPRequestHandler):
    """A package index with one wheel, whose answers may be kept."""

    wheel = b""

    def do_GET(self) -> None:
        is_page = self.path.endswith("/outcare-sample/")
        if not is_page and not self.path.endswith(WHEEL):
            self.send_error(404)
            return
        page = f'<!DOCTYPE html><a href="/{WHEEL}">{WHEEL}</a>'.encode()
        body = page if is_page else self.wheel
        self.send_response(200)
        self.send_header("Content-Type", "text/html" if is_page else "application/octet-stream")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "max-age=60" if is_page else "max-age=365000000, immutable, public")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


def test_what_pip_itself_kept_is_found(tmp_path: Path) -> None:
    """The pip that is here downloads a wheel over HTTP; its cache alone then has the same bytes."""
    wheel = make_wheel(tmp_path / WHEEL)
    Index.wheel = wheel.read_bytes()
    with ThreadingHTTPServer(("127.0.0.1", 0), Index) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        env = {
            "PIP_INDEX" + "_URL": f"http://127.0.0.1:{server.server_port}/simple/",
            "PIP_CONFIG_FILE": "/dev/null",
            "PIP_TRUSTED_HOST": f"127.0.0.1:{server.server_port}",  # nothing of others is kept
            "PIP_CACHE_DIR": str(tmp_path / "cache"),
            "HOME": str(tmp_path),
        }
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "-q",
            "-d",
            str(tmp_path / "out"),
            "outcare-sample",
        ]
        subprocess.run(command, env=env, check=True, capture_output=True)
        server.shutdown()
    (found,) = install.from_cache(tmp_path / "cache", _into(tmp_path))
    assert (WHEEL, wheel.read_bytes()) == (found.name, found.read_bytes())


@pytest.mark.parametrize(("is_right", "expected"), [(True, 0), (False, 1)])
def test_a_wheel_is_taken_only_with_its_hash(tmp_path: Path, is_right: bool, expected: int) -> None:
    """From a directory, by pip itself, into a folder of its own."""
    wheel = make_wheel(tmp_path / "wheels" / WHEEL)
    digest = hashlib.sha256(wheel.read_bytes() if is_right else b"another file").hexdigest()
    wanted = tmp_path / "wanted.txt"
    wanted.write_text(f"outcare-sample==1.0 --hash=sha256:{digest}\n")
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "install.py"), "--wheels", str(wheel.parent), str(wanted)],
        capture_output=True,
        text=True,
        check=False,
        env={
            "PATH": "",
            "PIP_TARGET": str(tmp_path / "out"),
            "PIP_CONFIG_FILE": "/dev/null",
            "HOME": str(tmp_path),
        },
    )
    assert expected == done.returncode
    assert is_right == (tmp_path / "out" / "outcare_sample.py").is_file()
    if not is_right:
        assert 1 == len(done.stderr.strip().splitlines())
        assert "Only installing needs a network" in done.stderr


def test_a_directory_that_is_not_there(tmp_path: Path) -> None:
    """Wrong use, one line."""
    assert 2 == install.main(["--wheels", str(tmp_path / "none")])
