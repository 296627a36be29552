"""Alerts as messages of the Common Alerting Protocol (OASIS CAP 1.2), for existing alert readers.

The first record of an alert is an Alert, later records are Updates, `withdrawn` is a Cancel. Updates and Cancels refer
to all messages before (docs/decisions/0024). Times are in UTC, written -00:00 as the standard requires.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import assert_never
from xml.etree import ElementTree as ET

from bordertally.streams.alerts.records import Alert, AlertState
from bordertally.streams.detection.registry import rule_of
from bordertally.streams.flow_names import flow_title

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
MEDIA_TYPE = "application/cap+xml"
SEVERITY = {"notice": "Minor", "warning": "Moderate", "critical": "Severe"}
EXPIRES = timedelta(days=7)
"""How long a message is current if no further message updates the alert."""

HEADLINE = 160
"""The length of a headline that every reader shows, in characters."""


def cap_time(moment: datetime) -> str:
    """A time as CAP writes it, in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S-00:00")


def identifier(alert: Alert) -> str:
    """The unique identifier of a message."""
    return f"{alert.id}-{alert.seq}"


def kind(alert: Alert) -> str:
    """The msgType of a message: Alert, Update or Cancel."""
    match alert.state:
        case AlertState.WITHDRAWN:
            return "Cancel"
        case AlertState.FIRING | AlertState.UPDATED | AlertState.RESOLVED:
            return "Alert" if alert.seq == 1 else "Update"
        case _:
            assert_never(alert.state)


def cap(history: Sequence[Alert], sender: str, web: str) -> bytes:
    """The CAP message of the last record in `history`, which holds all records of the alert so far, in order of `seq`.

    `sender`: the unique name of this pipeline, without spaces or commas. `web`: an address that shows the alert.
    """
    *before, alert = history
    sent = datetime.fromisoformat(alert.published)
    message = ET.Element("alert", xmlns=NAMESPACE)
    _append(message, "identifier", identifier(alert))
    _append(message, "sender", sender)
    _append(message, "sent", cap_time(sent))
    _append(message, "status", "Actual")
    _append(message, "msgType", kind(alert))
    _append(message, "scope", "Public")
    if alert.state is AlertState.WITHDRAWN:
        merged = f"It has become one with {alert.merged_into}." if alert.merged_into else "Newer reports took it away."
        _append(message, "note", merged)
    if before:
        references = (
            f"{sender},{identifier(record)},{cap_time(datetime.fromisoformat(record.published))}" for record in before
        )
        _append(message, "references", " ".join(references))
    _info(message, alert, sent, web)
    written: bytes = ET.tostring(message, encoding="utf-8", xml_declaration=True)
    return written


def _info(message: ET.Element, alert: Alert, sent: datetime, web: str) -> None:
    info = ET.SubElement(message, "info")
    _append(info, "language", "en")
    _append(info, "category", "Other")
    _append(info, "event", rule_of(alert.rule).headline)
    _append(info, "responseType", "Monitor" if alert.state.is_open else "AllClear")
    _append(info, "urgency", "Expected" if alert.state.is_open else "Past")
    _append(info, "severity", SEVERITY[alert.severity])
    _append(info, "certainty", "Observed")
    _append(info, "onset", f"{alert.since}T00:00:00-00:00")
    _append(info, "expires", cap_time(sent + EXPIRES))
    _append(info, "senderName", "bordertally")
    _append(info, "headline", headline(alert))
    _append(info, "description", alert.explanation)
    _append(info, "web", web)
    for name in ("flow", "rule", "state", "rate", "expected", "threshold", "ratio", "baseline", "population"):
        value = getattr(alert, name)
        _pair(info, "parameter", name, value.value if isinstance(value, AlertState) else str(value))
    area = ET.SubElement(info, "area")
    _append(area, "areaDesc", flow_title(alert.flow))
    for code in alert.flow.split(":"):
        if len(code) == 2 and code.isupper() and code != "EU":
            _pair(area, "geocode", "ISO 3166-1", code)


def headline(alert: Alert) -> str:
    """The headline of an alert: state, severity and explanation, cut to the length that every reader shows."""
    text = f"{alert.state.value}: {alert.severity}: {alert.explanation}"
    return text if len(text) <= HEADLINE else text[: HEADLINE - 1] + "…"


def _append(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = text


def _pair(parent: ET.Element, name: str, key: str, value: str) -> None:
    pair = ET.SubElement(parent, name)
    _append(pair, "valueName", key)
    _append(pair, "value", value)
