from __future__ import annotations

from typing import Any

import msgspec
import pytest

from bordertally.streams.alerts.records import Alert
from bordertally.streams.detection.drop import levels
from bordertally.streams.reports.claims import Claim
from bordertally.streams.rules.config import Detection, OperatorBaseline, Rules
from bordertally.streams.totals.records import Baseline
from unit.kit import Told, alerts_of, claim, daily, told

# An operator's normal of 100 a day: a drop opens below 50 and is over from 60 on.


def rules(**settings: Any) -> Rules:
    detection = msgspec.convert({"drop": 0.5, "keep_firing_for": "0d", **settings}, Detection)
    return Rules(detection, (OperatorBaseline(flow="RU:KZ", daily=100.0),))


def counts(*people: float | None, flow: str = "RU:KZ", version: int = 0) -> list[Claim]:
    """Counts of a flow from 1 September on; None leaves a day out, a higher version was published later."""
    return [
        claim(
            one,
            f"2022-09-{day:02}",
            flow,
            qualifier="count",
            id=f"{flow}-{day}-{version}",
            published=f"2022-10-20T00:{version:02}:00Z",
        )
        for day, one in enumerate(people, 1)
        if one is not None
    ]


def runs(one: Told, rule: str = "drop") -> list[tuple[str, str | None]]:
    return [
        (since[-2:], until and until[-2:])
        for flow, named, since, until, *_ in alerts_of(one.desk)
        if (flow, named) == ("RU:KZ", rule)
    ]


def newest(one: Told) -> Alert:
    return one.desk.log[-1]


def test_it_opens_under_the_share_and_is_over_at_the_clear_level() -> None:
    #   1    2    3    4    5    6
    # 100   50   49   59   60   55
    assert runs(told(counts(100, 50, 49, 59, 60, 55), rules=rules())) == [("03", "05")]


def test_without_the_setting_there_is_none() -> None:
    assert runs(told(counts(100, 0, 0), rules=rules(drop=None))) == []


def test_a_drop_is_told_with_its_numbers() -> None:
    one = told(counts(100, 40, 20, 30), rules=rules())
    alert = newest(one)
    assert (alert.rule, alert.severity, alert.since, alert.peak_day, alert.peak_rate) == (
        *("drop", "critical", "2022-09-02", "2022-09-03", 20),
    )
    assert (alert.rate, alert.expected, alert.threshold, alert.ratio) == (30, 100, 50, 0.3)
    assert (
        alert.explanation
        == "Russia to Kazakhstan: 30 on 2022-09-04 against a normal 100 set by the operator: 0.3 times; 2 reports"
    )
    one.take(*counts(None, None, None, None, 100))
    assert newest(one).explanation.endswith("; closed on 2022-09-05")


def test_a_rise_and_a_drop_are_alerts_of_their_own() -> None:
    #   1    2    3    4
    # 130   20  130  100
    one = told(counts(130, 20, 130, 100), rules=rules())
    assert runs(one) == [("02", "03")]
    assert runs(one, "daily-rate") == [("01", "02"), ("03", "04")]


@pytest.mark.parametrize(
    ("people", "severity"), [(79, "notice"), (66, "warning"), (51, "warning"), (50, "critical"), (0, "critical")]
)
def test_a_fall_to_half_is_as_severe_as_a_doubling(people: int, severity: str) -> None:
    assert newest(told(counts(people), rules=rules(drop=0.8))).severity == severity


def test_a_day_in_progress_opens_none_and_may_end_one() -> None:
    early = [claim(20, "2022-09-02T00:00/PT6H", qualifier="count", id="so-far", published="2022-09-02T07:00:00Z")]
    assert runs(told(counts(100), early, rules=rules())) == []
    most = [claim(70, "2022-09-02T00:00/PT18H", qualifier="count", id="so-far", published="2022-09-02T19:00:00Z")]
    assert runs(told(counts(30), most, rules=rules())) == [("01", "02")]


def test_a_checkpoint_that_falls_silent_is_no_drop_of_its_country() -> None:
    #              1    2  ...                 10
    # aksai       60    .                       .
    # mashtakovo  40   40                      40   from 9 September on nothing is carried on any more
    aksai = counts(60, flow="RU:KZ:aksai")
    mashtakovo = counts(*[40] * 10, flow="RU:KZ:mashtakovo")
    one = told(aksai, mashtakovo, rules=rules())
    assert one.best()[-1] == 40
    assert runs(one) == []
    one.take(*counts(*[None] * 9, 5, flow="RU:KZ:aksai"))  # it speaks: so few it is
    assert runs(one) == [("10", None)]


def test_a_correction_takes_it_away() -> None:
    one = told(counts(100, 20), rules=rules())
    one.take(*counts(None, 90, version=1))
    assert runs(one) == []
    assert newest(one).state.value == "withdrawn"


