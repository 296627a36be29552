"""Topics that a busy broker is slow to tell of."""

from __future__ import annotations

from typing import Any, cast

import pytest
import stamina
from aiokafka.admin import AIOKafkaAdminClient

from bordertally.agents.kafka.topics import once_known
from bordertally.streams.errors import BordertallyError

NAMES = ["reports.government", "totals"]


class Slow:
    """A broker that does not know the second topic until it was asked some times."""

    def __init__(self, asked: int) -> None:
        self.asked = asked

    async def describe_topics(self, names: list[str]) -> list[dict[str, Any]]:
        """What it tells of topics, as a broker would."""
        self.asked -= 1
        known = len(names) if self.asked <= 0 else 1
        return [{"topic": name, "partitions": [{}] * 4 if at < known else []} for at, name in enumerate(names)]


async def test_a_slow_broker_is_asked_until_it_tells_of_all_topics() -> None:
    with stamina.set_testing(True, attempts=1000):
        assert await once_known(cast("AIOKafkaAdminClient", Slow(500)), NAMES) == dict.fromkeys(NAMES, 4)


async def test_a_broker_that_never_tells_of_one_is_an_error_that_names_it() -> None:
    with stamina.set_testing(True, attempts=20), pytest.raises(BordertallyError, match=r"\(60 s\): totals; try again"):
        await once_known(cast("AIOKafkaAdminClient", Slow(500)), NAMES)
