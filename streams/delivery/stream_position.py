"""A position in the stream of events: the next offset of every partition of `alerts` and `totals`.

All events before the position have been seen, none from it on. A position means the same to every gateway, in whatever
order the gateway reads the partitions. As text, `0.3.0.1-12.0.4.9`: first alerts, then totals, partitions in order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

BEGINNING = "0"
"""The text of the position before all events."""

_TEXT = re.compile(r"\d{1,18}(?:\.\d{1,18})*-\d{1,18}(?:\.\d{1,18})*", re.ASCII)


class Slot(NamedTuple):
    """A partition of one of the two topics."""

    kind: str
    partition: int


KINDS = ("alerts", "totals")


def slots(partitions: int) -> list[Slot]:
    """Every slot of a position, in order."""
    return [Slot(kind, partition) for kind in KINDS for partition in range(partitions)]


def read_place(text: str, partitions: int) -> list[int]:
    """The offsets of a position by slot. Raises ValueError for a text that is not a position in these partitions."""
    if text == BEGINNING:
        return [0] * (2 * partitions)
    if not _TEXT.fullmatch(text):
        raise ValueError("no place in the stream of events")
    halves = [half.split(".") for half in text.split("-")]
    if any(len(half) != partitions for half in halves):
        raise ValueError(f"a place in topics that do not have {partitions} partitions")
    return [int(offset) for half in halves for offset in half]


class PlaceText:
    """A position that advances, with its text; a step converts one number to text, not all."""

    def __init__(self, offsets: Sequence[int]) -> None:
        self.offsets = list(offsets)
        self._parts = [str(offset) for offset in offsets]
        self._half = len(self._parts) // 2

    def reach(self, slot: int, offset: int) -> None:
        """Advance a slot to this offset; a position never moves back."""
        if offset > self.offsets[slot]:
            self.offsets[slot] = offset
            self._parts[slot] = str(offset)

    @property
    def text(self) -> str:
        """The position as text, which `read_place` reads."""
        return f"{'.'.join(self._parts[: self._half])}-{'.'.join(self._parts[self._half :])}"
