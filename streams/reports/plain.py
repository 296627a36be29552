"""Plain reports: one figure on one flow, as counters send it. They are decoded in one pass, without a full check."""

from __future__ import annotations

from collections.abc import Collection
from operator import attrgetter
from typing import cast

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from bordertally.streams.qualifiers import UNQUALIFIED, Qualifier
from bordertally.streams.reports.records import FloatFigure, Moment, Report, ReportId

OWN_FIELDS = 16
"""The most names of fields of their own that a decoder learns from counters."""


class Plain(Struct, gc=False):
    """What the fast path reads of a report: one figure on one flow, as counters send it."""

    id: ReportId
    source: str
    published: Moment
    flow: str
    period: str
    people: FloatFigure
    qualifier: Qualifier = UNQUALIFIED


NOT_KEPT = frozenset({"url", "text", "title", "arrived"})
"""Fields of a report that a reading does not keep. The fast path checks their types and ignores their values."""


def plain_type(record: type[Struct], own: tuple[str, ...] = (), *, strict: bool = False) -> type[Plain]:
    """The type of a report for the fast path, derived from the full record, which is `Report`.

    Its fields are those of `Plain`, those in `NOT_KEPT`, and every other field of the record, which must be absent. A
    report that has such a field does not decode as plain and is checked in full; so is a field that is added later.
    `own`: names of fields that counters send and the format does not define. `strict`: a report with any other unknown
    field does not decode.
    """
    further = [
        (field.name, field.type if field.name in NOT_KEPT else UnsetType, UNSET)
        for field in msgspec.structs.fields(record)
        if field.name not in Plain.__struct_fields__
    ]
    names = dict(zip(_places(own), own, strict=True))
    kept = [(place, Raw | UnsetType, UNSET) for place in names]
    plain = msgspec.defstruct(
        "PlainReport", [*further, *kept], bases=(Plain,), gc=False, forbid_unknown_fields=strict, rename=names or None
    )
    return cast("type[Plain]", plain)


def _places(own: Collection[str]) -> list[str]:
    return [f"own_{number}" for number in range(len(own))]


class PlainDecoder:
    """Decodes plain reports, and tells which of them have fields that the format does not define.

    A counter that sends a field of its own sends it in every report. A decoder that refuses unknown fields and one that
    ignores them would both have to read each of these reports, which takes 2.4 us of 16 for a count from bytes to
    totals; so the names are learned, and one pass tells both.
    """

    def __init__(self, record: type[Struct] = Report) -> None:
        self._record = record
        ignoring = plain_type(record)
        self._ignoring = msgspec.json.Decoder(ignoring)
        self._known = {field.encode_name for field in msgspec.structs.fields(ignoring)}
        self.met_unknown = False
        """Whether any report had a field that the format does not define."""
        self._build(())

    def _build(self, learned: tuple[str, ...]) -> None:
        self.learned = learned
        self._type = plain_type(self._record, learned, strict=True)
        self.decode = msgspec.json.Decoder(self._type).decode
        self._own = attrgetter(*_places(learned)) if learned else None
        self._absent = (UNSET,) * len(learned) if len(learned) > 1 else UNSET

    def has_own_fields(self, plain: Plain) -> bool:
        """Whether a report has fields that the format does not define. `plain`: the result of `decode` or `learn`."""
        return type(plain) is not self._type or (self._own is not None and self._own(plain) != self._absent)

    def learn(self, raw: bytes) -> Plain:
        """Decode a report with unknown fields and learn their names. Raises as `decode` does if it is not plain."""
        plain = self._ignoring.decode(raw)
        self.met_unknown = True
        names = {*self.learned, *msgspec.json.decode(raw, type=dict[str, Raw])} - self._known
        if len(names) > OWN_FIELDS:
            return plain
        self._build(tuple(sorted(names)))
        return self.decode(raw)
