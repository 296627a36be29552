"""Asking the coordinator of a consumer group: a broker that has just started has none yet."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
import stamina
from aiokafka import TopicPartition
from aiokafka.errors import GroupAuthorizationFailedError, GroupCoordinatorNotAvailableError

from bordertally.agents.worker import positions
from bordertally.streams.errors import BordertallyError

NOT_AVAILABLE, LOADING, MOVED, FORBIDDEN = 15, 14, 16, 30
CLAIMS = "claims"


class Offsets(NamedTuple):
    """A response to OffsetFetch: by topic, rows of partition, offset, metadata and error; and an error of the whole."""

    error_code: int = 0
    topics: tuple[tuple[str, tuple[tuple[int, int, str, int], ...]], ...] = ()


class Groups(NamedTuple):
    """A response to DescribeGroups."""

    groups: tuple[tuple[Any, ...], ...]


class Starting:
    """An admin client of a broker that is starting: it gives these responses, one after the other."""

    def __init__(self, *responses: Any, no_coordinator: int = 0) -> None:
        self.responses, self.no_coordinator = list(responses), no_coordinator

    async def find_coordinator(self, group: str) -> int:
        if self.no_coordinator:
            self.no_coordinator -= 1
            raise GroupCoordinatorNotAvailableError(group)
        return 7

    async def _send_request(self, request: object, node: int) -> Any:
        assert request
        assert node == 7
        return self.responses.pop(0)


READ = Offsets(0, ((CLAIMS, ((0, 12, "", 0), (1, -1, "", 0))),))


async def test_a_coordinator_that_is_not_there_yet_is_asked_again() -> None:
    moved = Offsets(0, ((CLAIMS, ((0, -1, "", MOVED),)),))
    admin: Any = Starting(Offsets(LOADING), moved, READ, no_coordinator=3)
    with stamina.set_testing(True, attempts=10):
        assert await positions.committed_offsets(admin, "bordertally") == {TopicPartition(CLAIMS, 0): 12}
    assert not admin.responses


async def test_members_are_counted_only_by_a_coordinator_that_knows_them() -> None:
    loading = Groups(((LOADING, "g", "", "", "", ()),))
    known = Groups(((0, "g", "Stable", "consumer", "range", (("m", "c", "h", b"", b""),)),))
    admin: Any = Starting(loading, known)
    with stamina.set_testing(True, attempts=10):
        assert await positions._members(admin, "g") == 1


async def test_after_the_deadline_a_sentence_says_what_to_do() -> None:
    admin: Any = Starting(no_coordinator=100)
    with stamina.set_testing(True, attempts=5), pytest.raises(BordertallyError) as caught:
        await positions.committed_offsets(admin, "bordertally-intake")
    assert str(caught.value) == (
        "Kafka: the broker answers, but not yet for consumer group bordertally-intake (30 s); "
        "it may still be starting: try again in a minute"
    )


async def test_another_error_is_not_waited_for() -> None:
    admin: Any = Starting(Offsets(FORBIDDEN), READ)
    with stamina.set_testing(True, attempts=10), pytest.raises(GroupAuthorizationFailedError):
        await positions.committed_offsets(admin, "bordertally")
    assert admin.responses == [READ]
