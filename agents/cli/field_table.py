"""The fields of a report as a table for docs/report.md, from the annotations of the record."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import get_args

import msgspec
from msgspec import Meta
from msgspec.structs import FieldInfo

from bordertally.streams.qualifiers import UNQUALIFIED
from bordertally.streams.reports.claims import Claim
from bordertally.streams.reports.field_words import allowed
from bordertally.streams.reports.records import REQUIRED, Report


def report_fields() -> Iterator[tuple[str, str, str, str]]:
    """Name, type, default and meaning of every field of a report, those of the report itself first."""
    own = {"id", "source", "published"}
    for field in sorted(msgspec.structs.fields(Report), key=lambda field: field.name not in own):
        metas = [part for part in get_args(field.type) if isinstance(part, Meta)]
        meaning = next(meta.description for meta in metas if meta.description)
        examples = [example for meta in metas for example in meta.examples or ()]
        words = allowed(field.type)
        such = "".join(
            f", such as `{example if isinstance(example, str) else json.dumps(example)}`" for example in examples[:1]
        )
        yield f"`{field.name}`", words + such, _default(field), meaning


def _default(field: FieldInfo) -> str:
    """What a field is where a producer leaves it out."""
    if field.required or field.name in REQUIRED:
        return "required"
    if field.name == "qualifier":
        return f"`{UNQUALIFIED}`"
    defaults = {field.name: field.default for field in msgspec.structs.fields(Claim)}
    value = defaults.get(field.name)
    return "none" if value is None else f"`{json.dumps(value) if value is False else value}`"
