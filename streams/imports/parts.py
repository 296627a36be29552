"""Parts: the claims of an import as reports in JSON, few and of a bounded size, that say which part they are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec

from bordertally.streams.imports.calendar_periods import DaySpan
from bordertally.streams.imports.figures import People
from bordertally.streams.imports.series import ImportedSeries, SeriesKey
from bordertally.streams.moments import utc_text
from bordertally.streams.qualifiers import Qualifier

MOST_CLAIMS = 1_000
"""Claims in one report at most."""

MOST_BYTES = 200_000
"""Bytes of one report, about, at most: below what the intake accepts."""

_OVERHEAD = 110
"""Bytes of a claim besides its flow and population, about."""

_encode = msgspec.json.Encoder().encode
_text_of = lru_cache(maxsize=10_000)(DaySpan.text)


class _WrittenClaim(msgspec.Struct, omit_defaults=True, gc=False):
    """A claim as a report writes it. Its fields hold no cycles, so the garbage collector need not look at it."""

    flow: str
    period: str
    people: People | None
    qualifier: Qualifier
    population: str = "people"
    unit: str = "people"
    measure: str = "crossings"
    per: str | None = None


class ImportClaim(NamedTuple):
    """One claim of an import; `people` None withdraws it."""

    key: SeriesKey
    qualifier: Qualifier
    per: str | None
    span: DaySpan
    people: People | None
    published: datetime


def all_claims(series: Mapping[SeriesKey, ImportedSeries]) -> Iterator[ImportClaim]:
    """Every claim of an import: series by series, each in the order of time."""
    for key, one in sorted(series.items()):
        qualifier, per, claims = one.qualifier, one.per, one.claims
        for span in sorted(claims):
            people, _, _, published = claims[span]
            yield ImportClaim(key, qualifier, per, span, people, published)


class ReportParts:
    """The reports that say the claims of an import; `number` of them.

    Their ids tell by a digest of the claims which import they belong to, and which part of it they are:
    `police-import-3f9c2a81-part-2-of-7`. The same claims have the same ids, whenever they are published.
    """

    def __init__(self, claims: Callable[[], Iterable[ImportClaim]], source: str, *, historic: bool = False) -> None:
        """`claims` is called here, to number the parts, and each time they are iterated.

        `historic`: nobody is notified of alerts of these reports alone. Their ids say `history` instead of `import`,
        which comes first in the order of ids: the same file imported as news with the same `published` counts as news.
        """
        self.number = 0
        self._claims, self._source, self._historic = claims, source, historic
        digest = sha256()
        for part in _cut(claims()):
            self.number += 1
            digest.update(_encode(_written(part)))
        self.name = f"{source}-{'history' if historic else 'import'}-{digest.hexdigest()[:8]}"

    def __iter__(self) -> Iterator[bytes]:
        """Yield the reports as JSON."""
        for number, part in enumerate(_cut(self._claims()), 1):
            head: dict[str, Any] = {
                "id": f"{self.name}-part-{number}-of-{self.number}",
                "source": self._source,
                "published": utc_text(part[0].published),
            }
            if self._historic:
                head["historic"] = True
            yield _encode({**head, "claims": _written(part)})


_PART = re.compile(r"(?P<name>.+-(?:import|history)-[0-9a-f]{8})-part-(?P<number>\d{1,6})-of-(?P<parts>\d{1,6})")
MOST_NAMED = 10
"""Missing parts that a sentence names; the others are counted."""


class PartsSeen:
    """Which parts of imports were seen, by the ids of their reports: an import that was interrupted lacks some."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, int], set[int]] = {}

    def add(self, report: str) -> None:
        """Note the id of a report, of an import or not."""
        if "-part-" in report and (found := _PART.fullmatch(report)):
            self._seen.setdefault((found["name"], int(found["parts"])), set()).add(int(found["number"]))

    def warnings(self) -> Iterator[str]:
        """A sentence for each import of which parts are missing."""
        for (name, parts), seen in sorted(self._seen.items()):
            missing = [number for number in range(1, parts + 1) if number not in seen]
            if missing:
                more = f" and {len(missing) - MOST_NAMED:,} more" if len(missing) > MOST_NAMED else ""
                which = ", ".join(map(str, missing[:MOST_NAMED])) + more
                yield f"{name}: of {parts:,} parts these are missing: {which}; repeat the import as a whole"


def _cut(claims: Iterable[ImportClaim]) -> Iterator[list[ImportClaim]]:
    """The claims in parts of a bounded size that were each published at one time."""
    part: list[ImportClaim] = []
    size = claim_size = 0
    key: SeriesKey | None = None
    for claim in claims:
        if claim.key is not key:
            key = claim.key
            claim_size = len(key.flow) + len(key.population) + _OVERHEAD
        full = len(part) >= MOST_CLAIMS or size + claim_size > MOST_BYTES
        if part and (full or claim.published != part[0].published):
            yield part
            part, size = [], 0
        part.append(claim)
        size += claim_size
    if part:
        yield part


def _written(claims: Iterable[ImportClaim]) -> list[_WrittenClaim]:
    return [
        _WrittenClaim(key.flow, _text_of(span), people, qualifier, key.population, key.unit, key.measure, per)
        for key, qualifier, per, span, people, _ in claims
    ]
