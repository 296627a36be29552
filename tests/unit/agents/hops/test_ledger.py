"""The ledger hop on a broker that is a list: the rows and states of a batch, and what comes again after a crash."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from bordertally.agents.hops import ledger as module
from bordertally.agents.hops import restored_ledgers
from bordertally.agents.hops.batch_headers import make_headers
from bordertally.agents.hops.ledger import LedgerHop
from bordertally.agents.hops.restored_ledgers import restored
from bordertally.agents.kafka.fencing import EPOCH_HEADER
from bordertally.agents.runtime.context import load_registry
from bordertally.agents.worker.worker import create_app, recover
from bordertally.streams.flows import Flow
from bordertally.streams.ledger.causes import CAUSES_HEADER, decode_causes
from bordertally.streams.ledger.corridors.records import LedgerMessage, decode_message
from bordertally.streams.ledger.ledger import Ledger
from bordertally.streams.ledger.rows import Row
from bordertally.streams.reports.claims import Claim, Claims
from bordertally.streams.reports.sources import Registry
from bordertally.streams.settings import load_settings
from bordertally.streams.topics import header, partition_of
from bordertally.streams.totals.records import FlowState
from unit.agents.hops.kit import Broker, Consumer, Deaths, DiedError
from unit.kit import REGISTRY, claim, ordinal

RU = 4
"""Partitions; every flow of Russia is in the same one."""


def message(offset: int, *claims: Claim, more: bool = False, arrived_ms: int = 1_000) -> Any:
    value = msgspec.msgpack.encode(Claims(list(claims)))
    headers = make_headers(arrived_ms, more=more)
    return SimpleNamespace(offset=offset, value=value, headers=headers, timestamp=arrived_ms)


@pytest.fixture(autouse=True)
def _nothing_is_held_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PARENTS_S", 0.0)
    monkeypatch.setattr(module, "CORRIDORS_S", 0.0)


class Worker:
    """A ledger hop of a worker that has just started, with what its table holds."""

    def __init__(self, broker: Broker, table: Mapping[bytes, bytes] = {}, **settings: Any) -> None:
        self.app, self.broker = create_app(load_settings(hops="ledger", partitions=RU, **settings)), broker
        (hop,) = self.app.hops
        assert isinstance(hop, LedgerHop)
        broker.serve(hop.context)
        hop.table.data.update(table)
        self.hop, self.partition = hop, partition_of("RU:KZ", RU)

    def take(self, *messages: Any, partition: int | None = None) -> None:
        at = self.partition if partition is None else partition
        self.hop.add(SimpleNamespace(records=list(messages), partition=at))  # type: ignore[arg-type] # what is used of a bundle

    async def flushed(self, *messages: Any) -> list[tuple[str, int]]:
        """Add and flush messages; returns the flows published, with the people of their last day."""
        before = len(self.states)
        self.take(*messages)
        await self.hop.flush()
        return [(state.flow, state.totals[0].best if state.totals else 0) for state in self.states[before:]]

    @property
    def states(self) -> list[FlowState]:
        return [
            msgspec.json.decode(record.value, type=FlowState)
            for record in self.broker.of(self.hop.context.topics.totals)
        ]

    @property
    def rows(self) -> Sequence[tuple[int | None, bytes]]:
        topic = self.hop.context.topics.changelog("ledger")
        return [(record.partition, record.key or b"") for record in self.broker.of(topic)]

    def counted(self, name: str, *labels: str) -> float:
        metric = self.hop.context.metrics[name]
        return float((metric.labels(*labels) if labels else metric)._value.get())


AKSAI, MASHTAKOVO = claim(70, flow="RU:KZ:aksai", id="one"), claim(50, flow="RU:KZ:mashtakovo", id="two")


async def test_a_batch_leads_to_rows_and_to_the_states_of_its_flows_and_those_above_lowest_first() -> None:
    worker = Worker(Broker())
    assert await worker.flushed(message(1, AKSAI), message(2, MASHTAKOVO)) == [
        ("RU:KZ:aksai", 70),
        ("RU:KZ:mashtakovo", 50),
        ("RU:KZ", 120),
        ("RU", 120),
    ]
    assert {partition for partition, _ in worker.rows} == {worker.partition}
    assert {key for _, key in worker.rows if key.startswith(b"t")} == {b"t|RU:KZ|0"}
    assert {key.split(b"|")[1] for _, key in worker.rows if not key.startswith(b"t")} == {
        b"RU:KZ:aksai",
        b"RU:KZ:mashtakovo",
    }
    assert {key for _, key in worker.rows} == set(worker.hop.table.data)
    assert worker.broker.writes == 1  # rows and states are acknowledged together


async def test_each_flow_is_told_of_once_a_batch_and_not_again_without_news() -> None:
    worker = Worker(Broker())
    await worker.flushed(message(1, AKSAI), message(2, claim(80, flow="RU:KZ:aksai", published="2022-10-21T00:00:00Z")))
    assert [(state.flow, state.totals[0].best) for state in worker.states] == [
        ("RU:KZ:aksai", 80),
        ("RU:KZ", 80),
        ("RU", 80),
    ]
    before = len(worker.broker.records)
    await worker.hop.flush()
    assert len(worker.broker.records) == before


LARS = claim(5, flow="RU:GE:lars", id="three")


async def test_the_state_of_a_flow_with_flows_below_waits_for_those_of_the_next_batches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "PARENTS_S", 3_600.0)
    worker = Worker(Broker())
    assert await worker.flushed(message(1, AKSAI)) == [("RU:KZ:aksai", 70), ("RU:KZ", 70), ("RU", 70)]
    assert worker.hop.held_s() is None
    assert await worker.flushed(message(2, MASHTAKOVO)) == [("RU:KZ:mashtakovo", 50)]
    assert await worker.flushed(message(3, LARS)) == [("RU:GE:lars", 5)]
    held_s = worker.hop.held_s()
    assert held_s is not None
    assert 0 < held_s <= 3_600
    before = len(worker.states)
    worker.hop.hasten()
    await worker.hop.flush()
    told = [(state.flow, state.totals[0].best) for state in worker.states[before:]]
    assert told == [("RU:GE", 5), ("RU:KZ", 120), ("RU", 125)]
    assert worker.hop.held_s() is None


async def test_causes_of_a_state_that_waited_go_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    worker = Worker(Broker())
    await worker.flushed(message(1, AKSAI, MASHTAKOVO))
    monkeypatch.setattr(module, "PARENTS_S", 3_600.0)
    await worker.flushed(message(2, LARS))
    await worker.flushed(message(3, claim(None, flow="RU:KZ:aksai", id="gone", published="2022-10-21T00:00:00Z")))
    await worker.flushed(message(4, claim(9, "2022-09-23", flow="RU:KZ:aksai", id="later")))
    worker.hop.hasten()
    await worker.hop.flush()
    last = [record for record in worker.broker.of(worker.hop.context.topics.totals) if record.key == b"RU:KZ"][-1]
    causes = decode_causes(dict(last.headers or [])[CAUSES_HEADER])
    assert [cause.report for cause in causes] == ["b/gone", "b/later"]


async def test_what_is_held_back_is_dropped_when_partitions_are_given_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PARENTS_S", 3_600.0)
    worker = Worker(Broker())
    await worker.flushed(message(1, AKSAI))
    await worker.flushed(message(2, MASHTAKOVO))
    await worker.hop.revoked(None, set())
    assert worker.hop.held_s() is None


async def test_a_restarted_hop_goes_on_from_its_rows() -> None:
    before = Worker(Broker())
    await before.flushed(message(1, AKSAI))
    again = Worker(Broker(), before.hop.table.data)
    assert await again.flushed(message(2, MASHTAKOVO)) == [("RU:KZ:mashtakovo", 50), ("RU:KZ", 120), ("RU", 120)]


async def test_a_write_that_fails_while_a_worker_takes_over_its_partitions_ends_the_worker() -> None:
    before = Worker(Broker())
    await before.flushed(message(1, AKSAI))
    unsent = {key: value for key, value in before.hop.table.data.items() if not key.startswith(b"t|")}
    worker = Worker(Broker(takes=0), unsent)
    deaths = Deaths(worker.hop.context)
    mine = TopicPartition(worker.hop.context.topics.claims, worker.partition)
    worker.app.consumer = Consumer({mine: []})  # type: ignore[assignment] # what the hop uses of a consumer
    with pytest.raises(DiedError):
        await recover(worker.app.hops, worker.hop.context)
    assert deaths.reasons == ["the ledger hop failed: KafkaError: the broker is gone"]


async def test_what_comes_again_leads_to_the_same_states_again_and_changes_no_row() -> None:
    before = Worker(Broker())
    await before.flushed(message(1, AKSAI))
    again = Worker(Broker(), before.hop.table.data)
    await again.flushed(message(1, AKSAI))
    assert again.states == before.states
    assert {key for _, key in again.rows} == {b"t|RU:KZ|0"}  # a corridor is sent once more
    assert again.counted("claims_total", "duplicate") == 1


async def test_what_the_broker_does_not_take_is_not_in_the_table_and_comes_again() -> None:
    worker = Worker(Broker(takes=0))
    with pytest.raises(KafkaError):
        await worker.flushed(message(1, AKSAI))
    assert dict(worker.hop.table.data) == {}
    assert worker.counted("states_sent_total") == 0


async def test_the_reports_that_moved_a_day_go_with_the_states_as_causes() -> None:
    worker = Worker(Broker())
    await worker.flushed(message(1, AKSAI))
    await worker.flushed(message(2, claim(None, flow="RU:KZ:aksai", id="gone", published="2022-10-21T00:00:00Z")))
    (last, *_) = [
        record for record in reversed(worker.broker.of(worker.hop.context.topics.totals)) if record.key == b"RU:KZ"
    ]
    causes = decode_causes(dict(last.headers or [])[CAUSES_HEADER])
    assert [(cause.report, cause.moved) for cause in causes] == [("b/gone", True)]


async def test_a_state_names_the_message_that_led_to_it() -> None:
    worker = Worker(Broker())
    await worker.flushed(message(6, AKSAI), message(7, MASHTAKOVO))
    (first, *_) = worker.broker.of(worker.hop.context.topics.totals)
    assert b"7" in dict(first.headers or [])["ce_id"]


async def test_claims_and_flows_are_counted() -> None:
    worker = Worker(Broker())
    await worker.flushed(message(1, AKSAI, MASHTAKOVO))
    await worker.flushed(message(2, claim(None, flow="RU:KZ:aksai", published="2022-10-21T00:00:00Z")))
    assert worker.counted("claims_total", "new") == 2
    assert worker.counted("claims_total", "withdrawal") == 1
    assert worker.counted("states_sent_total") == 7
    assert worker.counted("ledger_flows") == 4
    assert worker.counted("table_rows", "ledger") == 3  # with that of the corridor RU:KZ


async def test_versions_that_are_passed_over_are_counted_by_source() -> None:
    """Two figures of one time, and a withdrawal of a claim that nobody made."""
    worker = Worker(Broker())
    worker.hop.context.registry = REGISTRY
    await worker.flushed(message(1, AKSAI, claim(71, flow="RU:KZ:aksai", id="two")))
    await worker.flushed(message(2, claim(None, "2022-09-23", "RU:KZ:aksai", id="gone"), MASHTAKOVO))
    assert worker.counted("source_notices_total", "b", "equal_published") == 1
    assert worker.counted("source_notices_total", "b", "unmatched_withdrawal") == 1


def test_a_hop_is_full_with_as_many_claims_as_a_batch_may_hold() -> None:
    worker = Worker(Broker(), batch_reports=2)
    worker.take(message(1, AKSAI))
    assert not worker.hop.full
    worker.take(message(2, MASHTAKOVO, more=True))
    assert worker.hop.full
    assert worker.hop.more


async def test_ledgers_are_dropped_with_unflushed_claims_when_partitions_are_given_away() -> None:
    worker = Worker(Broker())
    await worker.flushed(message(1, AKSAI))
    worker.take(message(2, MASHTAKOVO))
    await worker.hop.revoked(None, set())
    assert (worker.hop.ledgers, worker.hop.claims, worker.hop.last_offsets) == ({}, 0, {})
    assert await worker.flushed(message(2, MASHTAKOVO)) == [("RU:KZ:mashtakovo", 50), ("RU:KZ", 120), ("RU", 120)]


async def test_partitions_have_ledgers_of_their_own() -> None:
    worker = Worker(Broker())
    other = partition_of("KZ:RU", RU)
    assert other != worker.partition, "the test needs origins of different partitions"
    worker.take(message(1, AKSAI))
    worker.take(message(1, claim(9, flow="KZ:RU", id="three")), partition=other)
    await worker.hop.flush()
    assert {partition: sorted(ledger.nodes) for partition, ledger in worker.hop.ledgers.items()} == {
        worker.partition: ["RU", "RU:KZ", "RU:KZ:aksai"],
        other: ["KZ", "KZ:RU"],
    }


async def test_others_have_their_turn_while_many_claims_are_reconciled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MANY_STATEMENTS", 2)
    worker = Worker(Broker())
    worker.take(message(1, AKSAI, MASHTAKOVO))
    ledger, go_on = worker.hop.ledgers[worker.partition], threading.Event()
    flushing = ledger.flushing

    def held_up() -> Iterator[None]:
        assert go_on.wait(WAIT_S), "nobody else had a turn"
        yield from flushing()

    monkeypatch.setattr(ledger, "flushing", held_up)
    flush = asyncio.create_task(worker.hop.flush())
    await asyncio.sleep(0)
    go_on.set()
    await flush
    assert [state.flow for state in worker.states] == ["RU:KZ:aksai", "RU:KZ:mashtakovo", "RU:KZ", "RU"]


# --- restoring: it holds up nobody, and the worker's signs of life go on -----------------------------------------


FLOW, WAIT_S = "RU:KZ", 30


class Held:
    """A hop with one row in its table, whose ledger is made only when `go_on` is set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.app = create_app(load_settings(hops="ledger"))
        (hop,) = self.app.hops
        assert isinstance(hop, LedgerHop)
        self.hop, self.partition = hop, partition_of(FLOW, hop.context.settings.partitions)
        before = Ledger()
        before.next_version(Flow(FLOW), 1)
        for row in [*before.apply([claim(1_000, flow=FLOW)]).rows, Row("t", Flow(FLOW), 0)]:
            hop.table.data[row.key] = before.row(row)
        mine = SimpleNamespace(topic=hop.context.topics.claims, partition=self.partition)
        consumer: Any = SimpleNamespace(assignment=lambda: [mine])
        self.app.consumer = consumer
        self.began, self.go_on = threading.Event(), threading.Event()
        self.built = 0

        def held_up(*arguments: Any) -> Ledger:
            self.built += 1
            self.began.set()
            assert self.go_on.wait(WAIT_S), "nobody else had a turn"
            return restored(*arguments)

        monkeypatch.setattr(restored_ledgers, "restored", held_up)

    async def restoring(self) -> asyncio.Task[None]:
        """What Faust sets off when tables are read back; returns once a ledger is being made."""
        task = asyncio.create_task(self.app.on_rebalance_complete.send())
        assert await asyncio.to_thread(self.began.wait, WAIT_S)
        return task


