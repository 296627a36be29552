"""Quotes: the words of the newest statements that an alert cites."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from bordertally.streams.ledger.tree import Node
from bordertally.streams.reports.claims import Claim
from bordertally.streams.totals.records import Episode, Quote

MOST_QUOTES = 3
"""The most quotes of an alert."""

QUOTED = 240
"""The most characters of a quote."""

BACK_DAYS = 96
"""Statements are not quoted if their period began more than this many days before the latest day of the alert."""


def with_quotes(node: Node, episodes: Sequence[Episode]) -> list[Episode]:
    """The same episodes, the newest of each rule with quotes from the statements it cites.

    Older episodes have no quotes, because every state of the flow would repeat them. A flow without statements costs
    nothing.
    """
    if not node.worded:
        return list(episodes)
    newest = {episode.rule: place for place, episode in enumerate(episodes)}
    return [
        msgspec.structs.replace(episode, quotes=quotes_of(node, episode)) if newest[episode.rule] == place else episode
        for place, episode in enumerate(episodes)
    ]


def quotes_of(node: Node, episode: Episode) -> list[Quote]:
    """The quotes from the newest statements behind an episode, newest first, each once."""
    cited = frozenset(episode.reports)
    statements = {
        (claim.published, claim.source, claim.report, claim.text)
        for claim in _worded(node, episode.day)
        if claim.citation in cited
    }
    return [
        Quote(report, source, text if len(text) <= QUOTED else f"{text[: QUOTED - 1]}…")
        for _, source, report, text in sorted(statements, reverse=True)[:MOST_QUOTES]
        if text is not None
    ]


def _worded(node: Node, day: int) -> Iterator[Claim]:
    """The claims from statements on a flow and below whose period began in the BACK_DAYS days to this day."""
    for series in node.series.values():
        yield from series.worded(day - BACK_DAYS, day)
    for child in node.children.values():
        if child.worded:
            yield from _worded(child, day)
