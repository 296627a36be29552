from __future__ import annotations

import msgspec
import pytest

from bordertally.streams.alerts.records import Alert, AlertState
from unit.kit import alert_record


@pytest.mark.parametrize(
    ("state", "is_open"), [("firing", True), ("updated", True), ("resolved", False), ("withdrawn", False)]
)
def test_an_alert_is_open_until_it_is_resolved_or_withdrawn(state: str, *, is_open: bool) -> None:
    assert AlertState(state).is_open == is_open
    assert len(AlertState) == 4


@pytest.mark.parametrize(
    ("minor", "backfill", "rings"), [(False, False, True), (True, False, False), (False, True, False)]
)
def test_a_record_rings_unless_it_is_minor_or_old_news(*, minor: bool, backfill: bool, rings: bool) -> None:
    assert msgspec.structs.replace(alert_record(), minor=minor, backfill=backfill).rings == rings


def test_an_alert_survives_the_topic_and_one_of_an_earlier_version_is_read() -> None:
    alert = alert_record()
    assert msgspec.json.decode(msgspec.json.encode(alert), type=Alert) == alert
    fields = msgspec.to_builtins(alert)
    for name in ("minor", "told", "backfill"):
        del fields[name]
    assert msgspec.convert(fields, Alert).rings