async def test_others_have_their_turn_while_a_ledger_is_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = Held(monkeypatch)
    restoring = await blocked.restoring()
    assert blocked.hop.ledgers == {}
    blocked.go_on.set()
    await restoring
    assert FLOW in blocked.hop.ledgers[blocked.partition].nodes


async def test_what_is_restored_for_partitions_that_were_given_away_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = Held(monkeypatch)
    restoring = await blocked.restoring()
    await blocked.hop.revoked(None, set())
    blocked.go_on.set()
    await restoring
    assert blocked.hop.ledgers == {}


async def test_a_worker_that_keeps_losing_its_partitions_restores_each_ledger_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    blocked = Held(monkeypatch)
    restoring = await blocked.restoring()
    await blocked.hop.revoked(None, set())  # its session ended meanwhile: the processor is busy
    blocked.go_on.set()
    await restoring
    await blocked.app.on_rebalance_complete.send()
    assert FLOW in blocked.hop.ledgers[blocked.partition].nodes
    await blocked.hop.revoked(None, set())  # and once more before a claim arrived
    await blocked.app.on_rebalance_complete.send()
    assert FLOW in blocked.hop.ledgers[blocked.partition].nodes
    assert blocked.built == 1


# --- destinations ----------------------------------------------------------------------------------------------------

