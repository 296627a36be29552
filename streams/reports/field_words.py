"""What a field may hold, in words: in errors about reports and registries, and in the table of docs/report.md."""

from __future__ import annotations

import enum
import json
import re
from collections.abc import Iterator
from datetime import datetime
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
from msgspec import Meta, Raw, Struct, UnsetType

from bordertally.streams.reports.records import Report

_STEP = re.compile(r"([A-Za-z_]\w*)|\[(\d+)\]")
_WORDS = {str: "text", int: "a number", float: "a number", NoneType: "null", Raw: "anything"} | {
    bool: "`true` or `false`",
    datetime: "an RFC 3339 date-time with seconds and an offset",
}


def steps(path: str) -> Iterator[str | int]:
    """The field names and places in lists that a path such as `claims[1].people` consists of."""
    for name, place in _STEP.findall(path):
        yield name or int(place)


def annotation_at(path: str, record: type[Struct] = Report) -> Any | None:
    """The annotation of the field of a record at a path; None where there is no such field."""
    form: Any = record
    for step in steps(path):
        form = next((inner for part in _parts(form) for inner in _inside(part, step)), None)
    return form


def allowed(annotation: Any) -> str:
    """The values that an annotation allows: "`people` or `vehicles`", "text of 1 to 200 characters or null"."""
    *others, last = sorted(dict.fromkeys(_kinds(annotation)), key=lambda kind: kind == "null")
    return f"{', '.join(others)} or {last}" if others else last


def _parts(form: Any) -> Iterator[Any]:
    """The members of a union, or what is no union itself, without their metadata."""
    if get_origin(form) is Annotated:
        yield from _parts(get_args(form)[0])
    elif get_origin(form) in (Union, UnionType):
        for part in get_args(form):
            yield from _parts(part)
    else:
        yield form


def _inside(form: Any, step: str | int) -> Iterator[Any]:
    """The annotation of a record's field or of a list's elements; nothing for other types."""
    if isinstance(step, int):
        yield from get_args(form)[:1] if get_origin(form) in (list, tuple) else ()
    elif isinstance(form, type) and issubclass(form, Struct):
        yield from (field.type for field in msgspec.structs.fields(form) if field.name == step)


def _kinds(form: Any, meta: Meta | None = None) -> Iterator[str]:
    """Each kind of value that an annotation allows; `meta` holds its bounds."""
    origin, parts = get_origin(form), get_args(form)
    if origin is Annotated:
        yield from _kinds(parts[0], next((part for part in parts[1:] if isinstance(part, Meta)), None))
    elif origin in (Union, UnionType):
        for part in parts:
            yield from _kinds(part, meta)
    elif origin is Literal:
        yield from (f"`{json.dumps(value)}`" for value in parts)
    elif parts == (float,):
        yield "`[low, high]`"
    elif origin in (list, tuple):
        inner = "objects" if issubclass(parts[0], Struct) else allowed(parts[0])
        yield f"a list{_length(meta)} {inner}"
    elif issubclass(form, enum.Enum):
        yield from (f"`{member.value}`" for member in form)
    elif form is not UnsetType:
        yield _kind(form, meta)


def _kind(form: Any, meta: Meta | None) -> str:
    """The one kind of value that a record or a simple type is."""
    if issubclass(form, Struct):
        required = [f"`{field.name}`" for field in msgspec.structs.fields(form) if field.required]
        return "an object with " + ", ".join(required) if required else "an object"
    if form is str and meta is not None and meta.max_length:
        return f"text{_length(meta)} characters"
    if form is str and meta is not None and meta.pattern:
        return f"text that matches {meta.pattern}"
    if form in (int, float) and meta is not None and meta.le is not None:
        return f"a number from {meta.ge:,} to {meta.le:,}"
    return _WORDS[form]


def _length(meta: Meta | None) -> str:
    """How long a text or a list may be: " of 1 to 200"."""
    return f" of {meta.min_length or 0:,} to {meta.max_length:,}" if meta and meta.max_length else " of"
