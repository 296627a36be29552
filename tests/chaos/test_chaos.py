"""A short soak: every kind of fault once, the same on every run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from live import Live, make_live

from agents.servers.kafka import start_kafka
from agents.servers.process import Server
from chaos.faults import FAULTS
from chaos.soak import soak


@pytest.fixture
def of_its_own(kafka: Server, redis: Server, tmp_path: Path) -> Iterator[Live]:
    """A pipeline on a Kafka of its own, for this one is killed; `kafka` says whether there can be any."""
    assert kafka.port
    broker = start_kafka(None, tmp_path / "broker")
    try:
        yield from make_live(broker, redis, tmp_path)
    finally:
        broker.stop()


@pytest.mark.kafka
@pytest.mark.timeout(600)
async def test_whatever_happens_nothing_is_lost_and_nothing_counted_twice(of_its_own: Live) -> None:
    soaked = await soak(of_its_own, seed=2022, number=len(FAULTS), rest_s=(0.5, 2.5), pace_s=0.5)
    assert {kind for kind, _, _ in soaked.faults} == {kind for kind, _, _ in soaked.table()}
    assert len(soaked.faults) == len(FAULTS)
    assert not soaked.verdict.differences, "\n".join([*soaked.verdict.differences, str(soaked.faults)])
