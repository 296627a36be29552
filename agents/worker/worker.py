"""A worker: one Faust app with the hops that its settings name."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, cast

import faust
from aiokafka.errors import KafkaError
from faust.app.base import BootStrategy
from faust.types import TP, ConsumerT
from mode import Service

from bordertally.agents.delivery.channel_registry import make_channels
from bordertally.agents.hops.alerts import AlertsHop
from bordertally.agents.hops.durable_table import DurableTable, PromptTables
from bordertally.agents.hops.faust_hop import FlushingHop
from bordertally.agents.hops.intake import Intake
from bordertally.agents.hops.ledger import LedgerHop
from bordertally.agents.kafka.clients import FETCH_BYTES, METADATA_MS, faust_credentials
from bordertally.agents.kafka.faust_consumer import GaplessConsumer, UnboundedQueue
from bordertally.agents.kafka.resets import Reset
from bordertally.agents.runtime.acknowledgements import Producing
from bordertally.agents.runtime.context import Context
from bordertally.agents.runtime.health import Http
from bordertally.agents.runtime.lag import LagMeter
from bordertally.agents.runtime.suspension import Wakefulness
from bordertally.agents.runtime.topic_watch import TopicWatch
from bordertally.agents.runtime.unreadable import UnreadableRecordError
from bordertally.agents.worker.clock import ClockWatch
from bordertally.agents.worker.reloading import Reloading
from bordertally.streams.settings import Hop, Settings

FAUST_HOPS = (Hop.LEDGER, Hop.ALERTS)

STATES_REST_S = 0.04
"""Seconds after flow states in which the alerts hop fetches no others.

In a live feed, every batch of claims leads to a few states; comparing those of several batches together costs less.
"""

ANEW_S = 1.0
"""Seconds between two looks at whether a topic was made anew."""


def group_of(settings: Settings) -> str:
    """The consumer group of the Faust hops; workers with the same Faust hops share it."""
    hops = [hop.value for hop in FAUST_HOPS if hop in settings.hops]
    return settings.app_id if len(hops) != 1 else f"{settings.app_id}-{hops[0]}"


class NoWeb(BootStrategy):
    """Turns off the web server of Faust, which binds every interface and shows tables."""

    def _should_enable_web(self) -> bool:
        return False


class QuietMonitor(faust.Monitor):
    """Faust's monitor without measurements of each event, which cost more than the event."""

    def on_message_in(self, *_: object) -> None:
        """Not noted."""

    def on_message_out(self, *_: object) -> None:
        """Not noted."""

    def on_stream_event_in(self, *_: object) -> None:
        """Not noted."""

    def on_stream_event_out(self, *_: object) -> None:
        """Not noted."""

    @Service.task
    async def _sampler(self) -> None:
        """Take no samples: nothing is noted of which Faust could tell the rate every second."""


