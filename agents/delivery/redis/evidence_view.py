"""The evidence in Redis: the claims and counts of each flow, from the rows of the ledger.

It reads the changelog of the ledger, not the claims. A row holds everything on a flow and some days, so the newest row
is complete, and compaction keeps it for ever. Rows of a day in progress are rewritten often; only the last of a batch
is written to Redis.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import msgspec
from aiokafka import TopicPartition
from redis.asyncio.client import Pipeline

from bordertally.agents.delivery.redis.keys import EXACT_CLAIMS, SOURCES, statements_key, tallies_key
from bordertally.agents.delivery.redis.writer import RedisWriter
from bordertally.agents.hops.batch_hop import Batch, Done
from bordertally.agents.kafka.clients import Received
from bordertally.agents.kafka.fencing import FENCE_KEY
from bordertally.agents.runtime.context import log
from bordertally.streams.evidence.tallies import tallies_of
from bordertally.streams.evidence.trace import BLOCKS, DAYS, bounded
from bordertally.streams.ledger.rows import WITHOUT_CLAIMS, Row, decode_claims
from bordertally.streams.ledger.versions import in_force
from bordertally.streams.reports.claims import Claim, is_exact
from bordertally.streams.reports.records import Measure

EVERY_S = 1.0
"""Seconds between two batches; a row that is rewritten in the meantime is read once."""

SHARE = 0.1
"""The share of the time of a worker that evidence may take: totals and alerts go first."""

EXACT_BLOCKS = 4
"""Rows of a flow, the newest of 32 days each, whose exact claims are counted; an older row gives way to a newer one."""

WITHOUT_EVIDENCE = WITHOUT_CLAIMS | frozenset("fv")
"""Rows of which readers need nothing: they take aliases from the registry, the newest version of each claim, and
destinations from their corridors.
"""

TURN_S = 0.005
"""Seconds of work after which other hops get a turn."""

# A row replaces the one before. Beyond the limit, the oldest rows are deleted.
_KEEP = """
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
local over = redis.call('HLEN', KEYS[1]) - tonumber(ARGV[3])
if over > 0 then
  local held = redis.call('HKEYS', KEYS[1])
  table.sort(held, function(a, b) return (tonumber(a) or 0) < (tonumber(b) or 0) end)
  for place = 1, over do redis.call('HDEL', KEYS[1], held[place]) end
end
"""

# Keeps the latest time of publication of each source; rows come in any order.
_HEARD = """
for place = 1, #ARGV, 2 do
  local held = redis.call('HGET', KEYS[1], ARGV[place])
  if (tonumber(held or '') or 0) < tonumber(ARGV[place + 1]) then
    redis.call('HSET', KEYS[1], ARGV[place], ARGV[place + 1])
  end
end
"""


class EvidenceView(RedisWriter):
    """Writes the evidence at its own pace, in a consumer group of its own, so that nothing waits for it."""

    hop = "evidence"

    def topics(self) -> tuple[str, ...]:
        """The topic to consume: the rows of the ledger."""
        return (self.context.topics.changelog("ledger"),)

    async def handle(self, batch: Batch) -> Done:
        """Write a batch, then pause nine times as long as it took, and at least a second."""
        began = time.monotonic()
        done = await super().handle(batch)
        await self.sleep(max(EVERY_S, (time.monotonic() - began) * (1 / SHARE - 1)))
        return done

    def count(self, tp: TopicPartition, records: int) -> None:
        """Count nothing: subscribers do not wait for rows. Their lag is measured."""

    async def put(self, pipe: Pipeline, tp: TopicPartition, records: Sequence[Received]) -> None:
        """Add the newest of each row to a transaction."""
        turn = time.monotonic()
        newest: dict[str, int] = {}
        for key, value in {record.key: record.value for record in records}.items():
            if key == FENCE_KEY:
                continue
            try:
                for source, published in self._put_row(pipe, Row.of(key or b""), value or b""):
                    newest[source] = max(published, newest.get(source, 0))
            except (ValueError, msgspec.DecodeError) as error:
                log.warning("evidence: %s holds a row that is none, %r: %s", tp.topic, key, error)
            if time.monotonic() > turn + TURN_S:
                await asyncio.sleep(0)
                turn = time.monotonic()
        if newest:
            pipe.eval(_HEARD, 1, SOURCES, *(part for item in newest.items() for part in item))

    @staticmethod
    def _put_row(pipe: Pipeline, row: Row, value: bytes) -> list[tuple[str, int]]:
        """Add a row; returns its sources with the times of publication (microseconds since 1970 UTC)."""
        if row.kind in WITHOUT_EVIDENCE:
            return []
        if row.kind == "r":
            tallies = tallies_of(value)
            pipe.eval(_KEEP, 1, tallies_key(row.flow), row.number, msgspec.json.encode(tallies), DAYS)
            return [(tally.source, tally.published) for tally in tallies]
        pipe.eval(_KEEP, 1, statements_key(row.flow), row.number, bounded(value), BLOCKS)
        claims = in_force(decode_claims(value))
        pipe.hset(EXACT_CLAIMS, f"{row.flow}|{row.number % EXACT_BLOCKS}", msgspec.json.encode(_exact_claims(claims)))
        return [(claim.source, claim.published) for claim in claims]


def _exact_claims(claims: Sequence[Claim]) -> dict[str, tuple[int, int]]:
    """By source, how many of its claims of crossings are exact, and how many there are; withdrawn ones left out."""
    counted: dict[str, tuple[int, int]] = {}
    for claim in claims:
        if claim.best is not None and claim.measure == Measure.CROSSINGS:
            exact, number = counted.get(claim.source, (0, 0))
            counted[claim.source] = exact + is_exact(claim), number + 1
    return counted
