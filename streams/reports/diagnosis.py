"""Why input is refused: the reason, the field, its value and what to write, behind a decoder's complaint.

Only refused reports come here, so that accepted ones pay nothing for a helpful error.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from bordertally.streams.errors import Reason, RefusedError
from bordertally.streams.reports.field_words import allowed, annotation_at, steps
from bordertally.streams.reports.records import Report

_MARKS = {b"\xef\xbb\xbf": "UTF-8", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
"""The byte order marks with which editors and shells on Windows begin a file."""

REQUIRED_FIELD = "this field is required"

_AT = re.compile(r" - at `\$?\.?(.*)`$")
_MISSING = re.compile(r"missing required field `(\w+)`")
_UNKNOWN = re.compile(r"unknown field `(.+)`")


class Complaint(NamedTuple):
    """What is wrong with a document: the path of the field, the value that stands there, and what to write."""

    field: str
    value: Any
    why: str


def complaint_of(text: str, document: Any, record: type[Struct]) -> Complaint:
    """What a validation error of a record, given by its text, says about a document."""
    at = _AT.search(text)
    field, plain = (at[1], text[: at.start()]) if at else ("", text)
    if missing := _MISSING.search(text):
        return Complaint(_joined(field, missing[1]), None, REQUIRED_FIELD)
    if unknown := _UNKNOWN.search(text):
        path = _joined(field, unknown[1])
        known = ", ".join(record.__struct_fields__)
        return Complaint(path, _lookup(document, path), f"there is no such field; the fields are {known}")
    annotation = annotation_at(field, record)
    why = plain if annotation is None else f"this must be {allowed(annotation).replace('`', '')}"
    return Complaint(field, _lookup(document, field), why)


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _not_json(raw: bytes, fault: Exception, report: str | None = None) -> RefusedError:
    mark = next((name for begin, name in _MARKS.items() if raw.startswith(begin)), None)
    if mark is None:
        return unread(Reason.NOT_JSON, raw, f"this is not JSON in UTF-8: {_fault_words(fault)}", report)
    why = f"this begins with a byte order mark of {mark}; write JSON in UTF-8 without one"
    return unread(Reason.NOT_JSON, raw, why, report)


def _fault_words(fault: Exception) -> str:
    """What a decoder complains of, for a person, with the place in the line."""
    if isinstance(fault, UnicodeDecodeError):
        return f"byte {fault.start + 1} is of another encoding; save the file as UTF-8"
    if isinstance(fault, json.JSONDecodeError):
        place = f"character {fault.pos + 1}"
        if fault.msg == "Extra data":
            return f"something follows the report at {place}; write one report per line"
        return f"it cannot be read from {place} on; check quotes, commas and braces there"
    return str(fault)


def diagnose(raw: bytes, error: Exception) -> RefusedError:
    """The error of bytes that a decoder has refused with `error`: it names the field and quotes its value."""
    try:
        document = json.loads(raw, parse_int=_parse_int)
    except RecursionError:
        return unread(Reason.TOO_DEEP, raw, "the JSON is nested too deeply")
    except ValueError as fault:
        return _not_json(raw, fault)
    identity = document.get("id") if isinstance(document, dict) else None
    report = identity if isinstance(identity, str) else None
    infinite = _not_finite(document)
    if infinite is not None:
        return RefusedError(Reason.BAD_NUMBER, *infinite, "a number must be finite", report)
    if isinstance(error, RecursionError):
        return unread(Reason.TOO_DEEP, raw, "the JSON is nested too deeply", report)
    if not isinstance(error, msgspec.ValidationError):
        return _not_json(raw, error, report)
    return _located(str(error), document, report)


def unread(reason: Reason, raw: bytes, why: str, report: str | None = None) -> RefusedError:
    """The error of a whole message: the field is `$`, the value the first bytes."""
    return RefusedError(reason, "$", raw[:200].decode("utf-8", "replace"), why, report)


def _parse_int(digits: str) -> float:
    """An integer of any length: beyond what a float holds it is infinite, as 1e400 is."""
    return int(digits) if len(digits) < 400 else float(digits)


def _located(text: str, document: Any, report: str | None) -> RefusedError:
    """The error behind the text of a validation error of a report."""
    field, value, why = complaint_of(text, document, Report)
    reason = Reason.MISSING_FIELD if why == REQUIRED_FIELD else _reason(field.rpartition(".")[2], text, value)
    return RefusedError(reason, field or "$", value, why, report)


def _reason(name: str, complaint: str, value: object) -> Reason:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if name == "people" and (number or isinstance(value, list)):
        return Reason.PEOPLE_OUT_OF_RANGE
    if name == "published" and isinstance(value, str):
        return Reason.BAD_TIME
    if "enum" in complaint or "length" in complaint or ">=" in complaint or "<=" in complaint:
        return Reason.BAD_VALUE
    return Reason.WRONG_TYPE


def _not_finite(document: Any) -> tuple[str, float] | None:
    """Path and value of a number in a document that is not finite, if there is one."""
    stack = [("", document)]
    while stack:
        at, item = stack.pop()
        if isinstance(item, float) and not math.isfinite(item):
            return at, item
        if isinstance(item, dict):
            stack.extend((f"{at}.{key}" if at else key, child) for key, child in item.items())
        elif isinstance(item, list):
            stack.extend((f"{at}[{place}]", child) for place, child in enumerate(item))
    return None


def _lookup(document: Any, path: str) -> Any:
    """The value at a path of a document; None where there is none."""
    value = document
    for step in steps(path):
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value
