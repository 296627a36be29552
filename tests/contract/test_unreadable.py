"""Records on internal topics that cannot be read: each is named, and there is a way out."""

from __future__ import annotations

import asyncio
import re

import pytest

from bordertally.agents.demo.run import sample
from bordertally.agents.kafka.producer import Record, partition_of_key
from bordertally.agents.servers.process import Server
from live import PARTITIONS, Live, hourly, pure, until

pytestmark = pytest.mark.kafka

GARBAGE = (b"\xc1\xff", b"{}", b"[]", b"", b"null")


async def dies(worker: Server) -> str:
    """The last line of the log of a worker that ends by itself."""

    async def ended() -> bool:
        return not worker.running

    await until(ended, "the worker ends")
    assert worker.exit_code == 70
    log = worker.log.read_text(encoding="utf-8")
    assert "Traceback" not in log, log
    return log.splitlines()[-1]


def record_to_skip(line: str) -> str:
    """The place that the sentence names."""
    found = re.search(r"set BORDERTALLY_SKIP_RECORDS=(\S+);", line)
    assert found is not None, line
    return found[1]


@pytest.mark.parametrize("hop", ["claims", "totals"])
async def test_the_ledger_and_alerts_name_the_record_until_it_is_skipped(live_on_kafka: Live, hop: str) -> None:
    live = live_on_kafka
    topic, key = f"{live.topics.prefix}{hop}", b"RU"
    at = partition_of_key(key, PARTITIONS)
    worker = live.worker(BORDERTALLY_HOPS="intake,ledger,alerts")
    await live.publish(sample())
    await live.send([Record(topic, key, b"\xc1\xff", at)])
    line = await dies(worker)
    assert f"the record {topic}/{at}/" in line
    assert "key b'RU', cannot be read" in line
    live.worker(BORDERTALLY_SKIP_RECORDS=record_to_skip(line))
    desk = pure([*sample(), *hourly(2)])
    await live.publish(hourly(2))
    await live.shows(desk)
    await live.shows_alerts(desk)


async def test_a_row_of_a_table_is_named_and_can_be_skipped(live_on_kafka: Live) -> None:
    live = live_on_kafka
    worker = live.worker()
    await live.publish(sample())
    desk = pure(sample())
    await live.shows(desk)
    await asyncio.to_thread(worker.stop)
    changelog = live.topics.changelog("ledger")
    rows = [row for row in await live.records(changelog, 1) if row.value and row.key.startswith(b"c|RU:GE|")]
    row = rows[-1]
    await live.send([Record(changelog, row.key, b"\xc1garbage", row.partition)])
    (bad,) = [record for record in await live.records(changelog, 1) if record.value == b"\xc1garbage"]
    with pytest.raises(Exception, match="worker"):
        live.worker()
    line = await dies(live.workers[-1])
    assert f"key {row.key!r}, cannot be read (it has no header that says whose row it is" in line
    place = f"{changelog}/{bad.partition}/{bad.offset}"
    assert record_to_skip(line) == place
    healed = live.worker(BORDERTALLY_SKIP_RECORDS=place)
    await live.publish(hourly(1))
    await live.shows(pure([*sample(), *hourly(1)]))
    await asyncio.to_thread(healed.stop)


async def test_delivery_passes_over_what_it_cannot_read_and_takes_nothing_down(live_on_kafka: Live) -> None:
    live = live_on_kafka
    figures = live.worker(BORDERTALLY_HOPS="intake,ledger,alerts", BORDERTALLY_SKIP_RECORDS="")
    await live.publish(sample())
    desk = pure(sample())
    delivery = live.worker(BORDERTALLY_HOPS="delivery,webhooks,alertmanager")
    await live.shows(desk)
    for name in ("alerts", "silences", "webhooks"):
        topic = f"{live.topics.prefix}{name}"
        await live.send([Record(topic, b"x", value, 1) for value in GARBAGE])
    more = hourly(2)
    await live.publish(more)
    await live.shows(pure([*sample(), *more]))
    await live.shows_alerts(pure([*sample(), *more]))
    assert figures.running
    assert delivery.running
    log = delivery.log.read_text(encoding="utf-8")
    assert f"delivery: the record {live.topics.prefix}alerts/1/" in log
