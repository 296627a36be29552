from __future__ import annotations

from collections.abc import Collection, Sequence

from hypothesis import given
from hypothesis import strategies as st

from bordertally.streams.ledger.stated_levels import LevelStatement
from bordertally.streams.ledger.views import DayView, View, Views
from bordertally.streams.reports.claims import Claim
from unit.kit import claim, ordinal, told


class Diary(View):
    """Writes down what it hears."""

    def __init__(self) -> None:
        self.heard: list[object] = []

    def days_changed(self, days: Collection[int]) -> None:
        self.heard.append(sorted(days))

    def figures_changed(self, days: Collection[int]) -> None:
        self.heard.append({"figures": sorted(days)})

    def levels_changed(self, gone: Sequence[LevelStatement], came: Sequence[LevelStatement]) -> None:
        self.heard.append(tuple([level.claim.report for level in levels] for levels in (gone, came)))

    def unverified_changed(self, before: Claim | None, now: Claim | None) -> None:
        self.heard.append(tuple(None if one is None else one.report for one in (before, now)))

    def claims_changed(self) -> None:
        self.heard.append("claims")


class Other(View):
    """Overrides nothing: no change concerns it."""


def test_a_view_is_made_once_for_what_it_is_worked_out_of() -> None:
    views, rules, others = Views(), object(), object()
    first = views.of(Diary, Diary, rules)
    assert views.of(Diary, Diary, rules) is first
    assert views.of(Diary, Diary, others) is not first
    assert isinstance(views.of(Other, Other), Other)


def test_every_view_hears_every_change_and_one_that_was_replaced_hears_none() -> None:
    views, rules = Views(), object()
    replaced = views.of(Diary, Diary)
    diary, _ = views.of(Diary, Diary, rules), views.of(Other, Other)
    views.days_changed({7, 5})
    views.figures_changed({5})
    views.levels_changed([], [LevelStatement("stated", claim(10, id="r1"))])
    views.unverified_changed(None, claim(10, id="r2"))
    views.claims_changed()
    assert diary.heard == [[5, 7], {"figures": [5]}, ([], ["r1"]), (None, "r2"), "claims"]
    assert replaced.heard == []


@given(st.lists(st.frozensets(st.integers(0, 40))), st.frozensets(st.integers(0, 40)))
def test_a_view_by_the_day_gathers_the_days_that_changed(changes: list[frozenset[int]], begun: frozenset[int]) -> None:
    view = DayView(begun)
    for days in changes:
        view.days_changed(days)
    assert view.stale == begun.union(*changes)


def test_the_ledger_tells_of_days_of_levels_and_of_claims() -> None:
    one = told(claim(10))
    diary = one.node().views.of(Diary, Diary)
    one.take(claim(20, "2022-09-22", id="r2"))
    assert [ordinal("2022-09-22")] in diary.heard
    assert diary.heard == ["claims", [ordinal("2022-09-22")], {"figures": [ordinal("2022-09-22")]}]
    one.take(claim(30, "2022-09-23", id="r3", normal={"daily": 5}))
    one.take(claim(30, "2022-09-23", id="r4", published="2022-10-21T00:00:00Z"))
    assert [heard for heard in diary.heard if isinstance(heard, tuple)] == [([], ["r3"])]  # r4 says nothing of it
    diary.heard.clear()
    one.take(claim(30, "2022-09-23", id="r4", published="2022-10-21T00:00:00Z"))  # again: nothing moved
    assert "claims" not in diary.heard
