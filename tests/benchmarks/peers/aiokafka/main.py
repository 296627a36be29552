"""Bare aiokafka and a dict: state and offsets, one unit, to a local file every 5 s; offsets are committed as well."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import time
from pathlib import Path

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition

from benchmarks.peers.rolling import Report, State, new_state, step

E = os.environ
SNAPSHOT, OUT, ALERT = Path(E["STATE_DIR"], "snapshot.pkl"), E["OUT_TOPIC"], E["ALERT_TOPIC"]
EVERY_S = 5


async def main() -> None:  # noqa: C901 - a program in one piece
    states: dict[str, State] = {}
    offsets: dict[int, int] = {}
    stopped = False
    if SNAPSHOT.exists():
        states, offsets = pickle.loads(SNAPSHOT.read_bytes())

    class Seek(ConsumerRebalanceListener):
        async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
            pass

        async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
            for tp in assigned:
                if tp.partition in offsets:
                    consumer.seek(tp, offsets[tp.partition])

    def stop() -> None:
        nonlocal stopped
        stopped = True

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=E["BROKER"],
        group_id=E["GROUP"],
        group_instance_id=E["INSTANCE"],
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    producer = AIOKafkaProducer(bootstrap_servers=E["BROKER"])
    consumer.subscribe([E["IN_TOPIC"]], listener=Seek())
    await producer.start()
    await consumer.start()
    decode, encode, send = msgspec.json.Decoder(Report).decode, msgspec.json.encode, producer.send

    async def snapshot() -> None:
        await producer.flush()
        unfinished = SNAPSHOT.with_suffix(".part")
        with unfinished.open("wb") as file:
            pickle.dump((states, offsets), file)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(SNAPSHOT)
        if offsets:
            await consumer.commit(
                {TopicPartition(E["IN_TOPIC"], partition): offset for partition, offset in offsets.items()}
            )

    due = time.monotonic() + EVERY_S
    while not stopped:
        for tp, batch in (await consumer.getmany(timeout_ms=200, max_records=1000)).items():
            for message in batch:
                report = decode(message.value)
                state = states.get(report.flow)
                if state is None:
                    state = states[report.flow] = new_state()
                out, alert = step(state, report)
                for output in out:
                    await send(OUT, encode(output), key=message.key)
                if alert:
                    await send(ALERT, encode(alert), key=message.key)
                offsets[tp.partition] = message.offset + 1
        if time.monotonic() > due:
            await snapshot()
            due = time.monotonic() + EVERY_S
    await snapshot()
    await consumer.stop()
    await producer.stop()


asyncio.run(main())
