from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from bordertally.streams.detection.flow_state import flow_state
from bordertally.streams.errors import RefusedError
from bordertally.streams.flows import Flow
from bordertally.streams.ledger.ledger import Ledger
from bordertally.streams.replay.ledgers import ReplayLedgers
from bordertally.streams.reports.batching import Sorter
from bordertally.streams.reports.claims import Claim, Claims, period_of, reading_of
from bordertally.streams.reports.validation import Limits, read_report
from bordertally.streams.rules.config import Rules
from bordertally.streams.topics import partition_of
from properties.worlds import NOW, REGISTRY, batched, desk_of, figures, reports, worlds
from unit.kit import Sent

World = list[list[Claim]]
PARTITIONS = 3
ARRIVED = int(NOW * 1000)
EARLY = ("2022-03-16T06:00Z", "2022-03-16T05:59:59.999999Z", "2022-03-15T06:00:00Z", "2031-01-01T00:00:00Z")


@st.composite
def counts(draw: st.DrawFn) -> dict[str, Any]:
    """What counters send, most of it plain: few flows and slots, over and over; some of it odd, too early or wrong."""
    hour = draw(st.sampled_from((0, 3, 6, 23)))
    one = {
        "id": f"r{draw(st.integers(0, 9))}",
        "source": draw(st.sampled_from(("a", "b", "d", "nobody"))),
        "published": draw(st.sampled_from(("2022-04-01T00:00:00Z", "2022-04-02T00:00:00.5+02:00", *EARLY))),
        "flow": draw(st.sampled_from(("RU:KZ:aksai", "RU:FI", "RU:EU:FI", "KZ:RU"))),
        "period": draw(st.sampled_from((f"2022-03-16T{hour:02}:00/PT3H", "2022-03-16", "2022-03-16T06:00Z/PT1H"))),
        "people": draw(st.sampled_from((0, 7, 7.5, 1200, -1, [5, 9], None, True, "9"))),
        **draw(st.sampled_from(({"qualifier": "count"}, {}, {"qualifier": "about"}, {"qualifier": "at_least"}))),
    }
    odd = ({"population": "men"}, {"unit": "vehicles"}, {"measure": "queue"}, {"per": "day"}, {"per": None}, {"url": 1})
    return {**one, **draw(st.sampled_from(({}, {}, {}, {"text": "t", "gate": 3}, *odd)))}


def outcome(raw: bytes) -> tuple[list[Claim], tuple[object, ...]]:
    """The claims, or why there are none."""
    try:
        return read_report(raw, REGISTRY, NOW), ()
    except RefusedError as error:
        return [], told(error)


def told(error: RefusedError) -> tuple[object, ...]:
    """All that a refusal says."""
    return str(error), error.reason, error.report


def flat(messages: Iterable[tuple[int, Claims]]) -> list[Any]:
    """Everything messages hold, with its partition, in an order of its own."""
    found: list[Any] = []
    for partition, message in messages:
        found += [(partition, msgspec.to_builtins(claim)) for claim in message.claims]
        for group in message.readings:
            named = (group.flow, group.source, group.population, group.unit)
            found += [(partition, named, msgspec.to_builtins(one)) for one in group.columns.readings()]
    return sorted(found, key=repr)


def wanted(claims: Iterable[Claim]) -> list[Any]:
    """The same, straight from claims."""
    found: list[Any] = []
    for one in claims:
        partition = partition_of(one.flow, PARTITIONS)
        if period_of(one).part_of_day and one.measure == "crossings":
            named = (one.flow, one.source, one.population, one.unit)
            found.append((partition, named, msgspec.to_builtins(reading_of(one))))
        else:
            found.append((partition, msgspec.to_builtins(one)))
    return sorted(found, key=repr)


@given(st.lists(counts() | reports(), max_size=12), st.integers(1, 4))
def test_what_is_remembered_of_a_counter_changes_nothing(documents: list[dict[str, Any]], size: int) -> None:
    sorter = Sorter(REGISTRY, Limits(), PARTITIONS)
    sent = [Sent(json.dumps(one).encode(), ARRIVED) for one in documents] * 2  # the second time it is all remembered
    for at in range(0, len(sent), size):
        chunk = sent[at : at + size]
        alone = [(one, *outcome(one.value or b"")) for one in chunk]
        refused = [(one, told(error)) for one, error in sorter.add_all(chunk) if isinstance(error, RefusedError)]
        assert refused == [(one, refusal) for one, _, refusal in alone if refusal]
        assert flat(sorter.messages()) == wanted(claim for _, claims, _ in alone for claim in claims)
    assert sorter.messages() == []


@given(worlds(), st.data())
def test_readings_in_groups_and_packed_days_come_to_the_same_figures(
    world: list[list[Claim]], data: st.DataObject
) -> None:
    expected = desk_of(world)
    rules = expected.rules
    ledger, plain = Ledger(), Ledger()
    for batch in data.draw(batched(world)):
        sorter = Sorter(REGISTRY, Limits(), 1)
        sorter.add(batch)
        for _, message in sorter.messages():
            applied = ledger.apply(message.claims, message.readings)
            ledger.stored({row: ledger.row(row) for row in applied.rows})
        plain.apply(batch)
        states = {flow: flow_state(node, rules) for flow, node in ledger.nodes.items()}
        assert states == {flow: flow_state(node, rules) for flow, node in plain.nodes.items()}
    assert {flow: flow_state(node, rules) for flow, node in ledger.nodes.items()} == dict(expected.states)


def test_very_many_claims_are_cut_into_several_messages() -> None:
    one = {
        "id": "r",
        "source": "a",
        "flow": "RU:KZ",
        "people": 1,
        "qualifier": "count",
        "published": "2022-04-01T00:00:00Z",
    }
    raws = [
        json.dumps({**one, "period": f"2022-03-{1 + n // 1440:02}T{n // 60 % 24:02}:{n % 60:02}/PT1M"}).encode()
        for n in range(25_000)
    ]
    sorter = Sorter(REGISTRY, Limits(), PARTITIONS)
    assert not list(sorter.add_all([Sent(raw, ARRIVED) for raw in raws]))
    messages = sorter.messages()
    assert [message.count for _, message in messages] == [20_000, 5_000]
    desk = ReplayLedgers(REGISTRY, Rules())
    for _, message in messages:
        desk.ledger.apply(message.claims, message.readings)
    node = desk.ledger.nodes[Flow("RU:KZ")]
    assert sum(held.best for series in node.series.values() for held in series.bins.values()) == 25_000
    assert figures(desk)
