from __future__ import annotations

import msgspec
import pytest

from bordertally.streams.detection.registry import RULES
from bordertally.streams.replay.backtest import Alarm, DetectedSurge, days_of, lines, measure, node_of, rules_for
from bordertally.streams.replay.ground_truth import Surge
from bordertally.streams.rules.config import Detection, FlowRules, Rules
from unit.kit import PROMPT, daily, ordinal, told

QUIET = [400.0, 420, 380, 400, 410, 390, 400]
START = ordinal("2022-08-01")


def series(*parts: list[float]) -> dict[int, float]:
    """Days from a Monday on."""
    return dict(enumerate((day for part in parts for day in part), START))


SURGE = series(QUIET * 5, [900.0] * 4, QUIET * 2)
FIRST = START + 35


def test_an_alert_in_a_surge_finds_it_and_another_is_false() -> None:
    score = measure(node_of("x", SURGE), "weekday", PROMPT, [Surge(FIRST - 1, FIRST + 6)])
    assert score.alarms == [Alarm(FIRST, FIRST + 3, "critical")]
    assert score.found == [DetectedSurge(Surge(FIRST - 1, FIRST + 6), 1)]
    assert (score.missed, score.late, score.false_alarms) == (0, [1], [])
    other = measure(node_of("x", SURGE), "weekday", PROMPT, [Surge(FIRST - 20, FIRST - 10)])
    assert (other.missed, other.late, other.false_alarms) == (1, [], score.alarms)


@pytest.mark.parametrize(
    ("first", "days_late", "false"),
    # the alert opens on day 0 and lasts to day 3
    [(3, 0, 0), (0, 0, 0), (-5, 5, 0), (4, None, 0), (6, None, 0), (7, None, 1)],
)
def test_an_alert_up_to_three_days_early_still_tells_of_a_surge(first: int, days_late: int | None, false: int) -> None:
    score = measure(node_of("x", SURGE), "weekday", PROMPT, [Surge(FIRST + first, FIRST + first + 9)])
    assert [each.days_late for each in score.found] == [days_late]
    assert len(score.false_alarms) == false


def test_surges_found_are_counted_by_size_and_alerts_that_reopen_soon() -> None:
    waves = series(QUIET * 5, [900.0] * 7, QUIET, [100.0] * 7)
    great, small = Surge(FIRST, FIRST + 6), Surge(FIRST + 14, FIRST + 20)
    score = measure(node_of("x", waves), "c2-alone", PROMPT, [great, small])
    assert (score.found_of(great=True), score.found_of(great=False)) == ((1, 1), (0, 1))
    # An alert of day 35; another opens three days after it has closed is a flap, four days after is none.
    for quiet, flaps in ((3, 1), (4, 0)):
        twice = series([100.0] * 35, [900.0], [100.0] * quiet, [90_000.0])
        assert measure(node_of("x", twice), "c2-alone", PROMPT, []).flaps == flaps


def test_a_rival_is_measured_and_plotted_by_its_own_levels() -> None:
    score = measure(node_of("x", SURGE), "same-weekday-alone", PROMPT, [])
    assert score.alarms == [Alarm(FIRST, FIRST + 3, "critical")]
    assert score.judged == len(SURGE) - 21
    assert rules_for("percentile", PROMPT) is PROMPT
    days = lines(node_of("x", SURGE), PROMPT, "same-weekday")
    assert days[20].threshold is None
    assert days[35] == (FIRST, 900.0, 400.0, 600.0)


def test_alerts_a_year_are_counted_by_known_days() -> None:
    score = measure(node_of("x", SURGE), "weekday", PROMPT, [])
    assert score.days == len(SURGE) == 53
    assert score.per_year == pytest.approx(365.25 / 53)
    assert measure(node_of("x", {}), "weekday", PROMPT, []).per_year == 0


def test_the_yardstick_has_neither_floors_nor_a_minimum() -> None:
    rules = Rules(Detection(absolute=5), flows=(FlowRules(flow="RU", learned="c1"),))
    zeros = series([0.0] * 28, [1.0])
    assert measure(node_of("RU", zeros), "plain", rules_for("plain", rules), []).alarms
    assert not measure(node_of("RU", zeros), "mean", rules_for("mean", PROMPT), []).alarms


def test_a_method_takes_the_place_of_those_of_the_rules_and_leaves_the_rest() -> None:
    rules = Rules(Detection(sigmas=2.5), flows=(FlowRules(flow="RU", learned="c1", sigmas=4.0),))
    c2 = rules_for("c2", rules)
    assert (c2.of("RU").detection.methods, c2.of("RU").detection.sigmas) == (("c2",), 4.0)
    assert (c2.of("KZ").detection.methods, c2.of("KZ").detection.sigmas) == (("c2",), 2.5)
    assert rules_for("rules", rules) is rules


def test_a_series_comes_to_the_alerts_that_reports_of_it_come_to() -> None:
    outcome = told(daily(list(SURGE.values()), "2022-08-01", qualifier="count"))
    of_reports = [episode for episode in outcome.state().episodes if episode.until is not None]
    of_series = measure(node_of("RU:KZ", SURGE), "rules", PROMPT, []).alarms
    assert [Alarm(each.since, each.day, each.peak_severity) for each in of_reports] == of_series
    assert days_of(outcome.node()) == SURGE


def test_lines_are_the_days_as_they_were_judged() -> None:
    printed = lines(node_of("x", SURGE), PROMPT)
    assert [line.day for line in printed] == list(SURGE)
    assert [line.threshold for line in printed[:9]] == [None] * 9
    assert printed[35].rate > (printed[35].threshold or 0) > (printed[35].expected or 0) > 0


def test_every_rule_is_measured_by_its_own_alerts() -> None:
    rules = Rules(msgspec.structs.replace(PROMPT.detection, drop=0.5, record="14d"))
    closed = node_of("x", series(QUIET * 5, [900.0] * 4, QUIET * 6, [0.0] * 3, QUIET))
    fall = START + 35 + 4 + 42
    drop = measure(closed, "rules", rules, [Surge(fall, fall + 6)], "drop")
    assert (drop.rule, drop.alarms) == ("drop", [Alarm(fall, fall + 2, "critical")])
    assert (drop.late, drop.false_alarms) == ([0], [])
    record = measure(closed, "rules", rules, [Surge(FIRST, FIRST + 6)], "record")
    assert record.alarms[0].first == FIRST
    assert measure(closed, "rules", rules, [Surge(FIRST, FIRST + 6)]).alarms == [Alarm(FIRST, FIRST + 3, "critical")]


def test_what_nobody_knows_is_not_counted_as_false() -> None:
    score = measure(node_of("x", SURGE), "rules", PROMPT, None)
    assert (score.measured, len(score.alarms), score.false_alarms) == (False, 1, [])


def test_a_rule_is_on_by_its_setting() -> None:
    assert [name for name, rule in RULES.items() if rule.is_on(Detection())] == ["daily-rate"]
    assert RULES["silence"].is_on(Detection(silence=2))
