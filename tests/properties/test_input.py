from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from bordertally.streams.errors import RefusedError
from bordertally.streams.reports.validation import read_report
from properties.worlds import NOW, REGISTRY
from unit.kit import report

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
GOOD = json.loads(report(5))
FIELDS = [*GOOD, "claims", "qualifier", "population", "unit", "measure", "per", "normal", "change_percent", "url"]
PERIODS = st.builds(
    "{}/{}".format,
    st.sampled_from(["2022-09-21", "P1M", "0001-01-01", "9999-12-31", "2022-03-27T02:30", "2022-10-30T02:30+02:00"]),
    st.sampled_from(["2022-09-22", "P1D", "PT1S", "P9999Y", "0001-01-02", "9999-12-31T23:59:59-12:00", "P400D"]),
)
FLOWS = st.lists(st.sampled_from(["RU", "KZ", "EU", "FI", "XX", "a", "ru", ""]), max_size=5).map(":".join)


def refused_or_read(raw: bytes) -> None:
    """Nothing but claims and refusals, and a refusal can always be shown."""
    try:
        assert read_report(raw, REGISTRY, NOW)
    except RefusedError as error:
        f"{error} {error.field} {error.value} {error.report}".encode()


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    refused_or_read(raw)


@given(JSON)
def test_any_json_is_read_or_refused(document: object) -> None:
    refused_or_read(json.dumps(document).encode())


@given(st.dictionaries(st.sampled_from(FIELDS), JSON | PERIODS | FLOWS, min_size=1, max_size=3))
def test_a_report_with_any_fields_replaced_is_read_or_refused(odd: dict[str, object]) -> None:
    refused_or_read(json.dumps({**GOOD, **odd}).encode())


@given(st.fixed_dictionaries({"flow": FLOWS, "period": PERIODS, "published": st.datetimes().map(lambda t: f"{t}Z")}))
def test_any_flow_period_and_time_are_read_or_refused(odd: dict[str, object]) -> None:
    refused_or_read(json.dumps({**GOOD, **odd}).encode())


@given(st.integers(0, 400), st.binary(min_size=1, max_size=3))
def test_a_report_damaged_anywhere_is_read_or_refused(at: int, damage: bytes) -> None:
    raw = report(98_000, "2022-09-21/P7D")
    refused_or_read(raw[:at] + damage + raw[at + len(damage) :])
