"""The Atom feed of alerts, element by element."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import msgspec

from bordertally.streams.delivery.atom import MEDIA_TYPE, NOTHING_YET, atom
from unit.kit import alert_record

ATOM = "{http://www.w3.org/2005/Atom}"
BASE = "https://tally.example"


def read(*alerts: object) -> ET.Element:
    return ET.fromstring(atom(alerts, "tally.example", BASE))  # type: ignore[arg-type]


def texts(element: ET.Element) -> dict[str, str | None]:
    """The elements that hold text, by name."""
    return {child.tag.removeprefix(ATOM): child.text for child in element if child.text}


def links(element: ET.Element) -> list[tuple[str | None, ...]]:
    return [tuple(map(link.get, ("rel", "href", "type"))) for link in element.findall(f"{ATOM}link")]


def test_a_feed_without_alerts_was_updated_before_anything_happened() -> None:
    feed = read()
    assert texts(feed) == {
        "id": "tag:tally.example,2022:alerts",
        "title": "bordertally: alerts",
        "updated": NOTHING_YET,
    }
    assert feed.findall(f"{ATOM}entry") == []
    assert feed.findtext(f"{ATOM}author/{ATOM}name") == "tally.example"
    assert links(feed) == [
        ("self", f"{BASE}/alerts.atom", MEDIA_TYPE),
        ("alternate", f"{BASE}/", "text/html"),
    ]


def test_an_entry_says_what_an_alert_is_about_and_leads_to_its_messages() -> None:
    alert = msgspec.structs.replace(alert_record(alert="a1"), told="2022-09-28T08:00:00Z")
    (entry,) = read(alert).findall(f"{ATOM}entry")
    assert texts(entry) == {
        "id": "tag:tally.example,2022:a1",
        "title": "firing: warning: explained",
        "updated": "2022-09-28T08:00:00Z",
        "summary": "explained",
    }
    assert links(entry) == [
        ("alternate", f"{BASE}/v1/alerts/a1.cap", "application/cap+xml"),
        ("related", f"{BASE}/v1/alerts/a1", "application/json"),
    ]
    assert [category.get("term") for category in entry.findall(f"{ATOM}category")] == ["firing", "warning", "RU:GE"]


def test_entries_stand_as_given_and_the_newest_dates_the_feed() -> None:
    first, second = (
        msgspec.structs.replace(alert_record(alert=name), told=f"2022-09-{day}T08:00:00Z")
        for name, day in (("a1", "28"), ("a2", "30"))
    )
    feed = read(first, second)
    assert feed.findtext(f"{ATOM}updated") == "2022-09-30T08:00:00Z"
    assert [entry.findtext(f"{ATOM}id") for entry in feed.findall(f"{ATOM}entry")] == [
        "tag:tally.example,2022:a1",
        "tag:tally.example,2022:a2",
    ]


def test_text_that_looks_like_markup_stays_text() -> None:
    alert = msgspec.structs.replace(alert_record(), explanation="<b>1 & 2</b>")
    (entry,) = read(alert).findall(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}summary") == "<b>1 & 2</b>"
