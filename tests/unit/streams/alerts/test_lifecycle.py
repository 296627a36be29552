from __future__ import annotations

from typing import Any

import msgspec
import pytest

from bordertally.streams.alerts.lifecycle import advance, alert_id, last_day
from bordertally.streams.alerts.records import Alert
from bordertally.streams.detection.daily_rate import exceeds
from bordertally.streams.flows import Flow
from bordertally.streams.periods import iso_day
from bordertally.streams.reports.claims import Claim
from bordertally.streams.rules.config import SEVERITIES, Detection, OperatorBaseline, Rules
from bordertally.streams.totals.records import Baseline
from unit.kit import Told, alerts_of, claim, daily, ordinal, told

# Every timeline below: an operator's normal of 100 a day, so an alert opens above 125 and clears at 120 or less.
FLOW = Flow("RU:KZ")
NORMAL = Rules(Detection(keep_firing_for="0d"), baselines=(OperatorBaseline(flow="RU:KZ", daily=100.0),))


def desk(*batches: list[Claim] | Claim) -> Told:
    return told(*batches, rules=NORMAL)


def count(people: float | None, day: int, version: int = 0, **more: Any) -> Claim:
    """A count of one day of September 2022; a higher version was published later."""
    fields = {"qualifier": "count", "id": f"{day}-{version}", "published": f"2022-10-20T00:{version:02}:00Z"}
    return claim(people, f"2022-09-{day:02}", **{**fields, **more})


def counts(*people: float | None) -> list[Claim]:
    """Counts from 1 September on; None leaves a day out."""
    return [count(one, day) for day, one in enumerate(people, 1) if one is not None]


def spoken(alerts: list[Alert]) -> list[tuple[int, str, str, str | None]]:
    return [(one.seq, one.state.value, one.since[-2:], one.until and one.until[-2:]) for one in alerts]


def runs(one: Told) -> list[tuple[str, str | None]]:
    return [(since[-2:], until and until[-2:]) for _, _, since, until, *_ in alerts_of(one.desk)]


@pytest.mark.parametrize(
    ("ratio", "word"), [(1.25, "notice"), (1.49, "notice"), (1.5, "warning"), (1.99, "warning"), (2.0, "critical")]
)
def test_severity_by_rate_over_expected(ratio: float, word: str) -> None:
    assert SEVERITIES[Detection().rank(ratio)] == word


def test_a_rate_at_its_threshold_does_not_exceed_it() -> None:
    level, rules = Baseline("operator", 100, 125), Detection()
    assert [exceeds(rate, level, rules, opened=False) for rate in (125, 125.1)] == [False, True]
    assert [exceeds(rate, level, rules, opened=True) for rate in (120, 120.1)] == [False, True]


def test_a_learned_level_never_alarms_below_the_minimum_of_people() -> None:
    level = Baseline("learned", 1, 31)
    assert [exceeds(rate, level, Detection(), opened=False) for rate in (49, 51)] == [False, True]


def test_firing_updated_resolved() -> None:
    #   1    2    3    4    5
    # 100  130  160  110
    #      [firing   ) resolved
    one = desk(counts(100))
    said = [one.take(count(people, day)) for day, people in ((2, 130), (3, 160), (4, 110))]
    assert [spoken(each) for each in said] == [
        [(1, "firing", "02", None)],
        [(2, "updated", "02", None)],
        [(3, "resolved", "02", "04")],
    ]
    assert [each[0].severity for each in said] == ["notice", "warning", "warning"]
    assert {each[0].id for each in said} == {alert_id("RU:KZ", "daily-rate", ordinal("2022-09-02"))}


def test_a_further_report_of_the_same_figure_is_recorded_and_is_no_news() -> None:
    one = desk(counts(100, 130))
    (opened,) = [alert for alert in one.desk.log if alert.flow == "RU:KZ"]
    (cited,) = one.take(claim(130, "2022-09-02", qualifier="count", source="b", id="second", normal=None))
    assert (cited.state, cited.seq, cited.minor, opened.minor) == ("updated", opened.seq + 1, True, False)
    assert "b/second" in cited.reports
    assert "b/second" not in opened.reports
    assert (cited.told, opened.told) == (opened.published, opened.published)


