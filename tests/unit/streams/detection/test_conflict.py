from __future__ import annotations

import pytest

from bordertally.streams.alerts.records import Alert
from bordertally.streams.detection.conflict import CONFLICT, disputes
from bordertally.streams.rules.config import Detection, Rules
from unit.kit import Told, alerts_of, claim, told

RULES = Rules(Detection(keep_firing_for="0d", conflict=0.1, learned=()))


def runs(one: Told, flow: str = "RU:KZ") -> list[tuple[str, str | None]]:
    return [(since[-2:], until and until[-2:]) for path, _, since, until, *_ in alerts_of(one.desk) if path == flow]


def newest(one: Told) -> Alert:
    return one.desk.log[-1]


def test_two_observers_who_differ_open_it() -> None:
    one = told(
        claim(1000, "2022-09-01", source="a", qualifier="count", id="one"),
        claim(1600, "2022-09-01", source="b", qualifier="count", id="other"),
        rules=RULES,
    )
    assert runs(one) == [("01", None)]
    alert = newest(one)
    assert (alert.rule, alert.severity, alert.about, alert.baseline) == ("conflict", "warning", "b/other", "claims")
    assert (alert.rate, alert.expected, alert.reports) == (1600, 1000, ["a/one", "b/other"])
    assert alert.explanation == (
        "Russia to Kazakhstan: 1,600 a day by Bureau B on 2022-09-01, where others leave 1,000; 2 reports"
    )


@pytest.mark.parametrize(
    ("people", "qualifier", "severity"),
    [
        (1050, "count", None),  # by less than a tenth of its figure
        (1120, "count", "notice"),
        (500, "count", "critical"),
        (0, "count", "critical"),
        (1200, "at_most", None),
        (900, "at_least", None),
        (1100, "at_least", None),  # the more trusted leave it no room, but by less than a tenth
        (1500, "at_least", "warning"),
    ],
)
def test_it_takes_a_share_of_the_figure(people: int, qualifier: str, severity: str | None) -> None:
    one = told(
        claim(1000, "2022-09-01", source="a", qualifier="count"),
        claim(people, "2022-09-01", source="b", qualifier=qualifier, id="r2"),
        rules=Rules(Detection(keep_firing_for="0d", conflict=0.1, learned=())),
    )
    assert [alert.severity for alert in one.desk.log] == ([] if severity is None else [severity])


def test_a_source_that_contradicts_itself_is_no_conflict_of_observers() -> None:
    week = claim(7000, "2022-09-01/2022-09-08", source="b", qualifier="count")
    days = [claim(2000, f"2022-09-0{day}", source="b", qualifier="count", id=f"{day}") for day in range(1, 8)]
    one = told([week, *days], rules=RULES)
    assert one.conflicts() != []
    assert runs(one) == []


def test_it_is_over_when_all_agree_again() -> None:
    a = [claim(1000, f"2022-09-0{day}", source="a", qualifier="count", id=f"a{day}") for day in range(1, 6)]
    b = [
        claim(people, f"2022-09-0{day}", source="b", qualifier="count", id=f"b{day}")
        for day, people in enumerate((1000, 2000, 3000, 1000), 1)
    ]
    one = told([*a, *b], rules=RULES)
    assert runs(one) == [("02", "04")]
    assert newest(one).peak_rate == 3000
    assert newest(one).explanation.endswith("; closed on 2022-09-04")


def test_what_lies_below_can_refute_a_figure() -> None:
    below = claim(1000, "2022-09-01", "RU:KZ:aksai", "a", qualifier="count", id="aksai")
    one = told(below, claim(400, "2022-09-01", source="b", qualifier="count", id="less"), rules=RULES)
    assert runs(one) == [("01", None)]
    assert newest(one).reports == ["a/aksai", "b/less"]
    own = told(below, claim(400, "2022-09-01", source="a", qualifier="count", id="less"), rules=RULES)
    assert runs(own) == []


def test_a_correction_takes_it_away() -> None:
    one = told(
        claim(1000, "2022-09-01", source="a", qualifier="count"),
        claim(1600, "2022-09-01", source="b", qualifier="count"),
        rules=RULES,
    )
    one.take(claim(1000, "2022-09-01", source="b", qualifier="count", published="2022-10-21T00:00:00Z"))
    assert runs(one) == []
    assert newest(one).state.value == "withdrawn"


def test_it_is_off_by_default() -> None:
    one = told(
        claim(1000, "2022-09-01", source="a", qualifier="count"),
        claim(1600, "2022-09-01", source="b", qualifier="count"),
    )
    assert one.desk.log == []


def test_the_rule_finds_nothing_where_it_is_off_and_says_what_turns_it_on() -> None:
    one = told(claim(1000, "2022-09-01", source="a", qualifier="count"), claim(1600, "2022-09-01", qualifier="count"))
    assert len(disputes(one.node(), RULES)) == 1
    assert disputes(one.node(), Rules()) == []
    assert [CONFLICT.is_on(detection) for detection in (Detection(), Detection(conflict=0.0))] == [False, True]
