"""Reports as a replay reads them: checked as they come, then kept by the hour in which they were published."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby, islice
from operator import lt
from typing import Annotated, NamedTuple

import msgspec
from msgspec.structs import replace

from bordertally.streams.errors import RefusedError
from bordertally.streams.moments import MICRO, microseconds
from bordertally.streams.reports.batching import Sorter
from bordertally.streams.reports.claims import Address, Claims
from bordertally.streams.reports.notices import ReportNotice, refuse_unknown
from bordertally.streams.reports.readings import NO_READINGS, Columns, Reading, Readings
from bordertally.streams.reports.sources import Registry, source_of
from bordertally.streams.reports.validation import Limits
from bordertally.streams.statements.reports import WordReader, anybody, read_claims
from bordertally.streams.topics import Topic

HOUR = 3_600_000_000
"""Microseconds in an hour."""

READ_AT_ONCE = 20_000
"""Reports held as they came, before their claims are packed."""


class ReplayedReport(NamedTuple):
    """A report as it came: its bytes, when it came (milliseconds since 1970 UTC), and whether words are read there.

    `stamped`: it came to a broker at that time; otherwise `published` is trusted. `topic`: the class of its topic; None
    where nobody asks who may report. `headers`: those it came with.
    """

    value: bytes
    timestamp: int
    in_words: bool = True
    topic: Topic | None = None
    headers: Sequence[tuple[str, bytes]] = ()
    stamped: bool = True

    @classmethod
    def of_line(cls, raw: bytes, now: int) -> ReplayedReport:
        """A report as a line of a file, read at `now` (milliseconds since 1970 UTC), with the arrival it states."""
        arrived = None
        if b'"arrived"' in raw:
            try:
                arrived = _decode_arrival(raw).arrived
            except (msgspec.MsgspecError, RecursionError, ValueError):
                arrived = None  # the full check names the fault
        return cls(raw, now, stamped=False) if arrived is None else cls(raw, microseconds(arrived) // 1000)


class _Arrival(msgspec.Struct):
    arrived: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


_decode_arrival = msgspec.json.Decoder(_Arrival).decode


class RejectedReport(msgspec.Struct, frozen=True):
    """A refused report, as replay shows it."""

    reason: str
    field: str
    value: str
    report: str | None
    why: str = ""


class ReportsByHour:
    """Checks reports as the intake does, and keeps their claims by the hour (UTC) of their publication, packed.

    Packed, a reading takes some 60 bytes. `count`: how many claims are kept. `unstamped`: how many
    reports came without their arrival. `rejected`: refused reports in the order
    they came. `notices`: how many reports of each source had which notice.
    """

    def __init__(
        self,
        registry: Registry,
        limits: Limits | None = None,
        words: WordReader | None = None,
        until: float | None = None,
        *,
        strict: bool = False,
    ) -> None:
        """`words`: reads reports in words; without it they are refused.

        `until` (seconds since 1970 UTC): what was published later is left out. `strict`: reports with unknown fields
        are refused.
        """
        self.count = self.unstamped = 0
        self.rejected: list[RejectedReport] = []
        self._registry, self._limits, self._words = registry, limits or Limits(), words
        self._last = None if until is None else int(until * MICRO)
        self.notices: Counter[tuple[str, ReportNotice]] = Counter()
        self._strict = strict
        self._sorter = Sorter(registry, self._limits, 1, self._note, strict=strict)
        self._packed: dict[int, list[bytes]] = defaultdict(list)

    def add(self, reports: Iterable[ReplayedReport]) -> None:
        """Check each report as of when it came. A report with no certain claim comes to nothing."""
        arriving = iter(reports)
        while some := list(islice(arriving, READ_AT_ONCE)):
            self.unstamped += sum(not report.stamped for report in some)
            for (topic, stamped), same in groupby(some, lambda report: (report.topic, report.stamped)):
                self._sorter.turn_to(topic, stamped=stamped)
                for report, outcome in self._sorter.add_all(same):
                    self._look_closer(report, told=not isinstance(outcome, RefusedError))
            for _, message in self._sorter.messages():
                self._pack(message if self._last is None else _published_until(message, self._last))

    @property
    def hours(self) -> list[int]:
        """The hours with claims, as hours since 1970 UTC, earliest first."""
        return sorted(self._packed)

    def drain(self, days_before: int = 0) -> Iterator[Claims]:
        """The claims of each hour, earliest first, in an order that does not depend on the order of the reports.

        Hours before `days_before` (hours since 1970 UTC) come by the day. They are dropped here, and the memory they
        took is free for the ledger that takes them.
        """
        for _, hours in groupby(self.hours, lambda hour: (hour // 24, 0 if hour < days_before else hour)):
            yield _joined([_decode(packed) for hour in hours for packed in self._packed.pop(hour)])

    def _note(self, source: str, notice: ReportNotice) -> None:
        self.notices[source, notice] += 1

    def _look_closer(self, report: ReplayedReport, *, told: bool) -> None:
        """Take a report that the sorter refused after all if it is signed, in words, or not from a topic.

        `told`: the sorter has told its notices.
        """
        notices = list[ReportNotice]()
        raw, topic, words = report.value, report.topic, self._words if report.in_words else None
        admit = anybody if topic is None else self._registry.gate(topic, raw, report.headers)
        try:
            tell = refuse_unknown if self._strict else notices.append
            now, limits = report.timestamp / 1000, self._limits
            claims = read_claims(raw, self._registry, now, limits, words, admit, tell, stamped=report.stamped)
        except RefusedError as error:
            rejected = RejectedReport(error.reason.value, error.field, error.value, error.report, error.why)
            self.rejected.append(rejected)
        else:
            self._sorter.add(claims)
            for notice in () if told else notices:
                self._note(source_of(raw), notice)

    def _pack(self, message: Claims) -> None:
        hours: dict[int, Claims] = defaultdict(lambda: Claims([], []))
        for claim in message.claims:
            hours[claim.published // HOUR].claims.append(claim)
        for group in message.readings:
            for hour, columns in _by_hour(group.columns):
                hours[hour].readings.append(replace(group, columns=columns))
        for hour, claims in hours.items():
            self._packed[hour].append(_encode(claims))
            self.count += claims.count


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Claims).decode


def _published_until(message: Claims, last: int) -> Claims:
    """The claims of a message that were published up to a moment, in microseconds since 1970 UTC."""
    wanted = [(group, [at <= last for at in group.columns.published]) for group in message.readings]
    return Claims(
        [claim for claim in message.claims if claim.published <= last],
        [replace(group, columns=group.columns.picked(some)) for group, some in wanted if any(some)],
    )


def _by_hour(columns: Columns) -> Iterator[tuple[int, Columns]]:
    """Readings by the hour of their publication."""
    published = columns.published
    if published[0] // HOUR == published[-1] // HOUR and _rises(columns):
        yield published[0] // HOUR, columns
        return
    columns = _in_order(columns)
    place = 0
    for hour, same in groupby(columns.published, lambda at: at // HOUR):
        end = place + len(list(same))
        yield hour, columns.cut(place, end)
        place = end


def _joined(messages: Sequence[Claims]) -> Claims:
    """The claims of an hour as one message, in order of publication; readings by what they are of."""
    claims = [claim for message in messages for claim in message.claims]
    claims.sort(key=lambda claim: (claim.published, claim.report, claim.source))
    readings: dict[Address, Columns] = defaultdict(lambda: NO_READINGS)
    for group in (group for message in messages for group in message.readings):
        address = group.flow, group.source, group.population, group.unit
        readings[address] = readings[address].plus(group.columns)
    return Claims(claims, [Readings(*address, _in_order(columns)) for address, columns in sorted(readings.items())])


def _rises(columns: Columns) -> bool:
    """Whether each was published after the one before it."""
    return all(map(lt, columns.published, columns.published[1:]))


def _in_order(columns: Columns) -> Columns:
    """The same readings in order of publication, ties by report and content."""
    return columns if _rises(columns) else Columns.of(sorted(columns.readings(), key=_place))


def _place(reading: Reading) -> tuple[int, str, bytes]:
    return reading.published, reading.report, msgspec.msgpack.encode(reading)
