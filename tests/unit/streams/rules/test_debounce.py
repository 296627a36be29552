from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bordertally.streams.rules.debounce import Debounce, Joined, Run, alerts_from

# Timelines: a dot is a finished day that does not exceed, 1 to 3 one that does, with its severity; a space is unknown.


def runs_of(timeline: str) -> tuple[list[Run], list[int]]:
    """The runs of a timeline and their severities, as judging finds them."""
    runs: list[Run] = []
    severities: list[int] = []
    open_ = False
    for day, mark in enumerate(timeline):
        if mark.isdigit():
            if open_:
                runs[-1] = runs[-1]._replace(last=day)
                severities[-1] = max(severities[-1], int(mark))
            else:
                runs.append(Run(day, day, None))
                severities.append(int(mark))
            open_ = True
        elif mark == "." and open_:
            runs[-1] = runs[-1]._replace(until=day)
            open_ = False
    return runs, severities


def closes_on(timeline: str) -> Callable[[int, int | None], int | None]:
    def closes(first: int, end: int | None) -> int | None:
        days = range(first, len(timeline) if end is None else end)
        return next((day for day in days if day < len(timeline) and timeline[day] == "."), None)

    return closes


def alerts(timeline: str, debounce: Debounce) -> list[tuple[int, int | None]]:
    """First day of every alert and the day it is closed."""
    runs, severities = runs_of(timeline)
    found = alerts_from(runs, debounce, closes_on(timeline), severities.__getitem__)
    return [(runs[one.members[0]].since, one.until) for one in found]


@pytest.mark.parametrize(
    ("timeline", "debounce", "found"),
    [
        #   0123456789
        ("..1..11..", Debounce(), [(2, 3), (5, 7)]),
        ("..1..11..", Debounce(pending=1), [(5, 7)]),
        ("..1..11", Debounce(pending=1), [(5, None)]),
        ("..1 1..", Debounce(pending=2), [(2, 5)]),
        ("..1..11..", Debounce(kept=1), [(2, 4), (5, 8)]),
        ("..1..11..", Debounce(kept=2), [(2, None)]),
        ("..1..11...", Debounce(kept=2), [(2, 9)]),
        ("..1. 1...", Debounce(kept=2), [(2, 8)]),  # the second begins on the day on which the alert would close
        ("..1.  1...", Debounce(kept=2), [(2, 5), (6, 9)]),  # a day too late: unknown days keep no alert open
        ("..1.     .", Debounce(kept=2), [(2, 5)]),
        ("..1.      ", Debounce(kept=2), [(2, None)]),  # nobody has told of a later day
        ("..1.  1    1...", Debounce(pending=1, kept=2), [(6, 14)]),
        ("..11..1...", Debounce(pending=1, kept=2), [(2, 9)]),
        ("..1...11..", Debounce(cooldown=5), [(2, 3)]),
        ("..1...12..", Debounce(cooldown=5), [(2, 3), (6, 8)]),
        ("..1.....1.", Debounce(cooldown=5), [(2, 3), (8, 9)]),
        ("..2.1.2.3.", Debounce(cooldown=9), [(2, 3), (8, 9)]),
    ],
)
def test_timelines(timeline: str, debounce: Debounce, found: list[tuple[int, int | None]]) -> None:
    assert alerts(timeline, debounce) == found


class Machine(NamedTuple):
    """What a Prometheus rule evaluated once a finished day keeps: since when active, firing, when last true."""

    active: int | None = None
    firing: bool = False
    over: int | None = None


def prometheus(timeline: str, pending: int, kept: int) -> list[tuple[int, int | None]]:
    """The same day by day, as Prometheus evaluates a rule with `for` and `keep_firing_for` on the known days."""
    found: list[tuple[int, int | None]] = []
    now = Machine()
    for day, mark in enumerate(timeline):
        if mark == " ":
            continue
        if now.firing and now.over is not None and day - now.over >= kept + mark.isdigit():
            found[-1] = (found[-1][0], now.over + kept)
            now = Machine()
        if mark.isdigit():
            active = day if now.active is None else now.active
            if not now.firing and day - active >= pending:
                found.append((active, None))
            now = Machine(active, firing=now.firing or day - active >= pending)
        elif now.firing:
            now = now._replace(over=day if now.over is None else now.over)
            if not kept:
                found[-1] = (found[-1][0], day)
                now = Machine()
        else:
            now = Machine()
    return found


TIMELINES = st.text(st.sampled_from("...111  "), max_size=30)


@given(TIMELINES, st.integers(0, 4), st.integers(0, 4))
def test_for_and_keep_firing_for_are_those_of_prometheus(timeline: str, pending: int, kept: int) -> None:
    assert alerts(timeline, Debounce(pending, kept)) == prometheus(timeline, pending, kept)


DEBOUNCE = st.builds(Debounce, st.integers(0, 3), st.integers(0, 3), st.integers(0, 6))


@given(st.text(st.sampled_from("..1123 "), max_size=30), DEBOUNCE)
def test_alerts_are_made_of_runs_in_order_and_never_overlap(timeline: str, debounce: Debounce) -> None:
    runs, severities = runs_of(timeline)
    found = alerts_from(runs, debounce, closes_on(timeline), severities.__getitem__)
    places = [place for one in found for place in one.members]
    assert places == sorted(set(places))
    for one, later in pairwise(found):
        assert one.until is not None
        first = runs[later.members[0]]
        assert one.until <= first.since
        if first.since < one.until + debounce.cooldown:
            assert severities[later.members[0]] > max(severities[place] for place in one.members)
    for one in found:
        first = runs[one.members[0]]
        assert first.last - first.since >= debounce.pending
        over = runs[one.members[-1]].until
        assert one.until is None or (over is not None and timeline[over] == "." and one.until == over + debounce.kept)
        assert (one.until is None) == (one.settled is None)
        assert one.until is None or (
            one.settled is not None and one.until <= one.settled and timeline[one.settled] != " "
        )


@given(st.text(st.sampled_from("..1123 "), max_size=30))
def test_without_patience_every_run_is_an_alert(timeline: str) -> None:
    runs, severities = runs_of(timeline)
    found = alerts_from(runs, Debounce(), closes_on(timeline), severities.__getitem__)
    assert found == [Joined([place], run.until, run.until) for place, run in enumerate(runs)]