def test_a_day_below_the_peak_is_recorded_and_is_no_news() -> None:
    one = desk(counts(100, 160))
    (later,) = one.take(count(155, 3))
    assert (later.day, later.rate, later.peak_rate, later.minor) == ("2022-09-03", 155, 160, True)
    (higher,) = one.take(count(170, 4))
    assert (higher.peak_rate, higher.minor, higher.told) == (170, False, higher.published)


def test_nothing_is_said_twice() -> None:
    one = desk(counts(100, 130))
    assert one.take(count(130, 2)) == []
    known = one.desk.known[one.node().flow]
    assert advance(known, one.state(), one.desk.names) == (known, [])


def test_one_that_hovers_between_the_clear_and_the_open_level_does_not_flap() -> None:
    #   1    2    3    4    5    6
    # 100  130  122  130  122  120
    #      [ ---- one alert --- )
    assert runs(desk(counts(100, 130, 122, 130, 122, 120))) == [("02", "06")]
    assert runs(desk(counts(100, 122, 122))) == []


def test_days_without_a_claim_neither_open_nor_close() -> None:
    #   1    2    3    4
    # 130    .    .  130
    assert runs(desk(counts(130, None, None, 130))) == [("01", None)]


def test_a_day_in_progress_opens() -> None:
    # 1 September          now
    # [------ 130 so far ---|...
    so_far = claim(130, "2022-09-01T00:00/PT18H", qualifier="count", published="2022-09-01T18:00:00Z")
    assert runs(desk(so_far)) == [("01", None)]


def test_a_day_in_progress_does_not_resolve() -> None:
    #   1                     2
    # 130                    40 so far
    so_far = claim(40, "2022-09-02T00:00/PT6H", qualifier="count", id="so-far")
    assert runs(desk(counts(130), so_far)) == [("01", None)]
    assert runs(desk(counts(130), so_far, claim(60, "2022-09-02T06:00/PT18H", qualifier="count"))) == [("01", "02")]


def test_a_count_of_the_whole_day_published_while_it_runs_does_not_resolve() -> None:
    #   1    2
    # 130   40 by 09:00      what it is at least, until the day is over or a later one is spoken of
    early = count(40, 2, published="2022-09-02T09:00:00Z")
    assert runs(desk(counts(130), early)) == [("01", None)]
    assert runs(desk(counts(130), early, count(60, 2, version=1))) == [("01", "02")]
    assert runs(desk(counts(130), early, count(60, 3))) == [("01", "02")]


def test_what_it_is_at_most_opens_nothing() -> None:
    bound = claim(900, "2022-09-01", qualifier="at_most")
    assert runs(desk(bound)) == []
    assert runs(desk(bound, count(130, 1, source="a"))) == [("01", None)]


def test_a_day_that_is_partly_projected_does_not_resolve() -> None:
    #                1    2
    # aksai         90    .      carried on at 90
    # mashtakovo    50   50
    aksai = count(90, 1, flow="RU:KZ:aksai")
    mashtakovo = [count(50, day, flow="RU:KZ:mashtakovo") for day in (1, 2)]
    one = desk(aksai, mashtakovo)
    assert runs(one) == [("01", None)]
    one.take(count(60, 2, flow="RU:KZ:aksai"))
    assert runs(one) == [("01", "02")]


def test_a_correction_withdraws() -> None:
    one = desk(counts(100, 130))
    (withdrawn,) = one.take(count(110, 2, version=1))
    assert spoken([withdrawn]) == [(2, "withdrawn", "02", None)]
    assert withdrawn.merged_into is None
    assert runs(one) == []


def test_the_last_day_of_the_alerts_is_that_of_the_latest_that_is_not_withdrawn() -> None:
    one = desk(counts(100, 130, 110, 110, 130))
    assert iso_day(last_day(one.desk.known[FLOW])) == "2022-09-05"
    one.take(count(110, 5, version=1))
    assert iso_day(last_day(one.desk.known[FLOW])) == "2022-09-02"
    assert last_day([]) == 0


