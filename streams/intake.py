"""Intake, its pure part: reports in, messages of claims by partition out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from msgspec import UNSET
from msgspec.structs import replace

from streams.periods import Period
from streams.qualifiers import Qualifier, interval
from streams.records import Claim, Claims, Reading, Readings, Report
from streams.reports import MICRO, Limits, claims_of, decode_report, microseconds
from streams.series import period_of, reading_of
from streams.sources import Registry
from streams.topics import partition_of

MESSAGE_CLAIMS = 20_000
"""Claims in one message on `claims` at most, so that it stays well below the biggest message a topic takes."""

REMEMBERED = 65_536
"""Flows and periods remembered at most, of each."""

Address = tuple[str, str, str, str]
"""What readings are of: flow, source, population, unit."""


class Sorter:
    """Checks reports and sorts their claims. Not safe to share between threads.

    A counter sends the same few things over and over: its flow and source, and periods that others send too. What
    `read_report` made of them once is remembered, so most counts need only their own figure and time checked.
    """

    def __init__(self, registry: Registry, limits: Limits, partitions: int) -> None:
        self._registry, self._limits, self._partitions = registry, limits, partitions
        self._claims: dict[int, list[Claim]] = defaultdict(list)
        self._readings: dict[Address, list[Reading]] = defaultdict(list)
        self._counters: dict[tuple[str, object], tuple[Address, str]] = {}
        self._slots: dict[tuple[str, object], Period] = {}

    def take(self, raw: bytes, now: float) -> None:
        """Take one report that arrived at `now` (seconds since 1970 UTC): whole, or RefusedError."""
        report = decode_report(raw, self._limits)
        counter = self._counters.get((report.source, report.flow))
        slot = self._slots.get((report.source, report.period))
        if counter is not None and slot is not None and is_plain(report):
            published = microseconds(report.published)
            latest = published + self._limits.skew_s * MICRO
            if published <= (now + self._limits.skew_s) * MICRO and slot.end * MICRO <= latest:
                address, grade = counter
                self._readings[address].append(_reading(report, published, slot, grade))
                return
        claims = claims_of(report, self._registry, now, self._limits)
        for claim in claims:
            self._add(claim, period_of(claim))
        if is_plain(report):
            self._remember(report, claims[0])

    def _add(self, claim: Claim, period: Period) -> None:
        if period.part_of_day and claim.measure == "crossings":
            self._readings[address_of(claim)].append(reading_of(claim))
        else:
            self._claims[partition_of(claim.flow, self._partitions)].append(claim)

    def _remember(self, report: Report, claim: Claim) -> None:
        period = period_of(claim)
        if period.part_of_day:
            if len(self._counters) >= REMEMBERED or len(self._slots) >= REMEMBERED:
                self._counters.clear()
                self._slots.clear()
            self._counters[report.source, report.flow] = address_of(claim), claim.grade
            self._slots[report.source, report.period] = period

    def messages(self) -> list[tuple[int, Claims]]:
        """What came of the reports taken since the last call: (partition, message), in order of partition."""
        by_partition: dict[int, list[Readings]] = defaultdict(list)
        for address, readings in self._readings.items():
            by_partition[partition_of(address[0], self._partitions)].append(Readings(*address, readings))
        claims, self._claims = self._claims, defaultdict(list)
        self._readings = defaultdict(list)
        return [
            (partition, message)
            for partition in sorted(claims.keys() | by_partition.keys())
            for message in _cut(claims.get(partition, []), by_partition.get(partition, []))
        ]


def is_plain(report: Report) -> bool:
    """Whether a report is one figure, of people who crossed, and nothing beside it that changes its meaning."""
    return (
        report.claims is UNSET
        and report.population is UNSET
        and report.unit is UNSET
        and report.measure is UNSET
        and report.per is UNSET
        and report.normal is UNSET
        and report.change_percent is UNSET
        and isinstance(report.people, int | float)
    )


def _reading(report: Report, published: int, slot: Period, grade: str) -> Reading:
    """A plain report on a slot as a reading; as `claims_of` and `reading_of` make it."""
    start, end, local_start, local_end = slot
    qualifier, people = report.qualifier, report.people
    assert isinstance(people, int | float)
    if qualifier is Qualifier.COUNT:
        best = float(people)
        high = best if published >= end * MICRO else None
        return Reading(start, end, local_start, local_end, published, report.id, grade, best, best, high)
    low, best, upper = interval(people, Qualifier.STATED if qualifier is UNSET else qualifier)
    return Reading(start, end, local_start, local_end, published, report.id, grade, low, best, upper)


def address_of(claim: Claim) -> Address:
    """What a reading is of."""
    return claim.flow, claim.source, claim.population, claim.unit


def _cut(claims: list[Claim], groups: Iterable[Readings]) -> Iterator[Claims]:
    """One message, more only for very many claims."""
    *whole, said = [claims[at : at + MESSAGE_CLAIMS] for at in range(0, len(claims) or 1, MESSAGE_CLAIMS)]
    yield from map(Claims, whole)
    room, counted = MESSAGE_CLAIMS - len(said), list[Readings]()
    for group in groups:
        for at in range(0, len(group.readings), MESSAGE_CLAIMS):
            readings = group.readings[at : at + MESSAGE_CLAIMS]
            if len(readings) > room:
                yield Claims(said, counted)
                room, said, counted = MESSAGE_CLAIMS, [], []
            room -= len(readings)
            counted.append(replace(group, readings=readings))
    yield Claims(said, counted)
