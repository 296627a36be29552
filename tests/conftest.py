"""Servers shared by the tests: each is started at most once a run, on a free loopback port, and ended by its pid."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from bordertally.agents.servers.kafka import start_kafka
from bordertally.agents.servers.kafka_jars import why_no_kafka
from bordertally.agents.servers.process import Server
from bordertally.agents.servers.redis import start_redis
from bordertally.agents.servers.tansu import start_tansu
from live import Live, make_live
from steady import load_profile

load_profile()

# pytest imports readline, which sets COLUMNS for processes that run tests side by side: tables would fold to 80.
os.environ.pop("COLUMNS", None)

# A run in the background ignores interrupts, and so would all that it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def tansu(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The embedded broker."""
    server = start_tansu(None, tmp_path_factory.mktemp("tansu"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real Apache Kafka."""
    missing = why_no_kafka()
    if missing:
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    server = start_kafka(None, tmp_path_factory.mktemp("kafka"))
    yield server
    server.kill()  # to shut down takes it seconds, and nobody reads its data again


@pytest.fixture(params=[pytest.param("tansu", marks=pytest.mark.tansu), pytest.param("kafka", marks=pytest.mark.kafka)])
def broker(request: pytest.FixtureRequest) -> Server:
    """Both brokers in turn: the contract is the same."""
    server: Server = request.getfixturevalue(request.param)
    return server


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Server]:
    """A Redis of the test's own."""
    (tmp_path / "redis").mkdir()
    server = start_redis(None, tmp_path / "redis")
    yield server
    server.stop()


@pytest.fixture
def live(broker: Server, redis: Server, tmp_path: Path) -> Iterator[Live]:
    """A pipeline of the test's own on the broker at hand: topics made, no worker yet."""
    yield from make_live(broker, redis, tmp_path)


@pytest.fixture
def live_on_kafka(kafka: Server, redis: Server, tmp_path: Path) -> Iterator[Live]:
    """The same on Apache Kafka only: for recovery, which the embedded broker cannot do right."""
    yield from make_live(kafka, redis, tmp_path)


@pytest.fixture
def live_apart(kafka: Server, redis: Server, tmp_path: Path) -> Iterator[Live]:
    """The same on a Kafka of the test's own, to be killed or frozen: the others' would be unwell for a while after.

    `kafka` says whether there can be any.
    """
    assert kafka.running
    broker = start_kafka(None, tmp_path / "broker")
    try:
        yield from make_live(broker, redis, tmp_path)
    finally:
        broker.kill()


LONGEST = (
    "contract/test_pipeline.py",
    "contract/test_crash_points.py",
    "chaos/test_chaos.py",
    "agents/test_cli.py",
    "contract/test_words.py",
    "board/test_board.py",
    "contract/test_shutdown.py",
    "contract/test_recovery.py",
    "webhooks/test_webhooks_live.py",
    "contract/test_secured.py",
    "contract/test_replay_kafka.py",
    "agents/test_metrics.py",
    "deploy/test_deploy_by_hand.py",
    "contract/test_rejected.py",
    "contract/test_evidence.py",
    "gateway/test_posting.py",
    "deploy/test_deploy_grafana.py",
    "oracle/test_oracle.py",
)
"""Files of tests that take longest, longest first, by `pytest --durations=0`: one that began last would end alone."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with them: files go to whoever is free, as collected (`--dist loadfile --no-loadscope-reorder`)."""
    here = Path(__file__).parent
    assert all((here / name).is_file() for name in LONGEST), "LONGEST names a file that is gone"
    rank = {here / name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path, len(rank)))
