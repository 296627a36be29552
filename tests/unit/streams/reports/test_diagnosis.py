"""The sentence of an error: which field, what it must be instead, and which value stands there."""

from __future__ import annotations

import msgspec
import pytest

from bordertally.streams.errors import Reason, RefusedError
from bordertally.streams.reports.diagnosis import diagnose, unread
from bordertally.streams.reports.validation import read_report
from unit.kit import NOW, REGISTRY, report


def sentence(raw: bytes) -> str:
    with pytest.raises(RefusedError) as caught:
        read_report(raw, REGISTRY, NOW)
    return str(caught.value)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (report(1, id=""), 'id: this must be text of 1 to 200 characters (got "")'),
        (report("many"), "people: this must be a number from 0 to 1,000,000,000, [low, high] or null (got many)"),
        (report(["a", 1]), "people[0]: this must be a number (got a)"),
        (report(1, unit="cows"), "unit: this must be people or vehicles (got cows)"),
        (report(1, per="week"), 'per: this must be "day" or null (got week)'),
        (report(1, normal=5), "normal: this must be an object with daily or null (got 5)"),
        (report(1, normal={}), "normal.daily: this field is required"),
        (
            report(1, published="yesterday"),
            "published: this must be an RFC 3339 date-time with seconds and an offset (got yesterday)",
        ),
        (
            report(1, qualifier="maybe"),
            "qualifier: this must be count, stated, about, ",
        ),
        (report(True), "people: this must be a number from 0 to 1,000,000,000, [low, high] or null (got true)"),
        (b"[]", "$: this must be an object with id, source, published (got [])"),
        (report(12345).replace(b"12345", b"1e999"), "people: a number must be finite (got Infinity)"),
        (
            b"\xef\xbb\xbf" + report(5),
            "$: this begins with a byte order mark of UTF-8; write JSON in UTF-8 without one",
        ),
        (report(5).decode().encode("utf-16"), "$: this begins with a byte order mark of UTF-16; write JSON in UTF-8"),
        (b"{", "$: this is not JSON in UTF-8: it cannot be read from character 2 on; check quotes, commas and braces"),
        (report(5) + b" " + report(6), "$: this is not JSON in UTF-8: something follows the report at character "),
        (
            report(5, id="@").replace(b"@", b"\xe9"),
            "$: this is not JSON in UTF-8: byte 9 is of another encoding; save the file as UTF-8",
        ),
        (b"[" * 9_999, "$: the JSON is nested too deeply (got [[["),
    ],
)
def test_the_sentence_says_what_to_write(raw: bytes, text: str) -> None:
    assert sentence(raw).startswith(text)


def test_a_complaint_about_an_unknown_field_is_passed_on() -> None:
    error = diagnose(b'{"id": "r", "gate": "x"}', msgspec.ValidationError("Expected `int` - at `$.gate`"))
    assert (error.reason, error.field, error.value, error.report) == (Reason.WRONG_TYPE, "gate", "x", "r")
    assert error.why == "Expected `int`"


def test_the_first_bytes_stand_for_a_message_that_cannot_be_read() -> None:
    error = unread(Reason.TOO_LARGE, b"\xff" + b"x" * 500, "why")
    assert error.field == "$"
    assert error.value.startswith("\ufffdxxx")
    assert len(error.value) == 80
