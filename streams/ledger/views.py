"""Views: values worked out of a flow's claims, kept until a claim may have changed them.

Each view belongs to the module that works it out. The ledger only tells the views of a flow what changed, so leaving a
view out changes no figure: it is a cache.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import TypeVar, cast


class View:
    """What a module keeps of one flow. A view overrides the methods for the changes that concern it."""

    def days_changed(self, days: Collection[int]) -> None:
        """The bins or the evidence of these days (ordinals) changed."""

    def levels_changed(self) -> None:
        """A stated level or an unverified claim came or went: it may bear on any day."""

    def claims_changed(self) -> None:
        """A claim came, was corrected or was withdrawn."""


class DayView(View):
    """A view that is brought up to date day by day: `stale` are the days that changed since."""

    def __init__(self, days: Iterable[int] = ()) -> None:
        self.stale = set(days)

    def days_changed(self, days: Collection[int]) -> None:
        """Remember the days for the next refresh."""
        self.stale.update(days)


V = TypeVar("V", bound=View)


class Views:
    """The views of one flow, at most one of a kind."""

    def __init__(self) -> None:
        self._views: dict[type[View], tuple[object, View]] = {}

    def of(self, kind: type[V], make: Callable[[], V], under: object = None) -> V:
        """The view of this kind, made where there is none yet or where the last one was made `under` something else.

        `under` is compared by identity: the rules, or another view that this one is worked out of.
        """
        known = self._views.get(kind)
        if known is None or known[0] is not under:
            known = self._views[kind] = (under, make())
        return cast("V", known[1])

    def days_changed(self, days: Collection[int]) -> None:
        """Tell every view: see `View.days_changed`."""
        for _, view in self._views.values():
            view.days_changed(days)

    def levels_changed(self) -> None:
        """Tell every view: see `View.levels_changed`."""
        for _, view in self._views.values():
            view.levels_changed()

    def claims_changed(self) -> None:
        """Tell every view: see `View.claims_changed`."""
        for _, view in self._views.values():
            view.claims_changed()
