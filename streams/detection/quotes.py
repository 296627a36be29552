"""Quotes: the words of the newest statements that an alert cites, to be read beside its figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from bordertally.streams.ledger.tree import Node
from bordertally.streams.reports.claims import Claim
from bordertally.streams.totals.records import Episode, Quote

MOST_QUOTES = 3
"""An alert quotes so many statements at most."""

QUOTED = 240
"""Characters of each at most."""

BACK_DAYS = 96
"""Statements whose period began longer before the latest day of the alert are not quoted."""


def with_quotes(node: Node, episodes: Sequence[Episode]) -> list[Episode]:
    """The same episodes; the newest of each rule has the words of the statements it cites.

    The others go without: they would be carried in every record of their flow, and are news only where the past is
    corrected. A flow of which nothing was said in words costs nothing.
    """
    if not node.worded:
        return list(episodes)
    newest = {one.rule: place for place, one in enumerate(episodes)}
    return [
        msgspec.structs.replace(one, quotes=quotes_of(node, one)) if newest[one.rule] == place else one
        for place, one in enumerate(episodes)
    ]


def quotes_of(node: Node, episode: Episode) -> list[Quote]:
    """The words of the newest statements behind an episode, newest first, each once."""
    cited = frozenset(episode.reports)
    found = {
        (claim.published, claim.source, claim.report, claim.text)
        for claim in _worded(node, episode.day)
        if claim.report in cited
    }
    return [
        Quote(report, source, text if len(text) <= QUOTED else f"{text[: QUOTED - 1]}…")
        for _, source, report, text in sorted(found, reverse=True)[:MOST_QUOTES]
        if text is not None
    ]


def _worded(node: Node, day: int) -> Iterator[Claim]:
    """Statements with words on a flow and below it whose period began up to this day, not too long before."""
    for series in node.series.values():
        yield from series.worded(day - BACK_DAYS, day)
    for child in node.children.values():
        if child.worded:
            yield from _worded(child, day)