def test_a_withdrawn_claim_withdraws() -> None:
    one = desk(counts(130))
    assert spoken(one.take(count(None, 1, version=1))) == [(2, "withdrawn", "01", None)]
    assert runs(one) == []


def test_one_that_fires_again_after_its_withdrawal_keeps_its_id() -> None:
    one = desk(counts(100, 130))
    (gone,) = one.take(count(110, 2, version=1))
    (again,) = one.take(count(140, 2, version=2))
    assert (again.id, again.seq, again.state.value) == (gone.id, 3, "firing")


def test_a_correction_may_open_a_resolved_one_again() -> None:
    one = desk(counts(130, 100))
    assert spoken(one.desk.log) == [(1, "firing", "01", None), (2, "resolved", "01", "02")]
    assert spoken(one.take(count(130, 2, version=1))) == [(3, "firing", "01", None)]


def test_one_that_is_over_before_anybody_heard_of_it_fires_before_it_resolves() -> None:
    # 130  130  100              all in one report
    # [--------)
    one = desk(counts(130, 130, 100))
    assert spoken(one.desk.log) == [(1, "firing", "01", None), (2, "resolved", "01", "03")]
    assert len({alert.id for alert in one.desk.log}) == 1


def test_an_id_in_use_is_not_given_to_another_alert_that_opens_on_its_day() -> None:
    # 130  100  130              opens on 1 September
    # 100  100  130              its days move: 1 September is corrected, and the id goes with the run that is left
    one = desk(count(130, 1))
    first = one.desk.log[0].id
    one.take(count(130, 2), count(130, 3))
    one.take(count(100, 1, version=1), count(100, 2, version=1))
    said = one.take(count(130, 1, version=2))
    newest = {alert.id: alert for alert in one.desk.log}
    assert newest[first].since == "2022-09-03"
    assert next((alert.state.value, alert.since) for alert in said if alert.id != first) == ("firing", "2022-09-01")


def test_since_moves_when_an_earlier_day_is_reported_and_the_id_stays() -> None:
    #   1    2    3
    # 130  130      <- 1 September is reported last
    one = desk(count(130, 2))
    before = one.desk.log[-1]
    (moved,) = one.take(count(130, 1))
    assert (moved.id, moved.since, moved.seq) == (before.id, "2022-09-01", 2)


def test_two_whose_days_grow_together_are_one_and_the_later_is_withdrawn() -> None:
    #   1    2    3    4
    # 130  100  130
    # [---)     [---...          two alerts
    # 130  130  130              one, once 2 September is corrected
    one = desk(counts(130, 100, 130))
    first, _, later = one.desk.log
    said = {alert.id: alert for alert in one.take(count(130, 2, version=1))}
    assert spoken([said[first.id]]) == [(3, "firing", "01", None)]
    assert (said[later.id].state.value, said[later.id].merged_into) == ("withdrawn", first.id)
    assert runs(one) == [("01", None)]


def test_one_whose_days_fall_apart_leaves_two() -> None:
    # 130  130  130
    # 130  100  130              2 September is corrected
    # [---)     [---...
    one = desk(counts(130, 130, 130))
    said = one.take(count(100, 2, version=1))
    assert sorted(spoken(said)) == [(1, "firing", "03", None), (2, "resolved", "01", "02")]
    assert runs(one) == [("01", "02"), ("03", None)]


def test_grown_together_and_fallen_apart_again_comes_down_to_the_same() -> None:
    one = desk(counts(130, 100, 130))
    one.take(count(130, 2, version=1))
    one.take(count(100, 2, version=2))
    assert alerts_of(one.desk) == alerts_of(desk(counts(130, 100, 130)).desk)


