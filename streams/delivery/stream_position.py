"""A place in the stream of events: the next offset of every partition of `alerts` and `totals`.

It means the same to every gateway, whatever order that one has read the partitions in: everything before it has been
seen, everything from it on has not. As text, `0.3.0.1-12.0.4.9`: alerts first, partitions in order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

BEGINNING = "0"
"""The place before everything."""

_TEXT = re.compile(r"\d{1,18}(?:\.\d{1,18})*-\d{1,18}(?:\.\d{1,18})*", re.ASCII)


class Slot(NamedTuple):
    """A partition of one of the two topics."""

    kind: str
    partition: int


KINDS = ("alerts", "totals")


def slots(partitions: int) -> list[Slot]:
    """Every slot of a place, in order."""
    return [Slot(kind, partition) for kind in KINDS for partition in range(partitions)]


def read_place(text: str, partitions: int) -> list[int]:
    """Offsets by slot. Raises ValueError for what is no place in topics of so many partitions."""
    if text == BEGINNING:
        return [0] * (2 * partitions)
    if not _TEXT.fullmatch(text):
        raise ValueError("no place in the stream of events")
    halves = [half.split(".") for half in text.split("-")]
    if any(len(half) != partitions for half in halves):
        raise ValueError(f"a place in topics that do not have {partitions} partitions")
    return [int(offset) for half in halves for offset in half]


class PlaceText:
    """A place that moves on, and its text: a step costs one join, not a text of every number."""

    def __init__(self, offsets: Sequence[int]) -> None:
        self.offsets = list(offsets)
        self._parts = [str(offset) for offset in offsets]
        self._half = len(self._parts) // 2

    def reach(self, slot: int, offset: int) -> None:
        """Everything of a slot before this offset has been seen; a place never moves back."""
        if offset > self.offsets[slot]:
            self.offsets[slot] = offset
            self._parts[slot] = str(offset)

    @property
    def text(self) -> str:
        """The text that `read_place` reads."""
        return f"{'.'.join(self._parts[: self._half])}-{'.'.join(self._parts[self._half :])}"
