from __future__ import annotations

import json
from itertools import permutations
from typing import Any

import msgspec
import pytest

from bordertally.streams.replay.ledgers import ReplayLedgers, ReplayResult, replay
from bordertally.streams.reports.sources import parse_registry
from bordertally.streams.rules.config import Rules
from one_by_one import read_all
from unit.kit import NOW, alerts_of

REGISTRY = parse_registry(
    """
    blocs = ["EU"]
    [sources.ge-mia]
    name = "Georgia's interior ministry"
    flows = ["RU:GE"]
    grade = "B"
    tz = "Asia/Tbilisi"
    [sources.no-gov]
    name = "North Ossetia"
    flows = ["RU:GE:verkhny-lars"]
    grade = "B"
    tz = "Europe/Moscow"
    [sources.kz-mia]
    name = "Kazakhstan's interior ministry"
    flows = ["RU:KZ"]
    grade = "B"
    tz = "Asia/Almaty"
    [sources.frontex]
    name = "Frontex"
    flows = ["*:EU"]
    grade = "A"
    tz = "Europe/Warsaw"
    [sources.novaya]
    name = "Novaya Gazeta Europe"
    flows = ["RU"]
    grade = "D"
    """,
    "registry",
)

# The week of 21-27 September 2022, as officials stated it.
WEEK: list[dict[str, Any]] = [
    {
        "id": "novaya-0925",
        "source": "novaya",
        "published": "2022-09-25T20:00:00Z",
        "flow": "RU",
        "period": "2022-09-21/2022-09-26",
        "people": 261_000,
        "population": "men",
    },
    {
        "id": "kz-0927",
        "source": "kz-mia",
        "published": "2022-09-27T09:00:00Z",
        "flow": "RU:KZ",
        "period": "2022-09-21/2022-09-28",
        "people": 98_000,
    },
    {
        "id": "frontex-0927",
        "source": "frontex",
        "published": "2022-09-27T10:00:00Z",
        "flow": "RU:EU",
        "period": "P7D/2022-09-26",
        "people": 66_000,
        "qualifier": "nearly",
        "population": "citizens:RU",
        "change_percent": 30,
    },
    {
        "id": "ge-0927",
        "source": "ge-mia",
        "published": "2022-09-27T12:00:00Z",
        "flow": "RU:GE",
        "claims": [
            {"period": "2022-09-21/2022-09-28", "people": 53_000, "qualifier": "more_than"},
            {
                "period": "2022-09-27",
                "people": 10_000,
                "per": "day",
                "qualifier": "about",
                "normal": {"daily": [5000, 6000]},
            },
        ],
    },
    {
        "id": "ossetia-0928",
        "source": "no-gov",
        "published": "2022-09-28T08:00:00Z",
        "flow": "RU:GE:verkhny-lars",
        "period": "2022-09-26/2022-09-28",
        "people": 20_000,
    },
]
LINES = [json.dumps(report).encode() for report in WEEK]


@pytest.fixture(scope="module")
def week() -> ReplayResult:
    return replay(LINES, REGISTRY, Rules(), NOW)


def window(week: ReplayResult, flow: str, days: int = 7) -> tuple[int, int, int | None]:
    return next(
        (total.low, total.best, total.high) for total in week.totals if (total.flow, total.window_days) == (flow, days)
    )


def best_by_day(week: ReplayResult, flow: str) -> dict[str, int]:
    return {day.day[-2:]: day.best for day in week.days if day.flow == flow}


def test_georgia_two_sides_of_one_border_never_count_twice(week: ReplayResult) -> None:
    # 21   22   23   24   25   26   27
    # [------ more than 53,000 ------]   Georgia
    #                               [10]  Georgia, about 10,000
    #                          [20,000]  North Ossetia, the other side
    lower, upper = dict.fromkeys(("21", "22", "23", "24", "25"), 6_600), {"26": 10_000, "27": 10_000}
    assert best_by_day(week, "RU:GE") == {**lower, **upper}
    assert window(week, "RU:GE") == (53_000, 53_000, 54_000)


