"""A fuse for each source: blown while too large a share of what it sends is refused. It tells; it stops nothing."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

SLOTS = 20
"""Parts of a window: what a source sent leaves the window a part at a time."""


class Sent(NamedTuple):
    """What a source sent within the window: reports that were taken, and that were refused."""

    taken: int
    refused: int

    @property
    def share(self) -> float:
        """Of all, those that were refused; 0 of none."""
        return self.refused / (self.taken + self.refused) if self.refused else 0.0


class Fuse:
    """Counts by source over a sliding window of `window_s` seconds.

    A source's fuse is blown while more than `share` of at least `least` reports were refused. Times are seconds, and
    never go back.
    """

    def __init__(self, share: float, window_s: float, least: int) -> None:
        self.share, self.least = share, least
        self._slot_s = window_s / SLOTS
        self._slots: dict[str, deque[tuple[int, Sent]]] = {}

    def count(self, source: str, sent: Sent, now: float) -> None:
        """Take note of reports of a source."""
        slots, slot = self._slots.setdefault(source, deque()), int(now // self._slot_s)
        if slots and slots[-1][0] == slot:
            before = slots.pop()[1]
            sent = Sent(before.taken + sent.taken, before.refused + sent.refused)
        slots.append((slot, sent))

    def sent(self, now: float) -> dict[str, Sent]:
        """What each source sent within the window up to now; sources that sent nothing are forgotten."""
        oldest, found = int(now // self._slot_s) - SLOTS, {}
        for source, slots in list(self._slots.items()):
            while slots and slots[0][0] <= oldest:
                slots.popleft()
            if slots:
                found[source] = Sent(sum(one.taken for _, one in slots), sum(one.refused for _, one in slots))
            else:
                del self._slots[source]
        return found

    def blown(self, sent: Sent) -> bool:
        """Whether that is too large a share."""
        return sent.taken + sent.refused >= self.least and sent.share > self.share
