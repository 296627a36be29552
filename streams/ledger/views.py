"""Views: values derived from a flow's claims and cached until a claim may have changed them.

Each view belongs to the module that derives it. The ledger only notifies the views of a flow. A view is a cache:
without it every figure stays the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TypeVar, cast

from bordertally.streams.ledger.stated_levels import LevelStatement
from bordertally.streams.reports.claims import Claim


class View:
    """The cache that a module keeps of one flow. A subclass overrides the methods for the changes that affect it."""

    def days_changed(self, days: Collection[int]) -> None:
        """The bins or the evidence of these days (ordinals) changed."""

    def figures_changed(self, days: Collection[int]) -> None:
        """The bins of these days changed, or who tells of them, here or below."""

    def levels_changed(self, gone: Sequence[LevelStatement], came: Sequence[LevelStatement]) -> None:
        """The stated levels of the flow changed: some are no longer in force, others are now."""

    def unverified_changed(self, before: Claim | None, now: Claim | None) -> None:
        """A claim was replaced, and one of the two does not count.

        `before`: the claim that was in force, None for a new one. `now`: the claim in force.
        """

    def claims_changed(self) -> None:
        """A claim was added, corrected or withdrawn."""


class DayView(View):
    """A view that is updated day by day; `stale`: the days that changed since the last update."""

    def __init__(self, days: Iterable[int] = ()) -> None:
        self.stale = set(days)

    def days_changed(self, days: Collection[int]) -> None:
        """Remember the days for the next refresh."""
        self.stale.update(days)


V = TypeVar("V", bound=View)


class Views:
    """The views of one flow, at most one of each class."""

    def __init__(self) -> None:
        self._views: dict[type[View], tuple[object, View]] = {}
        self._of_days: list[View] = []  # those that override `days_changed`
        self._of_figures: list[View] = []  # those that override `figures_changed`

    def of(self, kind: type[V], make: Callable[[], V], under: object = None) -> V:
        """Return the view of class `kind`; make a new one when none exists, or when `under` has changed.

        `under` is compared by identity: the rules, or another view from which this view is derived.
        """
        known = self._views.get(kind)
        if known is None or known[0] is not under:
            known = self._views[kind] = (under, make())
            views = [view for _, view in self._views.values()]
            self._of_days = [view for view in views if type(view).days_changed is not View.days_changed]
            self._of_figures = [view for view in views if type(view).figures_changed is not View.figures_changed]
        return cast("V", known[1])

    def days_changed(self, days: Collection[int]) -> None:
        """Notify every view: see `View.days_changed`."""
        for view in self._of_days:
            view.days_changed(days)

    def figures_changed(self, days: Collection[int]) -> None:
        """Notify every view: see `View.figures_changed`."""
        for view in self._of_figures:
            view.figures_changed(days)

    def levels_changed(self, gone: Sequence[LevelStatement], came: Sequence[LevelStatement]) -> None:
        """Notify every view: see `View.levels_changed`."""
        for _, view in self._views.values():
            view.levels_changed(gone, came)

    def unverified_changed(self, before: Claim | None, now: Claim | None) -> None:
        """Notify every view: see `View.unverified_changed`."""
        for _, view in self._views.values():
            view.unverified_changed(before, now)

    def claims_changed(self) -> None:
        """Notify every view: see `View.claims_changed`."""
        for _, view in self._views.values():
            view.claims_changed()