def test_a_flow_of_few_people_has_none() -> None:
    assert levels(Baseline("operator", 49, 60), Detection(drop=0.5)) is None
    assert levels(Baseline("operator", 50, 60), Detection(drop=0.5)) == (25, 30)


def test_a_learned_level_must_be_undercut_by_as_much_as_its_threshold_lies_above() -> None:
    assert levels(Baseline("learned", 100, 130), Detection(drop=0.5)) == (50, 60)
    assert levels(Baseline("learned", 100, 170), Detection(drop=0.5)) == pytest.approx((30, 44))
    assert levels(Baseline("learned", 100, 210), Detection(drop=0.5)) is None
    assert levels(Baseline("absolute", 100, 100), Detection(drop=0.5)) is None


def test_a_border_that_closes_is_found_against_what_was_learned() -> None:
    week = [400.0, 420, 380, 400, 410, 390, 400]
    one = told(daily([*week * 4, 10, 0, 0], qualifier="count"), rules=Rules(Detection(keep_firing_for="0d", drop=0.5)))
    (alert,) = [known.record for known in one.desk.known[one.node().flow]]
    assert (alert.rule, alert.since, alert.until, alert.peak_rate) == ("drop", "2022-09-29", None, 0)


def test_patience_holds_for_drops_too() -> None:
    #   1    2    3    4    5    6    7
    # 100   20  100   20   20  100   20
    assert runs(told(counts(100, 20, 100, 20, 20, 100, 20), rules=rules(**{"for": "1d"}))) == [("04", "06")]


# Against the week before: four weeks of 1,000 a day, then a surge of 4,000 a day, so that the learned level is too wide
# for a drop (twice what is expected less the threshold is below zero).

QUIET, SURGE = [1000.0] * 28, [4000.0] * 7
LEARNED = Rules(Detection(keep_firing_for="0d", drop=0.5))


def falls(*people: float | None) -> list[tuple[str, str | None]]:
    """The drops of a flow without a stated level, by month and day: the first of these figures is of 29 September."""
    one = told(daily([*QUIET, *people], qualifier="count"), rules=LEARNED)
    return [
        (since[5:], until and until[5:])
        for flow, rule, since, until, *_ in alerts_of(one.desk)
        if (flow, rule) == ("RU:KZ", "drop")
    ]


def test_a_border_that_closes_after_a_surge_is_found_against_the_week_before() -> None:
    one = told(daily([*QUIET, *SURGE, 300], qualifier="count"), rules=LEARNED)
    (alert,) = (alert for alert in one.desk.log if (alert.flow, alert.rule) == ("RU:KZ", "drop"))
    assert (alert.since, alert.expected, alert.threshold, alert.severity) == ("2022-10-06", 4000, 2000, "critical")
    assert alert.explanation == (
        "Russia to Kazakhstan: 300 on 2022-10-06 against 4,000 a day in the week before, by its mean or its same "
        "weekday, threshold 2,000: 0.1 times; 1 report"
    )


def test_both_the_mean_and_the_same_weekday_must_be_undercut() -> None:
    # The mean of the week before is 3,500, its same weekday 500: a weekly day off is no drop.
    assert falls(500, *SURGE[1:], 400) == []
    # The mean is (4,000 + 6 x 1,000) / 7 = 1,429, the same weekday 4,000: 715 are no drop, 713 are.
    assert falls(4000, *[1000] * 6, 715) == []
    assert falls(4000, *[1000] * 6, 713) == [("10-06", None)]


def test_a_drop_keeps_the_level_of_the_week_before_for_seven_days() -> None:
    # It is over at 4,000 - 0.8 x 2,000 = 2,400, which the days after 6 October are measured by up to 12 October.
    assert falls(*SURGE, 300, 2399, 2399) == [("10-06", None)]
    assert falls(*SURGE, 300, 2399, 2400) == [("10-06", "10-08")]
    # By 13 October the same weekday of the week before has 300 too: closed is then what is usual.
    assert falls(*SURGE, *[300] * 7) == [("10-06", None)]
    assert falls(*SURGE, *[300] * 8) == [("10-06", "10-13")]


def test_a_flow_that_has_such_days_is_not_told_of_one_more() -> None:
    # The mean of the week before is 3,471, its same weekday 4,000; but 300 came on 2 October too, a drop of a day.
    week = [4000, 4000, 4000, 300, 4000, 4000, 4000]
    assert falls(*week, 300) == [("10-02", "10-03")]
    assert falls(*week, 299) == [("10-02", "10-03"), ("10-06", None)]


def test_a_week_with_a_gap_is_compared_with_nothing() -> None:
    assert falls(*SURGE[1:], None, 300) == []


def test_where_a_normal_level_is_stated_the_week_before_does_not_count() -> None:
    assert runs(told(counts(*[400] * 7, 100), rules=rules())) == []
