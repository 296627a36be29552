"""CloudEvents 1.0 headers, binary mode of the Kafka protocol binding: a record can be routed without decoding it.

The value of the record is the data. The id follows from what caused the record, so a record that is sent again has the
same id.
"""

from __future__ import annotations

from functools import lru_cache

from bordertally.streams.alerts.records import Alert
from bordertally.streams.moments import MICRO, moment_at, utc_text
from bordertally.streams.totals.records import FlowState

Headers = list[tuple[str, bytes]]

TOTAL = "bordertally.total"
ALERT = "bordertally.alert"


def of_state(topic: str, state: FlowState, cause: int) -> Headers:
    """The headers of a record on `totals`. `cause`: the offset on `claims` of the last message behind the state.

    All claims about a flow are on one partition, so flow and offset identify a state; with `published`, the id also
    stays unique when the topics are created again. A hash of the state would cost as much as encoding it.
    """
    flow = state.flow.encode()
    return [
        *_same(topic, TOTAL),
        ("ce_id", b"%b/%d/%d" % (flow, state.published, cause)),
        ("ce_subject", flow),
        ("ce_time", _time(state.published // MICRO)),
    ]


def of_alert(topic: str, alert: Alert) -> Headers:
    """The headers of a record on `alerts`. The type ends with the state; `ce_severity` is an extension."""
    return [
        *_same(topic, f"{ALERT}.{alert.state.value}"),
        ("ce_id", f"{alert.id}/{alert.seq}".encode()),
        ("ce_subject", alert.flow.encode()),
        ("ce_time", alert.published.encode()),
        ("ce_severity", alert.severity.encode()),
    ]


@lru_cache(maxsize=64)
def _same(topic: str, kind: str) -> tuple[tuple[str, bytes], ...]:
    """The headers that all records of a type on a topic share."""
    return (
        ("content-type", b"application/json"),
        ("ce_specversion", b"1.0"),
        ("ce_source", f"/bordertally/{topic}".encode()),
        ("ce_type", kind.encode()),
    )


@lru_cache(maxsize=4096)
def _time(seconds: int) -> bytes:
    return utc_text(moment_at(seconds * MICRO)).encode()
