"""Wording: the bounds of a figure in words."""

from __future__ import annotations

from typing import Protocol


class Bounded(Protocol):
    """A figure with its bounds, in whole people. `high` is None where nothing bounds it from above."""

    @property
    def low(self) -> int:
        """The lower bound."""

    @property
    def best(self) -> int:
        """The figure."""

    @property
    def high(self) -> int | None:
        """The upper bound."""


def interval(figure: Bounded) -> str:
    """The bounds of a figure: `at least 196,929`, `53,000 to 54,000`; empty if the figure is exact."""
    if figure.low == figure.best == figure.high:
        return ""
    return f"at least {figure.low:,}" if figure.high is None else f"{figure.low:,} to {figure.high:,}"
