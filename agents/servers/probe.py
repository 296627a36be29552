"""Probes whether a server is ready, by one request over a plain socket, without a client or an event loop."""

import socket
import struct

from bordertally.agents.servers.ports import HOST

ANSWER_S = 1.0


def kafka_answers(port: int) -> bool:
    """Whether a Kafka broker on `port` lists at least one broker in its metadata.

    False for a broker that only accepts connections or has not joined its own cluster yet.
    """
    metadata, version, correlation, no_client, no_topics = 3, 1, 1, -1, 0
    request = struct.pack(">hhihi", metadata, version, correlation, no_client, no_topics)
    try:
        with socket.create_connection((HOST, port), ANSWER_S) as connection:
            connection.settimeout(ANSWER_S)
            connection.sendall(struct.pack(">i", len(request)) + request)
            answer = _read(connection, 12)
    except OSError:
        return False
    _size, correlated, brokers = struct.unpack(">iii", answer)
    return bool(correlated == correlation and brokers > 0)


def redis_answers(port: int) -> bool:
    """Whether Redis on `port` replies PONG (not while it loads its data) or asks for a password."""
    try:
        with socket.create_connection((HOST, port), ANSWER_S) as connection:
            connection.settimeout(ANSWER_S)
            connection.sendall(b"PING\r\n")
            return _read(connection, 7) in (b"+PONG\r\n", b"-NOAUTH")
    except OSError:
        return False


def _read(connection: socket.socket, size: int) -> bytes:
    """Return exactly `size` bytes. Raises OSError when the connection ends earlier."""
    answer = b""
    while len(answer) < size:
        part = connection.recv(size - len(answer))
        if not part:
            raise ConnectionResetError("the connection ended before the response")
        answer += part
    return answer
