"""The numbers an alert was decided by, in one sentence a person understands."""

from __future__ import annotations

from collections.abc import Callable

from bordertally.streams.periods import iso_day
from bordertally.streams.rules.baseline import says
from bordertally.streams.rules.config import CONFLICT, DROP, SHARE, SILENCE
from bordertally.streams.totals.days import people
from bordertally.streams.totals.records import Baseline, Episode


def explain(flow: str, episode: Episode, names: dict[str, str]) -> str:
    """What an alert says of its latest day. `names`: sources' names by id."""
    tell, ending = _TELLING.get(episode.rule, (_rate, "back below it on"))
    said = tell(flow, episode, names)
    if episode.note:
        said = f"{said}; {episode.note}"
    return said if episode.until is None else f"{said}; {ending} {iso_day(episode.until)}"


def _rate(flow: str, episode: Episode, names: dict[str, str]) -> str:
    baseline = episode.baseline
    who = "" if baseline.population == "people" else f" {baseline.population}"
    what = episode.about if episode.rule == SHARE and episode.about is not None else flow
    times = f"{episode.rate / baseline.expected:.1f} times" if baseline.expected else "from nothing"
    when = f"a day in the week to {iso_day(episode.day)}" if baseline.kind == "record" else f"on {iso_day(episode.day)}"
    return f"{what} {people(episode.rate):,}{who} {when} against {_normal(baseline, names)}: {times}; {_count(episode)}"


def _normal(baseline: Baseline, names: dict[str, str]) -> str:
    low, high = baseline.low, baseline.high
    level = f"{people(baseline.expected):,}"
    if low is not None and high is not None and low != high:
        level = f"{people(low):,}-{people(high):,}"
    name = names.get(baseline.source or "", baseline.source or "")
    if baseline.kind == "learned":
        return f"{level} {says(baseline)}, threshold {people(baseline.threshold):,}"
    return {
        "operator": f"a normal {level} set by the operator",
        "stated": f"a normal {level} ({name})",
        "derived": f"{level} the period before ({name})",
        "record": f"{level} in the highest week of the {baseline.method} before",
        "absolute": f"no known normal and more than {level} (absolute, set by the operator)",
    }[baseline.kind]


def _silence(flow: str, episode: Episode, names: dict[str, str]) -> str:
    source = episode.about or ""
    days, reached = people(episode.rate), people(episode.peak_rate)
    return (
        f"{flow} has heard nothing from {names.get(source, source)} since {iso_day(episode.peak_day - reached + 1)}: "
        f"{days} day{'' if days == 1 else 's'}, at most {people(episode.baseline.expected)} are usual"
    )


def _conflict(flow: str, episode: Episode, names: dict[str, str]) -> str:
    source = episode.baseline.source or ""
    return (
        f"{flow} {people(episode.rate):,} a day by {names.get(source, source)} on {iso_day(episode.day)}, where others "
        f"leave {people(episode.baseline.expected):,}; {_count(episode)}"
    )


def _count(episode: Episode) -> str:
    return f"{episode.report_count} report{'' if episode.report_count == 1 else 's'}"


_TELLING: dict[str, tuple[Callable[[str, Episode, dict[str, str]], str], str]] = {
    DROP: (_rate, "back above it on"),
    SHARE: (_rate, "over on"),
    SILENCE: (_silence, "spoke again of"),
    CONFLICT: (_conflict, "agreed again on"),
}
"""How the alerts of a rule tell of a day, and of their end."""
