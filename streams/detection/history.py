"""Historic episodes: those whose claims were all sent for totals and levels, so that nobody is notified of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from bordertally.streams.ledger.corridors.nodes import CorridorNode
from bordertally.streams.ledger.rows import PEOPLE
from bordertally.streams.ledger.tree import Node
from bordertally.streams.moments import MICRO
from bordertally.streams.periods import ordinal_of
from bordertally.streams.totals.records import Episode


def with_history(node: Node, episodes: Sequence[Episode], notify_days: int) -> Sequence[Episode]:
    """The same episodes; those of which every claim is historic are marked.

    Only episodes of the `notify_days` before the newest report of the flow: older ones notify nobody anyway (see
    lifecycle.advance). A flow without historic claims costs nothing.
    """
    if not node.historic:
        return episodes
    oldest = ordinal_of(node.published // MICRO) - notify_days
    return [
        msgspec.structs.replace(episode, historic=True)
        if episode.day >= oldest and _is_historic(node, episode)
        else episode
        for episode in episodes
    ]


def _is_historic(node: Node, episode: Episode) -> bool:
    """Whether every claim about the days of an episode is historic; of a silence, those about the days before it."""
    return is_historic(node, min(episode.since, node.last(PEOPLE) or episode.since), episode.day)


def is_historic(node: Node, first: int, last: int) -> bool:
    """Whether there are claims about the days `first` to `last` (ordinals, inclusive), and every one is historic."""
    claimed = False
    for historic in _claims_over(node, first, last):
        if not historic:
            return False
        claimed = True
    return claimed


def _claims_over(node: Node, first: int, last: int) -> Iterator[bool]:
    """Of the claims on people of a flow, and of those below, about any of the days: whether each is historic."""
    if isinstance(node, CorridorNode):
        yield from node.history(first, last)
        return
    for key, series in node.series.items():
        if key.unit == PEOPLE.unit:
            if any(series.counts.number(day) for day in range(first, last + 1)):
                yield False  # no reading is historic
            yield from (claim.historic for claim in series.claims_over(first, last))
    for child in node.children.values():
        yield from _claims_over(child, first, last)
