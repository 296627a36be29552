"""Topic ids: a topic that was deleted and made anew under its name has another id.

aiokafka asks for metadata in version 5 of the protocol; Kafka tells the ids of topics from version 10 on (Kafka 2.8).
"""

from __future__ import annotations

from io import BytesIO
from typing import NamedTuple
from uuid import UUID

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import IncompatibleBrokerVersion
from aiokafka.protocol.abstract import AbstractType
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Boolean, CompactArray, CompactString, Int16, Int32, Schema, TaggedFields

from bordertally.agents.kafka.topics import partition_counts

_NONE = UUID(int=0)
_TEXT, _TAGS = CompactString("utf-8"), ("tags", TaggedFields)


class TopicSeen(NamedTuple):
    """A topic as the broker has it: its number of partitions, 0 if it does not exist, and its id, None if not told."""

    partitions: int
    topic_id: UUID | None = None


async def topics_seen(admin: AIOKafkaAdminClient, names: list[str]) -> dict[str, TopicSeen]:
    """Topics by name; asking for a topic that does not exist creates none. Raises KafkaError."""
    try:
        response = await admin._send_request(_MetadataRequest(names))  # noqa: SLF001 - it has no call with ids
    except (NotImplementedError, IncompatibleBrokerVersion):  # an older broker
        return {name: TopicSeen(count) for name, count in (await partition_counts(admin, names)).items()}
    return {
        topic["topic"]: TopicSeen(len(topic["partitions"]), None if topic["id"] == _NONE else topic["id"])
        for topic in response.to_object()["topics"]
    }


class _Uuid(AbstractType[UUID]):
    @classmethod
    def encode(cls, value: UUID) -> bytes:
        return value.bytes

    @classmethod
    def decode(cls, data: BytesIO) -> UUID:
        return UUID(bytes=data.read(16))


class _MetadataResponse10(Response):
    API_KEY = 3
    API_VERSION = 10
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("brokers", CompactArray(("node_id", Int32), ("host", _TEXT), ("port", Int32), ("rack", _TEXT), _TAGS)),
        ("cluster_id", _TEXT),
        ("controller_id", Int32),
        (
            "topics",
            CompactArray(
                ("error_code", Int16),
                ("topic", _TEXT),
                ("id", _Uuid),
                ("is_internal", Boolean),
                (
                    "partitions",
                    CompactArray(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", CompactArray(Int32)),
                        ("isr", CompactArray(Int32)),
                        ("offline_replicas", CompactArray(Int32)),
                        _TAGS,
                    ),
                ),
                ("authorized_operations", Int32),
                _TAGS,
            ),
        ),
        ("cluster_authorized_operations", Int32),
        _TAGS,
    )


class _MetadataRequest10(RequestStruct):
    API_KEY = 3
    API_VERSION = 10
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = _MetadataResponse10
    SCHEMA = Schema(
        ("topics", CompactArray(("id", _Uuid), ("topic", _TEXT), _TAGS)),
        ("allow_auto_topic_creation", Boolean),
        ("include_cluster_authorized_operations", Boolean),
        ("include_topic_authorized_operations", Boolean),
        _TAGS,
    )


class _MetadataRequest(Request[_MetadataRequest10]):
    API_KEY = 3

    def __init__(self, topics: list[str]) -> None:
        self._topics = topics

    def build(self, request_struct_class: type[_MetadataRequest10]) -> _MetadataRequest10:
        return request_struct_class([(_NONE, topic, {}) for topic in self._topics], False, False, False, {})
