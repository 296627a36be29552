"""Notices: what a source should know about a report that is accepted, such as a field that nobody reads."""

from __future__ import annotations

import enum
import json
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, NamedTuple, Union, cast, get_args, get_origin

import msgspec
from msgspec import Struct

from bordertally.streams.errors import Reason, RefusedError, shown
from bordertally.streams.reports.records import ClaimFields, Report


class NoticeKind(enum.StrEnum):
    """What a notice is about; the labels of `bordertally_source_notices_total`."""

    UNKNOWN_FIELD = "unknown_field"
    UNFINISHED_PERIOD = "unfinished_period"
    DOUBTFUL_TIME = "doubtful_time"
    DATED_AHEAD = "dated_ahead"
    EQUAL_PUBLISHED = "equal_published"
    UNMATCHED_WITHDRAWAL = "unmatched_withdrawal"


class ReportNotice(NamedTuple):
    """Something about an accepted report that its source should know.

    `field`: a path such as `claims[1].people`. `why`: what happened and what to do.
    """

    kind: NoticeKind
    field: str
    why: str

    def __str__(self) -> str:
        return f"{shown(self.field)}: {self.why}"


Tell = Callable[[ReportNotice], None]
"""Takes the notices of a report."""


def untold(_notice: ReportNotice) -> None:
    """Drop a notice."""


def refuse_unknown(notice: ReportNotice) -> None:
    """Raise RefusedError for a notice about an unknown field; drop any other."""
    if notice.kind is NoticeKind.UNKNOWN_FIELD:
        raise RefusedError(Reason.UNKNOWN_FIELD, notice.field, notice.field, notice.why)


# --- unknown fields --------------------------------------------------------------------------------------------------


def strict(record: type[Struct]) -> type[Struct]:
    """A subclass of a record that decodes only where all fields are known, those of nested records included."""
    fields = [(field.name, _strict_type(field.type)) for field in msgspec.structs.fields(record)]
    nested = [
        (name, kind, field.default)
        for (name, kind), field in zip(fields, msgspec.structs.fields(record), strict=True)
        if kind is not field.type
    ]
    config = record.__struct_config__
    return msgspec.defstruct(
        f"Strict{record.__name__}",
        nested,
        bases=(record,),
        forbid_unknown_fields=True,
        kw_only=True,
        frozen=config.frozen,
    )


def _strict_type(annotation: Any) -> Any:
    """An annotation whose records are replaced by strict ones; the same object where there are none."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, Struct):
        return strict(annotation)
    if origin is Annotated:
        inner = _strict_type(parts[0])
        return annotation if inner is parts[0] else Annotated[(inner, *parts[1:])]
    if origin in (Union, UnionType, list):
        inners = tuple(map(_strict_type, parts))
        if all(inner is part for inner, part in zip(inners, parts, strict=True)):
            return annotation
        return list[inners[0]] if origin is list else Union[inners]  # type: ignore[valid-type]  # noqa: UP007
    return annotation


StrictReport = cast("type[Report]", strict(Report))
"""A report without unknown fields."""


def unknown_fields(raw: bytes) -> Iterator[ReportNotice]:
    """A notice for each unknown field of the bytes of a report; a name that many claims repeat, only once."""
    try:
        document = json.loads(raw, parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError):  # in the value of a field that the decoder skips
        yield ReportNotice(NoticeKind.UNKNOWN_FIELD, "$", "a field whose name or value cannot be read")
        return
    seen: set[tuple[type[Struct], str]] = set()
    for path, name, record in _unknown(document, Report, ""):
        if (record, name) not in seen:
            seen.add((record, name))
            yield ReportNotice(NoticeKind.UNKNOWN_FIELD, path, f"unknown field{_hint(name, record)}")


def _unknown(document: Any, record: type[Struct], at: str) -> Iterator[tuple[str, str, type[Struct]]]:
    """Path, name and record of each unknown field of a document."""
    if not isinstance(document, dict):
        return
    annotations = {field.name: field.type for field in msgspec.structs.fields(record)}
    for name, value in document.items():
        path = f"{at}{name}"
        if name not in annotations:
            yield path, name, record
        elif (inner := _record_in(annotations[name])) is not None:
            yield from _unknown(value, inner, f"{path}.")
            for place, element in enumerate(value if isinstance(value, list) else ()):
                yield from _unknown(element, inner, f"{path}[{place}].")


def _record_in(annotation: Any) -> type[Struct] | None:
    """The record that an annotation allows, itself or in a list; None without any."""
    if isinstance(annotation, type) and issubclass(annotation, Struct):
        return annotation
    return next((record for part in get_args(annotation) if (record := _record_in(part)) is not None), None)


def _hint(name: str, record: type[Struct]) -> str:
    """What somebody may have meant who wrote an unknown field."""
    if record is ClaimFields and name in Report.__struct_fields__:
        return "; this field belongs to the report, beside claims"
    similar = get_close_matches(name.lower(), record.__struct_fields__, n=1, cutoff=0.7)
    return f"; did you mean {similar[0]}?" if similar else ""