def test_an_alert_explains_the_numbers_it_was_decided_by() -> None:
    (alert,) = desk(counts(200)).desk.log
    assert alert.explanation == (
        "Russia to Kazakhstan: 200 on 2022-09-01 against a normal 100 set by the operator: 2.0 times; 1 report"
    )
    assert (alert.rate, alert.expected, alert.threshold, alert.ratio) == (200, 100, 125, 2.0)
    assert alert.reports == ["b/1-0"]


def test_the_level_of_a_part_is_compared_with_that_part() -> None:
    one = told(
        claim(200, population="men", normal={"daily": 190}),
        claim(1000, id="r2"),
    )
    assert alerts_of(one.desk) == []


def test_a_surge_is_found_against_what_was_learned() -> None:
    one = told(daily([400] * 9 + [700, 420], qualifier="count"))
    alerts = [(*alert[:4], alert.peak_rate, alert.severity) for alert in alerts_of(one.desk)]
    assert ("RU:KZ", "daily-rate", "2022-09-10", "2022-09-11", 700, "warning") in alerts


# --- patience --------------------------------------------------------------------------------------------------


def patient(*people: float | None, **settings: str) -> Told:
    detection = msgspec.convert({"keep_firing_for": "0d", **settings}, Detection)
    return told(counts(*people), rules=Rules(detection, NORMAL.baselines))


def test_for_waits_until_an_exceedance_has_lasted() -> None:
    #   1    2    3    4    5    6
    # 130  100  130  130  130  100
    assert runs(patient(130, 100, 130, 130, 130, 100, **{"for": "2d"})) == [("03", "06")]


def test_keep_firing_for_goes_on_after_the_end_and_keeps_the_highest_day() -> None:
    #   1    2    3    4    5    6
    # 100  190  100  130  100  100
    #      [ ---- one alert ---- )
    one = patient(100, 190, 100, 130, 100, 100, keep_firing_for="2d")
    assert runs(one) == [("02", None)]
    one.take(count(100, 7))
    assert runs(one) == [("02", "07")]
    newest = one.desk.log[-1]
    assert (newest.peak_day, newest.peak_rate, newest.day) == ("2022-09-02", 190, "2022-09-04")
    assert len({alert.id for alert in one.desk.log}) == 1


def test_cooldown_lets_only_a_worse_one_open() -> None:
    # 130  100  130  100  210  100
    assert runs(patient(130, 100, 130, 100, 210, 100, cooldown="1w")) == [("01", "02"), ("05", "06")]


def test_an_alert_names_the_one_before_it() -> None:
    #   1    2    3    4    5    6
    # 130  100  140  100  150  100
    one = desk(counts(130, 100, 140, 100, 150, 100))
    first, second, third = (alert_id("RU:KZ", "daily-rate", ordinal(f"2022-09-0{day}")) for day in (1, 3, 5))
    newest = {alert.id: alert.previous for alert in one.desk.log}
    assert newest == {first: None, second: first, third: second}
    one.take(count(100, 3, version=1))
    one.take(count(160, 5, version=1))
    assert one.desk.log[-1].previous == first


# --- old news --------------------------------------------------------------------------------------------------


def old_days(*people: float, published: str = "2022-12-01T00:00:00Z", version: str = "") -> list[Claim]:
    """Counts from 1 September on, all published at one moment."""
    return [
        claim(one, f"2022-09-{day:02}", qualifier="count", id=f"{day}{version}", published=published)
        for day, one in enumerate(people, 1)
    ]


def test_an_exceedance_of_long_ago_is_recorded_as_a_backfill_and_rings_for_nobody() -> None:
    one = told(rules=NORMAL)
    said = one.take(*old_days(100, 160, 100))
    assert [(alert.state.value, alert.backfill, alert.rings) for alert in said if alert.flow == "RU:KZ"] == [
        ("firing", True, False),
        ("resolved", True, False),
    ]


def test_an_exceedance_within_the_reach_of_notifications_rings() -> None:
    #   2 September          1 October: 29 days later; 31 days would be old news
    for published, backfill in (("2022-10-01T00:00:00Z", False), ("2022-10-03T00:00:00Z", True)):
        first = told(rules=NORMAL).take(*old_days(100, 160, published=published))
        assert {alert.backfill for alert in first if alert.flow == "RU:KZ"} == {backfill}


