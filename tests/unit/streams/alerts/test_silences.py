from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bordertally.streams.alerts.inhibition import OpenAlerts
from bordertally.streams.alerts.records import Alert, AlertState
from bordertally.streams.alerts.silences import (
    Muted,
    Silence,
    Silences,
    expired,
    make_silence,
    muted_alerts,
    silenced,
)
from bordertally.streams.errors import BordertallyError
from bordertally.streams.rules.config import Detection, Rules
from unit.kit import claim, told

NOON = datetime(2022, 9, 27, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
(FIRING,) = told(
    claim(300, "2022-09-27", "RU:KZ:aksai", source="c", qualifier="count", normal={"daily": 100})
).desk.known[
    "RU:KZ:aksai"  # type: ignore[index]
]


def alert(flow: str = "RU:KZ:aksai", **fields: object) -> Alert:
    return msgspec.structs.replace(FIRING.record, flow=flow, **fields)


def silence(flow: str = "RU:KZ", hours: float = 1, **more: str) -> Silence:
    return make_silence(flow, until=NOON + hours * HOUR, now=NOON, **{"author": "Ann", "comment": "roadworks", **more})


@pytest.mark.parametrize(
    ("flow", "rule", "quiet"),
    [
        ("RU:KZ:aksai", None, True),
        ("RU:KZ", None, True),
        ("RU:*", None, True),
        ("RU:KZ", "daily-rate", True),
        ("RU:KZ", "drop", False),
        ("RU:GE", None, False),
        ("RU:KZ:aksa", None, False),
    ],
)
def test_a_silence_covers_a_flow_and_what_lies_below(flow: str, rule: str | None, quiet: bool) -> None:
    one = silence(flow) if rule is None else silence(flow, rule=rule)
    assert silenced(alert(), [one], NOON) == (one if quiet else None)


def test_it_holds_from_now_until_then() -> None:
    one = silence()
    moments = [NOON - HOUR, NOON, NOON + 0.9 * HOUR, NOON + HOUR]
    assert [silenced(alert(), [one], moment) is one for moment in moments] == [False, True, True, False]


@given(st.permutations([1.0, 2.0, 2.5, 3.0]))
def test_of_several_the_one_that_holds_longest(hours: list[float]) -> None:
    found = silenced(alert(), [silence("RU:KZ", one) for one in hours], NOON)
    assert found is not None
    assert found.until == NOON + 3 * HOUR


def test_which_are_quiet_and_why() -> None:
    below, above, closed = (
        alert(id="below"),
        alert("RU", id="above", severity="critical", rate=600),
        alert("RU:KZ:syrym", id="closed", state=AlertState.RESOLVED),
    )
    every, roadworks = [below, above, closed], silence("RU:KZ")
    opened = OpenAlerts(every)
    inhibiting = Rules(Detection(inhibit=True))
    assert muted_alerts(every, [], NOON, opened, Rules()) == {}
    assert muted_alerts(every, [roadworks], NOON, opened, Rules()) == {"below": Muted(roadworks.id, None)}
    assert muted_alerts(every, [roadworks], NOON + HOUR, opened, inhibiting) == {"below": Muted(None, "above")}
    assert muted_alerts(every, [roadworks], NOON, opened, inhibiting) == {"below": Muted(roadworks.id, "above")}


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"flow": "ru"}, "flow: .*got ru"),
        ({"hours": 0}, "until: 2022-09-27T12:00:00.00:00 is not after 2022-09-27T12"),
        ({"author": " "}, "author: say something"),
        ({"comment": ""}, "comment: say something"),
        ({"rule": "dorp"}, "rule: dorp is none of daily-rate, drop"),
    ],
)
def test_a_wrong_silence_is_named_with_its_value(fields: dict[str, str], complaint: str) -> None:
    with pytest.raises(BordertallyError, match=complaint):
        silence(**fields)  # type: ignore[arg-type]


def test_the_topic_comes_to_the_latest_record_of_each() -> None:
    one, other = silence(), silence("RU:GE", 2)
    held = Silences()
    for record in (other, one, expired(one, NOON + HOUR / 2)):
        held.apply(record.id.encode(), msgspec.json.encode(record))
    assert held.apply(b"x", b"no silence") is None
    assert held.active(NOON) == [expired(one, NOON + HOUR / 2), other]
    assert held.active(NOON + HOUR / 2) == [other]
    assert held.named(other.id[:5]) is held.by_id[other.id]
    with pytest.raises(BordertallyError, match="no silence id begins with zz"):
        held.named("zz")
    with pytest.raises(BordertallyError, match="is over since"):
        expired(held.by_id[one.id], NOON + HOUR)
    held.apply(other.id.encode(), None)
    assert list(held.by_id) == [one.id]


def test_two_beginnings_are_ambiguous() -> None:
    held = Silences()
    for one in (silence(), silence(hours=2)):
        held.apply(None, msgspec.json.encode(one))
    with pytest.raises(BordertallyError, match="2 silence ids begin with"):
        held.named("")
