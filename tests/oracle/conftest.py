"""Hypothesis: as in the property tests."""

from __future__ import annotations

from hypothesis import settings

from properties import conftest

assert conftest
settings.load_profile("steady")
