from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from bordertally.streams.alerts.acknowledgements import Acknowledgements, acknowledge
from bordertally.streams.alerts.records import AlertState
from bordertally.streams.errors import BordertallyError
from unit.kit import alert_record

NOW = datetime(2022, 9, 28, 6, 30, tzinfo=UTC)
ALERT = alert_record("RU:GE", severity="warning")


def test_an_acknowledgement_says_who_saw_which_record_of_the_alert_and_when() -> None:
    seen = acknowledge(ALERT, author="ann", note="called Tbilisi", now=NOW)
    assert (seen.alert, seen.flow, seen.seq, seen.severity) == (ALERT.id, "RU:GE", ALERT.seq, "warning")
    assert (seen.author, seen.note, seen.at) == ("ann", "called Tbilisi", NOW)


def test_nobody_and_a_closed_alert_are_refused() -> None:
    with pytest.raises(BordertallyError, match=r"^author: say who you are"):
        acknowledge(ALERT, author="  ", note="", now=NOW)
    closed = msgspec.structs.replace(ALERT, state=AlertState.RESOLVED)
    with pytest.raises(BordertallyError, match=r"^alert: alert-RU:GE is closed \(resolved\)"):
        acknowledge(closed, author="ann", note="", now=NOW)


def test_records_are_in_order_of_time_whatever_their_order_on_the_topic() -> None:
    first = acknowledge(ALERT, author="ann", note="", now=NOW)
    second = acknowledge(ALERT, author="bob", note="still open", now=NOW + timedelta(hours=1))
    known = Acknowledgements()
    assert known.newest(ALERT.id) is None
    assert [known.apply(msgspec.json.encode(each)) for each in (second, first, second)] == [second, first, None]
    assert known.of(ALERT.id) == [first, second]
    assert known.newest(ALERT.id) == second
    assert known.of("another") == []


@pytest.mark.parametrize("value", [None, b"", b"{", b"[]", b'{"alert": ""}', b"\xff", b"[" * 100_000])
def test_a_record_that_cannot_be_read_is_skipped(value: bytes | None) -> None:
    known = Acknowledgements()
    assert known.apply(value) is None
    assert known.by_alert == {}
