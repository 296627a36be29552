from __future__ import annotations

import pytest

from bordertally.streams.detection.daily_rate import DAILY_RATE, episodes, exceedance, exceeds, latest_rate
from bordertally.streams.rules.baseline import Judgement, Week, WeekLevel
from bordertally.streams.rules.config import Detection, OperatorBaseline, Rules
from bordertally.streams.totals.records import Baseline
from unit.kit import Told, claim, daily, ordinal, told

RULES = Rules(Detection(keep_firing_for="0d", week_ratio=0.0), (OperatorBaseline(flow="RU:KZ", daily=100.0),))
LEVEL = Baseline("learned", 100, 175)
WEEKLY = Baseline("learned", 100, 150, method="week")
WEEK_LEVEL = WeekLevel(WEEKLY, 125, 300)


def spans(one: Told) -> list[tuple[int, int, int | None]]:
    """Day of the month of the first and the last exceeding day, and of the end."""
    first = ordinal("2022-08-31")
    return [
        (found.since - first, found.day - first, None if found.until is None else found.until - first)
        for found in episodes(one.node(), RULES)
    ]


@pytest.mark.parametrize(
    ("people", "runs"),
    [
        #  1    2    3    4    5    6        opens above 125, clears at 120
        ((100, 130, 100), [(2, 2, 3)]),
        ((100, 130, 121, 100), [(2, 3, 4)]),
        ((100, 121, 121), []),
        ((130, None, 100, 130), [(1, 1, 3), (4, 4, None)]),
        ((130, None, 130), [(1, 3, None)]),
        ((100, 100), []),
    ],
)
def test_runs_of_exceeding_days(people: tuple[float | None, ...], runs: list[tuple[int, int, int | None]]) -> None:
    assert spans(told(daily(people, qualifier="count"), rules=RULES)) == runs


@pytest.mark.parametrize(("opened", "least"), [(False, 175), (True, 160)])
def test_an_open_alert_clears_below_the_level_that_opens_one(*, opened: bool, least: float) -> None:
    #  clear level: 100 + 0.8 x (175 - 100)
    assert not exceeds(least, LEVEL, Detection(), opened=opened)
    assert exceeds(least + 0.1, LEVEL, Detection(), opened=opened)


@pytest.mark.parametrize(
    ("rate", "week", "found"),
    [
        (200.0, None, (200.0, LEVEL)),  # the day
        (200.0, Week(160.0, WEEK_LEVEL, 200.0), (200.0, LEVEL)),  # both: the day is told
        (170.0, Week(160.0, WEEK_LEVEL, 170.0), (160.0, WEEKLY)),  # the week
        (170.0, Week(149.0, WEEK_LEVEL, 170.0), None),
        (90.0, Week(160.0, WEEK_LEVEL, 90.0), None),  # the day itself lies below the level
        (170.0, None, None),
    ],
)
def test_the_day_exceeds_or_else_the_week(rate: float, week: Week | None, found: tuple[float, Baseline] | None) -> None:
    assert exceedance(Judgement(LEVEL, rate, week), Detection(), opened=False) == found


@pytest.mark.parametrize(
    ("baseline", "rate", "week", "opened", "found"),
    [
        (LEVEL, 200.0, 125.0, False, False),  # not above what the week must have
        (LEVEL, 200.0, 125.1, False, True),
        (LEVEL, 300.0, 90.0, False, False),  # not above what makes a day a record
        (LEVEL, 300.1, 90.0, False, True),
        (LEVEL, 200.0, 125.0, True, True),  # an open alert goes on
        (Baseline("stated", 100, 175), 200.0, 90.0, False, True),  # what a source states needs no week
    ],
)
def test_a_day_opens_an_alert_on_a_learned_level_only_if_its_week_has_risen_or_it_is_a_record(
    baseline: Baseline, rate: float, week: float, *, opened: bool, found: bool
) -> None:
    judged = Judgement(baseline, rate, Week(week, WEEK_LEVEL, rate))
    assert (exceedance(judged, Detection(), opened=opened) is not None) is found


def test_without_a_baseline_nothing_exceeds() -> None:
    assert exceedance(Judgement(None, None), Detection(), opened=True) is None


def test_the_episode_tells_of_its_peak_and_of_its_latest_day() -> None:
    (found,) = episodes(told(daily([100, 250, 130], qualifier="count"), rules=RULES).node(), RULES)
    first = ordinal("2022-09-01")
    assert (found.since, found.day, found.rate, found.severity) == (first + 1, first + 2, 130, "notice")
    assert (found.peak_day, found.peak_rate, found.peak_severity) == (first + 1, 250, "critical")
    assert found.rule == DAILY_RATE.name == "daily-rate"


def test_the_latest_rate_is_shown_with_its_day_and_its_level() -> None:
    one = told(daily([100, 140], qualifier="count"), rules=RULES)
    rate, day, baseline = latest_rate(one.node(), RULES)
    assert (rate, day) == (140, ordinal("2022-09-02"))
    assert baseline is not None
    assert (baseline.kind, baseline.expected) == ("operator", 100)
    unknown = told(claim(100, "2022-09-02", "RU:GE"))
    assert latest_rate(unknown.node("RU:GE"), RULES) == (100, ordinal("2022-09-02"), None)


def test_an_alert_is_kept_open_for_three_days_by_default() -> None:
    """Opens above 125 and clears at 120: two finished days below do not close it, the fourth does (DESIGN 14)."""
    assert Detection().keep_firing_for == "3d"
    rules = Rules(Detection(week_ratio=0.0), (OperatorBaseline(flow="RU:KZ", daily=100.0),))
    first = ordinal("2022-08-31")

    def spans_of(*people: float) -> list[tuple[int, int, int | None]]:
        found = episodes(told(daily(people, qualifier="count"), rules=rules).node(), rules)
        return [(one.since - first, one.day - first, one.until and one.until - first) for one in found]

    #                1    2    3    4    5    6
    assert spans_of(100, 130, 100, 100, 100) == [(2, 2, None)]
    assert spans_of(100, 130, 100, 100, 130) == [(2, 5, None)]
    assert [until for _, _, until in spans_of(100, 130, 100, 100, 100, 100)] != [None]
    assert len(spans_of(100, 130, 100, 100, 100, 100, 130)) == 2


def test_an_alert_on_the_week_cites_a_report_that_is_said_again_about_a_day_before_it_opened() -> None:
    """The week to its first day is what is high: that day is the 40th, and its week begins on the 34th."""
    rules = Rules(Detection(learned=()))
    one = told(daily([400.0] * 34 + [650.0] * 9, "2022-08-01", qualifier="count"), rules=rules)
    (before,) = episodes(one.node(), rules)
    assert before.since == ordinal("2022-09-09")
    assert "b/day-35" in before.reports
    again = claim(650, "2022-09-05", id="again", qualifier="count", published="2022-10-21T00:00:00Z")
    one.take(again)
    (after,) = episodes(one.node(), rules)
    assert set(after.reports) == {*before.reports, "b/again"} - {"b/day-35"}
