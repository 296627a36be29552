"""Values called independent come from R: ears_t_reweighted of epitweetr."""

from __future__ import annotations

import pytest

from bordertally.streams.learning.levels import Learned, Tuning
from bordertally.streams.learning.methods import METHODS
from bordertally.streams.learning.reweighted import reweighted, weights
from unit.streams.learning.kit import EPITWEETR, FIRST, unweighted, upper


def test_students_form_agrees_with_an_independent_implementation() -> None:
    back = METHODS["reweighted"].back
    assert upper(FIRST, back, unweighted, 8, EPITWEETR) == pytest.approx(
        [6270.08798, 6276.67564, 6313.30355, 6474.32359, 10431.65074, 12493.70075, 13840.61013], abs=1e-5
    )
    assert upper(FIRST, back, reweighted, 12, EPITWEETR) == pytest.approx(
        [6437.05164, 12489.66864, 13840.61013], abs=1e-5
    )


def test_a_figure_far_above_others_that_are_all_equal_counts_for_nothing() -> None:
    assert weights([100.0] * 6 + [900.0]) == [1.0] * 6 + [0.0]
    assert weights([100.0] * 7) == [1.0] * 7
    level = reweighted([100.0] * 6 + [900.0], Tuning(3, 10, 0))
    assert level == Learned(100, 130)
