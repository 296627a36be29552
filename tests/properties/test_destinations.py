"""Destinations: whatever the order, the partitions, the redeliveries and the crashes, they add up their corridors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from math import fsum, isclose

import msgspec
from hypothesis import event, given, settings
from hypothesis import strategies as st

from bordertally.streams.alerts.lifecycle import Known, advance
from bordertally.streams.detection.corridors.figures import figures_after
from bordertally.streams.detection.flow_state import flow_state
from bordertally.streams.flows import Flow, destination_of, is_destination
from bordertally.streams.ledger.corridors.records import LedgerMessage, decode_message, messages_of
from bordertally.streams.ledger.ledger import Ledger
from bordertally.streams.ledger.rows import PEOPLE, Key, Row
from bordertally.streams.reports.claims import Claim
from bordertally.streams.rules.config import Rules
from bordertally.streams.topics import partition_of
from bordertally.streams.totals.days import day_figures
from bordertally.streams.totals.records import FlowState
from properties.worlds import (
    EVERY_RULE,
    REGISTRY,
    RULES,
    batched,
    busy_borders,
    busy_weeks,
    desk_of,
    figures,
    stored,
    worlds,
)
from steady import examples
from unit.kit import alerts_of, come_down

World = list[list[Claim]]
ORIGINS = ("RU", "RU", "UA", "BY")
PARTITIONS = 3
FATES = ("well", "well", "well", "nothing", "rows", "states", "messages", "rows and messages", "all but the offset")
NAMES = REGISTRY.names
EVERY_DESTINATION = Rules(detection=msgspec.structs.replace(EVERY_RULE.detection))


@st.composite
def crossroads(draw: st.DrawFn, world: World, *, claimed: bool = True) -> World:
    """The same claims, those of each source and flow from one of several origins; some are about the destination."""
    moved: dict[tuple[str, str], str] = {}
    choices = (*ORIGINS, *["*"] * claimed)

    def elsewhere(claim: Claim) -> Claim:
        place = claim.source, claim.flow
        if place not in moved:
            can_be_claimed = destination_of(claim.flow) is not None
            moved[place] = draw(st.sampled_from(choices if can_be_claimed else ORIGINS))
        return msgspec.structs.replace(claim, flow=f"{moved[place]}{claim.flow[2:]}")

    return [[elsewhere(claim) for claim in claims] for claims in world]


EVENTFUL = st.one_of(worlds(), busy_weeks(), busy_borders())


def worlds_at_crossroads() -> st.SearchStrategy[World]:
    """Two worlds of one set of destinations."""
    return st.tuples(EVENTFUL.flatmap(crossroads), EVENTFUL.flatmap(crossroads)).map(lambda two: [*two[0], *two[1]])


class Fleet:
    """Ledgers of several partitions that send each other figures of corridors, as the ledger hops do over Kafka."""

    def __init__(self, rules: Rules = RULES) -> None:
        self.rules = rules
        self.queues: dict[int, list[bytes]] = {at: [] for at in range(PARTITIONS)}
        self.committed = dict.fromkeys(range(PARTITIONS), 0)
        self.rows: dict[int, dict[bytes, bytes]] = defaultdict(dict)
        self.ledgers = {at: Ledger() for at in range(PARTITIONS)}
        self.states: list[FlowState] = []

    def publish(self, claims: Iterable[Claim]) -> None:
        """Send claims to their partitions."""
        by_partition: dict[int, list[Claim]] = defaultdict(list)
        for claim in claims:
            by_partition[partition_of(claim.flow, PARTITIONS)].append(claim)
        for at, of_partition in by_partition.items():
            self._send(at, LedgerMessage(of_partition))

    def _send(self, at: int, message: LedgerMessage) -> None:
        self.queues[at].append(msgspec.msgpack.encode(message))

    def waiting(self) -> list[int]:
        """The partitions with messages."""
        return [at for at, queue in self.queues.items() if self.committed[at] < len(queue)]

    def work(self, at: int, most: int, fate: str = "well") -> None:
        """Take messages of a partition and work them through, up to where the fate has it."""
        ledger, begin = self.ledgers[at], self.committed[at]
        end = min(begin + most, len(self.queues[at]))
        for raw in self.queues[at][begin:end]:
            message = decode_message(raw)
            ledger.add(message.claims, message.readings, message.corridors)
        applied = ledger.flush()
        corridors = figures_after(ledger, applied, self.rules, end)
        states = [flow_state(ledger.nodes[flow], self.rules) for flow in applied.flows]
        if fate in ("well", "rows", "rows and messages", "all but the offset"):
            rows = [*applied.rows, *[Row("t", figure.flow, 0) for figure in corridors]]
            self.rows[at] |= {row.key: ledger.row(row) for row in rows}
        if fate in ("well", "messages", "rows and messages", "all but the offset"):
            for figure in corridors:
                destination = destination_of(figure.flow)
                assert destination is not None
                for message in messages_of([figure]):
                    self._send(partition_of(destination, PARTITIONS), message)
        if fate in ("well", "states", "all but the offset"):
            self.states += states
        if fate == "well":
            self.committed[at] = end
        else:
            self.ledgers[at] = stored(self.rows[at])

    def newest(self) -> dict[str, FlowState]:
        """The newest state of each flow."""
        return {state.flow: state for state in self.states}

    def alerts(self) -> list[Known]:
        """The alerts that the states lead to."""
        known: dict[str, list[Known]] = {}
        for state in self.states:
            known[state.flow], _ = advance(known.get(state.flow, []), state, NAMES)
        return [alert for of_flow in known.values() for alert in of_flow]


def run(fleet: Fleet, world: World, data: st.DataObject, fates: Iterable[str]) -> None:
    """Publish a world and work everything through, partition by partition as it happens."""
    batches = list(world)
    while batches or fleet.waiting():
        if batches and (not fleet.waiting() or data.draw(st.booleans())):
            fleet.publish(batches.pop(0))
            continue
        at = data.draw(st.sampled_from(fleet.waiting()))
        fleet.work(at, data.draw(st.integers(1, 4)), data.draw(st.sampled_from(list(fates))))


@given(worlds_at_crossroads(), st.data())
@settings(max_examples=examples(100))
def test_ledgers_of_several_partitions_come_to_the_figures_and_alerts_of_a_replay(
    world: World, data: st.DataObject
) -> None:
    expected, fleet = desk_of(world), Fleet()
    run(fleet, data.draw(batched(world)), data, FATES)
    assert fleet.newest() == dict(expected.states)
    assert come_down(fleet.alerts()) == alerts_of(expected)
    for at in range(PARTITIONS):
        nodes = stored(fleet.rows[at]).nodes.values()
        restored = {node.flow: flow_state(node, RULES) for node in nodes if node.shown}
        assert restored == {
            flow: state for flow, state in expected.states.items() if partition_of(flow, PARTITIONS) == at
        }
    event(f"destinations: {len(list(filter(is_destination, expected.states)))}")
    event(f"alerts on destinations: {any(is_destination(alert.flow) for alert in expected.log)}")


@given(worlds_at_crossroads(), st.data())
@settings(max_examples=examples(100))
def test_any_order_and_any_batches_come_to_the_same_destinations(world: World, data: st.DataObject) -> None:
    one, other = (desk_of(batches, EVERY_DESTINATION) for batches in (world, data.draw(batched(world))))
    assert figures(one) == figures(other)
    assert alerts_of(one) == alerts_of(other)


@given(worlds().flatmap(lambda world: crossroads(world, claimed=False)))
@settings(max_examples=examples(150))
def test_an_unclaimed_destination_is_the_sum_of_its_corridors(world: World) -> None:
    desk = desk_of(world)
    nodes = desk.ledger.nodes
    shown = [flow for flow in nodes if is_destination(flow) and nodes[flow].shown]
    for destination in shown:
        corridors = [nodes[flow] for flow in nodes if destination_of(flow) == destination]
        for key in {key for corridor in corridors for key in corridor.series}:
            of_corridors = [corridor.series[key] for corridor in corridors if key in corridor.series]
            bins = nodes[destination].series[key].bins
            assert bins.keys() >= {day for series in of_corridors for day in series.bins}
            if key.population != "people" or any(is_part(each, key) for each in nodes[destination].series):
                continue  # parts of the people may be more than the corridors say
            for day, people in bins.items():
                assert isclose(people.best, fsum([each.bins[day].best for each in of_corridors if day in each.bins]))
                assert isclose(people.low, fsum([each.bins[day].low for each in of_corridors if day in each.bins]))
    event(f"destinations: {len(shown)}")


def is_part(part: Key, whole: Key) -> bool:
    """Whether a series bounds another from below."""
    return part.population != "people" and part.unit == whole.unit


@given(worlds().flatmap(lambda world: crossroads(world, claimed=False)))
@settings(max_examples=examples(150))
def test_with_one_corridor_a_destination_has_its_totals_also_the_projected_people(world: World) -> None:
    desk = desk_of(world)
    states = desk.states
    for flow in [flow for flow, node in desk.ledger.nodes.items() if is_destination(flow) and not node.shown]:
        corridors = [each for each in states if destination_of(each) == flow]
        if len(corridors) != 1 or not states[corridors[0]].totals:
            continue
        lonely = flow_state(desk.ledger.nodes[flow], RULES)
        bounds = [
            [(total.window_days, total.as_of, total.best, total.projected, total.report_count, total.reports)]
            for total in lonely.totals
        ]
        assert bounds == [
            [(total.window_days, total.as_of, total.best, total.projected, total.report_count, total.reports)]
            for total in states[corridors[0]].totals
        ]
        days = {day.day: day.best for day in day_figures(desk.ledger.nodes[Flow(corridors[0])], PEOPLE)}
        assert {day.day: day.best for day in day_figures(desk.ledger.nodes[flow], PEOPLE)} == days
