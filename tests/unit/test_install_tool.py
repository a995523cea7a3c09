"""`tools/install.py`: what is installed where there is no network."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import subprocess
import sys
import zipfile
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
        cache / "http" / "c" / "4567", tags=("cp311-cp311-linux_x86_64", "cp311-cp311-manylinux1_x86_64")
    )
    (cache / "http-v2" / "page.body").write_text("<html>")
    (cache / "http-v2" / "broken.body").write_bytes(b"PK\x03\x04 and no more")
    with zipfile.ZipFile(cache / "http-v2" / "other.body", "w") as other:
        other.writestr("readme.txt", "no wheel")
    into = tmp_path / "into"
    into.mkdir()
    names = {path.name for path in install.link_cached(cache, into)}
    assert {WHEEL, "outcare_sample-1.0-cp311-cp311-linux_x86_64.manylinux1_x86_64.whl"} == names


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
