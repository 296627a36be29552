"""Topics read to their end: every record, on brokers whose end offsets differ."""

from __future__ import annotations

from itertools import product

from bordertally.agents.kafka.producer import Record
from bordertally.agents.kafka.topic_reader import each_record
from live import PARTITIONS, Live


async def test_every_record_of_every_batch_is_read(live: Live) -> None:
    topic = live.topics.claims
    assert [record async for record in each_record(live.settings, topic)] == []
    wanted = list[bytes]()
    for size, partition in product((1, 10, 100, 1), range(PARTITIONS - 1)):  # one partition is empty
        values = [b"%d" % number for number in range(len(wanted), len(wanted) + size)]
        await live.send([Record(topic, b"key", value, partition) for value in values])  # one batch, or a few
        wanted += values
        read = [record async for record in each_record(live.settings, topic)]
        assert sorted(int(record.value) for record in read) == list(range(len(wanted)))
    for number in range(PARTITIONS):
        offsets = [record.offset for record in read if record.partition == number]
        assert offsets == list(range(0 if number == PARTITIONS - 1 else 112))
