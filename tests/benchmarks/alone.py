"""A pipeline with servers of its own, for measurements that need no peers."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bordertally.agents.servers.kafka import start_kafka
from bordertally.agents.servers.redis import start_redis
from live import Live, make_live


@contextmanager
def pipeline() -> Iterator[Live]:
    """Kafka, Redis and the topics, no worker yet; all of it ends with the block."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        (directory / "redis").mkdir()
        with start_kafka(None, directory / "kafka") as kafka, start_redis(None, directory / "redis") as redis:
            yield from make_live(kafka, redis, directory)
