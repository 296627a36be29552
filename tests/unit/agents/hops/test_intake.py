"""The intake on a broker that is a list: reports become claims or dead letters, batch by batch."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from aiokafka import TopicPartition

from bordertally.agents.hops import intake as module
from bordertally.agents.hops.intake import Intake
from bordertally.agents.kafka.producer import Record
from bordertally.agents.runtime.context import Context
from bordertally.streams.delivery.metrics import NOBODY
from bordertally.streams.flows import Flow
from bordertally.streams.ledger.ledger import Ledger
from bordertally.streams.ledger.rows import PEOPLE
from bordertally.streams.moments import text_at
from bordertally.streams.reports.claims import Claims
from bordertally.streams.settings import load_settings
from bordertally.streams.topics import partition_of
from unit.agents.hops.kit import Broker, Consumer, record
from unit.kit import REGISTRY, ordinal, report

ARRIVED_MS = 1_700_000_000_000  # after all that the reports speak of


class Desk:
    """An intake with its registry, its broker, and the partitions it reads."""

    def __init__(self, **settings: Any) -> None:
        self.broker = Broker()
        context = Context.load(load_settings(**settings))
        context.renew(REGISTRY)
        self.broker.serve(context)
        self.hop, self.context = Intake(context), context
        self.government, self.checkpoint, *_ = (TopicPartition(topic, 1) for topic in self.hop.topics())
        self.hop.consumer = Consumer()

    async def handle(self, *records: Any, at: TopicPartition | None = None) -> dict[TopicPartition, int]:
        return await self.hop.handle({at or self.government: list(records)})

    @property
    def claims(self) -> list[Record]:
        return self.broker.of(self.context.topics.claims)

    @property
    def rejected(self) -> list[tuple[str, bytes]]:
        """The reason and the bytes of each dead letter."""
        letters = self.broker.of(self.context.topics.rejected)
        return [(dict(letter.headers or [])["reason"].decode(), letter.value) for letter in letters]

    def counted(self, name: str, *labels: str) -> float:
        return float(self.context.metrics[name].labels(*labels)._value.get())


def sent(offset: int, raw: bytes | None, at_ms: int = ARRIVED_MS) -> Any:
    return record(offset, raw, at_ms)


GOOD = report(98_000, "2022-09-21/P7D")
WRONG = report(-1, "2022-09-21/P7D")


async def test_a_report_becomes_claims_in_the_partition_of_its_flow() -> None:
    desk = Desk()
    assert await desk.handle(sent(6, GOOD)) == {desk.government: 7}
    (message,) = desk.claims
    assert message.partition == partition_of("RU:KZ", desk.context.settings.partitions)
    (claim,) = msgspec.msgpack.decode(message.value, type=Claims).claims
    assert (claim.flow, claim.best, claim.report) == ("RU:KZ", 98_000, "r1")
    assert desk.rejected == []


async def test_a_report_that_is_refused_becomes_one_dead_letter_with_its_own_bytes() -> None:
    desk = Desk()
    assert await desk.handle(sent(1, WRONG), sent(2, b"nothing"), sent(3, GOOD)) == {desk.government: 4}
    assert sorted(desk.rejected) == sorted([("people_out_of_range", WRONG), ("not_json", b"nothing")])
    assert len(desk.claims) == 1


@pytest.mark.parametrize("period", ["2022-09-21", "2022-09-21T10:00Z/PT1H"])
async def test_a_report_dated_ahead_counts_from_its_arrival_at_the_broker_and_is_named(period: str) -> None:
    """A clock is 20 hours fast; the correction comes an hour later, once the clock is right."""
    desk, hour = Desk(), 3_600_000
    arrived = {"wrong": ARRIVED_MS, "right": ARRIVED_MS + hour}
    published = {"wrong": ARRIVED_MS + 20 * hour, "right": ARRIVED_MS + hour}
    records = [
        sent(
            offset,
            report(people, period, id=name, qualifier="count", published=text_at(published[name] / 1000)),
            arrived[name],
        )
        for offset, (name, people) in enumerate((("wrong", 9_000), ("right", 900)))
    ]
    ledger = Ledger()
    for each in records:
        await desk.handle(each)
        message = msgspec.msgpack.decode(desk.claims[-1].value, type=Claims)
        ledger.apply(message.claims, message.readings)
    assert ledger.nodes[Flow("RU:KZ")].series[PEOPLE].bins[ordinal("2022-09-21")].best == 900
    assert desk.counted("source_notices_total", "b", "dated_ahead") == 1


async def test_unknown_fields_are_counted_by_source_and_the_report_is_taken() -> None:
    desk = Desk()
    await desk.handle(sent(1, report(98_000, "2022-09-21/P7D", qualifer="about")))
    assert (len(desk.claims), desk.rejected) == (1, [])
    assert desk.counted("source_notices_total", "b", "unknown_field") == 1


async def test_reports_are_counted_by_topic_source_and_reason() -> None:
    desk = Desk()
    stranger = report(5, source="stranger")
    await desk.handle(sent(1, GOOD), sent(2, GOOD.replace(b"r1", b"r2")), sent(3, WRONG), sent(4, stranger))
    topic = desk.government.topic
    assert desk.counted("reports_total", topic, "accepted") == 2
    assert desk.counted("reports_total", topic, "rejected") == 2
    assert desk.counted("source_reports_total", "b", "accepted") == 2
    assert desk.counted("source_reports_total", "b", "rejected") == 1
    assert desk.counted("source_reports_total", NOBODY, "rejected") == 1
    assert desk.counted("rejects_total", "unknown_source") == 1
    await desk.handle(sent(5, GOOD))
    assert desk.counted("source_reports_total", "b", "rejected") == 1  # of this batch none was


async def test_who_may_not_speak_on_a_topic_is_refused_there() -> None:
    desk = Desk()
    frontex = next(TopicPartition(topic, 0) for topic in desk.hop.topics() if "frontex" in topic)
    await desk.handle(sent(1, report(5, source="c")), at=frontex)
    assert [reason for reason, _ in desk.rejected] == ["topic_not_allowed"]


async def test_a_message_says_when_its_oldest_report_arrived_and_whether_more_wait() -> None:
    desk = Desk()
    await desk.handle(sent(1, GOOD, ARRIVED_MS + 5), sent(2, GOOD.replace(b"RU:KZ", b"RU:GE"), ARRIVED_MS))
    assert dict(desk.claims[0].headers or []) == {"arrived": b"%d" % (ARRIVED_MS + 5)}
    desk.hop.consumer = Consumer(ends={desk.government: 9})
    desk.hop.consumer.positions[desk.government] = 4
    await desk.handle(sent(3, GOOD))
    assert dict(desk.claims[-1].headers or [])["more"] == b"1"


async def test_reports_that_are_here_already_join_the_batch() -> None:
    desk = Desk()
    desk.hop.consumer = Consumer({desk.government: [sent(2, GOOD.replace(b"r1", b"r2"))], desk.checkpoint: []})
    assert await desk.handle(sent(1, GOOD)) == {desk.government: 3}
    assert desk.hop.size == 2
    assert desk.broker.writes == 2  # claims, then dead letters: once


async def test_the_partition_that_lies_the_furthest_back_is_read_first() -> None:
    desk = Desk()
    ahead, behind, unread = (TopicPartition(desk.government.topic, number) for number in range(3))
    desk.hop.consumer = Consumer({ahead: [sent(1, GOOD)], behind: [sent(2, GOOD)]})
    assert list(await desk.hop.more({ahead: 20, behind: 10}, 5)) == [behind]
    desk.hop.consumer = Consumer({ahead: [sent(1, GOOD)], unread: [sent(3, GOOD)]})
    assert list(await desk.hop.more({ahead: 20}, 5)) == [unread]


async def test_a_batch_is_no_larger_than_there_is_room() -> None:
    desk = Desk()
    here = {desk.government: [sent(number, GOOD) for number in range(5_000)]}
    desk.hop.consumer = Consumer(here)
    assert sum(map(len, (await desk.hop.more({}, 3)).values())) == 3
    assert await desk.hop.more({}, 0) == {}
    assert await desk.hop.more({}, -1) == {}
    assert sum(map(len, (await desk.hop.more({}, 4_000)).values())) == Intake.chunk
    assert [most for _, _, most in desk.hop.consumer.asked] == [3, Intake.chunk]


async def test_batches_grow_by_twice_as_many_up_to_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_REPORTS", 4)
    desk = Desk(batch_reports=12)
    desk.hop.consumer = Consumer({desk.government: [sent(number, GOOD) for number in range(2, 100)]})
    sizes = []
    for _ in range(4):
        batch = await desk.hop.fetch(0, 1)
        await desk.hop.handle(batch)
        sizes.append(desk.hop.size)
    assert sizes == [4, 8, 12, 12]


async def test_a_batch_with_many_bytes_of_reports_or_dead_letters_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH_BYTES", 2 * len(WRONG))
    desk = Desk()
    desk.hop.consumer = Consumer({desk.government: [sent(9, GOOD)]})
    await desk.handle(sent(1, WRONG), sent(2, WRONG))
    assert desk.hop.size == 3  # as many bytes as may be
    desk.hop.consumer = Consumer({desk.government: [sent(19, GOOD)]})
    await desk.handle(sent(11, WRONG), sent(12, WRONG), sent(13, WRONG))
    assert desk.hop.size == 3
    assert desk.hop.waiting == [desk.government]


def test_reports_are_checked_in_pieces_by_their_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PIECE_BYTES", 10)
    values = [b"x" * size for size in (4, 4, 4, 30, 0, 9)]
    records: Any = [sent(number, value) for number, value in enumerate(values)]
    assert [[len(record.value or b"") for record in piece] for piece in module.pieces(records)] == [
        [4, 4, 4],
        [30],
        [0, 9],
    ]
    assert list(module.pieces([])) == []


async def test_a_batch_is_judged_by_the_registry_as_it_is_when_it_begins() -> None:
    desk = Desk()
    await desk.handle(sent(1, GOOD))
    desk.context.renew(Context.load(load_settings()).registry)  # without this source
    await desk.handle(sent(2, GOOD))
    assert [reason for reason, _ in desk.rejected] == ["unknown_source"]


async def test_the_intake_lets_the_hops_beside_it_get_ready_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "pace_fetches", lambda *_: None)
    looks: list[set[str]] = []
    desk = Desk(hops="intake,ledger,alerts,delivery")

    async def look(_: float) -> None:
        looks.append(set(desk.context.ready))
        desk.context.ready.add("ledger" if len(looks) == 1 else "alerts")

    monkeypatch.setattr("bordertally.agents.hops.intake.asyncio.sleep", look)
    await desk.hop.begin()
    assert looks == [set(), {"ledger"}]  # and does not wait for delivery


async def test_the_intake_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "pace_fetches", lambda *_: None)
    monkeypatch.setattr(module, "BESIDE_S", 0.05)
    desk = Desk(hops="intake,ledger")
    await desk.hop.begin()
    assert "ledger" not in desk.context.ready
