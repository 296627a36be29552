"""The keys and channels of the view in Redis. They are an interface: docs/redis.md describes each.

Functions return the keys of a single flow, alert, source or partition.
"""

from __future__ import annotations

PREFIX = "bordertally"
"""Every key and every channel begins with this word and a colon."""

FLOWS = f"{PREFIX}:flows"
ALERTS = f"{PREFIX}:alerts"
OPEN_ALERTS = f"{PREFIX}:alerts:open"
QUIET_ALERTS = f"{PREFIX}:alerts:quiet"
QUIET_TURN = f"{PREFIX}:alerts:quiet:turn"
ALERT_INDEX = f"{PREFIX}:alerts:index"
ALERT_LOG = f"{PREFIX}:alerts:log"
SILENCES = f"{PREFIX}:silences"
SOURCES = f"{PREFIX}:sources"
EXACT_CLAIMS = f"{PREFIX}:sources:exact"
ALIVE = f"{PREFIX}:alive"

TOTALS_CHANNEL = f"{PREFIX}:totals"
ALERTS_CHANNEL = f"{PREFIX}:alerts"
QUIET_CHANNEL = f"{PREFIX}:quiet"


def flow_key(flow: str) -> str:
    """The key of the newest state of a flow."""
    return f"{PREFIX}:flow:{flow}"


def alert_key(id_: str) -> str:
    """The key of all records of an alert."""
    return f"{PREFIX}:alert:{id_}"


def statements_key(flow: str) -> str:
    """The key of the statements on a flow."""
    return f"{PREFIX}:evidence:said:{flow}"


def tallies_key(flow: str) -> str:
    """The key of the counts of each source on a flow, by day."""
    return f"{PREFIX}:evidence:counted:{flow}"


def rate_key(source: str) -> str:
    """The key of the rate limit of a source."""
    return f"{PREFIX}:rate:{source}"


def digest_key(subscriber: str, slot: str) -> str:
    """The key that says that a digest is being sent or was sent."""
    return f"{PREFIX}:email:digest:{subscriber}:{slot}"


def offset_key(topic: str, partition: int) -> str:
    """The key of the next offset of a partition to write."""
    return f"{PREFIX}:offset:{topic}:{partition}"
