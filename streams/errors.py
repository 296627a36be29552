"""What can be wrong with input, as a closed set of reasons and one exception that quotes field and value."""

from __future__ import annotations

import enum
import json
from collections.abc import Sequence
from itertools import islice


class Reason(enum.StrEnum):
    """Why a report was refused. The same words label the metric `bordertally_rejects_total` and the dead letters."""

    NOT_JSON = "not_json"
    TOO_LARGE = "too_large"
    TOO_DEEP = "too_deep"
    MISSING_FIELD = "missing_field"
    WRONG_TYPE = "wrong_type"
    BAD_NUMBER = "bad_number"
    BAD_VALUE = "bad_value"
    PEOPLE_OUT_OF_RANGE = "people_out_of_range"
    BAD_TIME = "bad_time"
    BAD_PERIOD = "bad_period"
    PERIOD_TOO_LONG = "period_too_long"
    PERIOD_IN_FUTURE = "period_in_future"
    PUBLISHED_IN_FUTURE = "published_in_future"
    UNKNOWN_SOURCE = "unknown_source"
    FLOW_NOT_ALLOWED = "flow_not_allowed"
    BAD_FLOW = "bad_flow"
    UNKNOWN_COUNTRY = "unknown_country"
    DUPLICATE_CLAIM = "duplicate_claim"
    NO_CLAIM = "no_claim"
    TOPIC_NOT_ALLOWED = "topic_not_allowed"
    UNSIGNED = "unsigned"
    BAD_SIGNATURE = "bad_signature"
    UNKNOWN_FIELD = "unknown_field"


EMPTY = '""'
"""How an error quotes an empty text."""

SHOWN = 80
"""Characters of an offending value that are quoted; the whole original is kept beside it."""

LEVELS = 8
"""Lists and objects within each other that are quoted: a report may hold thousands."""


def shown(value: object) -> str:
    """Quote a value for a person: its text, at most `SHOWN` characters, with control characters escaped.

    Values other than text are quoted as JSON has them.
    """
    text = value if isinstance(value, str) else json.dumps(_whole(value), ensure_ascii=False, default=str)
    text = text[: SHOWN + 1].encode("utf-8", "backslashreplace").decode("utf-8")
    if not text.isprintable():  # a value with an escape sequence must not reach a terminal
        text = "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def _whole(value: object, levels: int = LEVELS) -> object:
    """As much of a value as is quoted, with whole numbers written without decimals, as a report has them."""
    if isinstance(value, list | dict) and not levels:
        return "…"
    if isinstance(value, list):
        return [_whole(inner, levels - 1) for inner in value[:SHOWN]]
    if isinstance(value, dict):
        return {name: _whole(inner, levels - 1) for name, inner in islice(value.items(), SHOWN)}
    return int(value) if isinstance(value, float) and value.is_integer() else value


def some(names: Sequence[str], most: int = 5) -> str:
    """The first of some names for a sentence, and how many more there are: `RU:GE, RU:KZ and 7 more`."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def os_words(error: OSError) -> str:
    """Why the system refuses a file, for a sentence: `no such file`, `permission denied`."""
    if isinstance(error, FileNotFoundError):
        return "no such file"
    words = error.strerror or "it cannot be read"
    return words[:1].lower() + words[1:]


class BordertallyError(Exception):
    """Base of every error a user can cause; its text is one sentence for that user."""


class ConfigError(BordertallyError):
    """A setting, the source registry or a rule is wrong; the text names it and quotes its value."""


class RefusedError(BordertallyError):
    """A report cannot be taken.

    `reason` is from the closed set, `field` a path such as `claims[1].people`, `value` the offending value,
    already shortened by `shown`, and `report` the report's id where it could be read.
    """

    def __init__(self, reason: Reason, field: str, value: object, why: str, report: str | None = None) -> None:
        self.reason, self.field, self.value, self.why = reason, field, shown(value), why
        self.report = None if report is None else shown(report)
        super().__init__(reason, field, value, why)

    def __str__(self) -> str:
        if self.reason is Reason.MISSING_FIELD:
            return f"{self.field}: {self.why}"
        return f"{self.field}: {self.why} (got {self.value or EMPTY})"