FROM_RU, FROM_BY = claim(70, flow="RU:GE:lars", id="one"), claim(50, flow="KZ:GE", id="two")
GEORGIA = partition_of("*:GE", RU)


class Corridors(Worker):
    """A worker that reads what its ledgers send each other."""

    def __init__(self, broker: Broker, table: Mapping[bytes, bytes] = {}) -> None:
        super().__init__(broker, table)
        self.passed_on = 0
        every = [SimpleNamespace(topic=self.hop.context.topics.claims, partition=at) for at in range(RU)]
        self.app.consumer = SimpleNamespace(assignment=lambda: every)  # type: ignore[assignment] # what is used of it

    @property
    def sent(self) -> list[Any]:
        return self.broker.of(self.hop.context.topics.claims)

    async def report(self, offset: int, claim: Claim) -> None:
        self.take(message(offset, claim), partition=partition_of(claim.flow, RU))
        await self.hop.flush()

    async def pass_on(self) -> list[tuple[str, int]]:
        """Flush what the ledgers have sent since; the flows published, with the people of their last day."""
        before, waiting = len(self.states), self.sent[self.passed_on :]
        self.passed_on += len(waiting)
        for offset, record in enumerate(waiting, 100 + self.passed_on):
            sent = SimpleNamespace(offset=offset, value=record.value, headers=record.headers, timestamp=1_000)
            self.take(sent, partition=record.partition)
        await self.hop.flush()
        return [(state.flow, state.totals[0].best) for state in self.states[before:]]


