"""The channel `webhooks`: the lanes that this worker runs, and their stored state.

A lane is one subscription on one partition of `alerts`. Its state is stored on the topic `webhooks` shortly after each
delivery: after a crash the last few events are sent again, with the same ids. The committed offset only says from where
to consume.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import assert_never

import msgspec
from aiokafka import TopicPartition
from mode import Service

from bordertally.agents.delivery.channel import Channel
from bordertally.agents.delivery.webhooks.endpoints import Endpoint, Endpoints, load_endpoints
from bordertally.agents.delivery.webhooks.lane import LaneRunner
from bordertally.agents.delivery.webhooks.reload import WebhooksReload
from bordertally.agents.delivery.webhooks.send import Sender
from bordertally.agents.delivery.webhooks.states import States, disabled_record, lane_record
from bordertally.agents.delivery.webhooks.tail import Tail
from bordertally.agents.hops.batch_hop import Batch, Done
from bordertally.agents.kafka.crash_points import crash_at
from bordertally.agents.kafka.producer import Record
from bordertally.agents.runtime.context import Context, log
from bordertally.agents.runtime.reloading import Watch
from bordertally.agents.runtime.tracing import NoTrace
from bordertally.streams.delivery.webhook_lane import Attempt, Disabled, Lane, Verdict, fingerprint, revive
from bordertally.streams.url_policy import allowed_networks

KEEP_S = 0.1
"""Seconds between two writes of changed lanes."""

LOG_MOST = 10_000
"""The most attempts that wait to be logged; beyond that, the oldest are dropped."""


class Webhooks(Channel):
    """Delivers `alerts` to every subscription, with a lane per subscription and partition of this worker."""

    hop = "webhooks"
    from_the_start = True  # each lane has its own first offset

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        settings = context.settings
        assert settings.webhooks is not None
        self.endpoints, self.policy = load_endpoints(settings.webhooks, context.registry)
        self.allowed = allowed_networks(settings.webhook_allow)
        self.senders = self._senders()
        endpoints = Endpoints(self.endpoints, self.policy)
        self.reload = WebhooksReload(settings.webhooks, context, endpoints, self.renew)
        self.tail = Tail(settings, context.topics.alerts)
        self.states = States(context, self._switched)
        self.runners: dict[tuple[str, int], LaneRunner] = {}
        self._switches: list[Record] = []
        self._attempts: list[Attempt] = []
        self._writing = asyncio.Lock()
        self._opening: asyncio.Task[None] | None = None

    def _senders(self) -> dict[str, Sender]:
        timeout = self.policy.timeout
        return {name: Sender(endpoint, timeout, self.allowed) for name, endpoint in self.endpoints.items()}

    async def renew(self, endpoints: Endpoints) -> None:
        """Replace the subscriptions: all lanes stop, and the new ones resume from their stored state."""
        self.context.ready.discard(self.hop)
        await self._pause()
        await self._close(list(self.runners))
        for sender in self.senders.values():
            await sender.close()
        self.endpoints, self.policy = endpoints
        self.senders = self._senders()
        await self._open(sorted(tp.partition for tp in self.consumer.assignment()))

    async def _pause(self) -> None:
        """Stop opening lanes."""
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.gather(self._opening, return_exceptions=True)

    def topics(self) -> tuple[str, ...]:
        """The topic to consume: `alerts`."""
        return (self.context.topics.alerts,)

    def watches(self) -> Sequence[Watch]:
        """The file of the subscriptions."""
        return (self.reload,)

    async def open(self) -> None:
        """Read the stored state before partitions are assigned."""
        await self.tail.start()
        await self.add_runtime_dependency(self.states)

    async def close(self) -> None:
        """Stop all lanes, store their state, and close the connections."""
        await self._close(list(self.runners))
        for sender in self.senders.values():
            await sender.close()
        await self.tail.stop()

    async def handle(self, batch: Batch) -> Done:
        """Hand records to the lanes; a lane that is full reads them later."""
        for tp, records in batch.items():
            self.tail.add(tp.partition, records)
        arrived = {tp.partition for tp in batch}
        for (_, partition), runner in self.runners.items():
            if partition in arrived:
                runner.wake.set()
        return {tp: records[-1].offset + 1 for tp, records in batch.items()}

    # --- the lanes of this worker ----------------------------------------------------------------------------------

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Open the lanes of these partitions from their stored state; then the hop is ready."""
        self._opening = asyncio.create_task(self._open(sorted(tp.partition for tp in assigned)))

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Stop the lanes of these partitions and store their state, before other workers resume."""
        await self._pause()
        self.context.ready.discard(self.hop)
        gone = {tp.partition for tp in revoked}
        await self._close([key for key in self.runners if key[1] in gone])
        for partition in gone:
            self.tail.forget(partition)
        await super().on_partitions_revoked(revoked)

    async def _open(self, partitions: list[int]) -> None:
        try:
            await self.states.caught_up(partitions)
            await self.know_mutes()
            ends = await self.tail.ends(partitions)
            now = time.time()
            for name, sender in self.senders.items():
                for partition in partitions:
                    lane = self.states.lanes.get((name, partition))
                    if lane is not None and lane.next > ends[partition]:
                        log.warning(
                            "webhooks: %s: the topic of alerts-%d was created again; the subscription begins again",
                            name,
                            partition,
                        )
                        lane = Lane(next=0, joined=now)
                    runner = LaneRunner(self, sender, partition, lane or Lane(next=ends[partition], joined=now))
                    runner.dirty = lane is None
                    self.runners[name, partition] = runner
            await self._write()  # the first offset of a new lane is stored before anything is sent
            for name in self.senders:
                every = [runner for key, runner in self.runners.items() if key[0] == name]
                for runner in every:
                    runner.siblings = every
                self._switched(name)
            for partition in partitions:
                for name in self.senders:
                    self.runners[name, partition].start()
            self.context.ready.add(self.hop)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - without lanes nothing would be sent
            self.fail(error)

    async def _close(self, keys: Iterable[tuple[str, int]]) -> None:
        closed = {key: self.runners[key] for key in keys}
        await asyncio.gather(*(runner.stop() for runner in closed.values()))
        await self._write()
        for key in closed:
            del self.runners[key]

    # --- what lanes call -------------------------------------------------------------------------------

    def trace(self) -> NoTrace:
        """A trace for one delivery; several deliveries run at once."""
        return self.context.traces.hop()

    def disabled(self, endpoint: Endpoint) -> bool:
        """Whether a subscription is disabled: its endpoint, at this URL, answered 410."""
        switch = self.states.disabled.get(endpoint.name)
        return switch is not None and switch.url == fingerprint(endpoint.url)

    def gone(self, endpoint: Endpoint, status: int) -> None:
        """Disable a subscription on every worker, until somebody enables it."""
        if self.disabled(endpoint):
            return
        log.warning("webhooks: %s: the endpoint answered %d; the subscription is disabled", endpoint.name, status)
        disabled = Disabled(time.time(), status, fingerprint(endpoint.url))
        self._switches.append(disabled_record(self.context.topics.webhooks, endpoint.name, disabled))
        self.states.note(endpoint.name, disabled)

    def _switched(self, name: str) -> None:
        endpoint = self.endpoints.get(name)
        if endpoint is None:
            return
        off = self.disabled(endpoint)
        gauge = self.context.metrics["webhook_disabled"].labels(name)
        if not off and gauge._value.get():  # noqa: SLF001 - whether it was disabled
            for key, runner in self.runners.items():
                if key[0] == name:
                    runner.put(revive)
        gauge.set(int(off))

    def tried(self, runner: LaneRunner, attempt: Attempt, written: float) -> None:
        """Count an attempt and log it."""
        metrics = self.context.metrics
        metrics["webhook_attempts_total"].labels(attempt.subscription, attempt.verdict.value).inc()
        match attempt.verdict:
            case Verdict.DELIVERED:
                metrics["webhook_seconds"].observe(max(0.0, attempt.at - written))
            case Verdict.GIVEN_UP:
                log.warning("webhooks: %s: %s is given up", attempt.subscription, attempt.webhook_id)
            case Verdict.FAILED | Verdict.GONE:
                if runner.lane.fails == 1:
                    reason = attempt.status if attempt.status is not None else attempt.error
                    log.info("webhooks: %s: %s failed (%s)", attempt.subscription, attempt.webhook_id, reason)
            case _:
                assert_never(attempt.verdict)
        self._attempts.append(attempt)
        del self._attempts[:-LOG_MOST]

    def fail(self, error: Exception) -> None:
        """End the process; another start resumes from the stored state."""
        self.context.die("the webhooks hop failed", error)

    # --- stored state ------------------------------------------------------------------------------------

    @Service.task
    async def _keep(self) -> None:
        while not self.should_stop:
            await self.sleep(KEEP_S)
            try:
                await self._write()
                self._show()
            except asyncio.CancelledError:
                raise
            except Exception as error:  # noqa: BLE001 - without stored state, events would be sent again and again
                self.fail(error)

    async def _write(self) -> None:
        """Store every lane that has changed, and log the attempts."""
        async with self._writing:
            topics = self.context.topics
            records, self._switches = self._switches, []
            for (name, partition), runner in self.runners.items():
                if runner.dirty:
                    runner.dirty = False
                    records.append(lane_record(topics.webhooks, name, partition, runner.lane))
            attempts, self._attempts = self._attempts, []
            records += [
                Record(topics.webhooks_log, attempt.webhook_id.encode(), msgspec.json.encode(attempt))
                for attempt in attempts
            ]
            if records:
                await self.context.writer.write(records)
                crash_at("webhooks.remembered")

    def _show(self) -> None:
        waiting: Counter[str] = Counter(dict.fromkeys(self.senders, 0))
        for (name, partition), runner in self.runners.items():
            newest = self.tail.newest.get(partition)
            behind = max(0, newest[-1].offset + 1 - runner.lane.next) if newest else 0
            waiting[name] += runner.lane.count + behind
        for name, count in waiting.items():
            self.context.metrics["webhook_waiting_events"].labels(name).set(count)
