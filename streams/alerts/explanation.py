"""The explanation of an alert: one sentence with the figures that decided."""

from __future__ import annotations

from bordertally.streams.detection.registry import rule_of
from bordertally.streams.periods import iso_day
from bordertally.streams.rules.wording import Names
from bordertally.streams.totals.records import Episode


def explain(flow: str, episode: Episode, names: Names) -> str:
    """The explanation of an episode, about its latest day. `names`: the names of sources by id."""
    sentence = rule_of(episode.rule).describe(flow, episode, names)
    if episode.note:
        sentence = f"{sentence}; {episode.note}"
    return sentence if episode.until is None else f"{sentence}; closed on {iso_day(episode.until)}"
