from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from bordertally.streams.ledger.rows import PEOPLE
from bordertally.streams.replay.backtest import node_of
from bordertally.streams.rules.baseline import WEEKLY, learned_from
from bordertally.streams.rules.config import Detection, OperatorBaseline, Rules
from bordertally.streams.rules.kept_level import KEPT_DAYS, kept_level
from bordertally.streams.totals.records import Baseline
from unit.kit import PROMPT, Told, alerts_of, daily, told

# C2 of nine days with 100 people each: 100 expected, 3 x 100 / 6 more opens an alert, that is 150; 140 keeps it open.
C2: dict[str, Any] = {
    "learned": "c2",
    "sigmas": 3.0,
    "sigma_floor_share": 1 / 6,
    "week_ratio": 0.0,
    "keep_firing_for": "0d",
}
RULES = Rules(Detection(**C2))
QUIET = [100.0] * 9


def runs(one: Told) -> list[tuple[str, str | None, int]]:
    alerts = [alert for alert in alerts_of(one.desk) if alert.flow == "RU:KZ"]
    return [(alert.since[-2:], alert.until and alert.until[-2:], alert.expected) for alert in alerts]


def test_a_surge_does_not_end_its_own_alert_by_teaching_a_higher_level() -> None:
    # C2 of the 13th, from the 4th to the 10th: mean 114, sd 38; only 205 would keep the alert open. It keeps 140.
    # C2 of the 17th, from the 8th to the 14th: mean 171, sd 49; 200 people are below.
    assert runs(told(daily([*QUIET, *[200] * 8], qualifier="count"), rules=RULES)) == [("10", "17", 100)]


def test_a_kept_level_clears_the_alert_where_the_day_is_below_it() -> None:
    assert runs(told(daily([*QUIET, 200, 200, 200, 200, 139], qualifier="count"), rules=RULES)) == [("10", "14", 100)]
    assert runs(told(daily([*QUIET, 200, 200, 200, 200, 141], qualifier="count"), rules=RULES)) == [("10", None, 100)]


def test_a_day_above_its_own_threshold_keeps_the_alert_open_too() -> None:
    # 1,000 are normal when the alert opens with 1,300; from 4 September on 400 are, and 600 are above 500.
    normal = (
        OperatorBaseline(flow="RU:KZ", daily=1000.0),
        OperatorBaseline(flow="RU:KZ", daily=400.0, since=date(2022, 9, 4)),
    )
    one = told(daily([1000, 1300, 1300, 600, 450], qualifier="count"), rules=Rules(PROMPT.detection, normal))
    assert runs(one) == [("02", "05", 400)]


def test_weekdays_differ_also_while_a_level_is_kept() -> None:
    week = [100.0, 110, 90, 100, 120, 400, 380]
    node = node_of("RU", dict(enumerate([*week * 5, 900, 900, 900, 900, 900, 900, 900], 1)))
    without = node_of("RU", dict(enumerate(week * 5, 1)))
    detection = Detection()
    opening = learned_from(node, 36, detection)
    assert opening is not None
    for day in range(37, 36 + KEPT_DAYS):
        level = kept_level(node, detection, 36, opening, day)
        assert level == learned_from(without, day, detection)  # as if nothing had come since
        assert level is not None
        assert level.expected == pytest.approx(week[(day - 1) % 7])
    assert node.series[PEOPLE].bins[36].best == 900


@pytest.mark.parametrize(
    ("baseline", "day", "kept"),
    [
        (Baseline("stated", 100, 125), 10, False),
        (Baseline("stated", 100, 125), 11, True),
        (Baseline("stated", 100, 125), 16, True),
        (Baseline("stated", 100, 125), 17, False),
        (Baseline("learned", 100, 125, method="c2"), 16, True),
        (Baseline("learned", 100, 125, method=WEEKLY), 11, False),
    ],
)
def test_a_level_is_kept_for_seven_days(baseline: Baseline, day: int, *, kept: bool) -> None:
    node = node_of("RU", dict.fromkeys(range(1, 10), 100.0))
    assert kept_level(node, Detection(learned="c2"), 10, baseline, day) == (baseline if kept else None)
