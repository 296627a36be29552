"""From runs of exceeding days to alerts: how long they must last, how long they go on, how soon another may follow.

`for` and `keep_firing_for` are those of a Prometheus alerting rule, in event time: days of the flow, not of the clock.
What comes out follows from the runs alone, so it depends on the set of reports and not on when they came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple


class Patience(NamedTuple):
    """How patient alerts are, in days; 0 is not at all.

    `pending` (`for`): an exceedance is an alert once an exceeding day lies so many days after its first. `kept`
    (`keep_firing_for`): an alert goes on for so many days after it was over, and what opens until then is part of
    it, however short. `cooldown`: an exceedance that begins within so many days after an alert was closed is none,
    unless it is more severe.
    """

    pending: int = 0
    kept: int = 0
    cooldown: int = 0


IMPATIENT = Patience()
"""Every run is an alert."""


class Run(NamedTuple):
    """A run of exceeding days as ordinals: the first, the last, and the first day it was over, None while it is not."""

    since: int
    last: int
    until: int | None


class Joined(NamedTuple):
    """An alert: the places of its runs, at least one, and the day that closes it, None while it is open."""

    members: list[int]
    until: int | None


def alerts_from(
    runs: Sequence[Run],
    patience: Patience,
    closes: Callable[[int, int | None], int | None],
    severity: Callable[[int], int],
) -> list[Joined]:
    """The alerts that runs, oldest first, come to.

    `closes(first, end)`: the first finished day from one day up to another (exclusive; None: to the last there is), or
    None: only a finished day closes. `severity(place)`: how severe the run at a place is; more is worse.
    """
    found: list[Joined] = []
    for place, run in enumerate(runs):
        before = found[-1] if found else None
        if before is not None and _still_open(before, runs, run.since, patience, closes):
            before.members.append(place)
        elif run.last - run.since < patience.pending or (before and _cools(before, run, patience, place, severity)):
            continue
        else:
            before = Joined([place], None)
            found.append(before)
        until = run.until
        if until is not None and patience.kept:
            until = closes(until + patience.kept, None)
        found[-1] = before._replace(until=until)
    return found


def _still_open(
    before: Joined,
    runs: Sequence[Run],
    since: int,
    patience: Patience,
    closes: Callable[[int, int | None], int | None],
) -> bool:
    over = runs[before.members[-1]].until
    return over is None or (patience.kept > 0 and closes(over + patience.kept, since) is None)


def _cools(before: Joined, run: Run, patience: Patience, place: int, severity: Callable[[int], int]) -> bool:
    """Whether a run begins too soon after the alert before it, and is no worse."""
    soon = before.until is not None and run.since < before.until + patience.cooldown
    return soon and severity(place) <= max(severity(one) for one in before.members)


def gathered(
    days: Iterable[int], closes: Callable[[int, int], int | None], end: int
) -> list[tuple[list[int], int | None]]:
    """Days on which something holds, as ordinals, gathered to runs, each with the day that closes it or None.

    `closes(first, end)`: the first day from one up to another (exclusive) that closes a run, or None; `end` is the day
    after the last there is.
    """
    runs: list[tuple[list[int], int | None]] = []
    for day in sorted(days):
        if runs:
            held = runs[-1][0]
            until = closes(held[-1] + 1, day)
            if until is None:
                held.append(day)
                continue
            runs[-1] = (held, until)
        runs.append(([day], None))
    if runs:
        runs[-1] = (runs[-1][0], closes(runs[-1][0][-1] + 1, end))
    return runs


def patient(
    runs: Sequence[tuple[list[int], int | None]],
    patience: Patience,
    closes: Callable[[int, int], int | None],
    end: int,
    severity: Callable[[int], int],
) -> list[tuple[list[int], int | None]]:
    """The alerts that such runs come to: all their days, and the day that closes each. See alerts_from."""
    joined = alerts_from(
        [Run(days[0], days[-1], until) for days, until in runs],
        patience,
        lambda first, before: closes(first, end if before is None else before),
        lambda place: max(severity(day) for day in runs[place][0]),
    )
    return [([day for place in one.members for day in runs[place][0]], one.until) for one in joined]
