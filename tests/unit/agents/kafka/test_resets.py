"""What is told when the broker no longer has a position."""

from __future__ import annotations

import pytest
from aiokafka import TopicPartition

from bordertally.agents.kafka.resets import Reset

AT = TopicPartition("claims", 2)
BEYOND = (
    "claims/2: the position 48 is beyond the end, so the topic was made anew or lost records; reading it from offset 0"
)


@pytest.mark.parametrize(
    ("position", "onward", "skipped", "words"),
    [
        (12, 15, 3, "claims/2: 3 records were removed before they were read (offsets 12 to 14); they are not counted"),
        (12, 13, 1, "claims/2: 1 record was removed before it was read (offset 12); it is not counted"),
        (
            48,
            0,
            0,
            BEYOND,
        ),
    ],
)
def test_it_names_what_was_skipped(position: int, onward: int, skipped: int, words: str) -> None:
    reset = Reset(AT, position, onward)
    assert reset.skipped == skipped
    assert str(reset) == words
