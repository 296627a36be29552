from __future__ import annotations

import asyncio
from typing import cast

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError, TransactionalIdAuthorizationFailed

from bordertally.agents.worker.preflight import ask_for_coordinator
from bordertally.streams.settings import load_settings

TRANSACTION = 1
"""The kind of coordinator, as the protocol of Kafka numbers it."""


class Admin:
    def __init__(self, error: Exception | None) -> None:
        self.asked: list[tuple[str, int]] = []
        self._error = error

    async def find_coordinator(self, name: str, kind: int) -> int:
        self.asked.append((name, kind))
        if self._error is not None:
            raise self._error
        return 1


@pytest.mark.parametrize("error", [None, GroupCoordinatorNotAvailableError(), TransactionalIdAuthorizationFailed()])
def test_the_coordinator_of_epochs_is_asked_for_once_whatever_it_answers(error: Exception | None) -> None:
    admin = Admin(error)
    asyncio.run(ask_for_coordinator(cast("AIOKafkaAdminClient", admin), load_settings(topic_prefix="eu.")))
    assert admin.asked == [("eu.ledger-changelog-0", TRANSACTION)]
