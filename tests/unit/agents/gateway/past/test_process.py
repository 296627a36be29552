"""How a past moment is worked out when its reports fill many hours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from bordertally.agents.gateway.past.process import MANY_HOURS, RECENT_H, days_before
from bordertally.agents.runtime.context import load_registry
from bordertally.streams.replay.ledgers import ReplayLedgers
from bordertally.streams.replay.reports_by_hour import ReplayedReport, ReportsByHour
from bordertally.streams.rules.config import Rules
from live import come_down

START = datetime(2022, 10, 1, tzinfo=UTC)
NORMAL = {"id": "n", "source": "kz-mia", "published": "2022-10-01T00:00:00Z", "flow": "RU:KZ:syrym", "people": 1000}


def lines() -> Iterator[bytes]:
    """Counts of each hour of twenty days, published at its end; twice as many on five of them."""
    yield json.dumps(NORMAL | {"period": "2022-09-30", "qualifier": "stated", "normal": {"daily": 1000}}).encode()
    for number in range(20 * 24):
        at = START + timedelta(hours=number)
        claim = {"flow": "RU:KZ:syrym", "period": f"{at:%Y-%m-%dT%H:%MZ}/PT1H", "qualifier": "count"}
        people = 40 * (2 if 10 <= number // 24 < 15 else 1)
        published = (at + timedelta(hours=1)).isoformat()
        yield json.dumps(
            {"id": f"c{number}", "source": "kz-mia", "published": published, "people": people} | claim
        ).encode()


def worked_out(limit: int) -> ReplayLedgers:
    registry = load_registry(None)
    reports, ledgers = ReportsByHour(registry), ReplayLedgers(registry, Rules())
    reports.add(ReplayedReport(raw, 1_700_000_000_000, stamped=False) for raw in lines())
    for hour in reports.drain(limit):
        for _ in ledgers.apply(hour.claims, hour.readings):
            pass
    return ledgers


def test_by_the_day_it_comes_to_the_same() -> None:
    by_hour, by_day = worked_out(0), worked_out(10**9)
    assert by_hour.worked_out == 0 < len(by_hour.log)
    assert by_hour.states == by_day.states
    assert come_down(by_hour.log) == come_down(by_day.log)


def test_the_newest_sixty_days_are_taken_by_the_hour_and_few_hours_altogether() -> None:
    assert days_before(range(MANY_HOURS)) == 0
    assert days_before(range(MANY_HOURS + 1)) == MANY_HOURS - RECENT_H
    assert days_before([]) == 0
