"""Compressed frames: the host's zstd dictionary, and one frame unpacked, both within bounds.

https://github.com/bluesky-social/jetstream/blob/main/docs/README.md (5.2): the dictionary is fetched with
`getZstdDictionary`, named by its id when connecting, and each binary frame is then one zstd frame.
Dictionaries are retrained now and then: an id that the host does not know any more is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
import zstandard

from bot.errors import BotError, Reason, Unavailable
from bot.refusals import refusal
from connectors.bluesky.frames import Malformed

if TYPE_CHECKING:
    from bot.ports import Http
    from connectors.bluesky.hosts import Host

MAX_DICTIONARY_BYTES = 1_000_000
"""The real one has 65,536."""
ASK_SECONDS = 10.0
_MAGIC = b"\x37\xa4\x30\xec"
"""How a structured dictionary begins: https://www.rfc-editor.org/rfc/rfc8878#section-5"""

_log = structlog.get_logger()


class Unpacker:
    """Unpacks frames that were packed with one dictionary. Raises ValueError for bytes that are none."""

    def __init__(self, dictionary: bytes, *, max_bytes: int) -> None:
        if not dictionary.startswith(_MAGIC):
            raise ValueError("not a zstd dictionary")
        try:
            known = zstandard.ZstdCompressionDict(dictionary, dict_type=zstandard.DICT_TYPE_FULLDICT)
            self._unpack = zstandard.ZstdDecompressor(dict_data=known).decompress
            self._unpack(zstandard.ZstdCompressor(dict_data=known).compress(b"{}"))
        except zstandard.ZstdError as error:
            raise ValueError("not a zstd dictionary") from error
        self.id = known.dict_id()
        self._max_bytes = max_bytes

    def __call__(self, frame: bytes) -> bytes:
        """One frame's content. Raises: Malformed; Unavailable where another dictionary is meant."""
        try:
            # The library believes a frame that names its own size, whatever `max_output_size` says.
            if zstandard.frame_content_size(frame) <= self._max_bytes:
                return self._unpack(frame, max_output_size=self._max_bytes, allow_extra_data=False)
        except zstandard.ZstdError as error:
            if _dictionary_of(frame) not in {0, self.id}:
                raise StaleDictionary from error
            raise Malformed("a frame that cannot be unpacked") from error
        raise Malformed(f"a frame of more than {self._max_bytes} bytes")


class StaleDictionary(Unavailable):
    """Frames come packed with another dictionary than ours."""

    def __init__(self) -> None:
        super().__init__("frames are packed with another dictionary", reason=Reason.PROTOCOL)


def _dictionary_of(frame: bytes) -> int:
    try:
        return zstandard.get_frame_parameters(frame).dict_id
    except zstandard.ZstdError:
        return 0


class Dictionaries:
    """The unpacker of each host, asked for once; a host without a usable one is read unpacked.

    `max_bytes`: of one unpacked frame.
    """

    def __init__(self, http: Http, *, max_bytes: int) -> None:
        self._http = http
        self._max_bytes = max_bytes
        self._known: dict[str, Unpacker] = {}
        self._refused: dict[str, set[int]] = {}
        self._told: set[str] = set()

    async def of(self, host: Host) -> Unpacker | None:
        """None: read this host unpacked, this time. Says so once, until packing works again.

        Raises: Unavailable (connection).
        """
        if not host.is_v2:
            return None
        known = self._known.get(host.name)
        if known is not None:
            return known
        try:
            fetched = Unpacker(await self._fetch(host), max_bytes=self._max_bytes)
        except (BotError, ValueError) as error:
            if isinstance(error, BotError) and error.reason is Reason.CONNECTION:
                raise  # nobody is there: no host for the stream either
            self._tell(host, str(error))
            return None
        if fetched.id in self._refused.get(host.name, ()):
            self._tell(host, f"the host does not use its own dictionary {fetched.id}")
            return None
        self._told.discard(host.name)
        self._known[host.name] = fetched
        return fetched

    def refused(self, host: Host, unpacker: Unpacker) -> None:
        """The host does not know this dictionary, or it fits nothing: it must not be used there again."""
        self._known.pop(host.name, None)
        self._refused.setdefault(host.name, set()).add(unpacker.id)

    def _tell(self, host: Host, message: str) -> None:
        if host.name not in self._told:
            self._told.add(host.name)
            _log.warning("compression.unavailable", source="bluesky", host=host.name, message=message)

    async def _fetch(self, host: Host) -> bytes:
        async with self._http.request("GET", host.dictionary_url, timeout=ASK_SECONDS) as response:
            if response.status != 200:
                raise refusal(response.status, host.dictionary_url.partition("://")[2])
            return await self._http.read(response, limit=MAX_DICTIONARY_BYTES)