async def test_a_destination_adds_up_what_the_ledgers_of_its_origins_send_to_its_partition() -> None:
    worker = Corridors(Broker())
    await worker.report(7, FROM_RU)
    assert await worker.pass_on() == []  # one corridor alone says no more than itself
    await worker.report(8, FROM_BY)
    assert await worker.pass_on() == [("*:GE", 120)]
    assert {record.partition for record in worker.sent} == {GEORGIA}
    (state,) = [state for state in worker.states if state.flow == "*:GE"]
    assert state.totals[0].reports == ["b/one", "b/two"]
    corridor = decode_message(worker.sent[0].value).corridors[0]
    assert (corridor.flow, corridor.version) == ("RU:GE", (1, 7))
    keys = {key for _, key in worker.rows if key[:1] in b"dht"}
    day = ordinal("2022-09-21")
    assert keys == {
        f"{row}".encode() for flow in ("RU:GE", "KZ:GE") for row in (f"d|{flow}|{day}", f"h|{flow}|0", f"t|{flow}|0")
    }


async def test_a_restarted_hop_has_the_corridors_of_its_destinations_and_sends_none_again() -> None:
    before = Corridors(Broker())
    await before.report(1, FROM_RU)
    await before.pass_on()
    again = Corridors(Broker(), before.hop.table.data)
    await again.hop.recovered()
    assert again.sent == []
    await again.report(2, FROM_BY)
    assert await again.pass_on() == [("*:GE", 120)]


