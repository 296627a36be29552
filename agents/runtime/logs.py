"""The log of a worker or a gateway, on standard error: for people, or one JSON object a line for machines."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from bordertally.streams.moments import text_at
from bordertally.streams.settings import LogFormat, Settings

OURS = logging.getLogger("bordertally")
_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_FIRST = ("time", "level", "logger", "message", "exception")
_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160), 0x2028, 0x2029)}


class PrettyLines(logging.Formatter):
    """Time, level, logger, message, then the fields as name=value. What came from outside cannot begin a line."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, and that of an exception below it."""
        said = record.getMessage().translate(_CONTROL)
        fields = (f"{name}={_text(value)}" for name, value in fields_of(record).items())
        line = " ".join((_time(record), record.levelname, record.name, said, *fields))
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class JsonLines(logging.Formatter):
    """One object a line: time (ISO 8601, UTC), level, logger, message, the fields, and exception where there is one.

    It is ASCII, so that whatever reads it need not guess; a field that is called as one of the first keeps its
    value under its name and an underscore.
    """

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        said: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        for name, value in fields_of(record).items():
            said[f"{name}_" if name in _FIRST else name] = value
        if record.exc_info:
            said["exception"] = self.formatException(record.exc_info)
        return json.dumps(said, default=str)


def fields_of(record: logging.LogRecord) -> Mapping[str, Any]:
    """What a line says beside its message: the `extra` that it was logged with."""
    return {name: value for name, value in vars(record).items() if name not in _PLAIN}


def configure_logs(settings: Settings) -> None:
    """Log as the settings say: our own from their level on, what libraries say from warnings on."""
    level = getattr(logging, settings.log_level.name)
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if settings.log_format is LogFormat.JSON else PrettyLines())
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[handler], force=True)
    logging.captureWarnings(settings.log_format is LogFormat.JSON)
    OURS.setLevel(level)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it says at ERROR what it then retries
    logging.getLogger("stamina").setLevel(logging.ERROR)


def in_json() -> bool:
    """Whether this process logs JSON: then nothing else is to come out on standard error."""
    return any(isinstance(one.formatter, JsonLines) for one in logging.getLogger().handlers)


def _time(record: logging.LogRecord) -> str:
    return text_at(record.created)


def _text(value: object) -> str:
    """A value on a line for people: in quotes where it is no plain word."""
    text = str(value)
    return text if text and text.isprintable() and not set(text) & set(' ="') else json.dumps(value, default=str)
