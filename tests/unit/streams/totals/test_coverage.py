"""Coverage: a day on which those are silent who usually carry the people is not compared, and teaches nothing."""

from __future__ import annotations

import pytest

from bordertally.streams.detection.flow_state import flow_state
from bordertally.streams.flows import Flow
from bordertally.streams.replay.ledgers import ReplayLedgers
from bordertally.streams.reports.claims import Claim
from bordertally.streams.rules.config import Detection, Rules
from bordertally.streams.totals.coverage import covered_as_usual
from unit.kit import PROMPT, REGISTRY, Told, claim, daily, ordinal, told

LAST = "2022-09-11"
"""The day after six weeks of counts from 1 August on."""


def border(**shares: float) -> list[Claim]:
    """Six weeks of counts of children of RU from 1 August on: people a day by country."""
    return [
        one
        for country, people in sorted(shares.items())
        for one in daily([people] * 42, "2022-08-01", flow=f"RU:{country}", source="c", qualifier="count")
    ]


def later(**people: float) -> list[Claim]:
    """Counts of 12 September."""
    return [claim(one, "2022-09-12", f"RU:{country}", "c", qualifier="count") for country, one in people.items()]


@pytest.mark.parametrize(
    ("shares", "reporting", "usual"),
    [
        ({"KZ": 900, "GE": 100}, ("KZ",), True),  # 90 % of the people of the 28 days before
        ({"KZ": 890, "GE": 110}, ("KZ",), False),
        ({"KZ": 900, "GE": 100}, ("GE",), False),
        ({"KZ": 500, "GE": 500}, ("GE", "KZ"), True),
    ],
)
def test_nine_tenths_of_the_people_must_report(
    shares: dict[str, float], reporting: tuple[str, ...], *, usual: bool
) -> None:
    one = told(border(**shares), later(**dict.fromkeys(reporting, 500)))
    assert covered_as_usual(one.node("RU"), ordinal("2022-09-12")) == usual
    assert covered_as_usual(one.node("RU"), ordinal(LAST))


def test_a_claim_on_the_whole_covers_the_day_whoever_reports_below_it() -> None:
    whole = claim(800, "2022-09-12", "RU", "b", qualifier="count")
    assert covered_as_usual(told(border(KZ=500, GE=500), later(GE=500), whole).node("RU"), ordinal("2022-09-12"))


def test_before_anything_is_known_all_that_have_begun_must_report() -> None:
    first = claim(5, "2022-09-01", "RU:KZ", "c", qualifier="count")
    both = [claim(5, "2022-09-02", f"RU:{country}", "c", qualifier="count") for country in ("GE", "KZ")]
    one = told([first, *both])
    assert covered_as_usual(one.node("RU"), ordinal("2022-09-01"))
    assert covered_as_usual(one.node("RU"), ordinal("2022-09-02"))
    assert not covered_as_usual(one.node("RU"), ordinal("2022-08-31"))


def test_who_has_not_reported_for_four_weeks_is_not_usual_any_more() -> None:
    gone = daily([500.0] * 7, "2022-07-25", flow="RU:GE", source="c", qualifier="count")
    one = told([*border(KZ=500), *gone], later(KZ=500))
    assert not covered_as_usual(one.node("RU"), ordinal("2022-08-02"))
    assert covered_as_usual(one.node("RU"), ordinal("2022-09-12"))


def state(one: Told, rules: Rules = PROMPT) -> tuple[float | None, bool, float | None]:
    found = flow_state(one.node("RU"), rules)
    return found.rate, found.comparable, None if found.baseline is None else found.baseline.expected


def test_a_day_of_which_half_is_told_is_not_below_normal() -> None:
    # RU, six weeks of 500 + 500; then one of the two reports
    assert state(told(border(KZ=500, GE=500), later(KZ=500, GE=500))) == (500 + 500, True, 1_000)
    assert state(told(border(KZ=500, GE=500), later(KZ=500))) == (500, False, 1_000)


def test_what_reports_may_be_above_normal_all_the_same_and_says_at_least() -> None:
    one = told(border(KZ=500, GE=500), later(KZ=1_700))
    (alert,) = [alert for alert in one.desk.log if alert.flow == "RU"]
    assert (alert.rate, alert.expected) == (1_700, 1_000)
    assert ": at least 1.7 times; " in alert.explanation


def test_partial_days_teach_nothing() -> None:
    # six weeks of 500 + 500, then four weeks in which only one of them reports, then both again
    weeks = daily([500.0] * 28, "2022-09-12", flow="RU:KZ", source="c", qualifier="count")
    both = [claim(500, "2022-10-10", f"RU:{country}", "c", qualifier="count") for country in ("GE", "KZ")]
    one = told([*border(KZ=500, GE=500), *weeks], both)
    rate, comparable, expected = state(one, Rules(Detection(learned=("weekday", "c2"))))
    assert (rate, comparable) == (1_000, True)
    assert expected in (None, 1_000)  # 20 of the last 28 days are unknown, never 500


def test_a_late_report_makes_a_day_comparable_and_restarts_what_it_teaches() -> None:
    late = claim(500, "2022-09-12", "RU:GE", "c", qualifier="count", id="late")
    one = told(border(KZ=500, GE=500), later(KZ=500))
    state(one)
    one.take(late)
    fresh = told([*border(KZ=500, GE=500), *later(KZ=500), late])
    assert state(one) == state(fresh) == (1_000, True, 1_000)


def test_the_order_of_arrival_plays_no_part() -> None:
    reports = [*border(KZ=500, GE=500, FI=10), *later(KZ=500, FI=10)]
    forward, backward = (ReplayLedgers(REGISTRY, PROMPT) for _ in range(2))
    for report in reports:
        list(forward.apply([report]))
    for report in reversed(reports):
        list(backward.apply([report]))
    assert forward.states == backward.states


@pytest.mark.parametrize(("first", "usual"), [("2022-08-04", False), ("2022-08-03", True)])
def test_a_child_that_reported_long_before_need_not_report_whichever_report_comes_first(
    first: str, *, usual: bool
) -> None:
    """On 1 September only KZ reports; GE said 28 or 29 days before that nobody came, so nobody was carried."""
    old, new = claim(0, first, "RU:GE", "c", qualifier="count"), claim(5, "2022-09-01", "RU:KZ", "c", qualifier="count")
    for order in ([old, new], [new, old]):
        desk = ReplayLedgers(REGISTRY, PROMPT)
        for one in order:
            for _ in desk.apply([one]):
                pass
            seen = covered_as_usual(desk.ledger.nodes[Flow("RU")], ordinal("2022-09-01"))
        assert seen == usual, order
