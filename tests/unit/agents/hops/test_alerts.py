"""The alerts hop on a broker that is a list: what it publishes and remembers, and what comes again after a crash."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from aiokafka.errors import KafkaError

from bordertally.agents.hops import alerts as module
from bordertally.agents.hops.alerts import AlertsHop, EpisodesHead, FlowAlerts, causes_of
from bordertally.agents.kafka.fencing import EPOCH_HEADER
from bordertally.agents.kafka.producer import Record, partition_of_key
from bordertally.agents.worker.worker import create_app
from bordertally.streams.alerts.records import Alert
from bordertally.streams.detection.flow_state import flow_state
from bordertally.streams.flows import Flow
from bordertally.streams.ledger.causes import CAUSES_HEADER, Cause, encode_causes
from bordertally.streams.ledger.corridors.records import decode_message
from bordertally.streams.ledger.ledger import Ledger
from bordertally.streams.reports.claims import Claim
from bordertally.streams.settings import load_settings
from bordertally.streams.topics import partition_of
from unit.agents.hops.kit import Broker
from unit.kit import PROMPT, claim

FLOW = b"RU:KZ"
WRITTEN_S = 1_600_000_000.0


class Worker:
    """An alerts hop of a worker that has just started, with what its table holds, and the broker that it writes to."""

    def __init__(self, broker: Broker, table: Mapping[bytes, bytes] = {}) -> None:
        self.broker, self.app = broker, create_app(load_settings(hops="alerts"))
        (hop,) = self.app.hops
        assert isinstance(hop, AlertsHop)
        broker.serve(hop.context)
        hop.table.data.update(table)
        self.hop = hop

    async def flush(self, *records: Any, partition: int = 2) -> list[tuple[str, int, str, str]]:
        """Add records in one bundle and flush them; returns the alerts published: flow, seq, state, severity."""
        before = len(self.alerts)
        self.hop.add(bundle(*records, partition=partition))
        await self.hop.flush()
        return [(alert.flow, alert.seq, alert.state.value, alert.severity) for alert in self.alerts[before:]]

    @property
    def alerts(self) -> list[Alert]:
        records = self.broker.of(self.hop.context.topics.alerts)
        return [msgspec.json.decode(record.value, type=Alert) for record in records]

    @property
    def changes(self) -> list[Record]:
        return self.broker.of(self.hop.context.topics.changelog("alerts"))

    @property
    def table(self) -> dict[bytes, bytes]:
        return dict(self.hop.table.data)

    @property
    def open(self) -> dict[str, int]:
        """The gauge of open alerts; severities without one are left out."""
        gauge = self.hop.context.metrics["open_alerts"]
        return {
            name: int(number)
            for name in ("notice", "warning", "critical")
            if (number := gauge.labels(name)._value.get())
        }


def bundle(*records: Any, partition: int = 2) -> Any:
    return SimpleNamespace(records=list(records), partition=partition)


def day(people: int | None, number: int, flow: str = "RU:KZ", **more: Any) -> Claim:
    """A whole day's count beside a stated normal of 400 a day: above 500 it alarms, from 600 on as a warning."""
    period, normal = f"2022-09-{number:02}", {"daily": 400}
    return claim(people, period, flow, qualifier="count", normal=normal, **{"id": f"day-{number}", **more})


def state(offset: int, *claims: Claim, causes: Iterable[Cause] = (), flow: str = "RU:KZ", at: float = WRITTEN_S) -> Any:
    """The record on `totals` of the state that claims come to; written `offset` seconds after `at`."""
    ledger = Ledger()
    ledger.apply(claims)
    value = msgspec.json.encode(flow_state(ledger.nodes[Flow(flow)], PROMPT))
    headers = [(CAUSES_HEADER, encode_causes(list(causes)))] if causes else []
    written = int((at + offset) * 1000)
    return SimpleNamespace(
        key=flow.encode(), value=value, headers=headers, offset=offset, timestamp=written, partition=2
    )


QUIET, HIGH, HIGHER = [day(400, 1)], [day(400, 1), day(600, 2)], [day(400, 1), day(600, 2), day(900, 3)]
OVER = [*HIGHER, day(400, 4)]


@pytest.mark.parametrize(
    ("offset", "written", "past"),
    [
        (8, 990.0, False),  # a later state
        (7, 900.0, True),  # the one it is about, delivered again
        (3, 800.0, True),  # one before
        (0, 950.0, False),  # the first of a topic that was made anew
        (8, 900.0, False),  # a later one, written in the same millisecond
    ],
)
def test_states_of_the_past_are_known_by_offset_and_time(offset: int, written: float, past: bool) -> None:
    record: Any = SimpleNamespace(offset=offset, timestamp=written * 1000)
    assert FlowAlerts([], 7, 900.0).covers(record) is past
    assert FlowAlerts().covers(record) is False


