"""Hypothesis for all tests: the same examples on every run, and no deadline, so that no test is ever flaky."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

EVERY = "LAWS"
"""The variable of the environment that `make laws` sets to `every`."""


def examples(number: int) -> int:
    """The number of examples in `make laws`; 1 in 5 of them otherwise: the whole number takes five minutes."""
    return number if os.environ.get(EVERY) == "every" else number // 5


def load_profile() -> None:
    """Go by this profile from now on."""
    settings.register_profile(
        "steady",
        max_examples=examples(150),
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    settings.load_profile("steady")
