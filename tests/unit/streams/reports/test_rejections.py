"""Every way a report is rejected, as a table: whichever way a report takes, reason, field and value are the same.

`rejections.ndjson` holds the bytes (with surrogate escapes), [reason, field, value, report id], and the same of a topic
where words are read, if they differ there.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from bordertally.agents.runtime.languages import word_reader
from bordertally.streams.errors import RefusedError
from bordertally.streams.reports.batching import Sorter
from bordertally.streams.reports.validation import read_report
from bordertally.streams.statements.reports import WordReader, read_claims
from unit.kit import LIMITS, NOW, REGISTRY, report, take

WORDS = word_reader(REGISTRY)
SLOT = "2022-09-26T10:00Z/PT1H"
"""The slot that the counts of the table are of."""


class Bad(NamedTuple):
    """A row of the table."""

    raw: bytes
    refused: list[str | None]
    in_words: list[str | None]

    @classmethod
    def parse(cls, line: str) -> Bad:
        row = json.loads(line)
        return cls(row["raw"].encode("utf-8", "surrogateescape"), row["refused"], row.get("in_words", row["refused"]))


TABLE = [Bad.parse(line) for line in Path(__file__).with_name("rejections.ndjson").read_text("ascii").splitlines()]


def remembering() -> Sorter:
    """A sorter that knows the source, flow and slot of the counts of the table."""
    sorter = Sorter(REGISTRY, LIMITS, 3)
    take(sorter, report(5, SLOT, qualifier="count"), NOW)
    return sorter


def sorted_twice(sorter: Sorter, words: WordReader | None) -> Callable[[bytes], object]:
    def sort(raw: bytes) -> None:
        with pytest.raises(RefusedError):
            take(sorter, raw, NOW, words=words)
        take(sorter, raw, NOW, words=words)

    return sort


WAYS: dict[str, tuple[Callable[[bytes], object], bool]] = {
    "figures": (lambda raw: read_report(raw, REGISTRY, NOW), False),
    "no words": (lambda raw: read_claims(raw, REGISTRY, NOW, None, None), False),
    "words": (lambda raw: read_claims(raw, REGISTRY, NOW, None, WORDS), True),
    "sorter": (sorted_twice(Sorter(REGISTRY, LIMITS, 3), None), False),
    "sorter, with what it remembers": (sorted_twice(remembering(), None), False),
    "sorter, words": (sorted_twice(remembering(), WORDS), True),
}
"""By name, a way that a report takes, and whether words are read on it."""


@pytest.mark.parametrize("way", WAYS)
def test_reason_field_value_and_report_of_every_rejection(way: str) -> None:
    read, in_words = WAYS[way]
    wrong = []
    for row in TABLE:
        with pytest.raises(RefusedError) as caught:
            read(row.raw)
        error, expected = caught.value, row.in_words if in_words else row.refused
        given = [error.reason.value, error.field, error.value, error.report]
        if given != expected:
            wrong.append((row.raw, given, expected))
    assert not wrong


def test_the_table_is_large_and_has_words() -> None:
    assert len(TABLE) > 190
    assert sum(row.in_words != row.refused for row in TABLE) > 5
    assert {row.refused[0] for row in TABLE} >= {"not_json", "missing_field", "wrong_type", "bad_value", "bad_number"}