async def test_an_alert_is_published_first_and_remembered_after_in_the_partition_of_its_state() -> None:
    worker = Worker(Broker())
    assert await worker.flush(state(5, *HIGH), partition=3) == [("RU:KZ", 1, "firing", "warning")]
    alert, change = worker.broker.records
    assert (alert.topic, alert.key) == (worker.hop.context.topics.alerts, FLOW)
    assert (change.topic, change.key, change.partition) == (worker.hop.context.topics.changelog("alerts"), FLOW, 3)
    assert worker.table == {FLOW: change.value}
    remembered = msgspec.msgpack.decode(change.value, type=FlowAlerts)
    assert (remembered.offset, remembered.written) == (5, WRITTEN_S + 5)
    assert dict(alert.headers or [])["ce_id"]


async def test_a_state_that_changes_nothing_is_neither_published_nor_remembered() -> None:
    worker = Worker(Broker())
    await worker.flush(state(1, *HIGH))
    row = worker.table
    assert await worker.flush(state(2, *HIGH), state(3, *HIGH)) == []
    assert (worker.table, len(worker.changes)) == (row, 1)


async def test_a_flow_without_episodes_costs_no_row() -> None:
    worker = Worker(Broker())
    assert await worker.flush(state(1, *QUIET, causes=[Cause("day-1", 1, 1)])) == []
    assert (worker.table, worker.broker.records) == ({}, [])


async def test_states_of_one_bundle_are_compared_each_with_the_one_before_it() -> None:
    worker = Worker(Broker())
    assert await worker.flush(state(1, *HIGH), state(2, *HIGHER), state(3, *OVER)) == [
        ("RU:KZ", 1, "firing", "warning"),
        ("RU:KZ", 2, "updated", "critical"),
        ("RU:KZ", 3, "resolved", "critical"),
    ]
    assert len(worker.changes) == 1
    assert msgspec.msgpack.decode(worker.table[FLOW], type=FlowAlerts).offset == 3


async def test_after_a_crash_before_anything_was_remembered_the_same_is_published_again() -> None:
    broker = Broker(takes=1)
    first = Worker(broker)
    with pytest.raises(KafkaError):
        await first.flush(state(1, *HIGH))
    assert first.table == {}
    again = Worker(Broker(), first.table)
    await again.flush(state(1, *HIGH))
    assert again.alerts == first.alerts
    assert [alert.seq for alert in again.alerts] == [1]


async def test_after_a_crash_once_it_was_remembered_nothing_is_published_again() -> None:
    before = Worker(Broker())
    await before.flush(state(1, *HIGH), state(2, *HIGHER))
    again = Worker(Broker(), before.table)
    assert await again.flush(state(1, *HIGH), state(2, *HIGHER)) == []
    assert await again.flush(state(3, *OVER)) == [("RU:KZ", 3, "resolved", "critical")]


async def test_an_older_state_does_not_replace_the_newest() -> None:
    """An older state comes again after a crash: the one after it is still compared with what was published."""
    before = Worker(Broker())
    await before.flush(state(1, *HIGH), state(2, *HIGHER))
    again = Worker(Broker(), before.table)
    assert await again.flush(state(1, *HIGH)) == []
    assert await again.flush(state(3, *HIGH)) == [("RU:KZ", 3, "updated", "warning")]  # the day above was corrected


async def test_the_report_that_took_an_alert_away_is_cited() -> None:
    worker = Worker(Broker())
    await worker.flush(state(1, *HIGH))
    second = HIGH[1].local_start // 86_400 + 719_163
    cause = Cause("correction", second, second, moved=True)
    assert await worker.flush(state(2, day(400, 1), day(400, 2), causes=[cause])) == [
        ("RU:KZ", 2, "withdrawn", "warning")
    ]
    assert (worker.alerts[-1].reports, worker.alerts[-1].report_count) == (["correction"], 1)


async def test_a_cause_is_remembered_though_the_state_it_came_with_is_as_before() -> None:
    """A report that bears on the days of an alert may come before the one that takes the alert away."""
    worker = Worker(Broker())
    await worker.flush(state(1, *HIGH))
    second = HIGH[1].local_start // 86_400 + 719_163
    await worker.flush(state(2, *HIGH, causes=[Cause("earlier", second, second, moved=True)]))
    await worker.flush(state(3, day(400, 1), day(400, 2), causes=[Cause("later", second, second, moved=True)]))
    assert worker.alerts[-1].reports == ["earlier", "later"]


def test_a_record_without_the_header_names_no_cause() -> None:
    assert causes_of(state(1, *QUIET)) == []
    cause = Cause("r", 1, 2)
    assert causes_of(state(1, *QUIET, causes=[cause])) == [cause]


