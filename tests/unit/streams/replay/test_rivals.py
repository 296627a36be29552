from __future__ import annotations

import pytest

from bordertally.streams.learning.levels import Learned
from bordertally.streams.replay.rivals import RIVALS, RivalAlert, percentile, rival_alerts, same_weekday
from bordertally.streams.rules.config import Detection

QUIET = [100.0] * 28


def series(*people: float | None) -> dict[int, float]:
    """Days from 1 on; None leaves a day out."""
    return {day: figure for day, figure in enumerate(people, 1) if figure is not None}


def alerts(name: str, *people: float | None) -> list[tuple[int, int]]:
    return [(alert.first, alert.last) for alert in rival_alerts(series(*people), RIVALS[name], Detection())]


def test_the_percentile_is_that_of_the_year_before() -> None:
    # Of 100 days with 1 to 100 people, 95 % have at most 95; the median is 50.5.
    year = series(*[float(people) for people in range(1, 101)])
    assert percentile(year, 101) == Learned(50.5, 95)
    assert percentile({day: people for day, people in year.items() if day > 11}, 101) is None  # 89 days are known
    assert percentile(year, 101 + 365 - 11) is None  # 10 days lie in that year


def test_the_same_weekday_counts_of_four_weeks() -> None:
    # Days 1, 8, 15 and 22 before day 29.
    weeks = series(*[people for mean in (100, 200, 300, 400) for people in [float(mean), *[0.0] * 6]])
    assert same_weekday(weeks, 29) == Learned(250, 375)
    del weeks[1]
    assert same_weekday(weeks, 29) == Learned(300, 450)
    del weeks[8]
    assert same_weekday(weeks, 29) is None


def test_alone_every_run_above_the_threshold_is_an_alert() -> None:
    assert alerts("same-weekday-alone", *QUIET, 151, 151, 149, 151) == [(29, 30), (32, 32)]
    assert alerts("same-weekday-alone", *QUIET, 151, None, 151) == [(29, 31)]  # an unknown day ends nothing
    assert alerts("same-weekday-alone", *[1.0] * 28, 2) == [(29, 29)]  # however few people


def test_with_the_life_cycle_an_alert_goes_on_to_the_clear_level_and_three_days_longer() -> None:
    # Above 150 it opens and above 140 it stays open; over on day 33, it goes on to day 36.
    assert alerts("same-weekday", *QUIET, 151, 141, 140, 151, 100, 100, 100, 100, 200) == [(29, 32), (37, 37)]
    assert alerts("same-weekday", *[1.0] * 28, 49) == []


def test_an_alert_tells_how_far_it_went() -> None:
    (alert,) = rival_alerts(series(*QUIET, 200, 300, 0), RIVALS["same-weekday-alone"], Detection())
    assert alert == RivalAlert(29, 30, 3.0)


@pytest.mark.parametrize(("rate", "expected"), [(148, []), (150, [(36, 36)])])
def test_ears_as_published_has_three_standard_deviations_and_no_floors(rate: float, expected: list[object]) -> None:
    # Seven days of mean 100 and standard deviation 16.33: 100 + 3 x 16.33 = 149.
    week = [100.0, 120, 80, 100, 120, 80, 100]
    assert alerts("c2-alone", *week * 5, rate) == expected
    assert alerts("c1-alone", *week * 5, rate) == expected


def test_every_rival_is_silent_on_a_flat_series() -> None:
    for name in RIVALS:
        assert alerts(name, *[100.0] * 200) == []