async def test_a_restarted_hop_shows_the_figures_of_every_flow_soon_as_before() -> None:
    before = Corridors(Broker())
    await before.report(1, FROM_RU)
    await before.report(2, FROM_BY)
    await before.pass_on()
    again = Corridors(Broker(), before.hop.table.data)
    await again.hop.recovered()
    assert again.hop._showing is not None
    await again.hop._showing
    shown = dict(again.hop.context.metrics.flows.shown())
    assert shown == dict(before.hop.context.metrics.flows.shown())
    assert {"RU:GE", "*:GE"} <= shown.keys()


async def test_flows_are_no_longer_shown_once_their_partitions_are_given_away() -> None:
    before = Corridors(Broker())
    await before.report(1, FROM_RU)
    again = Corridors(Broker(), before.hop.table.data)
    await again.hop.recovered()
    assert again.hop._showing is not None
    await again.hop.revoked(None, set())
    await again.hop._showing
    assert dict(again.hop.context.metrics.flows.shown()) == {}


async def test_corridors_in_a_table_of_an_earlier_version_are_sent_once_with_all_their_days() -> None:
    before = Corridors(Broker())
    await before.report(1, FROM_RU)
    await before.report(2, claim(30, "2022-08-01", flow="RU:GE:lars", id="old"))
    older = {key: value for key, value in before.hop.table.data.items() if key[:1] not in b"dht"}
    worker = Corridors(Broker(), older)
    await worker.hop.recovered()
    (corridor,) = [each for record in worker.sent for each in decode_message(record.value).corridors]
    assert [day.day for day in corridor.series[0].days] == [ordinal("2022-08-01"), ordinal("2022-09-21")]
    again = Corridors(Broker(), worker.hop.table.data)
    await again.hop.recovered()
    assert again.sent == []


