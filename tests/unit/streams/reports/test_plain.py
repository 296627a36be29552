"""Plain reports: which fields make a report plain, and how a decoder learns the fields of their own of counters."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, UnsetType

from bordertally.streams.reports.plain import NOT_KEPT, OWN_FIELDS, Plain, PlainDecoder, plain_type
from bordertally.streams.reports.records import Report
from unit.kit import report

HOUR = "2022-09-21T10:00Z/PT1H"


class Wider(Report, kw_only=True):
    """A report with a field that the fast path has never heard of."""

    named_after: str | UnsetType = UNSET


VALUES: dict[str, Any] = {
    "population": "men",
    "unit": "vehicles",
    "measure": "queue",
    "per": "day",
    "normal": {"daily": 5},
    "change_percent": 3,
    "claims": [{"people": 1}],
    "attributed_to": "kz-mia",
    "historic": True,
    "named_after": "kz-mia",
}
"""Good values of fields that change what a report in figures means."""


def counted(**more: Any) -> bytes:
    """What a counter sends of an hour."""
    return report(5, HOUR, qualifier="count", **more)


@pytest.mark.parametrize("record", [Report, Wider])
def test_every_field_of_the_record_is_read_or_checked_or_must_be_absent(record: type[Report]) -> None:
    plain = {field.name: field.type for field in msgspec.structs.fields(plain_type(record))}
    assert plain.keys() == set(record.__struct_fields__)
    absent = {name for name, kind in plain.items() if kind is UnsetType}
    assert absent == set(record.__struct_fields__) - set(Plain.__struct_fields__) - NOT_KEPT
    assert absent >= VALUES.keys() & set(record.__struct_fields__)


@pytest.mark.parametrize("name", sorted(set(Wider.__struct_fields__) - set(Plain.__struct_fields__) - NOT_KEPT))
def test_a_report_with_a_field_that_must_be_absent_is_not_plain(name: str) -> None:
    decode = msgspec.json.Decoder(plain_type(Wider)).decode
    assert decode(counted()).people == 5
    with pytest.raises(msgspec.ValidationError, match=f"`null`|{name}"):
        decode(counted(**{name: VALUES.get(name, "x")}))


@pytest.mark.parametrize("name", ["url", "text", "title"])
def test_a_field_that_no_reading_keeps_leaves_a_report_plain(name: str) -> None:
    decode = msgspec.json.Decoder(plain_type(Wider)).decode
    assert decode(counted(**{name: "x"})).people == 5


def read(decoder: PlainDecoder, **more: Any) -> bool:
    """Whether a decoder finds fields in a report that no report has; it learns them as the sorter has it learn."""
    try:
        plain = decoder.decode(counted(**more))
    except msgspec.ValidationError:
        plain = decoder.learn(counted(**more))
    assert plain.people == 5
    return decoder.has_own_fields(plain)


@given(
    st.lists(
        st.dictionaries(st.sampled_from(["gate", "device", "x y", "own_0", "ü"]), st.sampled_from([1, None, "a", [1]]))
    )
)
def test_fields_that_no_report_has_are_found_in_exactly_the_reports_that_have_them(sent: list[dict[str, Any]]) -> None:
    decoder = PlainDecoder()
    assert [read(decoder, **more) for more in sent] == [bool(more) for more in sent]
    assert set(decoder.learned) == {name for more in sent for name in more}


def test_beyond_the_most_names_reports_are_still_read_and_found() -> None:
    decoder = PlainDecoder()
    for number in range(OWN_FIELDS + 5):
        assert read(decoder, **{f"field {number}": 1})
    assert len(decoder.learned) == OWN_FIELDS
    assert not read(decoder)


@pytest.mark.parametrize("wrong", [{"gate": 1, "people": "five"}, {"gate": 1, "unit": "vehicles"}], ids=str)
def test_a_report_that_is_not_plain_teaches_nothing(wrong: dict[str, Any]) -> None:
    decoder = PlainDecoder()
    with pytest.raises(msgspec.ValidationError):
        decoder.learn(msgspec.json.encode(msgspec.json.decode(counted()) | wrong))
    assert decoder.learned == ()
