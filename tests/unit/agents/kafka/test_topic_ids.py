"""Topics with their ids, byte by byte as Kafka's protocol has them in version 10 of Metadata."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from aiokafka.errors import IncompatibleBrokerVersion

from bordertally.agents.kafka.topic_ids import TopicSeen, _MetadataRequest, _MetadataRequest10, topics_seen

ID = UUID("0123456789abcdef0123456789abcdef")
REQUEST = b"\x02" + bytes(16) + b"\x07claims\x00" + bytes(3) + b"\x00"
PARTITION = b"\x00\x00" + b"\x00\x00\x00\x01" + b"\x00\x00\x00\x07" * 2 + b"\x02\x00\x00\x00\x07" * 2 + b"\x01\x00"
RESPONSE = b"".join(
    [
        b"\x00\x00\x00\x00",  # throttled for
        b"\x02\x00\x00\x00\x07\x05host\x00\x00\x23\x84\x00\x00",  # one broker
        b"\x03id\x00\x00\x00\x07",  # the cluster and its controller
        b"\x04",  # three topics
        b"\x00\x00\x07claims" + ID.bytes + b"\x00\x03" + PARTITION + PARTITION + b"\x80\x00\x00\x00\x00",
        b"\x00\x03\x07totals" + bytes(16) + b"\x00\x01" + b"\x80\x00\x00\x00\x00",
        b"\x00\x00\x04old" + bytes(16) + b"\x00\x02" + PARTITION + b"\x80\x00\x00\x00\x00",
        b"\x80\x00\x00\x00\x00",
    ]
)


class Broker:
    """An admin client of a broker that responds with bytes, or does not know the request."""

    def __init__(self, response: bytes | Exception) -> None:
        self.response = response

    async def _send_request(self, request: _MetadataRequest) -> Any:
        if isinstance(self.response, Exception):
            raise self.response
        assert request.build(_MetadataRequest10).encode() == REQUEST
        return _MetadataRequest10.RESPONSE_TYPE.decode(self.response)

    async def describe_topics(self, names: list[str]) -> list[dict[str, Any]]:
        return [{"topic": name, "partitions": [{}] * 4} for name in names]


async def test_a_topic_has_its_id() -> None:
    admin: Any = Broker(RESPONSE)
    assert await topics_seen(admin, ["claims"]) == {
        "claims": TopicSeen(2, ID),
        "totals": TopicSeen(0),
        "old": TopicSeen(1),  # made before the brokers had ids
    }


async def test_an_older_broker_tells_no_ids() -> None:
    for error in (NotImplementedError(), IncompatibleBrokerVersion()):
        admin: Any = Broker(error)
        assert await topics_seen(admin, ["claims"]) == {"claims": TopicSeen(4)}