async def test_a_corridor_that_an_alias_moves_away_leaves_its_destination() -> None:
    worker = Corridors(Broker())
    for offset, reported in enumerate([FROM_RU, FROM_BY, claim(9, flow="KZ:GE:roki", id="three")]):
        await worker.report(offset, reported)
    assert await worker.pass_on() == [("*:GE", 120)]
    worker.hop.context.renew(with_aliases({Flow("RU:GE:lars"): Flow("RU:KZ:lars")}))
    assert worker.hop._moving is not None
    await worker.hop._moving
    assert await worker.pass_on() == [("*:GE", 50)]


async def test_corridors_that_change_all_the_time_are_sent_together_with_all_their_days(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "CORRIDORS_S", 3_600.0)
    worker = Corridors(Broker())
    await worker.report(1, FROM_RU)
    await worker.report(2, claim(30, "2022-09-22", flow="RU:GE:lars", id="later"))
    await worker.report(3, claim(40, "2022-09-23", flow="RU:GE:lars", id="last"))
    assert len(worker.sent) == 1
    assert [state.flow for state in worker.states[-3:]] == ["RU:GE:lars", "RU:GE", "RU"]  # these do not wait
    assert 0 < (worker.hop.held_s() or 0) <= 3_600  # nor are the claims acknowledged
    worker.hop.hasten()
    await worker.hop.flush()
    _, sent = worker.sent
    (corridor,) = decode_message(sent.value).corridors
    days = [day.day - ordinal("2022-09-21") for day in corridor.series[0].days]
    assert (corridor.version, days) == ((2, 3), [1, 2])
    assert worker.hop.held_s() is None
    await worker.report(4, FROM_RU)
    worker.hop.forget()
    assert worker.hop.held_s() is None


