"""How a running pipeline differs from a replay of its reports."""

from __future__ import annotations

import msgspec
import pytest

from bordertally.streams.replay.comparison import alert_differences, meanings, settled, state_difference
from bordertally.streams.totals.records import FlowState
from unit.kit import alert_record, claim, told

STATE = told(claim(7_000, "2022-09-21/P7D", "RU:KZ", "a", qualifier="count")).desk.states["RU:KZ"]  # type: ignore[index]


def changed(**fields: object) -> FlowState:
    return msgspec.structs.replace(STATE, **fields)


def test_equal_states_do_not_differ() -> None:
    assert state_difference(STATE, STATE) is None
    assert state_difference(None, None) is None


def test_days_that_only_a_batch_bore_on_make_no_difference() -> None:
    old = msgspec.structs.replace(STATE.days[0], day="2022-01-01")
    unknown = msgspec.structs.replace(STATE.days[-1], day="2022-09-27", low=0, best=0, high=None)
    assert settled(changed(days=[old, unknown, *STATE.days])) == STATE
    assert state_difference(STATE, changed(days=[old, *STATE.days])) is None


@pytest.mark.parametrize("state", [None, changed(gone=True)])
def test_a_flow_without_a_state_or_gone_is_missing(state: FlowState | None) -> None:
    assert state_difference(STATE, state) == "is missing"


def test_a_flow_without_reports_is_named() -> None:
    assert state_difference(None, STATE) == "has no reports"


def test_the_first_window_that_differs_is_named_with_both_figures() -> None:
    totals = [STATE.totals[0], msgspec.structs.replace(STATE.totals[1], best=7_001, high=None), STATE.totals[2]]
    assert state_difference(STATE, changed(totals=totals)) == (
        "7d is 7,001 [7,000, open] as of 2022-09-28, the reports come to 7,000 [7,000, 7,000] as of 2022-09-28"
    )
    assert (state_difference(STATE, changed(totals=[])) or "").startswith("1d is nothing, the reports come to 1,000")


def test_other_fields_are_named() -> None:
    assert state_difference(STATE, changed(report_count=2)) == "report_count differs from what the reports come to"
    assert state_difference(STATE, changed(report_count=2, rate=1.0)) == (
        "report_count, rate differ from what the reports come to"
    )


def test_alerts_are_compared_by_meaning_and_withdrawn_ones_left_out() -> None:
    one, other = alert_record("RU:GE", alert="x"), alert_record("RU:KZ", alert="y")
    again, gone = alert_record("RU:GE", alert="other id"), alert_record("RU:KZ", 2, state="withdrawn", alert="y")
    assert meanings([one]) == meanings([again])
    assert meanings([one, other, gone]) == meanings([one])
    assert alert_differences(meanings([one]), meanings([again])) == []
    ((flow, sentence), (second, unknown)) = alert_differences(meanings([one]), meanings([other]))
    assert (flow, second) == ("RU:GE", "RU:KZ")
    assert sentence.startswith("alert is missing: rule daily-rate, since ")
    assert unknown.startswith("alert is not of the reports: rule daily-rate, since ")
