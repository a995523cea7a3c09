"""One pipeline for every log line, ours and the libraries', with redaction at its end.

Knows structlog, logging and the interpreter's hooks. It must not know settings or what is logged: events
are named `noun.past_verb`, fields are flat, ids instead of objects, and no mention text above DEBUG.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import sys
import threading
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TextIO

import orjson
import structlog

from bot.errors import ConfigError
from bot.redaction import Redactor, redact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType

    from structlog.typing import EventDict, Processor, WrappedLogger

__all__ = ["configure", "in_background", "redact"]

Format = Literal["auto", "console", "json"]

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

CHATTY = ("aiohttp.access", "alembic", "apscheduler", "httpcore", "httpx", "slack_sdk", "telegram", "tweepy")
"""Libraries that log each request or job, some with a credential or a post's text: warnings only."""

LINES_AT_MOST = 10_000
"""So many lines wait for an output that takes none; what comes then is dropped, and how many is told."""
LAST_LINES_WITHIN = 2.0

_OURS = frozenset({"bot", "connectors", "rules"})
_BLOCK_KEYS = frozenset({"exception", "stack"})


def configure(level: str, format: Format = "auto", *, secrets: Iterable[str] = ()) -> None:  # noqa: A002
    """Send everything that is logged, warned or left uncaught to stderr as one line each, redacted.

    `format` "auto" is console on a terminal, else JSON lines. `secrets` are values that must never appear.
    Calling it again replaces what the call before set up.

    Raises: ConfigError for an unknown level or format.
    """
    threshold = _threshold(level)
    if format not in {"auto", "console", "json"}:
        raise ConfigError(f"the log format {format!r} is not one of auto, console, json")
    is_console = format == "console" or (format == "auto" and sys.stderr.isatty())
    redactor = Redactor(secrets)
    _configure_structlog(threshold)
    _configure_logging(threshold, _formatter(redactor, is_console=is_console))
    _catch_what_nobody_caught()


def _threshold(level: str) -> int:
    name = level.upper()
    if name not in LEVELS:
        raise ConfigError(f"the log level {level!r} is not one of {', '.join(LEVELS).lower()}")
    return int(getattr(logging, name))


def _shared() -> list[Processor]:
    """What our lines and foreign ones go through alike."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


def _configure_structlog(threshold: int) -> None:
    structlog.configure(
        processors=[
            *_shared(),
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,  # a cached logger outlives the next configure()
    )


def _formatter(redactor: Redactor, *, is_console: bool) -> logging.Formatter:
    """The last steps stand here and not in structlog's chain, so that no line can go around them.

    Tracebacks become text first (without local variables: they hold credentials) and are redacted too.
    """

    def hide(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
        return redactor.mapping(event)

    ending: list[Processor] = [_short, _printable, _console()] if is_console else [_json()]
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_shared(),
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            hide,
            *ending,
        ],
    )


def _json() -> Processor:
    return structlog.processors.JSONRenderer(serializer=_dumps)


def _dumps(event: dict[str, Any], **_options: Any) -> str:
    first = {key: event[key] for key in ("timestamp", "level", "event") if key in event}
    return orjson.dumps(first | event).decode()


def _console() -> Processor:
    has_colors = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    return structlog.dev.ConsoleRenderer(
        colors=has_colors, exception_formatter=structlog.dev.plain_traceback, pad_event_to=0
    )


def _short(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """For people: the time of day on their clock, our own loggers unnamed, nothing that is empty."""
    kept = {key: value for key, value in event.items() if value is not None}
    if str(kept.get("logger", "")).partition(".")[0] in _OURS:
        del kept["logger"]
    with contextlib.suppress(KeyError, ValueError):
        kept["timestamp"] = f"{datetime.fromisoformat(kept['timestamp']).astimezone():%H:%M:%S}"
    return kept


def _printable(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Control characters out of a post must not steer the terminal or fake a second line."""
    return {key: _escape(value, key=key) if isinstance(value, str) else value for key, value in event.items()}


def _escape(text: str, *, key: str) -> str:
    if text.isprintable():
        return text
    kept = "\n\t" if key in _BLOCK_KEYS else ""
    return "".join(
        char if char.isprintable() or char in kept else char.encode("unicode_escape").decode()
        for char in text
    )


