"""The table of a report's fields: every field of the record, with its type, default and meaning."""

from __future__ import annotations

from typing import Annotated

import pytest
from msgspec import UNSET, Meta, UnsetType

from bordertally.agents.cli import field_table
from bordertally.agents.cli.field_table import report_fields
from bordertally.streams.reports.records import Report


class Wider(Report, kw_only=True):
    """A report with one more field."""

    quoted_from: Annotated[
        Annotated[str, Meta(max_length=9)] | UnsetType | None,
        Meta(description="Whom the source quotes.", examples=["kz-mia"]),
    ] = UNSET


def test_every_field_has_its_row() -> None:
    rows = list(report_fields())
    assert [name for name, *_ in rows][:5] == ["`id`", "`source`", "`published`", "`flow`", "`period`"]
    assert {name.strip("`") for name, *_ in rows} == set(Report.__struct_fields__)
    assert all(kind and default and meaning.endswith(".") for _, kind, default, meaning in rows)


@pytest.mark.parametrize(
    "row",
    [
        ("`id`", "text of 1 to 200 characters", "required"),
        ("`people`", "a number from 0 to 1,000,000,000, `[low, high]` or null", "required"),
        ("`unit`", "`people` or `vehicles`", "`people`"),
        ("`normal`", 'an object with `daily` or null, such as `{"daily": [5000, 6000]}`', "none"),
        ("`per`", '`"day"` or null', "none"),
        ("`measure`", "`crossings`, `stock`, `queue` or `refused`", "`crossings`"),
    ],
)
def test_what_a_row_says(row: tuple[str, str, str]) -> None:
    assert row in [tuple(columns[:3]) for columns in report_fields()]


def test_a_field_that_is_declared_is_in_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(field_table, "Report", Wider)
    assert list(report_fields())[-1] == (
        "`quoted_from`",
        "text of 0 to 9 characters or null, such as `kz-mia`",
        "none",
        "Whom the source quotes.",
    )