def test_the_eu_is_a_rate_of_9_429_a_day_that_is_30_per_cent_over_the_week_before(week: ReplayResult) -> None:
    assert set(best_by_day(week, "RU:EU").values()) == {9_429}
    (alert,) = [alert for alert in week.alerts if alert.flow == "RU:EU"]
    assert (alert.rate, alert.expected, alert.ratio, alert.baseline) == (9_429, 7_253, 1.3, "derived")


def test_russia_is_217_000_of_which_18_857_are_projected(week: ReplayResult) -> None:
    (total,) = [total for total in week.totals if total.flow == "RU" and total.window_days == 7]
    assert total.as_of == "2022-09-28"
    assert (total.low, total.best, total.high) == (196_929, 217_000, None)
    assert (total.observed, total.projected) == (198_143, 18_857)
    assert (total.reporting.spoken, total.reporting.known) == (2, 3)
    assert total.reports == ["frontex/frontex-0927", "ge-mia/ge-0927", "kz-mia/kz-0927", "no-gov/ossetia-0928"]


def test_the_newspaper_s_261_000_are_noted_and_move_no_best(week: ReplayResult) -> None:
    (noted,) = week.noted
    assert (noted.people, noted.source, noted.why, noted.population) == (261_000, "novaya", "grade D", "men")
    assert not any(report.endswith("novaya-0925") for total in week.totals for report in total.reports)


def test_alerts_of_the_week(week: ReplayResult) -> None:
    last = {alert.flow: alert for alert in week.alerts}
    assert set(last) == {"RU:GE", "RU:EU"}
    georgia, union = last["RU:GE"], last["RU:EU"]
    assert (georgia.since, georgia.severity, georgia.expected) == ("2022-09-26", "warning", 5_500)
    assert round(georgia.ratio or 0, 2) == 1.82
    assert (union.since, union.severity) == ("2022-09-19", "notice")


def test_nothing_of_the_week_is_in_conflict_or_refused(week: ReplayResult) -> None:
    assert (week.conflicts, week.rejected) == ([], [])


def test_the_week_comes_out_the_same_in_every_order_of_arrival() -> None:
    reports = read_all(LINES, REGISTRY, NOW).reports
    outcomes = set()
    for order in permutations(reports):
        ledgers = ReplayLedgers(REGISTRY, Rules())
        for claims in order:
            list(ledgers.apply(claims))
        alerts = alerts_of(ledgers)
        figures = msgspec.json.encode(msgspec.structs.replace(ledgers.outcome([]), alerts=[]))
        outcomes.add((figures, repr(alerts)))
    assert len(outcomes) == 1
    assert [(alert.flow, alert.rule, alert.since, alert.until, alert.rate, alert.severity) for alert in alerts] == [
        ("RU:EU", "daily-rate", "2022-09-19", None, 9_429, "notice"),
        ("RU:GE", "daily-rate", "2022-09-26", None, 10_000, "warning"),
    ]


def test_replay_takes_reports_in_order_of_publication_whatever_the_order_of_lines(week: ReplayResult) -> None:
    assert replay([*reversed(LINES), b"", b"  \n"], REGISTRY, Rules(), NOW) == week


def test_refused_lines_are_listed_with_their_reasons_and_the_rest_is_counted(week: ReplayResult) -> None:
    outcome = replay([b"{}", *LINES, LINES[1].replace(b"98000", b"-1")], REGISTRY, Rules(), NOW)
    assert [(refusal.reason, refusal.field, refusal.value, refusal.report) for refusal in outcome.rejected] == [
        ("missing_field", "id", "null", None),
        ("people_out_of_range", "people", "-1", "kz-0927"),
    ]
    assert outcome.totals == week.totals
