"""Dead letters: every refused message goes to `reports.rejected` with the reason, whatever that topic takes."""

from __future__ import annotations

from collections.abc import Sequence

from aiokafka.errors import MessageSizeTooLargeError

from bordertally.agents.kafka.producer import Record, Writer
from bordertally.agents.runtime.context import log
from bordertally.streams.reports.dead_letters import ORIGINAL


async def write_letters(writer: Writer, letters: Sequence[Record]) -> None:
    """Send dead letters; returns when the broker has all of them. Raises KafkaError or TimeoutError.

    Where together they are too large for the topic they go one by one, and one that is too large by itself goes
    without its bytes: these are kept on the topic it was read from, at the partition and offset in its headers. So a
    letter that cannot be stored whole neither stops the line nor gets lost.
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
    """A letter whose message stays where it was read, and which says so; its own headers only."""
    kept = [(name, value) for name, value in letter.headers or [] if not name.startswith(ORIGINAL) and name != "kept"]
    return letter._replace(key=None, value=b"", headers=[*kept, ("kept", b"there")])
