"""The fuse of a source: a warning while too large a share of its reports is refused. The fuse stops no report."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

SLOTS = 20
"""Parts of a window: reports leave the window one part at a time."""


class Sent(NamedTuple):
    """The number of reports that a source sent within the window, accepted (`taken`) and refused."""

    taken: int
    refused: int

    @property
    def share(self) -> float:
        """The share of reports that were refused; 0 where none were sent."""
        return self.refused / (self.taken + self.refused) if self.refused else 0.0


class Fuse:
    """Counts reports by source over a sliding window of `window_s` seconds.

    The fuse of a source is blown while more than `share` of its reports are refused, out of at least `least`. Times are
    seconds of a clock that never goes back.
    """

    def __init__(self, share: float, window_s: float, least: int) -> None:
        self.share, self.least = share, least
        self._slot_s = window_s / SLOTS
        self._slots: dict[str, deque[tuple[int, Sent]]] = {}

    def count(self, source: str, sent: Sent, now: float) -> None:
        """Count reports that a source sent."""
        slots, slot = self._slots.setdefault(source, deque()), int(now // self._slot_s)
        if slots and slots[-1][0] == slot:
            before = slots.pop()[1]
            sent = Sent(before.taken + sent.taken, before.refused + sent.refused)
        slots.append((slot, sent))

    def sent(self, now: float) -> dict[str, Sent]:
        """The reports of each source within the window up to now; sources that sent none are left out."""
        oldest, by_source = int(now // self._slot_s) - SLOTS, {}
        for source, slots in list(self._slots.items()):
            while slots and slots[0][0] <= oldest:
                slots.popleft()
            if slots:
                by_source[source] = Sent(sum(part.taken for _, part in slots), sum(part.refused for _, part in slots))
            else:
                del self._slots[source]
        return by_source

    def blown(self, sent: Sent) -> bool:
        """Whether the fuse of a source that sent these reports is blown."""
        return sent.taken + sent.refused >= self.least and sent.share > self.share
