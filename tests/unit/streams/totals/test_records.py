"""The record on `totals` as JSON: an interface of subscribers."""

from __future__ import annotations

import msgspec
import pytest

from bordertally.streams.totals.records import DayFigure, FlowState, Reporting, Total
from unit.kit import claim, told

TOTAL = (
    b'{"flow":"RU:KZ","window_days":1,"as_of":"2022-09-22","low":95,"best":100,"high":105,"observed":100,'
    b'"projected":0,"covered_days":1,"reporting":{"spoken":0,"known":0},"report_count":1,"reports":["r1"]}'
)


def test_a_total_without_population_and_unit_is_of_people() -> None:
    total = Total("RU:KZ", 1, "2022-09-22", 95, 100, 105, 100, 0, 1, Reporting(0, 0), 1, ["r1"], "people", "people")
    assert msgspec.json.decode(TOTAL, type=Total) == total
    assert msgspec.json.encode(total) == TOTAL[:-1] + b',"population":"people","unit":"people","after_revisions":null}'


def test_a_conflict_names_the_claims_it_stands_against_as_with() -> None:
    conflict = told(claim(130, source="c", id="r2"), claim(100, source="a")).conflicts()[0]
    assert msgspec.json.encode(conflict) == (
        b'{"flow":"RU:KZ","report":"c/r2","with":[{"report":"a/r1","gap":30,"percent":23.1,"bound":null}],"gap":30,'
        b'"percent":23.1,"population":"people","unit":"people","first_day":"2022-09-21","last_day":"2022-09-21",'
        b'"bound":null}'
    )


def test_a_day_that_nothing_bounds_from_above_has_a_high_of_null() -> None:
    assert msgspec.json.encode(DayFigure("RU", "2022-09-21", 1, 2, None)).endswith(b'"high":null}')


def test_a_state_comes_back_as_it_was_and_fields_of_a_later_version_are_passed_over() -> None:
    state = told(claim(100)).state()
    raw = msgspec.json.encode(state)
    assert msgspec.json.decode(raw, type=FlowState) == state
    assert msgspec.json.decode(raw[:-1] + b',"later":1}', type=FlowState) == state


def test_a_state_without_its_flow_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="missing required field `flow`"):
        msgspec.json.decode(b"{}", type=FlowState)
