"""What a field may hold, in words, and how the field is found by its path."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from msgspec import Meta, Struct, UnsetType

from bordertally.streams.reports.field_words import allowed, annotation_at, steps
from bordertally.streams.reports.records import ClaimFields, Report
from bordertally.streams.reports.sources import Source


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("", "an object"),
        ("id", "text of 1 to 200 characters"),
        ("source", "text"),
        ("published", "an RFC 3339 date-time with seconds and an offset"),
        ("people", "a number from 0 to 1,000,000,000, `[low, high]` or null"),
        ("people[1]", "a number"),
        ("measure", "`crossings`, `stock`, `queue` or `refused`"),
        ("unit", "`people` or `vehicles`"),
        ("per", '`"day"` or null'),
        ("normal", "an object with `daily` or null"),
        ("normal.daily", "a number, `[low, high]` or null"),
        ("normal.daily[0]", "a number"),
        ("text", "text or null"),
        ("title", "anything"),
        ("claims", "a list of 1 to 1,000 objects"),
        ("claims[7]", "an object"),
        ("claims[7].unit", "`people` or `vehicles`"),
    ],
)
def test_what_every_field_may_hold(path: str, words: str) -> None:
    annotation = annotation_at(path)
    assert annotation is not None
    assert allowed(annotation).replace("an object with `id`, `source`, `published`", "an object") == words


@pytest.mark.parametrize("path", ["gate", "people.low", "claims.unit", "claims[0].id", "id[0]", "unit.name"])
def test_a_path_of_no_field_has_no_annotation(path: str) -> None:
    assert annotation_at(path) is None


def test_the_steps_of_a_path() -> None:
    assert list(steps("claims[12].normal.daily[0]")) == ["claims", 12, "normal", "daily", 0]
    assert list(steps("")) == []


@pytest.mark.parametrize("record", [Report, ClaimFields])
def test_every_field_has_words(record: type[Struct]) -> None:
    for name in record.__struct_fields__:
        annotation = annotation_at(name)
        assert annotation is not None
        assert allowed(annotation)


def test_the_fields_of_another_record() -> None:
    grade, topics = annotation_at("grade", Source), annotation_at("topics[0]", Source)
    assert allowed(grade) == "`A`, `B`, `C`, `D`, `E` or `F`"
    assert allowed(topics) == "`government`, `frontex` or `checkpoint`"
    assert allowed(annotation_at("flows", Source)) == "a list of text"


def test_bounds_and_lengths() -> None:
    assert allowed(Annotated[int, Meta(ge=1, le=5)]) == "a number from 1 to 5"
    assert allowed(Annotated[str, Meta(max_length=9)] | UnsetType | None) == "text of 0 to 9 characters or null"
    assert allowed(Literal["a", "b"]) == '`"a"` or `"b"`'
