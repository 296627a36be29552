"""Hypothesis: the same examples on every run, and no deadline, so that nothing here is ever flaky."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

from properties.worlds import examples

settings.register_profile(
    "steady",
    max_examples=examples(150),
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
settings.load_profile("steady")
