"""The channel `alertmanager`: posts open alerts to the API v2 of Alertmanager, repeatedly until they are over.

Its only state is the committed offset, which stays at the oldest alert that must still be posted. A worker that starts
reads the open alerts again from there.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

import aiohttp
import msgspec
from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError

from bordertally.agents.delivery.channel import Channel
from bordertally.agents.hops.batch_hop import Batch, Done
from bordertally.agents.kafka.crash_points import crash_at
from bordertally.agents.runtime.context import Context, log
from bordertally.streams.alerts.records import Alert
from bordertally.streams.delivery.alertmanager import ALERTNAME, Entry, Labels, Posted, Roster, targets
from bordertally.streams.url_policy import site

TIMEOUT_S = 10.0
AGAIN_S = 1.0
"""Seconds after which an Alertmanager that did not take alerts is tried again, at first; doubled up to the resend."""

AT_ONCE = 500
"""Alerts in one request at most."""

_decode = msgspec.json.Decoder(Alert).decode


class Target:
    """One Alertmanager. `due`: the time of the next post; `known`: whether it was asked for the alerts that it has."""

    def __init__(self, url: str) -> None:
        self.url, self.name = url, site(url)
        self.due, self.wait = 0.0, AGAIN_S
        self.known, self.up = False, True


class Alertmanager(Channel):
    """Posts the open alerts on the partitions of this worker to every Alertmanager."""

    hop = "alertmanager"
    from_the_start = True

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.roster = Roster()
        self.targets = [Target(url) for url in targets(context.settings.alertmanager_url)]
        self.positions: Done = {}
        self.ends: Done = {}
        self._session: aiohttp.ClientSession | None = None

    def topics(self) -> tuple[str, ...]:
        """The topic to consume: `alerts`."""
        return (self.context.topics.alerts,)

    async def open(self) -> None:
        """Prepare for connections; they are made when alerts are posted."""
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S))

    async def close(self) -> None:
        """Close the connections; another worker goes on with the alerts that are open, or they expire."""
        if self._session is not None:
            await self._session.close()

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Other workers post the alerts on these partitions now."""
        await super().on_partitions_revoked(revoked)
        self.roster.forget({tp.partition for tp in revoked})
        for tp in revoked:
            self.positions.pop(tp, None)
            self.ends.pop(tp, None)

    async def handle(self, batch: Batch) -> Done:
        """Apply records. New ones are posted at once; older ones, read again after a start, wait for their turn."""
        now, news = time.time(), False
        for tp, records in batch.items():
            for record in records:
                try:
                    alert = _decode(record.value or b"")
                except msgspec.MsgspecError as error:
                    log.warning("alertmanager: %s-%d:%d is no alert: %s", tp.topic, tp.partition, record.offset, error)
                    continue
                self.note([alert])
                entry = Entry(alert, tp.partition, record.offset, record.timestamp / 1000)
                news |= self.roster.apply(entry, now)
            self.positions[tp] = records[-1].offset + 1
        if news:
            for target in self.targets:
                target.due = target.due if not target.up else 0.0
        await self.idle()
        return {tp: self._floor(tp, following) for tp, following in self.positions.items()}

    def _floor(self, tp: TopicPartition, following: int) -> int:
        floor = self.roster.floor(tp.partition)
        return following if floor is None else min(floor, following)

    def _mark(self, done: Done) -> None:
        super()._mark(done)
        for tp, offset in self.positions.items():  # the committed offset is behind the processed one
            self.context.progress[self.hop, tp.topic, tp.partition] = offset

    async def idle(self) -> None:
        """Post to every Alertmanager that is due, once the records that were on the topic at the start are read."""
        try:
            ends = await self._ends()
        except IllegalStateError:  # partitions are being reassigned
            return
        if any(self.positions.get(tp, 0) < end for tp, end in ends.items()):
            return
        now = time.time()
        due = [target for target in self.targets if target.due <= now]
        if not due:
            return
        await asyncio.gather(*(self._ask(target) for target in due if not target.known))
        settings = self.context.settings
        due_alerts = self.roster.due(now, settings.alertmanager_resend_s, self.muted, settings.public_url.rstrip("/"))
        self._show()
        if due_alerts:
            crash_at("alertmanager.telling")
        await asyncio.gather(*(self._send(target, due_alerts, now) for target in due))

    async def _ends(self) -> Done:
        """The end of each partition at the time when it was assigned to this worker."""
        fresh = self.consumer.assignment() - self.ends.keys()
        if fresh:
            begins = {tp: await self.consumer.position(tp) for tp in fresh}
            self.ends |= await self.consumer.end_offsets(list(fresh))
            for tp, begin in begins.items():
                self.positions.setdefault(tp, begin)
        return self.ends

    async def _ask(self, target: Target) -> None:
        """Ask which alerts an Alertmanager has from an earlier run: their ends are posted even if they are muted."""
        query = {"filter": f'alertname=~"{ALERTNAME}.+"'}
        try:
            assert self._session is not None
            async with self._session.get(f"{target.url}/api/v2/alerts", params=query) as answer:
                answer.raise_for_status()
                alerts: list[dict[str, Any]] = await answer.json()
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return
        target.known = True
        for alert in alerts:
            self.roster.posted.add(tuple(sorted(alert["labels"].items())))

    async def _send(self, target: Target, alerts: dict[Labels, Posted], now: float) -> None:
        every = list(alerts.values())
        resend = self.context.settings.alertmanager_resend_s
        try:
            for begin in range(0, len(every), AT_ONCE):
                await self._post(target, every[begin : begin + AT_ONCE])
                crash_at("alertmanager.told")
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            target.due, target.wait = now + target.wait, min(target.wait * 2, resend)
            if target.up:
                log.warning("alertmanager: %s does not take alerts, tried again: %s", target.name, type(error).__name__)
            target.up = False
            self._count(target, "failed", len(every))
        else:
            target.due, target.wait, target.up = now + resend, AGAIN_S, True
            self.roster.acknowledge(alerts)
            self._count(target, "accepted", len(every))

    async def _post(self, target: Target, alerts: list[Posted]) -> None:
        assert self._session is not None
        async with self._session.post(
            f"{target.url}/api/v2/alerts",
            data=msgspec.json.encode(alerts),
            headers={"Content-Type": "application/json"},
            allow_redirects=False,
        ) as answer:
            if answer.status != 200:
                text = (await answer.content.read(500)).decode("utf-8", "replace")
                log.warning("alertmanager: %s answers %d: %s", target.name, answer.status, text)
                raise aiohttp.ClientError(answer.status)

    def _count(self, target: Target, outcome: str, count: int) -> None:
        metrics = self.context.metrics
        metrics["alertmanager_up"].labels(target.name).set(int(target.up))
        metrics["alertmanager_sent_total"].labels(target.name, outcome).inc(count)

    def _show(self) -> None:
        gauge = self.context.metrics["alertmanager_alerts"]
        gauge.labels("firing").set(len(self.roster.open))
        gauge.labels("resolved").set(len(self.roster.over))