def test_an_alert_that_was_told_is_told_to_its_end_however_late_that_comes() -> None:
    one = told(rules=NORMAL)
    one.take(*old_days(100, 160, published="2022-09-03T09:00:00Z"))
    late = claim(100, "2022-09-03", qualifier="count", id="late", published="2022-12-01T00:00:00Z")
    (resolved,) = [alert for alert in one.take(late) if alert.flow == "RU:KZ"]
    assert (resolved.state.value, resolved.backfill, resolved.rings) == ("resolved", False, True)


def test_a_backfill_that_goes_on_into_the_present_rings() -> None:
    one = told(rules=NORMAL)
    one.take(*old_days(160, published="2022-12-01T00:00:00Z"))
    days = [
        claim(160, iso_day(ordinal("2022-09-02") + later), qualifier="count", published="2022-12-02T00:00:00Z")
        for later in range(90)
    ]
    (last,) = [alert for alert in one.take(*days) if alert.flow == "RU:KZ"]
    assert (last.day, last.backfill, last.minor, last.rings) == ("2022-11-30", False, False, True)


def test_a_closed_alert_of_which_only_the_learned_level_moved_is_not_told_again() -> None:
    one = told(daily([1_000] * 24 + [3_000, 1_000, 1_000], qualifier="count"))
    told_before = [alert for alert in one.desk.log if alert.flow == "RU:KZ"]
    assert [alert.state.value for alert in told_before] == ["firing", "resolved"]
    late = [
        claim(1_150, f"2022-09-{day:02}", qualifier="count", id=f"late-{day}", published="2022-11-01T00:00:00Z")
        for day in (11, 13, 15, 17, 19)
    ]
    later = [alert for report in late for alert in one.take(report) if alert.flow == "RU:KZ"]
    assert later
    assert all(alert.minor for alert in later)
    assert later[-1].expected > told_before[-1].expected == 1_000
    outcome = [alert for alert in one.desk.outcome([]).alerts if alert.flow == "RU:KZ"]
    assert [(alert.state.value, alert.minor) for alert in outcome] == [("firing", False), ("resolved", False)]
    assert outcome[-1].expected == later[-1].expected


def test_an_open_alert_of_which_only_the_learned_level_moved_is_not_told_again() -> None:
    one = told(daily([1_000] * 24 + [3_000], qualifier="count"))
    late = [
        claim(1_150, f"2022-09-{day:02}", qualifier="count", id=f"late-{day}", published="2022-11-01T00:00:00Z")
        for day in (4, 11, 18)  # weekdays of the 25th
    ]
    (moved,) = [alert for alert in one.take(*late) if alert.flow == "RU:KZ"]
    assert (moved.state.value, moved.minor, moved.told) == ("updated", True, one.desk.log[0].told)
    assert moved.expected > 1_000
    higher = claim(3_500, "2022-09-25", qualifier="count", id="higher", published="2022-11-02T00:00:00Z")
    (told_again,) = [alert for alert in one.take(higher) if alert.flow == "RU:KZ"]
    assert (told_again.minor, told_again.peak_rate) == (False, 3_500)


def test_without_an_expected_rate_there_is_no_ratio_and_nothing_is_critical() -> None:
    #  40 days of nobody, then 60, which is above the minimum of 50 people
    (firing,) = [
        alert
        for alert in told(daily([0] * 40 + [60], qualifier="count")).desk.log
        if (alert.flow, alert.state.value) == ("RU:KZ", "firing")
    ]
    assert (firing.rate, firing.expected, firing.ratio, firing.severity) == (60, 0, None, "notice")
    (many,) = [
        alert
        for alert in told(daily([0] * 40 + [6_000], qualifier="count")).desk.log
        if (alert.flow, alert.state.value) == ("RU:KZ", "firing")
    ]
    assert many.severity == "warning"
