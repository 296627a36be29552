"""The weekly test: its level, its mean, and the alert it shares with the daily test."""

from __future__ import annotations

import pytest

from bordertally.streams.ledger.tree import Node
from bordertally.streams.reconciliation.constraints import Bin
from bordertally.streams.replay.backtest import node_of
from bordertally.streams.rules.baseline import WEEKLY, mean_to, week_level
from bordertally.streams.rules.config import Detection, Rules
from unit.kit import LastSaid, alerts_of, daily, ordinal, told

FIRST = ordinal("2022-08-01")
TODAY = FIRST + 34


def days(*people: float | None) -> Node:
    """A flow with whole days from 1 August on; None leaves a day out."""
    return node_of("RU:KZ", {FIRST + day: one for day, one in enumerate(people) if one is not None})


def bins(*people: float | None) -> dict[int, Bin]:
    """Whole days from 1 August on; None leaves a day out."""
    return {FIRST + day: Bin(one, one, one, full=True) for day, one in enumerate(people) if one is not None}


def test_the_level_is_the_mean_of_four_weeks_and_at_least_one_and_a_half_times_it() -> None:
    #  t-34 .......... t-7     t-6 ... t
    #  28 days of 400          7 days of anything: they teach nothing
    level = week_level(days(*[400.0] * 28, *[9_000.0] * 7), TODAY, Detection())
    assert level is not None
    usual = level.baseline
    assert (usual.kind, usual.method, usual.expected, usual.threshold) == ("learned", WEEKLY, 400, 600)
    assert (level.risen_above, level.record_above) == (1.25 * 400, 1.5 * 400)


def test_few_people_need_the_minimum_more() -> None:
    level = week_level(days(*[40.0] * 28), TODAY, Detection())
    assert level is not None
    assert level.baseline.threshold == 40 + 50
    assert level.risen_above == 1.25 * 40


def test_a_week_as_high_as_the_highest_of_the_four_is_no_news() -> None:
    #  t-34..t-28: 400   t-27..t-21: 1,000   t-20..t-7: 400
    level = week_level(days(*[400.0] * 7, *[1_000.0] * 7, *[400.0] * 14), TODAY, Detection())
    assert level is not None
    assert level.baseline.expected == pytest.approx(550)
    assert level.baseline.threshold == level.risen_above == pytest.approx(1.1 * 1_000)


def test_a_week_before_t_28_sets_no_height() -> None:
    #  the highest whole week within t-28..t-7 is one of 400: t-34..t-29 lie before it
    level = week_level(days(*[1_000.0] * 6, *[400.0] * 22), TODAY, Detection())
    assert level is not None
    assert level.baseline.threshold == pytest.approx(1.5 * level.baseline.expected)


@pytest.mark.parametrize(("known", "learns"), [(20, False), (21, True)])
def test_twenty_one_days_teach_it(known: int, *, learns: bool) -> None:
    history = [400.0 if day < known else None for day in range(28)]
    assert (week_level(days(*history), TODAY, Detection()) is not None) == learns


def test_a_ratio_of_0_turns_it_off() -> None:
    assert week_level(days(*[400.0] * 28), TODAY, Detection(week_ratio=0.0)) is None


def test_the_mean_asks_for_seven_days_of_which_only_the_last_may_be_in_progress() -> None:
    week = bins(*[None] * 28, 100.0, 200.0, 300.0, 400.0, 500.0, 600.0, 700.0)
    assert mean_to(week, TODAY) == 400
    in_progress = week | {TODAY: Bin(350, 350, None, full=False)}
    assert mean_to(in_progress, TODAY) == 350
    assert mean_to(week | {TODAY - 1: Bin(1, 1, None, full=False)}, TODAY) is None
    assert mean_to({day: held for day, held in week.items() if day != TODAY - 3}, TODAY) is None


def alerts(*people: float, rules: Rules | None = None) -> list[LastSaid]:
    one = told(daily(list(people), "2022-08-01", qualifier="count"), rules=rules or Rules())
    return [alert for alert in alerts_of(one.desk) if alert.flow == "RU:KZ"]


def test_a_steady_rise_that_no_day_shows_is_an_alert_of_the_week() -> None:
    #  35 days of 400, then 640 a day: 1.6 times, which is below the threshold of a day (1.75 times)
    (alert,) = alerts(*[400.0] * 35, *[640.0] * 7)
    #  mean of the week to day k of the rise: 400 + k x 240 / 7; above 600 from k = 6
    assert (alert.since, alert.until) == ("2022-09-10", None)
    assert (alert.rate, alert.expected, alert.threshold) == (640, 400, 600)
    assert alerts(*[400.0] * 35, *[640.0] * 7, rules=Rules(Detection(week_ratio=0.0))) == []


def test_the_day_and_the_week_share_one_alert() -> None:
    #  a day of 1,000 opens it; the week, 1.6 times the four weeks before, keeps it open
    found = alerts(*[400.0] * 35, 1_000.0, *[620.0] * 6)
    assert [(alert.rule, alert.since, alert.until, alert.peak_rate) for alert in found] == [
        ("daily-rate", "2022-09-05", None, 1_000)
    ]


@pytest.mark.parametrize(
    ("high", "opens"),
    [
        # 1,000 on 5-11 September, which is an alert of its own, but for 2,000 on the 8th; else 400.
        ([2_950.0], None),  # 2 October: the week has 764 a day: above 1.25 x 586, not above 1.1 x 1,143
        ([2_950.0, 2_950.0], None),  # 1,129 a day
        ([2_950.0, 2_950.0, 2_950.0], "2022-10-04"),  # 1,493 a day: above 1.1 x 1,143 = 1,257
        ([3_050.0], "2022-10-02"),  # above 1.5 x 2,000: a record
    ],
)
def test_a_high_day_in_a_week_like_one_of_the_four_before_opens_an_alert_only_as_a_record(
    high: list[float], opens: str | None
) -> None:
    before = [*[400.0] * 35, *[1_000.0] * 3, 2_000.0, *[1_000.0] * 3, *[400.0] * 20]
    earlier, *later = alerts(*before, *high)
    assert earlier.since < "2022-09-12"
    assert [alert.since for alert in later] == ([] if opens is None else [opens])


def test_a_week_does_not_keep_an_alert_open_on_days_below_its_level() -> None:
    #  the days after the peak lie at or below the mean of the four weeks: over, and closed three days later
    (alert,) = alerts(*[400.0] * 35, 4_000.0, *[390.0] * 6)
    assert (alert.since, alert.until) == ("2022-09-05", "2022-09-09")


def test_what_a_ministry_calls_normal_is_not_overruled_by_the_week() -> None:
    one = told(daily([400.0] * 35 + [640.0] * 7, "2022-08-01", qualifier="count", normal={"daily": 600}), rules=Rules())
    assert [alert for alert in alerts_of(one.desk) if alert.flow == "RU:KZ"] == []


def test_the_sentence_says_that_it_is_the_week() -> None:
    one = told(daily([400.0] * 35 + [640.0] * 7, "2022-08-01", qualifier="count"), rules=Rules())
    newest = [alert for alert in one.desk.log if alert.flow == "RU:KZ"][-1]
    assert newest.explanation == (
        "Russia to Kazakhstan: 640 a day in the week to 2022-09-11 against 400 a day in the four weeks before that "
        "week (learned by week), threshold 600: 1.6 times; 7 reports"
    )
