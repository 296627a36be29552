"""A running pipeline as seen from outside: its metrics, and what it has written to Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any
from urllib.request import urlopen

import msgspec
from aiokafka import AIOKafkaConsumer
from prometheus_client.parser import text_string_to_metric_families
from redis.asyncio import Redis

from bordertally.agents.delivery.redis.keys import ALERT_LOG
from bordertally.agents.delivery.redis.reader import states_in
from bordertally.agents.kafka.clients import kafka_options
from bordertally.streams.alerts.records import Alert
from bordertally.streams.errors import BordertallyError
from bordertally.streams.replay.ledgers import ReplayResult
from bordertally.streams.replay.reports_by_hour import RejectedReport
from bordertally.streams.settings import Settings
from bordertally.streams.topics import Topics
from bordertally.streams.totals.records import FlowState

WAIT_S = 60.0
_decode_alert = msgspec.json.Decoder(Alert).decode


def metric(text: str, name: str, **labels: str) -> float:
    """The sum of the samples of a metric that have these labels; `text` is in the text format of Prometheus."""
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


class DemoPipeline:
    """A pipeline with one worker, as operators and subscribers see it."""

    def __init__(self, redis: Redis, metrics_url: str) -> None:
        self.redis: Any  # redis-py types its answers for every encoding at once
        self.redis, self.metrics_url = redis, metrics_url
        self._seen = "-"

    async def close(self) -> None:
        """Close the connection."""
        await self.redis.aclose()

    async def metrics(self) -> str:
        """The text of /metrics of the worker."""

        def read() -> str:
            with urlopen(self.metrics_url, timeout=5) as answer:  # noqa: S310 - loopback, our own worker
                text: str = answer.read().decode()
                return text

        return await asyncio.to_thread(read)

    async def arrived(self) -> int:
        """The number of reports read so far, accepted or refused."""
        return int(metric(await self.metrics(), "bordertally_reports_total"))

    async def settled(self, reports: int) -> None:
        """Return when `reports` reports have been read and everything that follows from them is in Redis.

        Hops count what they read and what they send; the pipeline is at rest when the counts agree twice in a row.
        Raises BordertallyError after a minute.
        """
        before: tuple[float, ...] | None = None
        for _ in range(int(WAIT_S / 0.02)):
            text = await self.metrics()
            read = metric(text, "bordertally_reports_total")
            sent, states = metric(text, "bordertally_states_sent_total"), metric(text, "bordertally_states_read_total")
            alerts = metric(text, "bordertally_alerts_total")
            delivered = metric(text, "bordertally_delivered_total")
            passed, taken = metric(text, "bordertally_claims_sent_total"), metric(text, "bordertally_claims_total")
            now = (read, passed, sent, alerts)
            at_rest = read >= reports and passed == taken and sent == states and delivered == sent + alerts
            if at_rest and now == before:
                return
            before = now if at_rest else None
            await asyncio.sleep(0.02)
        raise BordertallyError(f"the pipeline did not process the {reports} reports within {WAIT_S:.0f} s")

    async def news(self) -> list[Alert]:
        """Alert records since the last call, in order, of which anybody is notified."""
        entries = await self.redis.xrange(ALERT_LOG, min=self._seen)
        if entries:
            self._seen = f"({entries[-1][0].decode()}"
        alerts = [_decode_alert(fields[b"alert"]) for _, fields in entries]
        return [alert for alert in alerts if alert.rings]

    async def states(self) -> list[FlowState]:
        """The newest state of every flow, by path."""
        return await states_in(self.redis)

    async def alerts(self) -> list[Alert]:
        """The whole alert log, in order."""
        return [_decode_alert(fields[b"alert"]) for _, fields in await self.redis.xrange(ALERT_LOG)]

    async def outcome(self, settings: Settings, topics: Topics) -> tuple[list[FlowState], ReplayResult]:
        """The states of all flows, and the result of the reports in the form that a replay prints."""
        states = await self.states()
        refused = await self.refused(settings, topics)
        return states, ReplayResult(
            totals=[total for state in states for total in state.totals],
            days=[day for state in states for day in state.days],
            alerts=await self.alerts(),
            conflicts=[conflict for state in states for conflict in state.conflicts],
            rejected=refused,
            parts=[total for state in states for total in state.parts],
            noted=[noted for state in states for noted in state.noted],
        )

    async def refused(self, settings: Settings, topics: Topics) -> list[RejectedReport]:
        """The refused reports, as many as the worker has counted, in order of their topic, partition and offset."""
        wanted = int(metric(await self.metrics(), "bordertally_rejects_total"))
        consumer = AIOKafkaConsumer(
            topics.rejected, **kafka_options(settings), auto_offset_reset="earliest", enable_auto_commit=False
        )
        refused: list[tuple[tuple[str, int, int], RejectedReport]] = []
        try:
            await consumer.start()
            async with asyncio.timeout(WAIT_S):
                while len(refused) < wanted:
                    batch = await consumer.getmany(timeout_ms=200)
                    refused += [_refusal(record.headers) for records in batch.values() for record in records]
        finally:
            await consumer.stop()
        return [refusal for _, refusal in sorted(refused, key=lambda place_and_refusal: place_and_refusal[0])]


def _refusal(headers: Iterable[tuple[str, bytes]]) -> tuple[tuple[str, int, int], RejectedReport]:
    fields = {name: value.decode() for name, value in headers}
    place = (fields["topic"], int(fields["partition"]), int(fields["offset"]))
    return place, RejectedReport(
        fields["reason"], fields["field"], fields["value"], fields["report"] or None, fields["why"]
    )
