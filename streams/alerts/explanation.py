"""The numbers an alert was decided by, in one sentence a person understands."""

from __future__ import annotations

from bordertally.streams.detection.registry import rule_of
from bordertally.streams.detection.rule import Names
from bordertally.streams.periods import iso_day
from bordertally.streams.totals.records import Episode


def explain(flow: str, episode: Episode, names: Names) -> str:
    """What an alert says of its latest day. `names`: sources' names by id."""
    rule = rule_of(episode.rule)
    said = rule.describe(flow, episode, names)
    if episode.note:
        said = f"{said}; {episode.note}"
    return said if episode.until is None else f"{said}; {rule.ending} {iso_day(episode.until)}"
