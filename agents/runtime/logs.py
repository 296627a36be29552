"""The log of a worker or a gateway on standard error: lines for people, or one JSON object a line."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from typing import Any, assert_never

from bordertally.streams.moments import text_at
from bordertally.streams.settings import LogFormat, Settings, misspelt
from bordertally.streams.visible_text import visible, visible_json, visible_lines

OURS = logging.getLogger("bordertally")
SERVICES = logging.getLogger("bordertally.agents")
_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_FIRST = ("time", "level", "logger", "message", "exception")


class PrettyLines(logging.Formatter):
    """Time, level, logger, message, then the fields as name=value, with control and direction characters escaped."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, followed by the traceback of an exception if there is one."""
        message = visible(record.getMessage())
        fields = (f"{name}={_text(value)}" for name, value in fields_of(record).items())
        line = " ".join((_time(record), record.levelname, record.name, message, *fields))
        return f"{line}\n{visible_lines(self.formatException(record.exc_info))}" if record.exc_info else line


class JsonLines(logging.Formatter):
    """One JSON object a line: time (ISO 8601, UTC), level, logger, message, the fields, and exception if there is one.

    The lines are ASCII, whatever encoding their reader assumes. A field with the name of one of these five is written
    with an underscore behind its name.
    """

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        for name, value in fields_of(record).items():
            line[f"{name}_" if name in _FIRST else name] = value
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return visible_json(json.dumps(line, default=str))  # json leaves DEL as it is


def fields_of(record: logging.LogRecord) -> Mapping[str, Any]:
    """The fields of a log record: the `extra` that it was logged with."""
    return {name: value for name, value in vars(record).items() if name not in _PLAIN}


def configure_logs(settings: Settings) -> None:
    """Log as the settings say: bordertally from their level on, libraries from that level or WARNING on."""
    level = getattr(logging, settings.log_level.name)
    handler = logging.StreamHandler()
    match settings.log_format:
        case LogFormat.JSON:
            handler.setFormatter(JsonLines())
        case LogFormat.PRETTY:
            handler.setFormatter(PrettyLines())
        case _:
            assert_never(settings.log_format)
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[handler], force=True)
    logging.captureWarnings(settings.log_format is LogFormat.JSON)
    OURS.setLevel(level)
    SERVICES.setLevel(max(level, logging.WARNING))  # the loggers that Faust gives our services: its words, not ours
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # at ERROR it logs failures that it then retries
    logging.getLogger("stamina").setLevel(logging.ERROR)
    logging.getLogger("aiohttp.server").addFilter(without_request)


def warn_of_misspelt() -> None:
    """Log environment variables that look like misspelt settings."""
    for sentence in misspelt(os.environ):
        OURS.warning("%s", sentence)


def without_request(record: logging.LogRecord) -> bool:
    """Take the traceback from a line on a malformed request: it quotes what a client sent."""
    error = record.exc_info[1] if record.exc_info else None
    if type(error).__module__ == "aiohttp.http_exceptions":
        record.exc_info = None
    return True


def in_json() -> bool:
    """Whether this process logs JSON, so that nothing else may be written to standard error."""
    return any(isinstance(handler.formatter, JsonLines) for handler in logging.getLogger().handlers)


def _time(record: logging.LogRecord) -> str:
    return text_at(record.created)


def _text(value: object) -> str:
    """A value on a line for people, in quotes unless it is a plain word."""
    text = str(value)
    return text if text and text.isprintable() and not set(text) & set(' ="') else json.dumps(value, default=str)