async def test_the_hop_is_full_once_enough_states_wait_and_counts_anew_after_they_are_flushed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "FLUSH_STATES", 3)
    worker = Worker(Broker())
    worker.hop.add(bundle(state(1, *HIGH), state(2, *HIGH)))
    assert not worker.hop.full
    worker.hop.add(bundle(state(3, *HIGH)))
    assert worker.hop.full
    await worker.hop.flush()
    assert not worker.hop.full
    assert worker.hop.context.metrics["states_read_total"]._value.get() == 3


async def test_unflushed_states_are_dropped_when_partitions_are_given_away() -> None:
    worker = Worker(Broker())
    worker.hop.add(bundle(state(1, *HIGH)))
    await worker.hop.revoked(None, set())
    await worker.hop.flush()
    assert (worker.broker.records, worker.table) == ([], {})
    assert await worker.flush(state(1, *HIGH)) == [("RU:KZ", 1, "firing", "warning")]


async def test_the_gauge_counts_open_alerts_by_severity() -> None:
    worker = Worker(Broker())
    await worker.flush(state(1, *HIGH), state(2, day(900, 2, "RU:GE"), flow="RU:GE"))
    assert worker.open == {"warning": 1, "critical": 1}
    await worker.flush(state(3, *HIGHER))
    assert worker.open == {"critical": 2}
    await worker.flush(state(4, *OVER))
    assert worker.open == {"critical": 1}
    assert worker.hop.context.metrics["alerts_total"].labels("resolved")._value.get() == 1


async def test_a_restarted_hop_counts_the_open_alerts_of_its_own_partitions() -> None:
    before = Worker(Broker())
    await before.flush(state(1, *HIGH), state(2, day(900, 2, "RU:GE"), flow="RU:GE"))
    again = Worker(Broker(), before.table)
    count = again.hop.context.settings.partitions
    mine, other = (partition_of_key(flow, count) for flow in (FLOW, b"RU:GE"))
    assert mine != other, "the test needs flows of different partitions"
    topic = again.hop.context.topics.totals
    assigned = [SimpleNamespace(topic=topic, partition=mine), SimpleNamespace(topic="others", partition=other)]
    consumer: Any = SimpleNamespace(assignment=lambda: assigned)
    again.app.consumer = consumer
    await again.hop.recovered()
    assert again.open == {"warning": 1}


async def test_a_state_with_the_same_episodes_is_not_read_in_full() -> None:
    worker = Worker(Broker())
    first, second = state(1, *HIGH), state(2, *HIGH)
    second.value = b'{"episodes":' + bytes(msgspec.json.decode(first.value, type=EpisodesHead).episodes) + b"}"
    await worker.flush(first)
    assert await worker.flush(second) == []
    second.value = b'{"episodes":[{}]}'
    with pytest.raises(msgspec.ValidationError):
        await worker.flush(second)


def under(epoch: bytes, record: Any) -> Any:
    record.headers = [*record.headers, (EPOCH_HEADER, epoch)]
    return record


async def test_a_state_of_a_replaced_ledger_changes_no_alert_and_its_flow_is_published_again() -> None:
    worker = Worker(Broker())
    assert await worker.flush(under(b"7.5", state(1, *HIGH))) == [("RU:KZ", 1, "firing", "warning")]
    assert await worker.flush(under(b"7.6", state(2, *HIGHER))) == [("RU:KZ", 2, "updated", "critical")]
    assert await worker.flush(under(b"7.5", state(3, *QUIET))) == []
    (asked,) = worker.broker.of(worker.hop.context.topics.claims)
    assert asked.partition == partition_of("RU:KZ", worker.hop.context.settings.partitions)
    assert decode_message(asked.value).again == ["RU:KZ"]
    assert await worker.flush(under(b"7.6", state(4, *HIGHER))) == []
    assert len(worker.broker.of(worker.hop.context.topics.claims)) == 1


async def test_a_restarted_hop_knows_the_epochs_that_it_has_seen() -> None:
    before = Worker(Broker())
    await before.flush(under(b"7.6", state(1, *HIGH)))
    again = Worker(Broker(), before.table)
    assert await again.flush(under(b"7.5", state(2, *HIGHER))) == []
    assert [record.topic for record in again.broker.records] == [again.hop.context.topics.claims]


async def test_epochs_are_those_of_one_partition_of_claims_as_one_partition_of_states_shows_them() -> None:
    worker = Worker(Broker())
    assert partition_of("KZ:RU", 8) != partition_of("RU:KZ", 8)
    await worker.flush(under(b"7.6", state(1, *HIGH)))
    other = [day(400, 1, "KZ:RU"), day(600, 2, "KZ:RU")]
    assert await worker.flush(under(b"7.5", state(2, *other, flow="KZ:RU"))) == [("KZ:RU", 1, "firing", "warning")]
    assert worker.broker.of(worker.hop.context.topics.claims) == []