class Worker(faust.App):
    """A Faust app with services of its own.

    They start with the app, not after its tables have recovered like services of Faust: they need no tables, and
    /healthz must answer during a recovery.
    """

    BootStrategy = NoWeb
    services: list[Service]
    hops: list[FlushingHop]
    context: Context
    reloading: Reloading
    rebalancing_since: float | None = None

    def _create_directories(self) -> None:
        """Create none: tables are in memory and in their changelogs."""

    def _new_consumer(self) -> Any:
        self.transport.Consumer = GaplessConsumer  # type: ignore[misc] # a class variable that is read from the instance
        consumer = cast("Any", super()._new_consumer())
        consumer.rests = {self.context.topics.totals: STATES_REST_S}
        return consumer

    def FlowControlQueue(self, maxsize: int | None = None, *, clear_on_resume: bool = False) -> UnboundedQueue:  # noqa: N802
        """The queue of an agent."""
        return UnboundedQueue(maxsize or 0, flow_control=self.flow_control, clear_on_resume=clear_on_resume)

    def tell_reset(self, reset: Reset) -> None:
        """Log and count, for the hop that reads the topic, that its consumer had to leave its position."""
        self.context.tell_reset(next(iter(self._readers(reset.tp.topic)), "worker"), reset)

    def _readers(self, topic: str) -> list[str]:
        """The Faust hops that read a topic, also as the changelog of their table."""
        changelog = self.context.topics.changelog
        return [hop.name for hop in self.hops if topic in {hop.topic, changelog(hop.name)}]

    @Service.task
    async def _read_topics_made_anew(self) -> None:
        known = self.context.made_anew.copy()
        while not self.should_stop:
            await self.sleep(ANEW_S)
            for topic, times in self.context.made_anew.items():
                if times != known[topic]:
                    with suppress(KafkaError):  # the next look tries again
                        await cast("Any", self.consumer).read_from_the_beginning(topic)
                        known[topic] = times
                        for hop in self._readers(topic):
                            self.context.forget_progress(hop, topic)

    async def _on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Fence the partitions before Faust reads their tables."""
        if not self.should_stop:
            for hop in self.hops:
                await hop.fence(tp.partition for tp in assigned if tp.topic == hop.topic)
        await super()._on_partitions_assigned(assigned, generation_id)

    def on_rebalance_start(self) -> None:
        """Note when a rebalance begins."""
        super().on_rebalance_start()
        self.rebalancing_since = self.rebalancing_since or time.monotonic()

    def on_rebalance_end(self) -> None:
        """The tables are recovered: the Faust hops are ready."""
        super().on_rebalance_end()
        if self.rebalancing_since is not None:
            self.context.metrics["recovery_seconds"].observe(time.monotonic() - self.rebalancing_since)
            self.rebalancing_since = None
        for hop in self.hops:
            self.context.metrics["rebalances_total"].labels(hop.name).inc()
        self.context.ready.update(hop.value for hop in FAUST_HOPS if hop in self.context.settings.hops)

    async def _consumer_wait_empty(self, consumer: ConsumerT, logger: Any) -> None:
        """Before a worker stops, let its hops finish the events that they have, and commit them.

        In a rebalance, hops finish when their partitions are revoked (see FlushingHop.revoked).
        """
        await super()._consumer_wait_empty(consumer, logger)
        if self.should_stop:
            for hop in self.hops:
                await hop.finish()
            await consumer.commit()

    async def on_shutdown(self) -> None:
        """Close the producer and the traces when all hops have stopped."""
        await super().on_shutdown()
        await self.context.writer.stop()
        await asyncio.to_thread(self.context.traces.close)

    async def on_start(self) -> None:
        """Start the services of the worker."""
        await super().on_start()
        for service in self.services:
            await self.add_runtime_dependency(service)


def faust_options(settings: Settings) -> dict[str, Any]:
    """The options of Faust without its credentials, by what the settings say."""
    return {
        "broker": ";".join(f"kafka://{address.strip()}" for address in settings.brokers.split(",")),
        "store": "memory://",
        "Table": DurableTable,
        "TableManager": PromptTables,
        "Monitor": QuietMonitor,
        "autodiscover": False,
        "origin": "agents",
        "key_serializer": "raw",
        "value_serializer": "raw",
        "topic_partitions": settings.partitions,
        "topic_replication_factor": settings.replication,
        "topic_allow_declare": False,
        "topic_disable_leader": True,
        "broker_session_timeout": settings.session_timeout_s,
        "broker_request_timeout": max(90.0, settings.session_timeout_s * 2),
        "broker_heartbeat_interval": settings.heartbeat_s,
        "broker_commit_interval": 1.0,
        "consumer_group_instance_id": f"{settings.instance}-faust" if settings.instance else None,
        "consumer_auto_offset_reset": "earliest",
        "consumer_max_fetch_size": FETCH_BYTES,
        "consumer_metadata_max_age_ms": METADATA_MS,
        "table_standby_replicas": 0,  # standbys race with recovery, and help only a store on disk
        "stream_buffer_maxsize": 16,
        "stream_recovery_delay": settings.recovery_delay_s,
        "stream_wait_empty": False,
        "web_enabled": False,
        "web_in_thread": False,
    }


def create_app(settings: Settings, context: Context | None = None) -> Worker:
    """A Faust app with the agents and services of the hops that the settings name. Raises ConfigError.

    The topics must exist (`bordertally topics --create`); the app creates none.
    """
    context = context or Context.load(settings)
    app = Worker(group_of(settings), broker_credentials=faust_credentials(settings), **faust_options(settings))
    app.context, app.hops = context, []
    app.producer_only = not any(hop in settings.hops for hop in FAUST_HOPS)  # otherwise Faust demands topics to consume
    app.reloading = Reloading(context)
    app.services = [
        Http(context),
        LagMeter(context),
        TopicWatch(context),
        ClockWatch(context),
        Producing(context),
        Wakefulness(context),
        app.reloading,
    ]
    if Hop.LEDGER in settings.hops:
        app.hops.append(LedgerHop(app, context))
    if Hop.ALERTS in settings.hops:
        app.hops.append(AlertsHop(app, context))
    if Hop.INTAKE in settings.hops:
        app.services.append(Intake(context))
    for channel in make_channels(context):
        app.services += [channel, *channel.companions()]
        app.reloading.watches += channel.watches()

    @app.on_rebalance_complete.connect
    async def back(*_: object, **__: object) -> None:
        await recover(app.hops, context)

    @app.on_partitions_revoked.connect
    async def away(*_: object, **__: object) -> None:
        context.ready.difference_update(hop.value for hop in FAUST_HOPS)

    return app


async def recover(hops: Iterable[FlushingHop], context: Context) -> None:
    """Let each hop go on from its restored table; ends the process (see Context.die) if a hop cannot.

    Some hops write when they go on. Faust would end the worker with exit code 1 for a write that fails.
    """
    for hop in hops:
        try:
            await hop.recovered()
        except UnreadableRecordError as error:
            context.die(f"the {hop.name} hop cannot read its table", error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the hop has no state to go on from
            context.die(f"the {hop.name} hop failed", error)