@contextmanager
def in_background() -> Iterator[None]:
    """Let a thread write what is logged, until the end of the `with`, where the last lines are waited for.

    A pipe that nobody reads, or a disk that is busy with a commit, would else hold up whoever logs: the event
    loop. A process that is killed loses the lines of its last moment.
    """
    later = _Later()
    _StderrHandler.later = later
    try:
        yield
    finally:
        _StderrHandler.later = None
        later.end()


class _Later:
    """Takes lines at once, and writes them when the output does."""

    def __init__(self) -> None:
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._dropped = self._told = 0
        """How many in all: the first is counted by those who log (under their handler's lock), the other by
        the thread."""
        self._thread = threading.Thread(target=self._write, name="log", daemon=True)
        self._thread.start()

    def write(self, line: str) -> None:
        if self._lines.qsize() < LINES_AT_MOST:
            self._lines.put(line)
        else:
            self._dropped += 1

    def flush(self) -> None:
        """The thread does."""

    def end(self) -> None:
        self._lines.put(None)
        self._thread.join(LAST_LINES_WITHIN)

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            with contextlib.suppress(OSError, ValueError):  # stderr is gone: there is nowhere to say so
                _put(line)
                dropped = self._dropped
                if dropped > self._told:
                    lines = dropped - self._told
                    _put(_dumps({"level": "warning", "event": "log.dropped", "lines": lines}) + "\n")
                    self._told = dropped


def _put(text: str) -> None:
    """Write past the buffer of `sys.stderr`: whoever waits in it holds its lock, and the interpreter, which
    flushes it at the end of the process, would wait for ever.
    """
    stream = sys.stderr
    try:
        number = stream.fileno()
    except (AttributeError, OSError, ValueError):  # not a file
        stream.write(text)
        return
    data = text.encode(stream.encoding, "backslashreplace")
    while data:
        data = data[os.write(number, data) :]


class _StderrHandler(logging.StreamHandler[TextIO]):
    """Writes to what `sys.stderr` is at that moment; a line that cannot be formatted is not dumped raw."""

    later: ClassVar[_Later | None] = None

    def __init__(self, formatter: logging.Formatter) -> None:
        logging.Handler.__init__(self)
        self.setFormatter(formatter)

    @property
    def stream(self) -> TextIO | _Later:  # type: ignore[override]
        return self.later or sys.stderr

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """The stdlib would print the record's arguments, redacted by nobody."""
        kind = getattr(sys.exc_info()[0], "__name__", "an error")
        line = {"level": "error", "event": "log.failed", "logger": record.name, "error": kind}
        try:
            self.stream.write(_dumps(line) + "\n")
        except (OSError, ValueError):
            return  # stderr is gone: there is nowhere left to say so


def _configure_logging(threshold: int, formatter: logging.Formatter) -> None:
    root = logging.getLogger()
    root.handlers[:] = [_StderrHandler(formatter)]
    root.setLevel(threshold)
    for name in CHATTY:
        logging.getLogger(name).setLevel(max(threshold, logging.WARNING))
    logging.captureWarnings(capture=True)


def _catch_what_nobody_caught() -> None:
    """The interpreter would print these to stderr itself, around the redaction."""
    sys.excepthook = _on_crash
    sys.unraisablehook = _on_unraisable
    threading.excepthook = _on_thread_crash


def _on_crash(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    structlog.get_logger("outcare").critical("process.crashed", exc_info=(kind, error, trace))


def _on_unraisable(unraisable: sys.UnraisableHookArgs) -> None:
    error = unraisable.exc_value
    structlog.get_logger("outcare").error(
        "error.ignored",
        where=unraisable.err_msg or "in a finalizer",
        source=type(unraisable.object).__name__,
        exc_info=(unraisable.exc_type, error, unraisable.exc_traceback) if error else None,
    )


def _on_thread_crash(args: threading.ExceptHookArgs) -> None:
    error = args.exc_value
    if error is None or issubclass(args.exc_type, SystemExit):
        return
    structlog.get_logger("outcare").error(
        "thread.crashed",
        thread=args.thread.name if args.thread else None,
        exc_info=(args.exc_type, error, args.exc_traceback),
    )
