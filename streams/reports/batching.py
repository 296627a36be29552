"""Intake, its pure part: reports in, messages of claims by partition out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol, TypeVar, cast
from zoneinfo import ZoneInfo

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from bordertally.streams.errors import RefusedError
from bordertally.streams.moments import EPOCH, MICRO
from bordertally.streams.periods import DAY, Period, parse_period
from bordertally.streams.qualifiers import UNQUALIFIED, Qualifier, interval
from bordertally.streams.reports.claims import Address, Claim, Claims, address_of, is_reading, period_of
from bordertally.streams.reports.readings import Columns, Readings
from bordertally.streams.reports.records import FloatFigure, Moment, Report, ReportId
from bordertally.streams.reports.sources import Registry
from bordertally.streams.reports.validation import Limits, claims_of, decode_report
from bordertally.streams.topics import Topic, partition_of

MESSAGE_CLAIMS = 20_000
"""Claims in one message on `claims` at most, so that it stays well below the biggest message a topic takes."""

REMEMBERED = 65_536
"""Flows, and slots of a time zone, remembered at most."""

MILLI = 1_000  # microseconds

COUNT = Qualifier.COUNT  # looked up in its class, a member costs as much as all the rest of a comparison


class Plain(Struct, gc=False):
    """What the fast path reads of a report: one figure on one flow, as counters send it."""

    id: ReportId
    source: str
    published: Moment
    flow: str
    period: str
    people: FloatFigure
    qualifier: Qualifier = UNQUALIFIED


NOT_KEPT = frozenset({"url", "text", "title"})
"""Fields of a report that a reading does not keep. The fast path checks their types and ignores their values."""


def plain_type(record: type[Struct]) -> type[Plain]:
    """The type of a report for the fast path, derived from the full record, which is `Report`.

    Its fields are those of `Plain`, those of the record in `NOT_KEPT`, and all others of the record, which must be
    absent: a report that has one fails to decode as plain and goes the full way. So does every field added later.
    """
    further = [
        (field.name, field.type if field.name in NOT_KEPT else UnsetType, UNSET)
        for field in msgspec.structs.fields(record)
        if field.name not in Plain.__struct_fields__
    ]
    return cast("type[Plain]", msgspec.defstruct("PlainReport", further, bases=(Plain,), gc=False))


_decode_plain = msgspec.json.Decoder(plain_type(Report)).decode

_NOT_PLAIN = (LookupError, ValueError, RecursionError, msgspec.MsgspecError)
"""Something else, or wrong, or not known yet: the full check says what."""


class TimedReport(Protocol):
    """A report with its headers, and when it arrived, in milliseconds since 1970 UTC."""

    @property
    def value(self) -> bytes | None:
        """Its bytes."""

    @property
    def timestamp(self) -> int:
        """When it arrived."""

    @property
    def headers(self) -> Sequence[tuple[str, bytes]]:
        """The headers it came with."""


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


class _Slots(dict[str, _Slot]):
    """The slots of one time zone by their text, worked out when first asked for.

    Raises LookupError for a text that is no period, or one of a day or more.
    """

    def __init__(self, zone: ZoneInfo, skew: int) -> None:
        super().__init__()
        self._zone, self._skew = zone, skew

    def __missing__(self, text: str) -> _Slot:
        try:
            period = parse_period(text, self._zone)
        except RefusedError:
            raise LookupError(text) from None
        if not period.part_of_day:
            raise LookupError(text)
        if len(self) >= REMEMBERED:
            self.clear()
        ended = period.end * MICRO
        slot = self[text] = _Slot(period, ended, ended - self._skew)
        return slot


class _Counter:
    """What is known of a source: the flows it counts, and the slots it counts in, as it writes them."""

    def __init__(self, slots: _Slots) -> None:
        self.slots = slots
        self.flows: dict[str, _Collected] = {}


class Sorter:
    """Checks reports and sorts their claims. Not safe to share between threads.

    A counter sends the same few things over and over: its flow and source, and periods that others send too. What
    the full check made of them once is remembered, so most counts need only their own figure and time checked.
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
        self._slots: dict[ZoneInfo, _Slots] = {}

    def turn_to(self, topic: Topic | None) -> None:
        """What is taken from now on comes from the topic of this class; None: from anywhere."""
        self._topic = topic
        self._counters = self._by_topic.setdefault(topic, {})

    def add_all(self, records: Iterable[R]) -> Iterator[tuple[R, RefusedError | Report]]:
        """Add reports as they arrived, each whole or not at all; yields each that is not added, with the reason.

        The reason is the refusal or, for a report in words, the report itself: the caller reads its words and hands its
        claims to `add`. The loop holds everything that most reports need, because calls would cost as much as the work;
        `_add_checked` checks the others.
        """
        counters, filled, most, skew = self._counters, self._filled, self._limits.bytes, self._skew
        for record in records:
            raw, plain = record.value or b"", None
            try:
                plain = _decode_plain(raw if len(raw) <= most else b"")
                counter = counters[plain.source]
                collected = counter.flows[plain.flow]
                period, ended, earliest = counter.slots[plain.period]
                since = plain.published - EPOCH
                published = (since.days * DAY + since.seconds) * MICRO + since.microseconds  # `microseconds`, inlined
                known = earliest <= published < record.timestamp * MILLI + skew
            except _NOT_PLAIN:
                known = False
            if plain is None or not known:
                try:
                    in_words = self._add_checked(record, plain)
                except RefusedError as error:
                    yield record, error
                else:
                    if in_words is not None:
                        yield record, in_words
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

    def _add_checked(self, record: TimedReport, plain: Plain | None) -> Report | None:
        """Add a report that is not plain, or whose flow or slot is not known yet; returns a report in words instead.

        Raises RefusedError.
        """
        raw = record.value or b""
        report = decode_report(raw, self._limits)
        if report.in_words:
            return report
        claims = claims_of(report, self._registry, record.timestamp / 1000, self._limits)
        self._registry.admit(report.source, self._topic, raw, record.headers, report.id)
        self.add(claims)
        if plain is not None and report.source not in self._registry.keys:  # a signature is checked each time
            self._remember(plain, claims[0])
        return None

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
        if is_reading(claim):
            zone = self._registry.zones[claim.source]
            slots = self._slots.setdefault(zone, _Slots(zone, self._skew))
            counter = self._counters.setdefault(plain.source, _Counter(slots))
            counter.flows[plain.flow] = self._of(address_of(claim), claim.grade)

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
