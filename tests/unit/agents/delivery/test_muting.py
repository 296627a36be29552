from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from bordertally.agents.delivery import muting as module
from bordertally.agents.delivery.muting import Muting
from bordertally.streams.alerts.records import Alert, AlertState
from bordertally.streams.rules.config import Rules
from bordertally.streams.settings import load_settings
from bordertally.streams.topics import Topics
from unit.kit import alert_record


def muting() -> Muting:
    return Muting(cast("Any", SimpleNamespace(settings=load_settings(), topics=Topics(), rules=Rules())))


def alert(flow: str, seq: int = 1, state: str = "firing") -> Alert:
    return alert_record(flow, seq, state=state)


def follow(service: Muting, record: Alert) -> None:
    """Read a record as the follower of `alerts` does."""
    service._alert(SimpleNamespace(value=msgspec.json.encode(record)))


def test_a_child_noted_before_its_parent_is_delivered_inhibits_it_although_the_follower_is_behind() -> None:
    service = muting()
    service.note(alert("RU:KZ"))
    assert service.mutes(alert("RU"))
    assert not service.mutes(alert("RU:KZ"))


def test_an_earlier_record_changes_nothing() -> None:
    service = muting()
    service.note(alert("RU:KZ", 1))
    service.note(alert("RU:KZ", 2, "resolved"))
    follow(service, alert("RU:KZ", 1))
    assert not service.mutes(alert("RU"))
    follow(service, alert("RU:KZ", 3))  # it opened again
    assert service.mutes(alert("RU"))


def test_when_the_child_is_over_its_parent_is_muted_no_more() -> None:
    service = muting()
    service.note(alert("RU:KZ"))
    assert service.mutes(alert("RU"))
    follow(service, alert("RU:KZ", 2, "resolved"))
    assert not service.mutes(alert("RU"))


def test_closed_alerts_are_remembered_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_CLOSED", 2)
    service = muting()
    for number in range(5):
        service.note(msgspec.structs.replace(alert("RU:KZ"), id=f"alert-{number}", state=AlertState.RESOLVED))
    assert list(service._seen) == ["alert-3", "alert-4"]


def test_what_is_no_alert_is_passed_over() -> None:
    service = muting()
    service._alert(SimpleNamespace(value=b"no alert"))
    service._alert(SimpleNamespace(value=None))
    assert service.open.by_id == {}
