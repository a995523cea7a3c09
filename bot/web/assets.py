"""The page's own files (script, style, picture), served from memory and never anything else.

Their addresses hold a piece of their hash, so that a browser keeps them until they change.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from aiohttp import web

FOLDER = Path(__file__).parent / "static"
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    body: bytes
    packed: bytes
    kind: str
    version: str


@cache
def assets() -> dict[str, Asset]:
    """Every file, by name; read once."""
    return {path.name: _asset(path) for path in sorted(FOLDER.iterdir()) if path.suffix in _TYPES}


def _asset(path: Path) -> Asset:
    body = path.read_bytes()
    return Asset(
        body=body,
        packed=gzip.compress(body, mtime=0),
        kind=_TYPES[path.suffix],
        version=sha256(body).hexdigest()[:12],
    )


def address(name: str) -> str:
    """Where a page finds a file."""
    return f"/static/{name}?v={assets()[name].version}"


async def serve(request: web.Request) -> web.Response:
    """`GET /static/{name}`."""
    asset = assets().get(request.match_info["name"])
    if asset is None:
        raise web.HTTPNotFound
    is_packed = "gzip" in request.headers.get("Accept-Encoding", "")
    headers = {"Cache-Control": _FOREVER, "Vary": "Accept-Encoding"}
    if is_packed:
        headers["Content-Encoding"] = "gzip"
    return web.Response(
        body=asset.packed if is_packed else asset.body,
        content_type=asset.kind,
        charset="utf-8",
        headers=headers,
    )
