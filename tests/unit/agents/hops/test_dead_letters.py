"""Dead letters on a topic that takes only small messages: none is lost, and none stops the intake."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from aiokafka.errors import MessageSizeTooLargeError

from bordertally.agents.hops.dead_letters import without_bytes, write_dead_letters
from bordertally.agents.kafka.producer import Record
from bordertally.streams.reports.dead_letters import ORIGINAL

OWN = [("topic", b"reports.government"), ("kept", b"here"), ("reason", b"not_json")]


def letter(size: int) -> Record:
    return Record("reports.rejected", b"key", b"x" * size, headers=[*OWN, (f"{ORIGINAL}trace", b"1")])


class Small:
    """A topic that takes so many bytes at once."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.stored: list[Record] = []

    async def write(self, records: Iterable[Record]) -> None:
        batch = list(records)
        if sum(len(record.value) for record in batch) > self.most:
            raise MessageSizeTooLargeError
        self.stored += batch


async def stored(most: int, *sizes: int) -> list[tuple[bytes | None, int, bytes]]:
    """The key, the size and whether the bytes are here of each letter that was stored."""
    topic: Any = Small(most)
    await write_dead_letters(topic, [letter(size) for size in sizes])
    return [(record.key, len(record.value), dict(record.headers)["kept"]) for record in topic.stored]


async def test_letters_that_fit_go_as_they_are() -> None:
    assert await stored(10, 4, 6) == [(b"key", 4, b"here"), (b"key", 6, b"here")]


async def test_letters_that_do_not_fit_together_go_one_by_one() -> None:
    assert await stored(10, 7, 9) == [(b"key", 7, b"here"), (b"key", 9, b"here")]


async def test_a_letter_that_does_not_fit_goes_without_its_bytes_and_the_others_as_they_are(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert await stored(10, 7, 11, 8) == [(b"key", 7, b"here"), (None, 0, b"there"), (b"key", 8, b"here")]
    assert "takes no 11 bytes" in caplog.text


def test_without_its_bytes_a_letter_keeps_only_what_is_said_of_the_message() -> None:
    assert without_bytes(letter(3)).headers == [OWN[0], OWN[2], ("kept", b"there")]
