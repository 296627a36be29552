"""Dead letters over Kafka: reading them, judging them anew, and sending the original bytes again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec
from aiokafka.structs import ConsumerRecord

from bordertally.agents.kafka.clients import connect
from bordertally.agents.kafka.producer import make_producer
from bordertally.agents.kafka.topic_reader import each_record
from bordertally.agents.runtime.languages import word_reader
from bordertally.streams.errors import RefusedError
from bordertally.streams.reports.dead_letters import AGAIN, Letter, LetterFilter, LetterPosition, Redriven, letter_of
from bordertally.streams.reports.sources import Registry
from bordertally.streams.reports.validation import Limits
from bordertally.streams.settings import Settings
from bordertally.streams.statements.reports import read_claims
from bordertally.streams.topics import Topics

AHEAD, AHEAD_BYTES = 200, 16 * 1024 * 1024
"""Letters, and bytes of them, sent before their acknowledgements are waited for, and noted down."""

_decode = msgspec.json.Decoder(Redriven).decode


class RedriveJob(NamedTuple):
    """Where the dead letters are, and what they are judged by."""

    settings: Settings
    topics: Topics
    registry: Registry
    limits: Limits


class Judged(NamedTuple):
    """A letter, the time it was last sent again (or None), and why it would be refused now (or None)."""

    letter: Letter
    redriven: str | None
    fault: RefusedError | None


async def letters(desk: RedriveJob) -> AsyncIterator[tuple[Letter, bytes]]:
    """Every letter with its bytes, once each: a refusal that was delivered twice is one letter."""
    seen: set[LetterPosition] = set()
    async for record in each_record(desk.settings, desk.topics.rejected):
        letter = _letter(record)
        if letter is None or letter.place.topic not in desk.topics.every_report:
            continue  # somebody else's record
        if letter.place not in seen:
            seen.add(letter.place)
            yield letter, record.value or b""


def _letter(record: ConsumerRecord) -> Letter | None:
    return letter_of(record.headers, record.key, len(record.value or b""), record.timestamp)


async def redriven(desk: RedriveJob) -> dict[str, Redriven]:
    """What was sent again, by the letter's id; of one that was sent more than once, the last time."""
    found: dict[str, Redriven] = {}
    async for record in each_record(desk.settings, desk.topics.redriven):
        try:
            one = _decode(record.value or b"")
        except msgspec.MsgspecError:
            continue
        found[one.letter] = one
    return found


async def judged(desk: RedriveJob, wanted: LetterFilter) -> list[Judged]:
    """The letters that are meant, in order of their refusal, and what would become of each of them now."""
    found: list[tuple[Letter, RefusedError | None]] = []
    words = word_reader(desk.registry)
    reading = asyncio.create_task(redriven(desk))
    try:
        async for letter, raw in letters(desk):
            if wanted.covers(letter):
                fault = None
                try:
                    gate = desk.registry.gate(desk.topics.kind(letter.place.topic), raw, letter.headers)
                    read_claims(raw, desk.registry, time.time(), desk.limits, words, gate)
                except RefusedError as error:
                    fault = error
                found.append((letter, fault))
        before = await reading
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)  # where both failed, one error is enough
    found.sort(key=lambda one: (one[0].at, one[0].place))
    return [
        Judged(letter, before[name].at if (name := str(letter.place)) in before else None, fault)
        for letter, fault in found
    ]


async def redrive(desk: RedriveJob, places: set[LetterPosition]) -> AsyncIterator[Redriven]:
    """Send the original bytes of letters to where they came from: same topic, partition, key and headers.

    Yields what is stored on its topic and noted on `reports.redriven`. The note comes after the report, so one that
    fails in between would be sent a second time: claims are known by their identity, so that changes nothing.
    """
    producer = make_producer(desk.settings, 0.005)
    chunk: list[tuple[Letter, bytes]] = []
    await connect(producer, desk.settings)
    try:

        async def send() -> list[Redriven]:
            waiting = [
                await producer.send(
                    letter.place.topic,
                    raw,
                    key=letter.key,
                    partition=letter.place.partition,
                    headers=[
                        *((name, value) for name, value in letter.headers if name != AGAIN),
                        (AGAIN, str(letter.place).encode()),
                    ],
                )
                for letter, raw in chunk
            ]
            stored = await asyncio.gather(*waiting)
            now = datetime.now(UTC).isoformat(timespec="seconds")
            notes = [
                Redriven(str(letter.place), str(LetterPosition(at.topic, at.partition, at.offset)), now)
                for (letter, _), at in zip(chunk, stored, strict=True)
            ]
            noted = [
                await producer.send(desk.topics.redriven, msgspec.json.encode(one), key=one.letter.encode())
                for one in notes
            ]
            await asyncio.gather(*noted)
            chunk.clear()
            return notes

        async for letter, raw in letters(desk):
            if letter.place in places:
                chunk.append((letter, raw))
                if len(chunk) >= AHEAD or sum(len(one) for _, one in chunk) > AHEAD_BYTES:
                    for one in await send():
                        yield one
        for one in await send():
            yield one
    finally:
        await asyncio.shield(producer.stop())
