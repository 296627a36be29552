"""Whatever the bytes of a report, the intake reads claims that are sound, or refuses them with a reason to show."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from bordertally.streams.errors import RefusedError
from bordertally.streams.reports.claims import Claim
from bordertally.streams.reports.validation import read_report
from properties.traits import shares
from properties.worlds import NOW, REGISTRY
from unit.kit import report

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
GOOD = json.loads(report(5))
LIKELY: dict[str, st.SearchStrategy[Any]] = {
    "people": st.integers(0, 10_000) | st.lists(st.integers(0, 9), min_size=2, max_size=2),
    "qualifier": st.sampled_from(["count", "about", "at_least", "at_most", "exactly"]),
    "population": st.sampled_from(["men", "citizens:RU", "citizens:XX", "people"]),
    "unit": st.sampled_from(["people", "vehicles", "crates"]),
    "measure": st.sampled_from(["crossings", "queue", "guesses"]),
    "per": st.sampled_from(["day", "week", None]),
    "normal": st.fixed_dictionaries({"daily": st.integers(0, 900)}),
    "change_percent": st.integers(-150, 300),
    "claims": st.just([GOOD]) | st.just([{}]),
}
"""Values that a producer may well send, some of them wrong."""
GOOD_PERIODS = st.sampled_from(["2022-09-21/2022-09-22", "2022-03-27T02:30/PT1H", "2022-10-29/P3D", "P1M/2022-09-21"])
PERIODS = GOOD_PERIODS | st.builds(
    "{}/{}".format,
    st.sampled_from(["2022-09-21", "P1M", "0001-01-01", "9999-12-31", "2022-03-27T02:30", "2022-10-30T02:30+02:00"]),
    st.sampled_from(["2022-09-22", "P1D", "PT1S", "P9999Y", "0001-01-02", "9999-12-31T23:59:59-12:00", "P400D"]),
)
GOOD_FLOWS = st.sampled_from(["RU:KZ", "RU:KZ:aksai", "RU:EU:FI:vaalimaa", "RU:FI", "RU"])
FLOWS = GOOD_FLOWS | st.lists(st.sampled_from(["RU", "KZ", "EU", "FI", "XX", "a", "ru", ""]), max_size=5).map(":".join)
TIMES = (st.datetimes(datetime(2022, 11, 1), datetime(2029, 1, 1)) | st.datetimes()).map(lambda at: f"{at}Z")  # noqa: DTZ001

ODD = st.sampled_from(sorted(LIKELY)).flatmap(lambda key: st.fixed_dictionaries({key: LIKELY[key]})) | st.dictionaries(
    st.sampled_from([*GOOD, *LIKELY, "url"]), JSON | PERIODS | FLOWS, min_size=1, max_size=3
)
PLACED = st.fixed_dictionaries({"flow": FLOWS, "period": PERIODS, "published": TIMES})
WHOLE = report(98_000, "2022-09-21/P7D")


FIGURES = [at for at, byte in enumerate(WHOLE) if chr(byte).isdigit()]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A report of which a few bytes are others: a digit is another one, or anything is anything."""
    if draw(st.booleans()):
        at, damage = draw(st.sampled_from(FIGURES)), draw(st.sampled_from([b"0", b"1", b"9", b"-"]))
    else:
        at, damage = draw(st.integers(0, len(WHOLE) - 1)), draw(st.binary(min_size=1, max_size=3))
    return WHOLE[:at] + damage + WHOLE[at + len(damage) :]


def sound(claim: Claim) -> bool:
    """Whether a claim is what every later step takes for granted."""
    known = claim.best is None or 0 <= claim.low <= claim.best <= (claim.best if claim.high is None else claim.high)
    return (
        known and claim.start < claim.end and claim.local_start < claim.local_end and claim.source in REGISTRY.sources
    )


def refused_or_read(raw: bytes) -> str:
    """Nothing but sound claims and refusals, and a refusal can always be shown; the reason, or `read`."""
    try:
        claims = read_report(raw, REGISTRY, NOW)
    except RefusedError as error:
        f"{error} {error.field} {error.value} {error.report}".encode()
        return error.reason.value
    assert claims
    assert all(map(sound, claims))
    return "read"


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    refused_or_read(raw)


@given(JSON)
def test_any_json_is_read_or_refused(document: object) -> None:
    refused_or_read(json.dumps(document).encode())


@given(ODD)
def test_a_report_with_any_fields_replaced_is_read_or_refused(odd: dict[str, object]) -> None:
    event(refused_or_read(json.dumps({**GOOD, **odd}).encode()))


@given(PLACED)
def test_any_flow_period_and_time_are_read_or_refused(odd: dict[str, object]) -> None:
    event(refused_or_read(json.dumps({**GOOD, **odd}).encode()))


@given(damaged())
def test_a_report_damaged_anywhere_is_read_or_refused(raw: bytes) -> None:
    event(refused_or_read(raw))


@pytest.mark.parametrize(
    "drawn",
    [
        ODD.map(lambda odd: json.dumps({**GOOD, **odd}).encode()),
        PLACED.map(lambda odd: json.dumps({**GOOD, **odd}).encode()),
        damaged(),
    ],
    ids=["fields", "places", "damage"],
)
def test_reports_are_drawn_of_which_many_are_read_and_many_refused(drawn: st.SearchStrategy[bytes]) -> None:
    found = shares(drawn, lambda raw: [refused_or_read(raw)], 100)
    assert 0.05 <= found["read"] <= 0.9
    assert len(found) >= 4
