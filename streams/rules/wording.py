"""The clauses that the explanations of several rules share."""

from __future__ import annotations

from collections.abc import Mapping

from bordertally.streams.flow_names import flow_title, population_name
from bordertally.streams.periods import iso_day
from bordertally.streams.rules.baseline import WEEKLY, says
from bordertally.streams.totals.days import people
from bordertally.streams.totals.records import Baseline, Episode

Names = Mapping[str, str]
"""The names of sources by their ids."""


def describe_rate(flow: str, episode: Episode, names: Names) -> str:
    """The rate of a day against its level: "Russia to Georgia: 10,000 on 2022-09-27 against a normal 5,500 (...)"."""
    baseline = episode.baseline
    who = "" if baseline.population == "people" else f" {population_name(baseline.population)}"
    times = f"{episode.rate / baseline.expected:.1f} times" if baseline.expected else "from nothing"
    times = f"at least {times}" if episode.partial and baseline.expected else times
    when = (
        f"a day in the week to {iso_day(episode.day)}"
        if baseline.kind == "record" or baseline.method == WEEKLY
        else f"on {iso_day(episode.day)}"
    )
    normal = normal_level(baseline, names)
    figure = f"{people(episode.rate):,}{who} {when}"
    return f"{flow_title(flow)}: {figure} against {normal}: {times}; {count_of_reports(episode)}"


def normal_level(baseline: Baseline, names: Names) -> str:
    """The expected rate, and who stated it or which method learned it."""
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


def count_of_reports(episode: Episode) -> str:
    """The number of reports behind an episode: "2 reports"."""
    return f"{episode.report_count} report{'' if episode.report_count == 1 else 's'}"
