"""Poison through a real Kafka: whatever a producer sends is refused, and the line goes on."""

from __future__ import annotations

import gzip
import json
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.record.util import calc_crc32c

from bordertally.agents.demo.run import sample
from bordertally.agents.kafka.decompression import BATCH_BYTES
from bordertally.streams.reports.dead_letters import ROOM, Letter, letter_of
from live import Live, pure

GOOD = next(report for report in map(json.loads, sample()) if report["source"] == "kz-mia" and "people" in report)
DEEP = 1_000


def good(**changes: object) -> bytes:
    return json.dumps(GOOD | changes).encode()


POISON: dict[str, tuple[bytes | None, str]] = {
    "no value": (None, "not_json"),
    "nothing": (b"", "not_json"),
    "zeros": (b"\0" * 1000, "not_json"),
    "no UTF-8": (b'{"id": "\xff\xfe\xc3\x28"}', "not_json"),
    "half a character": (b'{"id": "\xe2\x82"}', "not_json"),
    "a byte order mark": (b"\xef\xbb\xbf" + good(), "not_json"),
    "UTF-16": (good().decode().encode("utf-16"), "not_json"),
    "gzip inside": (gzip.compress(good()), "not_json"),
    "a lone surrogate": (good().replace(b'"id": "', b'"id": "\\ud800'), "not_json"),
    "a surrogate in a key": (good().replace(b'"id"', b'"\\udfff": 1, "id"'), "not_json"),
    "deep lists": (b'{"id": ' + b"[" * DEEP + b"]" * DEEP + b"}", "too_deep"),
    "deep objects": (b'{"a":' * DEEP + b"1" + b"}" * DEEP, "too_deep"),
    "deep and open": (b"[" * 200_000, "too_deep"),
    "deep beside": (good(deeper=0).replace(b'"deeper": 0', b'"deeper": ' + b"[" * 5000 + b"]" * 5000), "too_deep"),
    "a huge exponent": (good(people=0).replace(b'"people": 0', b'"people": 1e999999999'), "bad_number"),
    "a tiny one": (good(people=0).replace(b'"people": 0', b'"people": -1e-300'), "people_out_of_range"),
    "many digits": (good(people=0).replace(b'"people": 0', b'"people": ' + b"9" * 100_000), "bad_number"),
    "many digits behind the point": (
        good(people=0).replace(b'"people": 0', b'"people": -0.' + b"9" * 50_000),
        "people_out_of_range",
    ),
    "duplicate keys": (good(people=-1).replace(b'"people"', b'"people": 5, "people"'), "people_out_of_range"),
    "control characters": (good(id="\x1b[2J\x07", source="\x00\x1b]0;x\x07"), "unknown_source"),
    "ten megabytes": (b'{"id": "' + b"x" * 10_000_000 + b'"}', "too_large"),
}


@asynccontextmanager
async def sender(live: Live, **options: Any) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(
        bootstrap_servers=live.broker.address, max_request_size=1 << 30, max_batch_size=1 << 28, **options
    )
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def letters(live: Live, count: int) -> list[Letter]:
    """The dead letters, in order of where the messages stand."""
    records = await live.records(live.topics.rejected, count)
    letters = [letter_of(record.headers, record.key, len(record.value or b""), 0) for record in records]
    return sorted([letter for letter in letters if letter], key=lambda letter: letter.place)


async def goes_on(live: Live) -> None:
    """What is published after the poison counts."""
    await live.publish([good()])
    await live.shows(pure([good()]))


async def test_poison_is_refused_for_what_it_is_and_the_line_goes_on(live: Live) -> None:
    worker = live.worker()
    topic = live.topics.every_report[0]
    async with sender(live) as producer:
        for name, (raw, _) in POISON.items():
            await producer.send_and_wait(topic, raw, key=name.encode(), partition=2)
    await goes_on(live)
    every = await letters(live, len(POISON))
    reasons = {(letter.key or b"").decode(): letter.reason for letter in every}
    assert reasons == {name: reason for name, (_, reason) in POISON.items()}
    assert worker.running


@pytest.mark.kafka
@pytest.mark.parametrize("kind", ["gzip", "snappy", "lz4", "zstd"])
async def test_a_bomb_in_a_compressed_batch_is_one_dead_letter(live_on_kafka: Live, kind: str) -> None:
    live, topic = live_on_kafka, live_on_kafka.topics.every_report[0]
    worker = live.worker(BORDERTALLY_HOPS="intake")
    async with sender(live, compression_type=kind) as producer:
        bomb = producer.create_batch()
        for size in (10, BATCH_BYTES + 1, 10):
            assert bomb.append(key=b"k", value=b"\0" * size, timestamp=None)
        await (await producer.send_batch(bomb, topic, partition=2))
        await producer.send_and_wait(topic, b" " * (ROOM + 1), key=b"large", partition=2)
        await producer.send_and_wait(topic, b"after", key=b"after", partition=2)
    bomb_letter, large, after = await letters(live, 3)
    assert (bomb_letter.place.offset, bomb_letter.reason, bomb_letter.kept) == (2, "too_large", False)
    assert f"offsets 0 to 2, of one batch, cannot be read: they open to more than {BATCH_BYTES}" in bomb_letter.why
    assert (large.place.offset, large.reason, large.kept) == (3, "too_large", False)
    assert (after.key, after.reason, after.kept) == (b"after", "not_json", True)
    assert worker.running


@pytest.mark.kafka
async def test_a_header_whose_name_is_no_text_is_one_dead_letter(live_on_kafka: Live) -> None:
    live, topic = live_on_kafka, live_on_kafka.topics.every_report[0]
    worker = live.worker(BORDERTALLY_HOPS="intake")
    async with sender(live) as producer:
        odd = producer.create_batch()
        odd.append(key=b"k", value=b"{}", timestamp=None, headers=[("name", b"x")])
        whole = odd._build()  # and once more by send_batch, which then takes what is here
        raw = bytearray(bytes(whole).replace(b"name", b"n\xff\xfee"))
        raw[17:21] = struct.pack(">I", calc_crc32c(raw[21:]))
        odd._build = lambda: raw
        await (await producer.send_batch(odd, topic, partition=2))
        await producer.send_and_wait(topic, b"after", key=b"after", partition=2)
    first, after = await letters(live, 2)
    assert (first.reason, first.kept, after.reason) == ("too_large", False, "not_json")
    assert "cannot be read: 'utf-8' codec can't decode" in first.why
    assert worker.running
