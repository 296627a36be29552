"""Intake, its pure part: reports in, messages of claims by partition out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Annotated, NamedTuple, Protocol, TypeVar, cast

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from bordertally.streams.errors import RefusedError
from bordertally.streams.moments import MICRO, microseconds
from bordertally.streams.periods import Period
from bordertally.streams.qualifiers import Qualifier, interval
from bordertally.streams.reports.claims import Address, Claim, Claims, address_of, is_reading, period_of
from bordertally.streams.reports.readings import Columns, Readings
from bordertally.streams.reports.records import FloatFigure
from bordertally.streams.reports.sources import Registry
from bordertally.streams.reports.validation import Limits, read_report
from bordertally.streams.topics import Topic, partition_of

MESSAGE_CLAIMS = 20_000
"""Claims in one message on `claims` at most, so that it stays well below the biggest message a topic takes."""

REMEMBERED = 65_536
"""Flows, and slots of a time zone, remembered at most."""

MILLI = 1_000  # microseconds

COUNT = Qualifier.COUNT  # looked up in its class, a member costs as much as all the rest of a comparison


class Plain(Struct, gc=False):
    """A report of one figure, with nothing beside it that changes its meaning: what counters send."""

    id: Annotated[str, Meta(min_length=1, max_length=200)]
    source: str
    published: Annotated[datetime, Meta(tz=True)]
    flow: str
    period: str
    people: FloatFigure
    qualifier: Qualifier = Qualifier.STATED
    claims: UnsetType = UNSET
    population: UnsetType = UNSET
    unit: UnsetType = UNSET
    measure: UnsetType = UNSET
    per: UnsetType = UNSET
    normal: UnsetType = UNSET
    change_percent: UnsetType = UNSET


_decode_plain = msgspec.json.Decoder(Plain).decode

_NOT_PLAIN = (LookupError, ValueError, RecursionError, msgspec.MsgspecError)
"""Something else, or wrong, or not known yet: `read_report` says what."""


class TimedReport(Protocol):
    """A report and when it arrived, in milliseconds since 1970 UTC."""

    value: bytes | None
    timestamp: int


R = TypeVar("R", bound=TimedReport)


class _Collected:
    """Readings of one flow, source, population, unit and grade that wait for the next message.

    `ranges`: of those that are no exact counts, the place, low and high.
    """

    def __init__(self, address: Address, grade: str) -> None:
        self.address, self.grade = address, grade
        self.clear()

    def clear(self) -> None:
        """Begin anew; what was taken out stays as it is."""
        self.periods: list[Period] = []
        self.published: list[int] = []
        self.reports: list[str] = []
        self.bests: list[float | None] = []
        self.ranges: list[tuple[int, float, float | None]] = []

    def add(self, claim: Claim) -> None:
        """One more reading."""
        self.periods.append(period_of(claim))
        self.published.append(claim.published)
        self.reports.append(claim.report)
        self.ranges.append((len(self.bests), claim.low, claim.high))
        self.bests.append(claim.best)

    def taken(self) -> Columns:
        """All of them, at least one; what comes from now on is apart."""
        starts, ends, local_starts, local_ends = map(list, zip(*self.periods, strict=True))
        times = starts, ends, local_starts, local_ends, self.published
        found = Columns(*times, self.reports, self.bests, self.grade)
        if self.ranges:
            lows, highs = cast("list[float]", self.bests.copy()), self.bests.copy()
            for place, low, high in self.ranges:
                lows[place], highs[place] = low, high
            found = replace(found, lows=lows, highs=highs).without_saying()
        self.clear()
        return found


class _Slot(NamedTuple):
    """A period, and what a count of it is compared with: its end, and how early it may be published at all."""

    period: Period
    ended: int
    earliest: int


class _Counter:
    """What is known of a source: the flows it counts, and the slots it counts in, as it writes them."""

    def __init__(self, slots: dict[str, _Slot]) -> None:
        self.slots = slots
        self.flows: dict[str, _Collected] = {}


class Sorter:
    """Checks reports and sorts their claims. Not safe to share between threads.

    A counter sends the same few things over and over: its flow and source, and periods that others send too. What
    `read_report` made of them once is remembered, so most counts need only their own figure and time checked.
    """

    def __init__(self, registry: Registry, limits: Limits, partitions: int) -> None:
        self._registry, self._limits, self._partitions = registry, limits, partitions
        self._skew = limits.skew_s * MICRO
        self._claims: dict[int, list[Claim]] = defaultdict(list)
        self._collected: dict[tuple[Address, str], _Collected] = {}
        self._filled: list[_Collected] = []  # those that hold something
        self._counters: dict[str, _Counter] = {}
        self._reports: Counter[str] = Counter()
        self._by_topic: dict[Topic | None, dict[str, _Counter]] = {None: self._counters}
        self._topic: Topic | None = None
        self._slots: dict[object, dict[str, _Slot]] = defaultdict(dict)

    def turn_to(self, topic: Topic | None) -> None:
        """What is taken from now on comes from the topic of this class; None: from anywhere."""
        self._topic = topic
        self._counters = self._by_topic.setdefault(topic, {})

    def add_all(self, records: Iterable[R]) -> Iterator[tuple[R, RefusedError]]:
        """Add reports as they arrived, each whole or not at all; yields every refused report with its error.

        A report of a source that has keys is refused as unsigned (see `add_signed`). All that most reports need is in
        this one loop, since calls would cost as much as the work; `read_report` reads the others.
        """
        counters, filled, most, skew = self._counters, self._filled, self._limits.bytes, self._skew
        for record in records:
            raw, plain = record.value or b"", None
            try:
                plain = _decode_plain(raw if len(raw) <= most else b"")
                counter = counters[plain.source]
                collected = counter.flows[plain.flow]
                period, ended, earliest = counter.slots[plain.period]
                published = microseconds(plain.published)
                known = earliest <= published < record.timestamp * MILLI + skew
            except _NOT_PLAIN:
                known = False
            if plain is None or not known:
                try:
                    self._add_checked(raw, record.timestamp / 1000, plain)
                except RefusedError as error:
                    yield record, error
                continue
            people, bests = plain.people, collected.bests
            if not bests:
                filled.append(collected)
            if plain.qualifier is not COUNT:
                low, people, high = interval(people, plain.qualifier)
                collected.ranges.append((len(bests), low, high))
            elif published < ended:
                collected.ranges.append((len(bests), people, None))
            collected.periods.append(period)
            collected.published.append(published)
            collected.reports.append(plain.id)
            bests.append(people)

    def _add_checked(self, raw: bytes, now: float, plain: Plain | None) -> None:
        """Add a report that is not plain, or whose flow or slot is not known yet. Raises RefusedError."""
        claims = read_report(raw, self._registry, now, self._limits)
        self._admit(claims[0], raw, ())
        self.add(claims)
        if plain is not None:
            self._remember(plain, claims[0])

    def add_signed(self, raw: bytes, now: float, headers: Sequence[tuple[str, bytes | None]]) -> None:
        """Add one report of a source that has keys, if its headers hold a signature. Raises RefusedError."""
        claims = read_report(raw, self._registry, now, self._limits)
        self._admit(claims[0], raw, headers)
        self.add(claims)

    def _admit(self, claim: Claim, raw: bytes, headers: Sequence[tuple[str, bytes | None]]) -> None:
        self._registry.admit(claim.source, self._topic, raw, headers, claim.report)

    def add(self, claims: Iterable[Claim]) -> None:
        """Take claims that have been checked."""
        source = None
        for claim in claims:
            source = claim.source
            if is_reading(claim):
                self._reports[source] -= 1  # `messages` counts one for each reading, and this is one report
                collected = self._of(address_of(claim), claim.grade)
                if not collected.bests:
                    self._filled.append(collected)
                collected.add(claim)
            else:
                self._claims[partition_of(claim.flow, self._partitions)].append(claim)
        if source is not None:
            self._reports[source] += 1

    def _of(self, address: Address, grade: str) -> _Collected:
        collected = self._collected.get((address, grade))
        if collected is None:
            collected = self._collected[address, grade] = _Collected(address, grade)
        return collected

    def _remember(self, plain: Plain, claim: Claim) -> None:
        period = period_of(claim)
        if not period.part_of_day:
            return
        slots = self._slots[self._registry.zones[claim.source]]
        counter = self._counters.setdefault(plain.source, _Counter(slots))
        if len(slots) >= REMEMBERED:
            slots.clear()
        counter.flows[plain.flow] = self._of(address_of(claim), claim.grade)
        ended = period.end * MICRO
        slots[plain.period] = _Slot(period, ended, ended - self._skew)

    def reports(self) -> Counter[str]:
        """How many reports of each source have led to messages since the last call; call it after `messages`."""
        counted, self._reports = self._reports, Counter()
        return counted

    def messages(self) -> list[tuple[int, Claims]]:
        """What came of the reports taken since the last call: (partition, message), in order of partition."""
        by_partition: dict[int, list[Readings]] = defaultdict(list)
        filled, self._filled = self._filled, []
        for collected in filled:
            group = Readings(*collected.address, collected.taken())
            by_partition[partition_of(group.flow, self._partitions)].append(group)
            self._reports[group.source] += group.count
        claims, self._claims = self._claims, defaultdict(list)
        if len(self._collected) >= REMEMBERED:
            self._collected.clear()
            self._by_topic.clear()
            self.turn_to(self._topic)
        return [
            (partition, message)
            for partition in sorted(claims.keys() | by_partition.keys())
            for message in _cut(claims.get(partition, []), by_partition.get(partition, []))
        ]


def _cut(claims: list[Claim], groups: Iterable[Readings]) -> Iterator[Claims]:
    """One message, more only for very many claims."""
    *whole, said = [claims[at : at + MESSAGE_CLAIMS] for at in range(0, len(claims) or 1, MESSAGE_CLAIMS)]
    yield from map(Claims, whole)
    room, counted = MESSAGE_CLAIMS - len(said), list[Readings]()
    for part in (part for group in groups for part in group.parts(MESSAGE_CLAIMS)):
        if part.count > room:
            yield Claims(said, counted)
            room, said, counted = MESSAGE_CLAIMS, [], []
        room -= part.count
        counted.append(part)
    yield Claims(said, counted)
