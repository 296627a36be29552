from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from bordertally.agents.delivery import muting as module
from bordertally.agents.delivery.muting import Muting
from bordertally.streams.alerts.records import Alert, AlertState
from bordertally.streams.rules.config import Rules
from bordertally.streams.topics import Topics
from unit.kit import alert_record


def muting() -> Muting:
    return Muting(cast("Any", SimpleNamespace(topics=Topics(), rules=Rules())))


def alert(flow: str, seq: int = 1, state: str = "firing") -> Alert:
    return alert_record(flow, seq, state=state)


def follow(one: Muting, record: Alert) -> None:
    """Read a record as the follower of `alerts` does."""
    one._alert(SimpleNamespace(value=msgspec.json.encode(record)))


def test_a_child_noted_before_its_parent_is_delivered_inhibits_it_although_the_follower_is_behind() -> None:
    one = muting()
    one.note(alert("RU:KZ"))
    assert one.mutes(alert("RU"))
    assert not one.mutes(alert("RU:KZ"))


def test_an_earlier_record_changes_nothing() -> None:
    one = muting()
    one.note(alert("RU:KZ", 1))
    one.note(alert("RU:KZ", 2, "resolved"))
    follow(one, alert("RU:KZ", 1))
    assert not one.mutes(alert("RU"))
    follow(one, alert("RU:KZ", 3))  # it opened again
    assert one.mutes(alert("RU"))


def test_when_the_child_is_over_its_parent_is_muted_no_more() -> None:
    one = muting()
    one.note(alert("RU:KZ"))
    assert one.mutes(alert("RU"))
    follow(one, alert("RU:KZ", 2, "resolved"))
    assert not one.mutes(alert("RU"))


def test_closed_alerts_are_remembered_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_CLOSED", 2)
    one = muting()
    for number in range(5):
        one.note(msgspec.structs.replace(alert("RU:KZ"), id=f"alert-{number}", state=AlertState.RESOLVED))
    assert list(one._seen) == ["alert-3", "alert-4"]


def test_what_is_no_alert_is_passed_over() -> None:
    one = muting()
    one._alert(SimpleNamespace(value=b"no alert"))
    one._alert(SimpleNamespace(value=None))
    assert one.open.by_id == {}
