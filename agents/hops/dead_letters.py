"""Writing dead letters to `reports.rejected`, also where that topic accepts only smaller messages."""

from __future__ import annotations

from collections.abc import Sequence

from aiokafka.errors import MessageSizeTooLargeError

from bordertally.agents.kafka.producer import Record, Writer
from bordertally.agents.runtime.context import log
from bordertally.streams.reports.dead_letters import ORIGINAL


async def write_dead_letters(writer: Writer, letters: Sequence[Record]) -> None:
    """Send dead letters; returns when all are acknowledged. Raises KafkaError or TimeoutError.

    If a batch is too large for the topic, the dead letters are sent one by one. A dead letter that is too large itself
    is sent without its original bytes (see docs/decisions/0019): these are still on the topic that the message was read
    from, at the partition and offset in the headers. So such a message neither stops the intake nor gets lost.
    """
    try:
        await writer.write(letters)
    except MessageSizeTooLargeError:
        for letter in letters:
            await _write_one(writer, letter)


async def _write_one(writer: Writer, letter: Record) -> None:
    try:
        await writer.write([letter])
    except MessageSizeTooLargeError as error:
        log.warning("%s takes no %d bytes, the letter goes without them: %s", letter.topic, len(letter.value), error)
        await writer.write([without_bytes(letter)])


def without_bytes(letter: Record) -> Record:
    """The dead letter without original bytes, key and headers, and with the header `kept` that says so."""
    own = [(name, value) for name, value in letter.headers or [] if not name.startswith(ORIGINAL) and name != "kept"]
    return letter._replace(key=None, value=b"", headers=[*own, ("kept", b"there")])
