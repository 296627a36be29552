"""Notices about reports that are accepted: unknown fields and what they may mean."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import msgspec
import pytest

from bordertally.streams.errors import Reason, RefusedError
from bordertally.streams.reports.batching import Sorter
from bordertally.streams.reports.notices import NoticeKind, ReportNotice, StrictReport, refuse_unknown, unknown_fields
from bordertally.streams.reports.records import ClaimFields, Normal, Report
from bordertally.streams.reports.validation import Limits, decode_report
from unit.kit import NOW, REGISTRY, report, take

CLAIM = {"flow": "RU:KZ", "period": "2022-09-21", "people": 5}


def told(raw: bytes) -> list[str]:
    return [str(notice) for notice in unknown_fields(raw)]


@pytest.mark.parametrize(
    ("more", "notices"),
    [
        ({}, []),
        ({"qualifer": "count"}, ["qualifer: unknown field; did you mean qualifier?"]),
        ({"Population": "men"}, ["Population: unknown field; did you mean population?"]),
        ({"colour": "blue"}, ["colour: unknown field"]),
        ({"normal": {"daily": 5, "dayly": 6}}, ["normal.dayly: unknown field; did you mean daily?"]),
        ({"a": 1, "b": [{"c": 2}]}, ["a: unknown field", "b: unknown field"]),
        ({"\x1b[31m": 1}, ["\\x1b[31m: unknown field"]),
    ],
)
def test_each_unknown_field_is_named_with_what_may_be_meant(more: dict[str, Any], notices: list[str]) -> None:
    assert told(report(5, **more)) == notices


def test_a_field_with_an_endless_number_is_named_too() -> None:
    assert told(report(5, colour="blue", size=7).replace(b"7", b"7" * 5000)) == [
        "colour: unknown field",
        "size: unknown field",
    ]


def test_a_field_inside_claims_is_named_with_the_first_claim_that_has_it() -> None:
    claims = [CLAIM, {**CLAIM, "perod": "2022"}, {**CLAIM, "perod": "2023", "published": "2022-10-20T00:00:00Z"}]
    raw = json.dumps({"id": "r", "source": "b", "published": "2022-10-20T00:00:00Z", "claims": claims}).encode()
    assert told(raw) == [
        "claims[1].perod: unknown field; did you mean period?",
        "claims[2].published: unknown field; this field belongs to the report, beside claims",
    ]


def test_a_strict_record_knows_the_same_fields_in_nested_records_too() -> None:
    assert StrictReport.__struct_fields__ == Report.__struct_fields__
    decode = msgspec.json.Decoder(StrictReport).decode
    good = {
        "id": "r",
        "source": "b",
        "published": "2022-10-20T00:00:00Z",
        "claims": [{**CLAIM, "normal": {"daily": 5}}],
    }
    decoded = decode(json.dumps(good).encode())
    assert isinstance(decoded.claims, list)
    assert isinstance(decoded.claims[0], ClaimFields)
    assert isinstance(decoded.claims[0].normal, Normal)
    for inside in ({"x": 1}, {"normal": {"daily": 5, "x": 1}}):
        wrong = {**good, "claims": [{**CLAIM, **inside}]}
        with pytest.raises(msgspec.ValidationError, match="unknown field `x`"):
            decode(json.dumps(wrong).encode())


def test_a_report_whose_unknown_field_cannot_be_read_is_still_accepted() -> None:
    raw = report(5)[:-1] + b', "x": "\xff"}'
    notices = list[ReportNotice]()
    assert decode_report(raw, Limits(), notices.append).people == 5
    assert [(notice.kind, notice.field) for notice in notices] == [(NoticeKind.UNKNOWN_FIELD, "$")]


def test_an_unknown_field_is_a_fault_on_request() -> None:
    with pytest.raises(RefusedError) as caught:
        decode_report(report(5, qualifer="count"), Limits(), refuse_unknown)
    error = caught.value
    assert (error.reason, error.field, error.report) == (Reason.UNKNOWN_FIELD, "qualifer", "r1")
    assert "did you mean qualifier?" in str(error)


HOUR = "2022-09-26T10:00Z/PT1H"


@pytest.mark.parametrize(("period", "source"), [(HOUR, "c"), ("2022-09-21", "c"), ("2022-09-21/P7D", "b")])
def test_reports_with_unknown_fields_are_counted_by_source_on_every_path(period: str, source: str) -> None:
    sorter = Sorter(REGISTRY, Limits(), 1)
    for number in range(5):
        more: dict[str, Any] = {"device": "cam-3", "x": 1} if number != 2 else {}
        take(sorter, report(5, period, source=source, id=f"r{number}", qualifier="count", **more), NOW)
    assert sorter.notices() == Counter({(source, NoticeKind.UNKNOWN_FIELD): 4})
    assert sorter.notices() == Counter()
    sent = [claims.count for _, claims in sorter.messages()]
    assert sent == [5]


def test_a_stranger_with_unknown_fields_is_not_counted() -> None:
    sorter = Sorter(REGISTRY, Limits(), 1)
    with pytest.raises(RefusedError):
        take(sorter, report(5, source="nobody", x=1), NOW)
    assert sorter.notices() == Counter()


def test_one_who_asks_is_told_every_notice_with_its_source() -> None:
    heard: list[tuple[str, str]] = []
    sorter = Sorter(REGISTRY, Limits(), 1, lambda source, notice: heard.append((source, str(notice))))
    for number in range(3):
        take(sorter, report(5, HOUR, source="c", id=f"r{number}", qualifier="count", device="cam-3"), NOW)
    assert heard == [("c", "device: unknown field")] * 3


def test_a_strict_sorter_refuses_unknown_fields_of_known_counters_too() -> None:
    sorter = Sorter(REGISTRY, Limits(), 1, strict=True)
    take(sorter, report(5, HOUR, source="c", qualifier="count"), NOW)
    with pytest.raises(RefusedError, match="device: unknown field"):
        take(sorter, report(5, HOUR, source="c", id="r2", qualifier="count", device="cam-3"), NOW)


def test_a_report_with_more_unknown_fields_than_are_learned_is_counted_too() -> None:
    sorter = Sorter(REGISTRY, Limits(), 1)
    for number in range(2):
        more: dict[str, Any] = {f"field {place}": 1 for place in range(40)}
        take(sorter, report(5, HOUR, source="c", id=f"r{number}", qualifier="count", **more), NOW)
    assert sorter.notices() == Counter({("c", NoticeKind.UNKNOWN_FIELD): 2})
