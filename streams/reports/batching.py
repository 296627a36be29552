"""Batching: reports in, messages of claims by partition out. The pure part of the intake hop."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol, TypeVar, cast
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from bordertally.streams.errors import RefusedError
from bordertally.streams.moments import EPOCH, MICRO
from bordertally.streams.periods import DAY, Period, doubtful_times, parse_period
from bordertally.streams.qualifiers import Qualifier, interval
from bordertally.streams.reports.claims import Address, Claim, Claims, address_of, is_reading, period_of
from bordertally.streams.reports.notices import NoticeKind, ReportNotice, refuse_unknown, untold
from bordertally.streams.reports.plain import Plain, PlainDecoder
from bordertally.streams.reports.readings import Columns, Readings
from bordertally.streams.reports.records import Report
from bordertally.streams.reports.sources import Registry
from bordertally.streams.reports.validation import AHEAD_S, Limits, claims_of, decode_report
from bordertally.streams.topics import Topic, partition_of

MESSAGE_STATEMENTS = 4_000
"""The most claims other than readings in one message: the ledger adds a message in one go, at some 30 us a claim."""

MESSAGE_CLAIMS = 20_000
"""The most claims in one message on `claims`; such a message stays well below the largest that a topic accepts."""

REMEMBERED = 65_536
"""The most flows, and the most slots of one time zone, that a sorter remembers."""

MILLI = 1_000  # microseconds

COUNT = Qualifier.COUNT  # to look the member up in its class would take as long as the rest of a comparison


_NOT_PLAIN = (LookupError, ValueError, RecursionError, msgspec.MsgspecError)
"""What the fast path raises for a report that is not plain, not valid, or of a counter that is not yet known."""


class TimedReport(Protocol):
    """A message with a report, as Kafka delivers it."""

    @property
    def value(self) -> bytes | None:
        """The bytes of the report."""

    @property
    def timestamp(self) -> int:
        """When the message arrived at the broker, in milliseconds since 1970 UTC."""

    @property
    def headers(self) -> Sequence[tuple[str, bytes]]:
        """The headers of the message."""


R = TypeVar("R", bound=TimedReport)


class _Collected:
    """The readings of one flow, source, population, unit, grade and origin that wait for the next message.

    `ranges`: place, low and high of each reading that is not an exact count.
    """

    def __init__(self, address: Address, grade: str, origin: str | None) -> None:
        self.address, self.grade, self.origin = address, grade, origin
        self.clear()

    def clear(self) -> None:
        """Start new lists; the lists handed out before are left alone."""
        self.periods: list[Period] = []
        self.published: list[int] = []
        self.reports: list[str] = []
        self.bests: list[float | None] = []
        self.ranges: list[tuple[int, float, float | None]] = []

    def add(self, claim: Claim) -> None:
        """Add the reading that a claim is."""
        self.periods.append(period_of(claim))
        self.published.append(claim.published)
        self.reports.append(claim.report)
        self.ranges.append((len(self.bests), claim.low, claim.high))
        self.bests.append(claim.best)

    def taken(self) -> Columns:
        """The readings added since the last call, at least one."""
        starts, ends, local_starts, local_ends = map(list, zip(*self.periods, strict=True))
        times = starts, ends, local_starts, local_ends, self.published
        columns = Columns(*times, self.reports, self.bests, self.grade, origins=self.origin)
        if self.ranges:
            lows, highs = cast("list[float]", self.bests.copy()), self.bests.copy()
            for place, low, high in self.ranges:
                lows[place], highs[place] = low, high
            columns = replace(columns, lows=lows, highs=highs).without_saying()
        self.clear()
        return columns


class _Slot(NamedTuple):
    """A period, its end, and the earliest time at which a count of it may be published, both in microseconds."""

    period: Period
    ended: int
    earliest: int


class _Slots(dict[str, _Slot]):
    """The slots of one time zone by their text, parsed when first looked up.

    Raises LookupError for a text that is not a period shorter than a day.
    """

    def __init__(self, zone: ZoneInfo, skew: int) -> None:
        super().__init__()
        self._zone, self._skew = zone, skew

    def __missing__(self, text: str) -> _Slot:
        try:
            period, doubtful = parse_period(text, self._zone), doubtful_times(text, self._zone)
        except RefusedError:
            raise LookupError(text) from None
        if doubtful or not period.part_of_day:
            raise LookupError(text)
        if len(self) >= REMEMBERED:
            self.clear()
        ended = period.end * MICRO
        slot = self[text] = _Slot(period, ended, ended - self._skew)
        return slot


class _Counter:
    """What the sorter remembers of a source: its flows, and the slots of its time zone, as the source writes them.

    `unknown`: its reports with unknown fields since they were last counted.
    """

    def __init__(self, source: str, slots: _Slots) -> None:
        self.source, self.slots = source, slots
        self.flows: dict[str, _Collected] = {}
        self.unknown = 0


class Sorter:
    """Checks reports and sorts their claims by partition. Not safe to share between threads.

    A counter sends the same source and flow over and over, and the periods that other counters send too. The sorter
    remembers what the full check made of them, so that of most counts it checks only the figure and the time.
    """

    def __init__(
        self,
        registry: Registry,
        limits: Limits,
        partitions: int,
        tell: Callable[[str, ReportNotice], None] | None = None,
        *,
        strict: bool = False,
    ) -> None:
        """`tell` takes each notice with the source of its report; without it, notices are only counted.

        `strict`: reports with unknown fields are refused.
        """
        self._registry, self._limits, self._partitions = registry, limits, partitions
        self._tell, self._strict = tell, strict
        self._notices: Counter[tuple[str, NoticeKind]] = Counter()
        self._skew = limits.skew_s * MICRO
        self._stamped = True
        self._decoder = PlainDecoder()
        self._claims: dict[int, list[Claim]] = defaultdict(list)
        self._collected: dict[tuple[Address, str, str | None], _Collected] = {}
        self._filled: list[_Collected] = []  # those with readings
        self._counters: dict[str, _Counter] = {}
        self._reports: Counter[str] = Counter()
        self._uncounted: list[_Counter] = []  # those with reports with unknown fields
        self._by_topic: dict[Topic | None, dict[str, _Counter]] = {None: self._counters}
        self._topic: Topic | None = None
        self._slots: dict[ZoneInfo, _Slots] = {}

    def turn_to(self, topic: Topic | None, *, stamped: bool = True) -> None:
        """Say from which class of topic the reports added from now on come; None: any source may report.

        `stamped`: their timestamps are their arrivals at the broker; otherwise `published` is trusted.
        """
        self._topic, self._stamped = topic, stamped
        self._counters = self._by_topic.setdefault(topic, {})

    def add_all(self, records: Iterable[R]) -> Iterator[tuple[R, RefusedError | Report]]:  # noqa: C901, PLR0912 - as below
        """Add the claims of reports, each report whole or not at all; yields the reports that are not added.

        With a refused report comes its error, with a report in words the report itself: the caller reads the words and
        passes the claims to `add`. The fast path stands in this one loop because calls would cost as much as its work.
        """
        counters, filled, most, skew = self._counters, self._filled, self._limits.bytes, self._skew
        if self._stamped:
            skew = min(skew, AHEAD_S * MICRO)  # a reading that is dated ahead is kept as a claim
        decoder = self._decoder
        for record in records:
            raw, plain = record.value or b"", None
            try:
                try:
                    plain = decoder.decode(raw if len(raw) <= most else b"")
                except msgspec.ValidationError:
                    plain = self._with_unknown(raw)
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
            if decoder.met_unknown and decoder.has_own_fields(plain):
                if not counter.unknown:
                    self._uncounted.append(counter)
                counter.unknown += 1
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

    def _with_unknown(self, raw: bytes) -> Plain:
        """The fields of a plain report with unknown fields. Raises as a decoder does.

        A counter may send a field of its own in every report; such reports need not all be checked in full, unless
        `tell` wants the names of their fields.
        """
        if self._tell is not None or self._strict:
            raise LookupError
        return self._decoder.learn(raw)

    def _add_checked(self, record: TimedReport, plain: Plain | None) -> Report | None:
        """Check a report in full and add its claims; a report in words is returned instead. Raises RefusedError."""
        raw = record.value or b""
        if plain is not None and self._decoder.has_own_fields(plain) and plain.source in self._registry.sources:
            self._notices[plain.source, NoticeKind.UNKNOWN_FIELD] += 1
        notices = list[ReportNotice]()
        tell = untold if plain is not None else refuse_unknown if self._strict else notices.append
        report = decode_report(raw, self._limits, tell)
        if not report.in_words:
            now = record.timestamp / 1000
            claims = claims_of(report, self._registry, now, self._limits, notices.append, stamped=self._stamped)
            self._registry.admit(report.source, self._topic, raw, record.headers, report.id)
            self.add(claims)
        for kind in {notice.kind for notice in notices}:
            self._notices[report.source, kind] += 1
        if self._tell is not None:
            for notice in notices:
                self._tell(report.source, notice)
        if report.in_words:
            return report
        if plain is not None and report.source not in self._registry.keys:  # a signature is checked each time
            self._remember(plain, claims[0])
        return None

    def add(self, claims: Iterable[Claim]) -> None:
        """Add the checked claims of one report."""
        source = None
        for claim in claims:
            source = claim.source
            if is_reading(claim) and claim.dated is None:
                self._reports[source] -= 1  # `messages` adds one for each reading
                collected = self._of(claim)
                if not collected.bests:
                    self._filled.append(collected)
                collected.add(claim)
            else:
                self._claims[partition_of(claim.flow, self._partitions)].append(claim)
        if source is not None:
            self._reports[source] += 1

    def _of(self, claim: Claim) -> _Collected:
        key = address_of(claim), claim.grade, claim.origin
        collected = self._collected.get(key)
        if collected is None:
            collected = self._collected[key] = _Collected(*key)
        return collected

    def _remember(self, plain: Plain, claim: Claim) -> None:
        if is_reading(claim) and claim.dated is None:
            zone = self._registry.zones[claim.source]
            slots = self._slots.setdefault(zone, _Slots(zone, self._skew))
            counter = self._counters.setdefault(plain.source, _Counter(plain.source, slots))
            counter.flows[plain.flow] = self._of(claim)

    def reports(self) -> Counter[str]:
        """How many reports of each source led to messages since the last call. Call it after `messages`."""
        counted, self._reports = self._reports, Counter()
        return counted

    def notices(self) -> Counter[tuple[str, NoticeKind]]:
        """How many reports of each source had a notice of each kind since the last call."""
        counted, self._notices = self._notices, Counter()
        counters, self._uncounted = self._uncounted, []
        for counter in counters:
            counted[counter.source, NoticeKind.UNKNOWN_FIELD] += counter.unknown
            counter.unknown = 0
        return counted

    def messages(self) -> list[tuple[int, Claims]]:
        """The messages of the claims added since the last call, with their partitions, in order of partition."""
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
            self.turn_to(self._topic, stamped=self._stamped)
        return [
            (partition, message)
            for partition in sorted(claims.keys() | by_partition.keys())
            for message in _cut(claims.get(partition, []), by_partition.get(partition, []))
        ]


def _cut(claims: list[Claim], groups: Iterable[Readings]) -> Iterator[Claims]:
    """The messages of one partition: one, or more where there are more claims than a message may have."""
    *whole, statements = [claims[at : at + MESSAGE_STATEMENTS] for at in range(0, len(claims) or 1, MESSAGE_STATEMENTS)]
    yield from map(Claims, whole)
    room, counted = MESSAGE_CLAIMS - len(statements), list[Readings]()
    for part in (part for group in groups for part in group.parts(MESSAGE_CLAIMS)):
        if part.count > room:
            yield Claims(statements, counted)
            room, statements, counted = MESSAGE_CLAIMS, [], []
        room -= part.count
        counted.append(part)
    yield Claims(statements, counted)
