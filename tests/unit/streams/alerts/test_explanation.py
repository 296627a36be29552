from __future__ import annotations

import pytest

from bordertally.streams.alerts.explanation import explain
from bordertally.streams.totals.records import Baseline, Episode
from unit.kit import ordinal

DAY = ordinal("2022-09-27")
NAMES = {"ge-mia": "Georgia's interior ministry", "c": "Counter C"}
STATED = Baseline("stated", 5_500, 6_875, source="ge-mia", low=5_000, high=6_000)


def episode(rule: str = "daily-rate", baseline: Baseline = STATED, until: int | None = None, **more: object) -> Episode:
    fields = (DAY, until, DAY, 10_000.0, baseline, "warning", DAY, 10_000.0, "warning", ["r1", "r2"], 2, rule)
    found = Episode(*fields)
    return Episode(**{name: getattr(found, name) for name in found.__struct_fields__} | more)


AT_LARS = "Russia to Georgia at Lars:"
GEORGIA = "Russia to Georgia: 10,000 on 2022-09-27"
NORMAL = "a normal 5,000-6,000 (Georgia's interior ministry)"
BY_C2 = "in the days t-9 to t-3 (learned by c2)"


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        (episode(), f"{GEORGIA} against {NORMAL}: 1.8 times; 2 reports"),
        (
            episode(until=DAY + 3),
            f"{GEORGIA} against {NORMAL}: 1.8 times; 2 reports; closed on 2022-09-30",
        ),
        (
            episode(partial=True, report_count=1),
            f"{GEORGIA} against {NORMAL}: at least 1.8 times; 1 report",
        ),
        (
            episode(note="said besides", baseline=Baseline("operator", 8_000, 10_000)),
            f"{GEORGIA} against a normal 8,000 set by the operator: 1.2 times; 2 reports; said besides",
        ),
        (
            episode(baseline=Baseline("learned", 0, 30, method="c2")),
            f"{GEORGIA} against 0 {BY_C2}, threshold 30: from nothing; 2 reports",
        ),
        (
            episode("silence", Baseline("cadence", 2, 2, source="c"), about="c", rate=3.0, peak_rate=3.0),
            "Russia to Georgia: nothing from Counter C since 2022-09-25: 3 days, at most 2 are usual",
        ),
        (
            episode("conflict", Baseline("claims", 4_000, 4_000, source="c", report="r1"), about="r1"),
            "Russia to Georgia: 10,000 a day by Counter C on 2022-09-27, where others leave 4,000; 2 reports",
        ),
        (
            episode("checkpoint-share", Baseline("learned", 400, 600, method="c2"), about="RU:GE:lars"),
            f"{AT_LARS} 10,000 on 2022-09-27 against 400 {BY_C2}, threshold 600: 25.0 times; 2 reports",
        ),
    ],
)
def test_an_alert_says_by_which_numbers_it_was_decided(told: Episode, sentence: str) -> None:
    assert explain("RU:GE", told, NAMES) == sentence
