from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bordertally.streams.replay import reports_by_hour
from bordertally.streams.replay.reports_by_hour import ReplayedReport, ReportsByHour
from bordertally.streams.reports.claims import Claims
from unit.kit import NOW, REGISTRY, report

CAME = int(NOW * 1000)
MIDNIGHT = datetime(2022, 9, 22, tzinfo=UTC)


def read(lines: Iterable[bytes], until: float | None = None) -> ReportsByHour:
    reports = ReportsByHour(REGISTRY, until=until)
    reports.add(ReplayedReport(line, CAME) for line in lines)
    return reports


def minute(number: int, people: float | None = 1, source: str = "c", version: int = 0) -> bytes:
    """A reading of a minute of 22 September, published half a minute after its end."""
    start = MIDNIGHT + timedelta(minutes=number)
    return report(
        people,
        f"{start:%Y-%m-%dT%H:%MZ}/PT1M",
        source=source,
        qualifier="count",
        id=f"{source}-{number}-{version}",
        published=(start + timedelta(seconds=90, minutes=10 * version)).isoformat(),
    )


def day(number: int, hour: int, source: str = "b") -> bytes:
    published = MIDNIGHT + timedelta(days=number, hours=hour)
    period = f"{published - timedelta(days=1):%Y-%m-%d}"
    return report(100, period, source=source, id=f"day-{number}-{hour}", published=published.isoformat())


def shown(hours: Iterable[Claims]) -> list[tuple[list[str], list[list[str]]]]:
    """By hour the reports of claims, and those of readings."""
    return [
        ([group.report for group in hour.claims], [group.columns.reports for group in hour.readings]) for hour in hours
    ]


def test_claims_come_by_the_hour_of_their_publication() -> None:
    reports = read([day(1, 9), minute(58), minute(59), minute(57), day(0, 1), minute(58, source="b")])
    assert reports.count == 6
    assert shown(reports.drain()) == [
        ([], [["b-58-0"], ["c-57-0", "c-58-0"]]),  # the last of them at 00:59:30
        (["day-0-1"], [["c-59-0"]]),
        (["day-1-9"], []),
    ]
    assert list(reports.drain()) == []


def test_old_hours_come_by_the_day() -> None:
    lines = [day(1, 9), minute(58), minute(59), day(0, 5), day(0, 1), day(1, 11), day(2, 1)]
    first = int(MIDNIGHT.timestamp()) // 3600
    assert read(lines).hours == [first + hour for hour in (0, 1, 5, 33, 35, 49)]
    assert shown(read(lines).drain(days_before=first + 34)) == [
        (["day-0-1", "day-0-5"], [["c-58-0", "c-59-0"]]),
        (["day-1-9"], []),
        (["day-1-11"], []),
        (["day-2-1"], []),
    ]


def test_the_order_of_the_reports_does_not_matter() -> None:
    hours = [{"period": f"2022-09-22T{hour:02}:00/PT1H", "people": hour, "qualifier": "count"} for hour in range(8)]
    head = {"id": "batch", "source": "c", "published": "2022-09-22T08:00:00Z", "flow": "RU:KZ"}
    batch = json.dumps({**head, "claims": hours}).encode()
    lines = [batch, *(day(number, hour) for number in range(3) for hour in (7, 8)), *map(minute, range(0, 600, 20))]
    lines += [minute(number, people=7, version=1) for number in range(0, 600, 40)]
    expected = list(read(lines).drain())
    assert sum(hour.count for hour in expected) == len(lines) + 7
    for seed in range(5):
        random.Random(seed).shuffle(lines)
        assert list(read(lines).drain()) == expected


def test_two_versions_published_at_one_moment_come_in_one_order() -> None:
    versions = [report(people, "2022-09-21T00:00/PT1H", source="c", id="same") for people in (1, 2)]
    assert list(read(versions).drain()) == list(read(reversed(versions)).drain())


def test_refused_reports_are_told_in_the_order_they_came() -> None:
    reports = read([b"{", minute(1), report(-1, id="r2"), report(1, source="nobody", id="r3")])
    assert [(refusal.reason, refusal.field, refusal.report) for refusal in reports.rejected] == [
        ("not_json", "$", None),
        ("people_out_of_range", "people", "r2"),
        ("unknown_source", "source", "r3"),
    ]
    assert reports.count == 1


@pytest.mark.parametrize(
    ("until", "kept"), [("2022-09-22T00:10:30", 11), ("2022-09-22T00:10:29", 10), ("2022-09-22T12:00:00", 12)]
)
def test_what_was_published_later_is_left_out(until: str, kept: int) -> None:
    lines = [*map(minute, range(10)), day(0, 0), day(0, 12)]
    reports = read(lines, datetime.fromisoformat(until).replace(tzinfo=UTC).timestamp())
    assert reports.count == kept
    assert sum(hour.count for hour in reports.drain()) == kept


def test_a_message_is_packed_before_many_more_reports_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports_by_hour, "READ_AT_ONCE", 5)
    asked: list[int] = []
    reports = ReportsByHour(REGISTRY)

    def lines() -> Iterator[ReplayedReport]:
        for number in range(12):
            asked.append(reports.count)
            yield ReplayedReport(minute(number), CAME)

    reports.add(lines())
    assert asked == [0] * 5 + [5] * 5 + [10] * 2
    assert reports.count == 12


def test_a_line_says_when_it_arrived_or_its_published_is_trusted() -> None:
    plain = day(1, 5)
    arrived = plain[:-1] + b', "arrived": "2022-09-23T01:00:00Z"}'
    wrong = plain[:-1] + b', "arrived": "yesterday"}'
    lines = [ReplayedReport.of_line(raw, CAME) for raw in (plain, arrived, wrong)]
    one_o_clock = int(datetime(2022, 9, 23, 1, tzinfo=UTC).timestamp() * 1000)
    assert [(line.timestamp, line.stamped) for line in lines] == [(CAME, False), (one_o_clock, True), (CAME, False)]
    reports = ReportsByHour(REGISTRY)
    reports.add(lines)
    assert (reports.unstamped, [rejected.field for rejected in reports.rejected]) == (2, ["arrived"])
    claims = [claim for hour in reports.drain() for claim in hour.claims]
    stated = datetime(2022, 9, 23, 5, tzinfo=UTC)
    assert [(claim.published, claim.dated) for claim in claims] == [
        (one_o_clock * 1000, int(stated.timestamp() * 1_000_000)),
        (int(stated.timestamp() * 1_000_000), None),
    ]
