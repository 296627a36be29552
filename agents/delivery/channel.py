"""A delivery channel: one way by which totals and alerts leave the pipeline, such as Redis, webhooks or Alertmanager.

To add one, write a module with a subclass of `Channel`, and register it:

    class Pager(Channel):
        hop = "pager"

        def topics(self) -> tuple[str, ...]:
            return (self.context.topics.alerts,)

        async def open(self) -> None:
            self.session = aiohttp.ClientSession()

        async def close(self) -> None:
            await self.session.close()

        async def deliver(self, states: Sequence[FlowState], alerts: Sequence[AlertUpdate]) -> None:
            for update in alerts:
                if update.notifies:
                    ...  # send update.alert; raise UnreachableError while the pager cannot be reached

1. The class goes to a module of its own in agents/delivery/. `deliver` is the only method it must have.
2. streams/settings.py has the rest: the name in `Hop`, the settings in `Settings`, and a `Registration` in `CHANNELS`
   with the page and its line in the list of channels. A channel from outside, whose name is not in `Hop`, runs on every
   worker.
3. Its page is docs/NAME.md; `make docs` lists it in docs/subscribe.md.
4. Its test is tests/unit/agents/delivery/test_NAME.py. tests/contract/test_channel.py runs a channel like the one above
   in a worker.

The worker does the rest: a consumer group of its own, so that a slow channel holds up nothing else; delivery at least
once and in order within a flow; readiness, lag and rebalances in `/readyz` and `/metrics`; the mute decision.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import ClassVar, NamedTuple

import msgspec
from aiokafka import TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from mode import Service

from bordertally.agents.delivery.muting import Muting
from bordertally.agents.hops.batch_hop import Batch, BatchHop, Done
from bordertally.agents.runtime.context import Context, log
from bordertally.agents.runtime.reloading import Watch
from bordertally.agents.runtime.unreadable import pass_over
from bordertally.streams.alerts.records import Alert
from bordertally.streams.delivery.subscriptions import AlertHead
from bordertally.streams.settings import Settings
from bordertally.streams.totals.records import FlowState

SHORTEST_S, LONGEST_S = 0.2, 5.0
"""Seconds before records that could not be delivered are tried again: doubled from the shortest to the longest."""

_decode_state = msgspec.json.Decoder(FlowState).decode
_decode_alert = msgspec.json.Decoder(Alert).decode


class AlertUpdate(NamedTuple):
    """A record on `alerts`, and whether a silence or an inhibition mutes the alert now: then nobody is notified."""

    alert: Alert
    muted: bool

    @property
    def notifies(self) -> bool:
        """Whether people are notified: the alert is not muted, and the record neither minor nor a backfill."""
        return self.alert.rings and not self.muted


class UnreachableError(Exception):
    """Nothing can be delivered at the moment. The channel is given the same records again, after a pause."""


class Channel(BatchHop):
    """A consumer of `totals` and `alerts` that delivers them somewhere else.

    `hop`: the name of the channel in BORDERTALLY_HOPS, in metrics, in `/readyz`, and in its consumer group.

    A channel that keeps its own account of deliveries, as the view in Redis does, overrides `handle` instead of
    `deliver`: it gets whole batches and returns the offsets that it has processed.
    """

    abstract = True

    from_the_start: ClassVar[bool] = False  # alerts from before the channel was turned on are not news

    mutes: ClassVar[bool] = True
    """Whether the channel needs the mute decision. If so, it follows `silences`; if not, no alert is muted."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.muting = Muting(context) if self.mutes else None
        self._beginning: asyncio.Task[None] | None = None

    # --- what a channel implements -------------------------------------------------------------------------------

    @classmethod
    async def check(cls, settings: Settings) -> None:
        """Raise ConfigError when the channel cannot work with these settings; asked once, before a worker starts."""

    def companions(self) -> Sequence[Service]:
        """Other services of the channel, which start and stop with the worker."""
        return ()

    def watches(self) -> Sequence[Watch]:
        """The files of the channel that are read again when they change, or on SIGHUP."""
        return ()

    def topics(self) -> tuple[str, ...]:
        """The topics to consume: `totals` and `alerts`, unless a channel wants fewer."""
        return self.context.topics.totals, self.context.topics.alerts

    async def open(self) -> None:
        """Connect; called once, before the first delivery."""

    async def deliver(self, states: Sequence[FlowState], alerts: Sequence[AlertUpdate]) -> None:
        """Deliver records, and return when they are delivered; the same records may come again after a crash.

        Records of one flow come in order. Raise UnreachableError to be given all of them again after a pause; any other
        error ends the worker.
        """
        raise NotImplementedError

    async def close(self) -> None:
        """Disconnect; called once, after the last delivery."""

    # --- what the worker does for a channel ---------------------------------------------------------------------------

    def note(self, alerts: Iterable[Alert | AlertHead]) -> None:
        """Let records decide which alerts are inhibited before they are delivered."""
        if self.muting is not None:
            for alert in alerts:
                self.muting.note(alert)

    def muted(self, alert: Alert | AlertHead) -> bool:
        """Whether a silence or an inhibition mutes an alert now."""
        return self.muting is not None and self.muting.mutes(alert)

    async def on_first_start(self) -> None:
        """Read the silences and connect before the first delivery."""
        if self.muting is not None:
            await self.add_runtime_dependency(self.muting)
        await self.know_mutes()
        await self.open()

    async def know_mutes(self) -> None:
        """Return when every silence that is on its topic now is known."""
        if self.muting is not None:
            await self.muting.ready()

    async def on_stop(self) -> None:
        """Finish the current delivery, then disconnect."""
        self._forget_the_beginning()
        await super().on_stop()
        await self.close()

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Ready when this worker has its partitions and the first offset of each is committed."""
        if self.from_the_start:
            super().on_partitions_assigned(assigned)
        else:
            self._beginning = asyncio.create_task(self._begin_at_the_end(assigned))

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Other workers go on with these partitions."""
        self._forget_the_beginning()
        await super().on_partitions_revoked(revoked)

    def _forget_the_beginning(self) -> None:
        if self._beginning is not None:
            self._beginning.cancel()

    async def _begin_at_the_end(self, assigned: set[TopicPartition]) -> None:
        """Commit the end of partitions without an offset: what comes while no worker runs is not missed then."""
        while True:
            try:
                new = [tp for tp in assigned if await self.consumer.committed(tp) is None]
                if new:
                    await self.consumer.commit({tp: await self.consumer.position(tp) for tp in new})
            except (IllegalStateError, CommitFailedError):  # the next worker with these partitions does this
                return
            except KafkaError as error:
                log.warning("%s: where to begin cannot be committed, tried again: %s", self.hop, error)
                await asyncio.sleep(LONGEST_S)
            else:
                super().on_partitions_assigned(assigned)
                return

    async def handle(self, batch: Batch) -> Done:
        """Deliver a batch; try again until it is delivered or the worker stops."""
        states, alerts = self._decoded(batch)
        delay = SHORTEST_S
        while not self.should_stop:
            try:
                if states or alerts:
                    self.note(alerts)
                    await self.deliver(states, [AlertUpdate(alert, self.muted(alert)) for alert in alerts])
            except UnreachableError as error:
                log.warning("%s: nothing can be delivered, tried again in %.1f s: %s", self.hop, delay, error)
                await self.sleep(delay)
                delay = min(delay * 2, LONGEST_S)
            else:
                return {tp: records[-1].offset + 1 for tp, records in batch.items()}
        return {}

    def _decoded(self, batch: Batch) -> tuple[list[FlowState], list[Alert]]:
        states, alerts = [], []
        for tp, records in batch.items():
            for record in records:
                try:
                    if tp.topic == self.context.topics.alerts:
                        alerts.append(_decode_alert(record.value or b""))
                    else:
                        states.append(_decode_state(record.value or b""))
                except msgspec.MsgspecError as error:
                    pass_over(self.context, self.hop, tp, record, error)
        return states, alerts
