"""Running one lane: it reads records while it has room, sends events that are due, and notes the result."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

import msgspec

from bordertally.agents.delivery.webhooks.endpoints import Endpoint
from bordertally.agents.delivery.webhooks.send import PARALLEL, Sender
from bordertally.agents.delivery.webhooks.tail import Tail
from bordertally.agents.kafka.clients import Received
from bordertally.agents.kafka.crash_points import crash_at
from bordertally.agents.runtime.tracing import NoTrace
from bordertally.streams.delivery.subscriptions import AlertHead, Policy
from bordertally.streams.delivery.webhook_lane import (
    Attempt,
    EventPosition,
    Lane,
    Reply,
    Verdict,
    Waiting,
    admit,
    after,
    body,
    hold,
    lost,
    next_due,
    ready,
    release,
    revive,
    webhook_id,
)
from bordertally.streams.moments import text_at

AGAIN_S = 1.0
"""Seconds before an unavailable record is read again, and before muted alerts are looked at again."""

HANDFUL = 50
"""The least number of records to read back from Kafka at once, while deliveries run."""

_decode = msgspec.json.Decoder(AlertHead).decode


class LaneHost(Protocol):
    """What a lane needs of its hop."""

    tail: Tail
    policy: Policy

    def trace(self) -> NoTrace:
        """A trace for one delivery."""

    def muted(self, alert: AlertHead) -> bool:
        """Whether an alert is muted now."""

    def disabled(self, endpoint: Endpoint) -> bool:
        """Whether a subscription is disabled."""

    def gone(self, endpoint: Endpoint, status: int) -> None:
        """An endpoint answered that it is gone."""

    def tried(self, runner: LaneRunner, attempt: Attempt, written: float) -> None:
        """An attempt has ended."""

    def fail(self, error: Exception) -> None:
        """An error in this process, not at the receiver."""


class LaneRunner:
    """Runs the lane of an endpoint on a partition. `dirty`: the lane has changed since it was stored."""

    def __init__(self, desk: LaneHost, sender: Sender, partition: int, lane: Lane) -> None:
        self.desk, self.sender, self.partition, self.lane = desk, sender, partition, lane
        self.endpoint = sender.endpoint
        self.siblings: list[LaneRunner] = []
        self.dirty = False
        self.wake = asyncio.Event()
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop, and cancel the deliveries in flight; they are sent again when the lane resumes."""
        tasks = [*self._busy.values(), *([self._task] if self._task else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def put(self, change: Callable[[Lane], Lane]) -> None:
        """Change the lane from outside, and wake it."""
        self._set(change(self.lane))
        self.wake.set()

    def _set(self, lane: Lane) -> None:
        if lane is not self.lane:
            self.lane, self.dirty = lane, True

    async def _run(self) -> None:
        try:
            while True:
                self.wake.clear()
                if not self.desk.disabled(self.endpoint):
                    await self._read()
                    self._send()
                await self._wait()
        except Exception as error:  # noqa: BLE001 - a lane that ends would deliver nothing more
            self.desk.fail(error)

    async def _read(self) -> None:
        subscription = self.endpoint.subscription
        if self.lane.quiet:
            self._set(release(self.lane, subscription, self.desk.muted))
        while room := self.lane.room:
            if self._busy and room < HANDFUL and not self.desk.tail.at_hand(self.partition, self.lane.next):
                return  # reading back a few records is not worth it
            records = await self.desk.tail.read(self.partition, self.lane.next, room)
            if not records:
                return
            lane = self.lane
            for record in records:
                alert = glance(record)
                event = EventPosition(record.offset, record.timestamp / 1000)
                quiet = alert is not None and self.desk.muted(alert)
                lane = admit(lane, event, alert, subscription, quiet=quiet)
            self._set(lane)

    def _send(self) -> None:
        for waiting in ready(self.lane, time.time(), self._busy)[: PARALLEL - len(self._busy)]:
            self._busy[waiting.alert] = asyncio.create_task(self._attempt(waiting))

    async def _wait(self) -> None:
        due = None if self.desk.disabled(self.endpoint) else next_due(self.lane, self._busy)
        wait = None if due is None or len(self._busy) >= PARALLEL else max(0.0, due - time.time())
        if self.lane.quiet:
            wait = min(AGAIN_S, AGAIN_S if wait is None else wait)
        try:
            async with asyncio.timeout(wait):
                await self.wake.wait()
        except TimeoutError:
            return

    async def _attempt(self, waiting: Waiting) -> None:
        try:
            record = await self.desk.tail.at(self.partition, waiting.head.offset)
            alert = None if record is None else glance(record)
            if record is None or alert is None:
                await asyncio.sleep(AGAIN_S)
                return
            await self._deliver(waiting, record, alert)
        except LookupError:
            self._set(lost(self.lane, waiting.alert))
        except Exception as error:  # noqa: BLE001 - as above
            self.desk.fail(error)
        finally:
            del self._busy[waiting.alert]
            self.wake.set()

    async def _deliver(self, waiting: Waiting, record: Received, alert: AlertHead) -> None:
        event, began = webhook_id(alert.id, alert.seq), time.time()
        payload = body(f"alert.{alert.state}", text_at(waiting.head.written), record.value or b"{}")
        crash_at("webhooks.taken")
        trace = self.desk.trace()
        trace.hear([record])
        with trace.span("webhooks", 1) as context:  # one span per attempt
            reply = await self.sender.send(event, payload, context)
        crash_at("webhooks.sent")
        now, before = time.time(), self.lane
        lane, verdict = after(before, waiting.alert, reply, now, self.desk.policy)
        self._set(lane)
        if verdict is Verdict.GONE:
            self.desk.gone(self.endpoint, reply.status or 0)
        self._inform_siblings(before)
        due = next((other.due for other in lane.waiting if other.alert == waiting.alert), None)
        attempt = Attempt(
            at=now,
            subscription=self.endpoint.name,
            webhook_id=event,
            alert=alert.id,
            seq=alert.seq,
            flow=alert.flow,
            attempt=waiting.attempts + 1,
            verdict=verdict,
            status=reply.status,
            error=_error(reply),
            ms=round((now - began) * 1000, 1),
            due=due if verdict is Verdict.FAILED else None,
        )
        self.desk.tried(self, attempt, waiting.head.written)

    def _inform_siblings(self, before: Lane) -> None:
        """Apply a request of the endpoint, such as Retry-After, to all lanes of the subscription."""
        lane = self.lane
        for other in self.siblings:
            if other is self:
                continue
            if lane.not_before > other.lane.not_before:
                other.put(lambda current: hold(current, lane.not_before))
            elif before.fails and not lane.fails and other.lane.fails:
                other.put(revive)


def glance(record: Received) -> AlertHead | None:
    """The head of an alert record; None if the record is not an alert."""
    try:
        return _decode(record.value or b"")
    except msgspec.MsgspecError:
        return None


def _error(reply: Reply) -> str:
    if reply.status is not None and 300 <= reply.status < 400:
        return "redirect"
    return reply.error
