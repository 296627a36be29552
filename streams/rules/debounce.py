"""Debounce: from runs of exceeding days to alerts, by the settings `for`, `keep_firing_for` and `cooldown`.

`for` and `keep_firing_for` mean the same as in a Prometheus alerting rule, counted in days of the flow, not of the
clock. The alerts follow from the runs alone, so they do not depend on when reports came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol


class Debounce(NamedTuple):
    """The debounce settings in days; 0 switches a setting off.

    `pending` (`for`): a run is an alert if an exceeding day lies at least this long after its first day. `kept`
    (`keep_firing_for`): an alert goes on for this long after its last run was over, and a run that begins until then
    is part of the alert, however short. `cooldown`: a run that begins within this time after an alert closed is no
    alert, unless it is more severe.
    """

    pending: int = 0
    kept: int = 0
    cooldown: int = 0


NO_DEBOUNCE = Debounce()
"""Without debounce, every run is an alert."""


class DaysInARow(Protocol):
    """A run of exceeding days: see `Run`."""

    @property
    def since(self) -> int:
        """The first day."""

    @property
    def last(self) -> int:
        """The last day."""

    @property
    def until(self) -> int | None:
        """The day on which the run is over."""


class Run(NamedTuple):
    """A run of exceeding days, as ordinals: the first, the last, and the day on which it is over, None until then."""

    since: int
    last: int
    until: int | None


class Joined(NamedTuple):
    """An alert: the places of its runs, at least one, and the day on which it closes, None while it is open.

    `settled`: the known day, not before `until`, that shows that the alert has closed; None while it is open.
    """

    members: list[int]
    until: int | None
    settled: int | None


def alerts_from(  # noqa: PLR0913, PLR0917 - what a run is judged by
    runs: Sequence[DaysInARow],
    debounce: Debounce,
    closes: Callable[[int, int | None], int | None],
    severity: Callable[[int], int],
    before: Joined | None = None,
    begin: int = 0,
) -> list[Joined]:
    """The alerts of these runs, which come oldest first.

    `closes(first, end)`: the first finished day from `first` to `end` (exclusive; None: to the last day), or None: only
    a finished day, or a run that begins too late to be part of it, closes an alert. `severity(place)`: the severity of
    the run at a place; more is worse. `before`: the last alert of the runs before place `begin`; it comes first in the
    result, since it may go on.
    """
    alerts: list[Joined] = []
    if before is not None:
        alerts.append(_joined(before.members, runs, debounce, closes))
    for place in range(begin, len(runs)):
        run = runs[place]
        before = alerts[-1] if alerts else None
        if before is not None and _goes_on(runs[before.members[-1]], run.since, debounce):
            before.members.append(place)
            alerts[-1] = _joined(before.members, runs, debounce, closes)
        elif run.last - run.since >= debounce.pending and not (
            before and _cools(before, run, debounce, place, severity)
        ):
            alerts.append(_joined([place], runs, debounce, closes))
    return alerts


def _joined(
    members: list[int], runs: Sequence[DaysInARow], debounce: Debounce, closes: Callable[[int, int | None], int | None]
) -> Joined:
    """The alert of some runs: it closes `kept` days after the last of them was over, once a later day shows it."""
    last = members[-1]
    over = runs[last].until
    if over is None or not debounce.kept:
        return Joined(members, over, over)
    following = runs[last + 1].since if last + 1 < len(runs) else None
    settled = closes(over + debounce.kept, following) or following
    return Joined(members, None if settled is None else over + debounce.kept, settled)


def _goes_on(last: DaysInARow, since: int, debounce: Debounce) -> bool:
    """Whether a run that begins on a day is part of the alert with this last run."""
    return last.until is None or since <= last.until + debounce.kept


def _cools(before: Joined, run: DaysInARow, debounce: Debounce, place: int, severity: Callable[[int], int]) -> bool:
    """Whether a run begins in the cooldown of the alert before it, and is not more severe."""
    soon = before.until is not None and run.since < before.until + debounce.cooldown
    return soon and severity(place) <= max(severity(member) for member in before.members)


def runs_of(
    days: Iterable[int], closes: Callable[[int, int], int | None], end: int
) -> list[tuple[list[int], int | None]]:
    """The runs of days on which a rule holds, as ordinals, each with the day on which the run is over, or None.

    `closes(first, end)`: the first day from `first` to `end` (exclusive) on which a run is over, or None. `end`: the
    day after the last day.
    """
    runs: list[tuple[list[int], int | None]] = []
    for day in sorted(days):
        if runs:
            run = runs[-1][0]
            until = closes(run[-1] + 1, day)
            if until is None:
                run.append(day)
                continue
            runs[-1] = (run, until)
        runs.append(([day], None))
    if runs:
        runs[-1] = (runs[-1][0], closes(runs[-1][0][-1] + 1, end))
    return runs


def debounced(
    runs: Sequence[tuple[list[int], int | None]],
    debounce: Debounce,
    closes: Callable[[int, int], int | None],
    end: int,
    severity: Callable[[int], int],
) -> list[tuple[list[int], int | None]]:
    """The alerts of such runs: the days of each alert, and the day on which it closes, or None. See alerts_from."""
    alerts = alerts_from(
        [Run(days[0], days[-1], until) for days, until in runs],
        debounce,
        lambda first, before: closes(first, end if before is None else before),
        lambda place: max(severity(day) for day in runs[place][0]),
    )
    return [([day for place in alert.members for day in runs[place][0]], alert.until) for alert in alerts]
