"""Moments, with figures worked out by hand: 2022-09-27 is day 19,262 after 1970-01-01."""

from __future__ import annotations

import ast
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bordertally.streams.moments import microseconds, microseconds_in, moment_at, published_text, text_at, utc, utc_text

NINE = (19_262 * 86_400 + 9 * 3_600) * 1_000_000
ALMATY = timezone(timedelta(hours=6))


@pytest.mark.parametrize(
    ("text", "since_1970"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1969-12-31T23:59:59.999999Z", -1),
        ("2022-09-27T09:00:00Z", NINE),
        ("2022-09-27T15:00:00+06:00", NINE),
        ("2022-09-27T09:00:00.000007Z", NINE + 7),
    ],
)
def test_microseconds_since_1970(text: str, since_1970: int) -> None:
    assert microseconds_in(text) == since_1970
    assert moment_at(since_1970) == datetime.fromisoformat(text)


@given(st.datetimes(timezones=st.just(UTC)))
def test_microseconds_and_moments_are_each_others_inverse(moment: datetime) -> None:
    assert moment_at(microseconds(moment)) == moment


def test_a_moment_without_an_offset_is_taken_for_utc() -> None:
    noon = datetime(2022, 9, 27, 12, tzinfo=UTC)
    assert utc(datetime(2022, 9, 27, 12)) == noon  # noqa: DTZ001 - that is what it is about
    assert utc(noon.astimezone(ALMATY)) == noon
    assert utc(noon.astimezone(ALMATY)).tzinfo is UTC


def test_text_is_in_utc_and_cut_off_at_the_precision() -> None:
    moment = datetime(2022, 9, 27, 15, 0, 0, 999_999, tzinfo=ALMATY)
    assert utc_text(moment) == "2022-09-27T09:00:00.999999Z"
    assert utc_text(moment, "milliseconds") == "2022-09-27T09:00:00.999Z"
    assert utc_text(moment, "seconds") == "2022-09-27T09:00:00Z"
    assert utc_text(moment.replace(microsecond=0)) == "2022-09-27T09:00:00Z"


def test_seconds_are_written_to_the_millisecond() -> None:
    assert text_at(NINE / 1_000_000 + 0.25) == "2022-09-27T09:00:00.250Z"
    assert text_at(0) == "1970-01-01T00:00:00.000Z"


def test_published_is_written_to_the_second() -> None:
    assert published_text(NINE + 999_999) == "2022-09-27T09:00:00Z"


@pytest.mark.parametrize("path", sorted([*Path("streams").rglob("*.py"), *Path("agents").rglob("*.py")]), ids=str)
def test_no_other_module_writes_moments_in_utc_by_itself_or_counts_microseconds(path: Path) -> None:
    if path.name == "moments.py":
        return
    constants = [node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)]
    assert "+00:00" not in constants
    assert not any(isinstance(one, float) and one == 1e6 for one in constants)
