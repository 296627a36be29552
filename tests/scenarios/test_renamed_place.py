"""A crossing is renamed, and for three days its source reports both names."""

from __future__ import annotations

import json
from datetime import date, timedelta

from bordertally.streams.replay.ledgers import ReplayResult, replay
from bordertally.streams.reports.sources import Registry, parse_registry
from bordertally.streams.rules.config import Rules

ALIASES = '[aliases]\n"BR:UY:new-bridge" = "BR:UY:old-bridge"\n'
DESK = '[sources.desk-a]\nname = "Desk A"\nflows = ["BR"]\ngrade = "B"\n'
FIRST, OLD_ENDS, NEW_BEGINS, LAST = date(2023, 3, 1), date(2023, 4, 9), date(2023, 4, 7), date(2023, 4, 16)


def counts(new: int = 1_000) -> list[bytes]:
    lines = []
    for index in range((LAST - FIRST).days + 1):
        day = FIRST + timedelta(days=index)
        for name, named, people in (
            ("old-bridge", day <= OLD_ENDS, 1_000),
            ("new-bridge", day >= NEW_BEGINS, new if day <= OLD_ENDS else 1_000),
        ):
            if named:
                report = {
                    "id": f"{name}-{day}",
                    "source": "desk-a",
                    "published": f"{day + timedelta(days=1)}T08:00:00Z",
                    "flow": f"BR:UY:{name}",
                    "period": day.isoformat(),
                    "people": people,
                    "qualifier": "count",
                }
                lines.append(json.dumps(report).encode())
    return lines


def replayed(lines: list[bytes], registry: Registry) -> ReplayResult:
    return replay(lines, registry, Rules(), 2e9)


def weeks(result: ReplayResult) -> dict[str, tuple[str, int, int]]:
    return {total.flow: (total.as_of, total.best, total.projected) for total in result.totals if total.window_days == 7}


def test_without_an_alias_two_names_are_two_crossings_and_ring() -> None:
    result = replayed(counts(), parse_registry(DESK, "sources"))
    assert weeks(result)["BR"] == ("2023-04-17", 14_000, 7_000)
    assert {(alert.flow, alert.severity, alert.since) for alert in result.alerts} == {
        ("BR", "critical", "2023-04-07"),
        ("BR:UY", "critical", "2023-04-07"),
    }


def test_with_an_alias_it_is_a_thousand_a_day_and_nothing_rings() -> None:
    result = replayed(counts(), parse_registry(ALIASES + DESK, "sources"))
    week = ("2023-04-17", 7_000, 0)
    assert weeks(result) == {"BR": week, "BR:UY": week, "BR:UY:old-bridge": week}
    assert (result.alerts, result.noted) == ([], [])


def test_figures_that_differ_are_added_up_and_named() -> None:
    result = replayed(counts(new=400), parse_registry(ALIASES + DESK, "sources"))
    days = {figure.day: figure.best for figure in result.days if figure.flow == "BR"}
    assert [days[f"2023-04-{day:02}"] for day in range(6, 11)] == [1_000, 1_400, 1_400, 1_400, 1_000]
    assert [(claim.flow, claim.first_day, claim.people, claim.counted) for claim in result.noted] == [
        ("BR:UY:old-bridge", f"2023-04-{day:02}", 1_400, True) for day in (7, 8, 9)
    ]
    assert {claim.why for claim in result.noted} == {
        "400 as BR:UY:new-bridge and 1,000 as BR:UY:old-bridge, names of one place: added up"
    }
