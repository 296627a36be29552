"""Fencing: the broker refuses what a worker writes late, after another worker has taken over its partitions.

A worker that the network cuts off may have handed a request to the network that arrives minutes later. Kafka refuses
such a request by the numbers in its batches: a producer id, an epoch and a sequence. A partition accepts no batch of a
producer id whose epoch is lower than one that the partition has seen.

So each partition of a changelog has a producer id of its own, under a name that the transaction coordinator of Kafka
remembers. Whoever is assigned the partition asks the coordinator for a higher epoch, and writes a record under this
epoch before it reads the table. There are no transactions, and reports cost no more requests than without fencing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple

from aiokafka.client import AIOKafkaClient, ConnectionGroup, CoordinationType
from aiokafka.errors import (
    ConcurrentTransactions,
    IncompatibleBrokerVersion,
    KafkaError,
    TransactionalIdAuthorizationFailed,
    UnknownError,
    for_code,
)
from aiokafka.protocol.transaction import InitProducerIdRequest

from bordertally.streams.errors import BordertallyError, ConfigError

FENCE_KEY = b"fence"
"""The key of the record on a changelog that makes its partition see an epoch; it is no row."""

EPOCH_HEADER = "epoch"
"""The header of a record on a topic that several workers write: the epoch of the worker's partition of the table."""

RETRY_S = 0.02
"""Seconds between two questions to the coordinator."""

TRANSACTION_MS = 60_000
"""The coordinator wants to know how long a transaction may last; there is none."""


class Epoch(NamedTuple):
    """A producer id and its epoch; of two epochs of one producer id, the higher one is of the later owner."""

    producer_id: int
    number: int

    def __bytes__(self) -> bytes:
        """The epoch as the value of a header."""
        return b"%d.%d" % self


def fences(newer: bytes, older: bytes) -> bool:
    """Whether the second epoch, as a header has it, belongs to an earlier owner; False where one cannot be read.

    A coordinator that has forgotten a name begins with another producer id, which says nothing about the order.
    """
    try:
        (newer_id, newer_number), (older_id, older_number) = (text.split(b".") for text in (newer, older))
        return newer_id == older_id and int(older_number) < int(newer_number)
    except ValueError:
        return False


class Fence:
    """The epoch under which a worker writes to one partition, and the number of the next record there."""

    __slots__ = ("epoch", "sequence")

    def __init__(self, epoch: Epoch) -> None:
        self.epoch, self.sequence = epoch, 0

    def stamp(self, batch: Any) -> None:
        """Put epoch and sequence into a closed batch of aiokafka, before it is handed to the producer."""
        batch._set_producer_state(self.epoch.producer_id, self.epoch.number, self.sequence)  # noqa: SLF001 - there is no public way without a producer for each partition
        self.sequence = (self.sequence + batch.record_count()) % 2**31


class Fenced(NamedTuple):
    """Partitions with one writer: one of a changelog, and the same one of the topics that are written `beside` it.

    Those beside it refuse earlier epochs only from the first record on that the new owner writes there.
    """

    changelog: str
    partition: int
    beside: Sequence[str] = ()

    @property
    def name(self) -> str:
        """The name under which the coordinator keeps the epoch."""
        return f"{self.changelog}-{self.partition}"

    @property
    def places(self) -> list[tuple[str, int]]:
        """Topic and partition of all of them."""
        return [(topic, self.partition) for topic in (self.changelog, *self.beside)]


class LateWriteError(BordertallyError):
    """Kafka refuses a write, because another worker has taken over the partition."""


class UnfencedError(Exception):
    """The broker keeps no epochs."""


async def new_epoch(client: AIOKafkaClient, fenced: Fenced) -> Epoch:
    """A higher epoch than any before, from the transaction coordinator.

    Faults that may pass are asked again without end, so call this within a timeout. Raises UnfencedError, ConfigError
    or KafkaError.
    """
    while True:
        try:
            node = await client.coordinator_lookup(CoordinationType.TRANSACTION, fenced.name)
            request = InitProducerIdRequest(fenced.name, TRANSACTION_MS)
            response: Any = await client.send(node, request, group=ConnectionGroup.COORDINATION)
            if response.error_code:
                raise for_code(response.error_code)
        except TransactionalIdAuthorizationFailed:
            raise ConfigError(
                f"the broker refuses the transactional id {fenced.name}: "
                f"allow Describe and Write on transactional ids that begin with {fenced.changelog}- (docs/security.md)"
            ) from None
        except (IncompatibleBrokerVersion, UnknownError) as error:  # Tansu answers with the second
            raise UnfencedError(str(error)) from error
        except ConcurrentTransactions:  # another worker is asking
            pass
        except KafkaError as error:
            if not error.retriable:
                raise
        else:
            return Epoch(response.producer_id, response.producer_epoch)
        await asyncio.sleep(RETRY_S)