async def test_reports_that_wait_are_not_forgotten_for_a_corridor() -> None:
    worker = Corridors(Broker())
    await worker.report(1, FROM_RU)
    worker.take(message(2, AKSAI, more=True))
    (sent,) = worker.sent
    worker.take(SimpleNamespace(offset=3, value=sent.value, headers=sent.headers, timestamp=1_000))
    assert worker.hop.more


# --- aliases ---------------------------------------------------------------------------------------------------------

NEW, OLD = Flow("RU:KZ:new-bridge"), Flow("RU:KZ:old-bridge")
ALIASES = {NEW: OLD}


def with_aliases(aliases: Mapping[Flow, Flow]) -> Registry:
    return Registry(load_registry(None).sources, aliases=aliases)


class Renaming(Worker):
    """A worker whose partition is assigned, and whose registry can change."""

    def __init__(self, broker: Broker, table: Mapping[bytes, bytes] = {}, aliases: Mapping[Flow, Flow] = {}) -> None:
        super().__init__(broker, table)
        self.hop.aliases = dict(aliases)
        self.hop.context.registry = with_aliases(aliases)
        mine = SimpleNamespace(topic=self.hop.context.topics.claims, partition=self.partition)
        self.app.consumer = SimpleNamespace(assignment=lambda: [mine])  # type: ignore[assignment] # what is used of it

    async def reload(self, aliases: Mapping[Flow, Flow]) -> list[tuple[str, int]]:
        """Use a registry with other aliases; the flows published, with the people of their last day, -1 if gone."""
        before = len(self.states)
        self.hop.context.renew(with_aliases(aliases))
        if self.hop._moving is not None:
            await self.hop._moving
        return self.published(before)

    def published(self, before: int = 0) -> list[tuple[str, int]]:
        return [(state.flow, -1 if state.gone else state.totals[0].best) for state in self.states[before:]]


BRIDGES = [claim(70, "2022-09-20", flow=OLD, id="old"), claim(50, flow=NEW, id="new")]
APART = [(NEW, 50), (OLD, 70), ("RU:KZ", 120), ("RU", 120)]  # 70 of the old bridge are projected
MOVED = [(OLD, 50), ("RU:KZ", 50), ("RU", 50), (NEW, -1)]


async def test_a_reload_with_an_alias_moves_what_is_stored() -> None:
    worker = Renaming(Broker())
    await worker.flushed(message(1, *BRIDGES))
    assert await worker.reload(ALIASES) == MOVED
    gone = worker.states[-1]
    assert (gone.alias_of, gone.totals, gone.days, gone.episodes) == (OLD, [], [], [])
    place = next(state for state in reversed(worker.states) if state.flow == OLD)
    assert [(day.day, day.best) for day in place.days] == [("2022-09-20", 70), ("2022-09-21", 50)]
    assert await worker.flushed(message(2, claim(9, "2022-09-22", flow=NEW, id="later"))) == [
        (OLD, 9),
        ("RU:KZ", 9),
        ("RU", 9),
    ]
    rows = {key for key in worker.hop.table.data if key.startswith(b"c|")}
    assert {key.split(b"|")[1] for key in rows} == {OLD.encode(), NEW.encode()}  # stored as reported


async def test_taking_an_alias_back_undoes_the_move() -> None:
    worker = Renaming(Broker())
    await worker.flushed(message(1, *BRIDGES))
    await worker.reload(ALIASES)
    assert await worker.reload({}) == APART
    assert await worker.reload({}) == []


async def test_a_flow_above_an_alias_goes_with_its_last_claim() -> None:
    worker = Renaming(Broker())
    await worker.flushed(message(1, claim(50, flow="RU:GE:lars")))
    assert await worker.reload({Flow("RU:GE:lars"): Flow("RU:KZ:lars")}) == [
        ("RU:KZ:lars", 50),
        ("RU:KZ", 50),
        ("RU", 50),
        ("RU:GE:lars", -1),
        ("RU:GE", -1),
    ]
    assert [state.alias_of for state in worker.states[-2:]] == ["RU:KZ:lars", None]


