"""A short soak: every kind of fault once, the same on every run."""

from __future__ import annotations

import pytest

from chaos.faults import FAULTS
from chaos.soak import soak
from live import Live


@pytest.mark.kafka
@pytest.mark.timeout(600)
async def test_whatever_happens_nothing_is_lost_and_nothing_counted_twice(live_apart: Live) -> None:
    soaked = await soak(live_apart, seed=2022, number=len(FAULTS), rest_s=(0.3, 1.5), pace_s=0.5)
    assert {kind for kind, _, _ in soaked.faults} == {kind for kind, _, _ in soaked.table()}
    assert len(soaked.faults) == len(FAULTS)
    assert not soaked.verdict.differences, "\n".join([*soaked.verdict.differences, str(soaked.faults)])
