from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bordertally.streams.alerts.records import Alert
from bordertally.streams.detection.silence import clock, silences_of
from bordertally.streams.reports.claims import Claim
from bordertally.streams.rules.config import Detection, FlowRules, Rules
from properties.traits import shares, too_rare
from unit.kit import Told, alerts_of, claim, daily, told

RULES = Rules(Detection(keep_firing_for="0d", silence=2.0, learned=()))


def speaks(days: str, flow: str, source: str) -> list[Claim]:
    """Counts of September 2022, a mark a day: a dot where the source says nothing."""
    people = [None if mark == "." else 100.0 for mark in days]
    return daily(people, flow=flow, source=source, qualifier="count")


def both(quiet: str, other: str, rules: Rules = RULES) -> Told:
    return told(speaks(quiet, "RU:KZ:aksai", "c"), speaks(other, "RU:GE:lars", "a"), rules=rules)


def runs(one: Told) -> list[tuple[str, str, str | None]]:
    return [(flow, since[-2:], until and until[-2:]) for flow, rule, since, until, *_ in alerts_of(one.desk)]


def newest(one: Told, flow: str = "RU:KZ:aksai") -> Alert:
    return [alert for alert in one.desk.log if alert.flow == flow][-1]


# A source that speaks every day may be silent for two whole days; the day up to which others speak is not over yet.


@pytest.mark.parametrize(
    ("quiet", "other", "found"),
    [
        # 1234567890123
        ("xxxx..", "xxxxxxx", []),
        ("xxxx...", "xxxxxxx", []),
        ("xxxx....", "xxxxxxxx", [("RU:KZ:aksai", "05", None)]),
        ("xxxx...x", "xxxxxxxx", [("RU:KZ:aksai", "05", "08")]),
        ("xxxx..x", "xxxxxxxx", []),
        ("xxx.....", "xxxxxxxx", []),  # who has spoken of three days has no usual time yet
        ("x.x.x.x....", "xxxxxxxxxxx", []),  # every second day: four days are usual at most
        ("x.x.x.x......", "xxxxxxxxxxxxx", [("RU:KZ:aksai", "08", None)]),
        ("xxxx....", "xxxx....", []),  # nobody speaks: no time passes
    ],
)
def test_timelines(quiet: str, other: str, found: list[tuple[str, str, str | None]]) -> None:
    assert runs(both(quiet, other)) == found


def test_it_is_told_with_its_source_and_days() -> None:
    alert = newest(both("xxxx....", "xxxxxxxx"))
    assert (alert.rule, alert.severity, alert.about, alert.baseline) == ("silence", "notice", "c", "cadence")
    assert (alert.rate, alert.expected, alert.reports) == (3, 2, ["c/day-3"])
    assert alert.explanation == (
        "Russia to Kazakhstan at Aksai: nothing from Counter C since 2022-09-05: 3 days, at most 2 are usual"
    )
    alert = newest(both("xxxx......", "xxxxxxxxxx"))
    assert (alert.severity, alert.peak_day, alert.peak_rate) == ("warning", "2022-09-08", 4)


def test_a_flow_is_spoken_of_because_others_speak() -> None:
    one = both("xxxx", "xxxx")
    said = [alert for day in range(5, 13) for alert in one.take(claim(100, f"2022-09-{day:02}", "RU:GE:lars", "a"))]
    assert [(alert.flow, alert.severity, alert.state.value) for alert in said if not alert.minor] == [
        ("RU:KZ:aksai", "notice", "firing"),
        ("RU:KZ:aksai", "warning", "updated"),
    ]
    one.take(claim(100, "2022-09-12", "RU:KZ:aksai", "c"))
    assert newest(one).state.value == "resolved"
    assert newest(one).explanation.endswith("closed on 2022-09-12")


def test_days_that_are_reported_late_take_it_away() -> None:
    one = both("xxxx....", "xxxxxxxx")
    one.take(*speaks("....xxx", "RU:KZ:aksai", "c"))
    assert runs(one) == []
    assert newest(one).state.value == "withdrawn"
    assert "there is no silence from 2022-09-05 on any more" in newest(one).explanation


def test_two_silent_sources_of_a_flow_are_one_alert() -> None:
    one = told(
        speaks("xxxx......", "RU:KZ", "a"),
        speaks("xxxxxx....", "RU:KZ", "b"),
        speaks("xxxxxxxxxx", "RU:GE", "c"),
        rules=RULES,
    )
    assert runs(one) == [("RU:KZ", "05", None)]
    assert newest(one, "RU:KZ").about == "a"
    assert newest(one, "RU:KZ").explanation.endswith("; 1 more silent too")


def test_it_is_on_where_the_rules_say_so() -> None:
    only = Rules(Detection(keep_firing_for="0d", learned=()), flows=(FlowRules(flow="RU:KZ", silence=2.0),))
    assert runs(both("xxxx....", "xxxxxxxx", only)) == [("RU:KZ:aksai", "05", None)]
    assert runs(both("xxxxxxxx", "xxxx....", only)) == []
    off = Rules(
        Detection(keep_firing_for="0d", silence=2.0, learned=()), flows=(FlowRules(flow="RU:KZ", silence=False),)
    )
    assert runs(both("xxxx....", "xxxxxxxx", off)) == []


def test_a_week_at_once_covers_its_days() -> None:
    weeks = [
        claim(700, f"2022-09-{first:02}/P7D", "RU:KZ", "b", id=f"week-{first}", published="2022-10-20T00:00:00Z")
        for first in (1, 8, 15, 22)
    ]
    others = speaks("x" * 30, "RU:GE", "a")
    one = told(weeks, others, rules=RULES)
    assert clock(one.node("RU:KZ")) == clock(one.node("RU"))
    assert runs(one) == []
    october = [claim(9, f"2022-10-{day:02}", "RU:GE", "a") for day in range(1, 15)]
    assert runs(told(weeks, others, october[:13], rules=RULES)) == []  # up to 13 October: two weeks are not over
    assert runs(told(weeks, others, october, rules=RULES)) == [("RU:KZ", "29", None)]


@st.composite
def covered(draw: st.DrawFn) -> tuple[set[int], int]:
    """Days that a source covers, mostly as often as is usual for it, and the latest day that anybody covers."""
    days, day = {1}, 1
    for gap in draw(st.lists(st.sampled_from((1, 1, 1, 2, 9)), min_size=6, max_size=30)):
        day += gap
        days.add(day)
    return days, day + draw(st.sampled_from((0, 1, 8)))


@given(covered(), st.floats(1, 4))
def test_silences_lie_between_the_days_that_are_covered(source: tuple[set[int], int], times: float) -> None:
    days, now = source
    found = silences_of("a", days, days, now, times)
    for one in found:
        assert one.since - 1 in days
        assert not days & set(range(one.since, one.since + one.days))
        assert one.until in days or (one.until is None and one.since > max(days))
        assert one.days > one.usual >= 1
    assert found == sorted(found)
    longer = silences_of("a", days, days, now, times + 1)
    assert {(one.since, one.until) for one in longer} <= {(one.since, one.until) for one in found}


def test_the_sources_drawn_are_often_silent() -> None:
    found = shares(covered(), lambda source: ["silent"] if silences_of("a", source[0], *source, 2.0) else [], 60)
    assert too_rare(found, {"silent": 0.3}) == {}
