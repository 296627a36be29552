"""The fields of a report as a table for docs/report.md, from the annotations of the record."""

from __future__ import annotations

import enum
import json
from collections.abc import Iterator
from datetime import datetime
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
from msgspec import Meta, Raw, Struct, UnsetType
from msgspec.structs import FieldInfo

from bordertally.streams.qualifiers import UNQUALIFIED
from bordertally.streams.reports.claims import Claim
from bordertally.streams.reports.records import REQUIRED, Report

_WORDS = {str: "text", int: "number", float: "number", NoneType: "null", Raw: "anything"} | {
    datetime: "RFC 3339 date-time with an offset"
}


def report_fields() -> Iterator[tuple[str, str, str, str]]:
    """Name, type, default and meaning of every field of a report, those of the report itself first."""
    own = {"id", "source", "published"}
    for field in sorted(msgspec.structs.fields(Report), key=lambda field: field.name not in own):
        metas = [part for part in get_args(field.type) if isinstance(part, Meta)]
        meaning = next(meta.description for meta in metas if meta.description)
        examples = [example for meta in metas for example in meta.examples or ()]
        yield f"`{field.name}`", _type(field.type, examples), _default(field), meaning


def _default(field: FieldInfo) -> str:
    """What a field is where a producer leaves it out."""
    if field.required or field.name in REQUIRED:
        return "required"
    if field.name == "qualifier":
        return f"`{UNQUALIFIED}`"
    defaults = {one.name: one.default for one in msgspec.structs.fields(Claim)}
    value = defaults.get(field.name)
    return "none" if value is None else f"`{value}`"


def _type(annotation: Any, examples: list[Any]) -> str:
    """The values that an annotation allows, in words."""
    kinds = list(dict.fromkeys(_kinds(annotation)))
    text = ", ".join(kind for kind in kinds if kind != "null")
    text += " such as " + ", ".join(f"`{one}`" for one in examples) if examples else ""
    return f"{text} or null" if "null" in kinds else text


def _kinds(one: Any) -> Iterator[str]:
    """Each kind of value that an annotation allows."""
    origin, parts = get_origin(one), get_args(one)
    if origin is Annotated:
        lengths = next((meta for meta in parts[1:] if isinstance(meta, Meta) and meta.max_length), None)
        for kind in _kinds(parts[0]):
            yield f"{kind}, 1-{lengths.max_length} characters" if kind == "text" and lengths else kind
    elif origin in (Union, UnionType):
        for part in parts:
            yield from _kinds(part)
    elif origin is Literal:
        yield from (f"`{json.dumps(value)}`" for value in parts)
    elif origin is list:
        yield "`[low, high]`" if parts == (float,) else "list of objects"
    elif issubclass(one, enum.Enum):
        yield from (f"`{member.value}`" for member in one)
    elif issubclass(one, Struct):
        inner = (f'"{field.name}": {" or ".join(_kinds(field.type))}' for field in msgspec.structs.fields(one))
        yield f"`{{{', '.join(inner)}}}`".replace("`[low, high]`", "[low, high]")
    elif one is not UnsetType:
        yield _WORDS[one]
