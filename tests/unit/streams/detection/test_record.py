from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from bordertally.streams.alerts.records import Alert
from bordertally.streams.detection.record import WEEK, Highs
from bordertally.streams.reconciliation.constraints import Bin
from bordertally.streams.rules.config import Detection, Rules
from properties.traits import shares, too_rare
from unit.kit import Told, alerts_of, claim, daily, told


def rules(**settings: Any) -> Rules:
    return Rules(msgspec.convert({"keep_firing_for": "0d", "record": "4w", "learned": [], **settings}, Detection))


def runs(one: Told) -> list[tuple[str, str | None]]:
    found = [each for each in alerts_of(one.desk) if each[:2] == ("RU:KZ", "record")]
    return [(since[-5:], until and until[-5:]) for _, _, since, until, *_ in found]


def counted(*people: float | None) -> Told:
    return told(daily(people, "2022-08-01", qualifier="count"), rules=rules())


def newest(one: Told) -> Alert:
    return next(alert for alert in reversed(one.desk.log) if alert.flow == "RU:KZ")


def test_a_week_higher_than_any_of_the_weeks_before_is_a_record_until_one_is_not() -> None:
    # 1 August ... 30      31    1    2-6   7
    # 100 on each day     100  150  100    100
    #                          [ ----------- ) the week to 7 September is the first that is no higher
    one = counted(*[100.0] * 31, 150.0, *[100.0] * 6, 99.0)
    assert runs(one) == [("09-01", "09-02")]


def test_while_it_rises_it_is_one_record_against_the_week_before_it_rose() -> None:
    one = counted(*[100.0] * 31, *[200.0] * 7, 200.0)
    assert runs(one) == [("09-01", "09-08")]
    alert = newest(one)
    assert (alert.rate, alert.expected, alert.peak_day, alert.peak_rate, alert.severity) == (
        *(200, 100, "2022-09-07", 200, "critical"),
    )
    assert (alert.baseline, alert.report_count) == ("record", 7)
    assert alert.explanation == (
        "Russia to Kazakhstan: 200 a day in the week to 2022-09-07 against 100 in the highest week of the 4w "
        "before: 2.0 times; 7 reports; closed on 2022-09-08"
    )


def test_half_the_time_before_must_be_known() -> None:
    # the week to the 7th is the first; 14 of them are known before the week to the 21st
    assert runs(counted(*[100.0] * 19, 200.0)) == []
    assert runs(counted(*[100.0] * 20, 200.0)) == [("08-21", None)]


def test_few_people_set_no_record_and_without_the_setting_there_is_none() -> None:
    assert runs(counted(*[40.0] * 30, 80.0)) == []
    assert runs(counted(*[40.0] * 30, 120.0)) == [("08-31", None)]
    assert runs(told(daily([100.0] * 30 + [300.0], "2022-08-01", qualifier="count"), rules=Rules())) == []


def test_a_day_that_is_not_covered_whole_makes_no_week() -> None:
    one = counted(*[100.0] * 31)
    one.take(claim(900, "2022-09-01T00:00/PT6H", qualifier="count", id="so-far", published="2022-09-01T07:00:00Z"))
    assert runs(one) == []


def test_a_correction_takes_it_away() -> None:
    one = counted(*[100.0] * 30, 900.0)
    assert runs(one) == [("08-31", None)]
    one.take(claim(100, "2022-08-31", qualifier="count", id="better", published="2022-10-21T00:00:00Z"))
    assert runs(one) == []
    assert newest(one).state.value == "withdrawn"


def test_an_alert_that_continues_through_lower_weeks_keeps_its_peak() -> None:
    #            1-7  8    9    10  September
    # a day      100  800  50   120
    # the week   700 1400 1350 1370  above the week of the day before on the 8th and the 10th
    counts = daily([100.0] * 7 + [800.0, 50.0, 120.0], "2022-09-01", qualifier="count")
    one = told(counts, rules=rules(record="1d", keep_firing_for="3d"))
    alert = newest(one)
    assert (alert.rate, alert.peak_rate, alert.peak_day) == (196, 200, "2022-09-08")


BINS = st.lists(st.sampled_from((*[10, 20, 30] * 6, 0, 50, None)), min_size=14, max_size=40)
"""People by day, mostly known and covered whole, so that most lists hold weeks and many of them records."""


@given(BINS, st.integers(1, 12), st.data())
def test_what_is_kept_is_what_is_worked_out_anew(days: list[int | None], period: int, data: st.DataObject) -> None:
    def held(figures: list[int | None]) -> dict[int, Bin]:
        return {day: Bin(one, one, one, full=one != 50) for day, one in enumerate(figures) if one is not None}

    highs = Highs(period)
    bins = held(days)
    highs.stale.update(bins)
    highs.refresh(bins, max(bins, default=0))
    for _ in range(3):
        changed = data.draw(st.dictionaries(st.integers(0, len(days) - 1), st.none() | st.sampled_from((5, 30, 90))))
        days = [changed.get(day, one) for day, one in enumerate(days)]
        bins = held(days)
        highs.stale.update(changed)
        highs.refresh(bins, max(bins, default=0))
    weeks = {
        last: sum(bins[day].best for day in range(last - WEEK + 1, last + 1))
        for last in bins
        if all(day in bins and bins[day].full for day in range(last - WEEK + 1, last + 1))
    }
    before = {day: [weeks[one] for one in range(day - period, day) if one in weeks] for day in weeks}
    assert highs.weeks == weeks
    assert highs.before == {
        day: max(those)
        for day, those in before.items()
        if those and 2 * len(those) >= period and weeks[day] > max(those)
    }


def test_the_days_drawn_hold_weeks_and_records() -> None:
    def traits(days: list[int | None]) -> list[str]:
        highs = Highs(3)
        bins = {day: Bin(one, one, one, full=one != 50) for day, one in enumerate(days) if one is not None}
        highs.stale.update(bins)
        highs.refresh(bins, max(bins))
        return [*(["week"] if highs.weeks else []), *(["record"] if highs.before else [])]

    assert too_rare(shares(BINS, traits, 60), {"week": 0.5, "record": 0.3}) == {}
