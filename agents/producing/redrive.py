"""Dead letters on Kafka: reads them, checks them again, and sends the original bytes again."""

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
"""The most letters, and bytes of letters, sent before waiting for acknowledgements."""

_decode = msgspec.json.Decoder(Redriven).decode


class RedriveJob(NamedTuple):
    """The settings and topics of the dead letters, and the registry and limits that check them."""

    settings: Settings
    topics: Topics
    registry: Registry
    limits: Limits


class Judged(NamedTuple):
    """A letter, the time it was last redriven (or None), and why it would be rejected now (or None)."""

    letter: Letter
    redriven: str | None
    fault: RefusedError | None


async def letters(desk: RedriveJob) -> AsyncIterator[tuple[Letter, bytes]]:
    """Yield every letter once, with its bytes; a rejection that was delivered twice is one letter."""
    seen: set[LetterPosition] = set()
    async for record in each_record(desk.settings, desk.topics.rejected):
        letter = _letter(record)
        if letter is None or letter.place.topic not in desk.topics.every_report:
            continue  # not a dead letter of this pipeline
        if letter.place not in seen:
            seen.add(letter.place)
            yield letter, record.value or b""


def _letter(record: ConsumerRecord) -> Letter | None:
    return letter_of(record.headers, record.key, len(record.value or b""), record.timestamp)


async def redriven(desk: RedriveJob) -> dict[str, Redriven]:
    """Return the newest redrive of each letter, by the letter's id."""
    newest: dict[str, Redriven] = {}
    async for record in each_record(desk.settings, desk.topics.redriven):
        try:
            note = _decode(record.value or b"")
        except msgspec.MsgspecError:
            continue
        newest[note.letter] = note
    return newest


async def judged(desk: RedriveJob, wanted: LetterFilter) -> list[Judged]:
    """Return the letters that `wanted` covers, in order of rejection, each checked against today's registry."""
    checked: list[tuple[Letter, RefusedError | None]] = []
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
                checked.append((letter, fault))
        before = await reading
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)  # if both failed, raise only the first error
    checked.sort(key=lambda pair: (pair[0].at, pair[0].place))
    return [
        Judged(letter, before[name].at if (name := str(letter.place)) in before else None, fault)
        for letter, fault in checked
    ]


async def redrive(desk: RedriveJob, places: set[LetterPosition]) -> AsyncIterator[Redriven]:
    """Send the original bytes of letters to the topic and partition they came from, with the same key and headers.

    Yields each redrive once it is recorded on `reports.redriven`. A crash between report and record leads to a second
    redrive, which changes nothing: claims are idempotent.
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
            acknowledgements = [
                await producer.send(desk.topics.redriven, msgspec.json.encode(note), key=note.letter.encode())
                for note in notes
            ]
            await asyncio.gather(*acknowledgements)
            chunk.clear()
            return notes

        async for letter, raw in letters(desk):
            if letter.place in places:
                chunk.append((letter, raw))
                if len(chunk) >= AHEAD or sum(len(sent) for _, sent in chunk) > AHEAD_BYTES:
                    for note in await send():
                        yield note
        for note in await send():
            yield note
    finally:
        await asyncio.shield(producer.stop())
