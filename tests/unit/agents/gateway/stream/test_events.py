"""Records as events of the gateway's stream."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from bordertally.agents.gateway.stream.events import Filter, event_of
from unit.kit import alert_record


def record(value: bytes | None, key: bytes | None = b"RU:KZ") -> Any:
    return SimpleNamespace(key=key, value=value, offset=7)


def test_a_record_is_an_event_with_the_name_of_its_kind() -> None:
    alert = event_of(3, "alerts", record(msgspec.json.encode(alert_record("RU:KZ"))))
    total = event_of(2, "totals", record(b'{"flow":"RU:KZ"}'))
    assert alert is not None
    assert total is not None
    assert alert.body.startswith(b"event: alert\ndata: {")
    assert total == (2, 7, "totals", "RU:KZ", -1, b'event: total\ndata: {"flow":"RU:KZ"}\n\n')


def test_each_line_of_a_record_is_a_line_of_data() -> None:
    total = event_of(2, "totals", record(b"{\n}"))
    assert total is not None
    assert total.body == b"event: total\ndata: {\ndata: }\n\n"


@pytest.mark.parametrize("other", [record(None), record(b"{}", None), record(b"{}"), record(b'{"severity":"bad"}')])
def test_what_is_no_alert_is_no_event(other: Any) -> None:
    assert event_of(3, "alerts", other) is None


def test_a_filter_passes_its_kinds_the_flows_below_and_alerts_of_its_severity_or_a_higher_one() -> None:
    warning = event_of(3, "alerts", record(b'{"severity":"warning"}'))
    total = event_of(3, "totals", record(b"{}"))
    assert warning is not None
    assert total is not None
    assert [Filter(rank=rank).wants(warning) for rank in (0, 1, 2)] == [True, True, False]
    assert Filter(rank=2).wants(total)  # a total has no severity
    assert [Filter(flow=flow).wants(total) for flow in ("RU", "RU:KZ", "RU:KZ:aksai")] == [True, True, False]
    assert [Filter(("alerts",)).wants(event) for event in (warning, total)] == [True, False]
