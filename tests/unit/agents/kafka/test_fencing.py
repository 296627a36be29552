"""Fencing: epochs, the numbers that a batch gets, and how the transaction coordinator is asked."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import (
    ConcurrentTransactions,
    GroupCoordinatorNotAvailableError,
    IncompatibleBrokerVersion,
    InvalidProducerEpoch,
    TransactionalIdAuthorizationFailed,
    UnknownError,
)

from bordertally.agents.kafka.fencing import Epoch, Fence, Fenced, UnfencedError, fences, new_epoch
from bordertally.streams.errors import ConfigError

OK = 0


class Coordinator:
    """Answers the requests of a client in order, with these codes; counts the epochs of its one producer id, 7."""

    def __init__(self, *codes: int) -> None:
        self.codes, self.epoch = list(codes), -1
        self.asked: list[str] = []

    async def coordinator_lookup(self, _kind: int, name: str) -> int:
        self.name = name
        return 1

    async def send(self, _node: int, request: Any, *, group: int) -> Any:
        assert group == 1  # the connection for coordination: requests there do not wait for fetches
        self.asked.append(request._transactional_id)
        code = self.codes.pop(0) if self.codes else OK
        self.epoch += code == OK
        return SimpleNamespace(error_code=code, producer_id=7, producer_epoch=self.epoch)


async def test_every_partition_of_a_changelog_has_a_name_of_its_own_and_each_epoch_is_higher() -> None:
    coordinator: Any = Coordinator()
    assert await new_epoch(coordinator, Fenced("ledger-changelog", 3)) == Epoch(7, 0)
    assert await new_epoch(coordinator, Fenced("ledger-changelog", 3)) == Epoch(7, 1)
    assert (coordinator.name, coordinator.asked) == ("ledger-changelog-3", ["ledger-changelog-3"] * 2)


def test_the_topics_beside_a_changelog_are_fenced_on_the_same_partition() -> None:
    fenced = Fenced("alerts-changelog", 3, ["alerts"])
    assert fenced.places == [("alerts-changelog", 3), ("alerts", 3)]


@pytest.mark.parametrize("passing", [ConcurrentTransactions.errno, GroupCoordinatorNotAvailableError.errno])
async def test_what_passes_is_asked_again(passing: int) -> None:
    coordinator: Any = Coordinator(passing, passing)
    assert await new_epoch(coordinator, Fenced("ledger-changelog", 3)) == Epoch(7, 0)
    assert len(coordinator.asked) == 3


async def test_what_does_not_pass_fails() -> None:
    coordinator: Any = Coordinator(InvalidProducerEpoch.errno)
    with pytest.raises(InvalidProducerEpoch):
        await new_epoch(coordinator, Fenced("ledger-changelog", 3))


async def test_a_user_without_the_right_is_told_which_one() -> None:
    coordinator: Any = Coordinator(TransactionalIdAuthorizationFailed.errno)
    with pytest.raises(ConfigError, match=r"allow Describe and Write on transactional ids that begin with p\.ledger-"):
        await new_epoch(coordinator, Fenced("p.ledger-changelog", 3))


@pytest.mark.parametrize("refusal", [UnknownError, IncompatibleBrokerVersion])
async def test_a_broker_without_epochs_is_told_apart(refusal: type[Exception]) -> None:
    async def send(*_: object, **__: object) -> Any:
        raise refusal

    coordinator: Any = Coordinator()
    coordinator.send = send
    with pytest.raises(UnfencedError):
        await new_epoch(coordinator, Fenced("ledger-changelog", 3))


def batch(records: int, stamps: list[Sequence[int]]) -> Any:
    return SimpleNamespace(record_count=lambda: records, _set_producer_state=lambda *numbers: stamps.append(numbers))


def test_each_batch_goes_on_where_the_last_one_ended_and_after_the_last_number_at_0() -> None:
    fence, stamps = Fence(Epoch(7, 2)), list[Sequence[int]]()
    fence.stamp(batch(3, stamps))
    fence.stamp(batch(1, stamps))
    fence.sequence = 2**31 - 1
    fence.stamp(batch(2, stamps))
    fence.stamp(batch(1, stamps))
    assert stamps == [(7, 2, 0), (7, 2, 3), (7, 2, 2**31 - 1), (7, 2, 1)]


@pytest.mark.parametrize(
    ("newer", "older", "fenced"),
    [
        (b"7.10", b"7.9", True),
        (b"7.9", b"7.9", False),
        (b"7.9", b"7.10", False),
        (b"8.0", b"7.9", False),  # the coordinator has forgotten the name
        (b"7.9", b"whatever", False),
    ],
)
def test_of_one_producer_id_the_higher_number_fences_the_lower(newer: bytes, older: bytes, fenced: bool) -> None:
    assert fences(newer, older) is fenced


def test_the_header_says_both_numbers() -> None:
    assert bytes(Epoch(7, 12)) == b"7.12"
