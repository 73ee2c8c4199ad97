"""What does the agent tell its log, and how? One sentence and its fields, as text or as JSON lines.

    2026-03-01 12:00:00.123  info   agent  session opened  session=7 content=3f9a01c2d4e5

Fields come by name: `get("agent").info("session opened", session=7)`. What could be a secret is
masked here, by the name of its field or as the password in a URL, so that no caller has to remember
it. Values are escaped: what comes from the network cannot forge a line.
"""

from __future__ import annotations

import logging
import re
import sys
from datetime import UTC, datetime
from typing import TextIO

import msgspec

from mcastdist.tracing import plain

from .settings_local import LogSettings

ROOT = "mcastdist"
LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
SECRET_NAME = re.compile(r"(^|_)(key|token|secret|password|authorization|cookie)s?$")
URL_PASSWORD = re.compile(r"(?<=://)[^/\s@]+(?=@)")
NO_HTTP = "aiohttp.http_exceptions"  # where aiohttp defines what its parser refuses
MASK = "***"
BARE = re.compile(r"[^\s\"=\\\x00-\x1f\x7f-\x9f]+")  # what needs no quotes to be one value
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Log:
    """One part's voice in the log."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger

    def debug(self, sentence: str, **fields: object) -> None:
        """For whoever looks for a fault."""
        self._say(logging.DEBUG, sentence, fields)

    def info(self, sentence: str, **fields: object) -> None:
        """What an administrator wants to find later."""
        self._say(logging.INFO, sentence, fields)

    def warning(self, sentence: str, **fields: object) -> None:
        """Something is not as it should be, and the work goes on."""
        self._say(logging.WARNING, sentence, fields)

    def error(self, sentence: str, error: BaseException | None = None, **fields: object) -> None:
        """Something failed; `error` adds its traceback, for what we believed impossible."""
        self._say(logging.ERROR, sentence, fields, error)

    def _say(
        self,
        level: int,
        sentence: str,
        fields: dict[str, object],
        error: BaseException | None = None,
    ) -> None:
        if self._logger.isEnabledFor(level):
            self._logger.log(level, "%s", sentence, extra={"fields": fields}, exc_info=error)


def get(part: str) -> Log:
    """The voice of `part`, such as `agent` or `http`."""
    return Log(logging.getLogger(f"{ROOT}.{part}"))


def set_up(settings: LogSettings, stream: TextIO | None = None) -> logging.Handler:
    """Log to `stream` (standard error) from now on, in place of what was set up before.

    Libraries are heard from `warning` up. Returns the handler, for whoever wants to take it off.
    """
    root = logging.getLogger()
    for old in [each for each in root.handlers if isinstance(each, _Handler)]:
        root.removeHandler(old)
    handler = _Handler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if settings.format == "json" else Text())
    root.addHandler(handler)
    logging.getLogger(ROOT).setLevel(LEVELS[settings.level])
    return handler


class Text(logging.Formatter):
    """A line for people."""

    def format(self, record: logging.LogRecord) -> str:
        """Time, level, part, sentence, fields; a traceback on further lines."""
        head = f"{_when(record):%Y-%m-%d %H:%M:%S}.{record.msecs:03.0f}"
        sentence = _one_line(_masked(record.getMessage()))
        fields = " ".join(f"{name}={_bare(value)}" for name, value in _fields(record).items())
        line = f"{head}  {record.levelname.lower():<7}  {_part(record)}  {sentence}  {fields}"
        trace = f"\n{self.formatException(record.exc_info)}" if record.exc_info else ""
        return line.rstrip() + trace


class JsonLines(logging.Formatter):
    """An object a line, for machines."""

    def format(self, record: logging.LogRecord) -> str:
        """The fields stand in an object of their own, so that none can pose as another part."""
        line: dict[str, object] = {
            "time": _when(record).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "part": _part(record),
            "sentence": _masked(record.getMessage()),
        }
        if fields := _fields(record):
            line["fields"] = fields
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line).decode()


class _Handler(logging.StreamHandler[TextIO]):
    """Ours, so that `set_up` finds it again.

    What aiohttp tells of bytes that are no HTTP is left out: anybody who reaches a port can send
    them, and would fill the disk with a traceback for each.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        kind = record.exc_info[0] if record.exc_info else None
        if kind is not None and kind.__module__ == NO_HTTP:
            return False
        return bool(super().filter(record))


def _when(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


def _part(record: logging.LogRecord) -> str:
    return record.name.removeprefix(f"{ROOT}.")


def _fields(record: logging.LogRecord) -> dict[str, object]:
    """The fields as plain values, with the secrets masked."""
    given: dict[str, object] = getattr(record, "fields", {})
    return {
        name: MASK if SECRET_NAME.search(name) else _masked_value(value)
        for name, value in given.items()
    }


def _masked_value(value: object) -> object:
    if isinstance(value, list | tuple):
        return [_masked_value(each) for each in value]
    simple = plain(value)
    return _masked(simple) if isinstance(simple, str) else simple


def _masked(text: str) -> str:
    return URL_PASSWORD.sub(MASK, text)


def _one_line(text: str) -> str:
    return UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _bare(value: object) -> str:
    text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if BARE.fullmatch(text) else _one_line(msgspec.json.encode(text).decode())
