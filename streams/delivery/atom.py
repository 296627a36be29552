"""The Atom feed of alerts (RFC 4287): an entry for each alert, with a link to its CAP message."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from bordertally.streams.alerts.records import Alert
from bordertally.streams.delivery.cap import MEDIA_TYPE as CAP
from bordertally.streams.delivery.cap import headline

NAMESPACE = "http://www.w3.org/2005/Atom"
MEDIA_TYPE = "application/atom+xml"
NOTHING_YET = "1970-01-01T00:00:00Z"


def atom(alerts: Sequence[Alert], sender: str, base: str) -> bytes:
    """The feed of these alert records, which come newest first. `base`: the gateway's address, without a slash."""
    feed = ET.Element("feed", xmlns=NAMESPACE)
    _append(feed, "id", f"tag:{sender},2022:alerts")
    _append(feed, "title", "bordertally: alerts")
    _append(feed, "updated", max((alert.told for alert in alerts), default=NOTHING_YET))
    ET.SubElement(ET.SubElement(feed, "author"), "name").text = sender
    ET.SubElement(feed, "link", rel="self", href=f"{base}/alerts.atom", type=MEDIA_TYPE)
    ET.SubElement(feed, "link", rel="alternate", href=f"{base}/", type="text/html")
    for alert in alerts:
        entry = ET.SubElement(feed, "entry")
        _append(entry, "id", f"tag:{sender},2022:{alert.id}")
        _append(entry, "title", headline(alert))
        _append(entry, "updated", alert.told)
        _append(entry, "summary", alert.explanation)
        where = f"{base}/v1/alerts/{alert.id}"
        ET.SubElement(entry, "link", rel="alternate", href=f"{where}.cap", type=CAP)
        ET.SubElement(entry, "link", rel="related", href=where, type="application/json")
        for term in (alert.state.value, alert.severity, alert.flow):
            ET.SubElement(entry, "category", term=term)
    written: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return written


def _append(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = text