async def test_a_worker_that_starts_with_another_alias_moves_what_is_stored_once() -> None:
    before = Renaming(Broker())
    await before.flushed(message(1, *BRIDGES))
    worker = Renaming(Broker(), before.hop.table.data, ALIASES)
    await worker.hop.recovered()
    assert worker.published() == MOVED
    again = Renaming(Broker(), worker.hop.table.data, ALIASES)
    await again.hop.recovered()
    assert again.states == []


async def test_an_alias_that_no_report_has_used_publishes_nothing() -> None:
    worker = Renaming(Broker())
    await worker.flushed(message(1, AKSAI))
    assert await worker.reload(ALIASES) == []
    assert await worker.flushed(message(2, BRIDGES[1])) == [(OLD, 50), ("RU:KZ", 120), ("RU", 120)]


async def test_after_a_crash_between_states_and_rows_the_same_states_are_published_again() -> None:
    before = Renaming(Broker())
    await before.flushed(message(1, *BRIDGES))
    crashed = Renaming(Broker(takes=1), before.hop.table.data, ALIASES)
    with pytest.raises(KafkaError):
        await crashed.hop.recovered()
    assert crashed.published() == MOVED
    again = Renaming(Broker(), crashed.hop.table.data, ALIASES)
    await again.hop.recovered()
    assert again.published() == MOVED


async def test_what_was_taken_before_a_reload_is_flushed_first() -> None:
    worker = Renaming(Broker())
    await worker.flushed(message(1, BRIDGES[0]))
    worker.take(message(2, BRIDGES[1]))
    event: Any = SimpleNamespace(message=SimpleNamespace(topic="claims", partition=worker.partition, offset=2))
    acknowledged: list[Any] = []

    async def ack(event: Any) -> None:
        acknowledged.append(event)

    worker.hop.events, worker.hop.stream = [event], SimpleNamespace(ack=ack)  # type: ignore[assignment] # what is used of them
    assert await worker.reload(ALIASES) == [(NEW, 50), ("RU:KZ", 120), ("RU", 120), *MOVED]
    assert acknowledged == [event]


async def test_periods_that_are_added_up_are_counted() -> None:
    worker = Renaming(Broker(), aliases=ALIASES)
    await worker.flushed(message(1, claim(70, flow=OLD), claim(50, flow=NEW), AKSAI))
    assert worker.counted("ledger_doubled_periods") == 1
    assert worker.counted("ledger_flows") == 4


async def test_a_flow_that_is_asked_for_is_published_again_as_it_is_now_under_the_epoch_of_its_partition() -> None:
    worker = Worker(Broker())
    await worker.hop.fence([worker.partition])
    await worker.flushed(message(1, AKSAI), message(2, MASHTAKOVO))
    again = SimpleNamespace(
        offset=3, headers=(), timestamp=1_000, value=msgspec.msgpack.encode(LedgerMessage([], [], [], [Flow("RU:KZ")]))
    )
    assert await worker.flushed(again) == [("RU:KZ", 120), ("RU", 120)]
    records = worker.broker.of(worker.hop.context.topics.totals)
    assert {header(record.headers or (), EPOCH_HEADER) for record in records} == {b"7.1"}
    assert [record.value for record in records[-2:]] == [record.value for record in records[-4:-2]]  # byte for byte


async def test_a_flow_without_claims_that_is_asked_for_is_published_as_gone() -> None:
    worker = Worker(Broker())
    await worker.flushed(message(1, AKSAI))
    again = SimpleNamespace(
        offset=3, headers=(), timestamp=1_000, value=msgspec.msgpack.encode(LedgerMessage([], [], [], [Flow("RU:GE")]))
    )
    assert await worker.flushed(again) == [("RU:GE", 0), ("RU", 70)]
