"""A worker is not ready while the broker does not acknowledge what it writes: frozen or stopped."""

from __future__ import annotations

import asyncio
import time
from urllib.error import HTTPError

import pytest

from bordertally.agents.kafka.producer import Record, Writer
from bordertally.agents.servers.process import Server
from live import Live, page, until

pytestmark = pytest.mark.kafka


async def readiness(worker: Server) -> tuple[int, str]:
    """What /readyz says."""
    try:
        return 200, await asyncio.to_thread(page, worker.port, "/readyz")
    except HTTPError as error:
        return error.code, error.read().decode()


async def becomes(worker: Server, *, ready: bool) -> None:
    async def so() -> bool:
        status, reason = await readiness(worker)
        return status == 200 if ready else status == 503 and "acknowledgements of the broker" in reason

    await until(so, f"/readyz says that it is {'ready' if ready else 'not'}")
    shown = await asyncio.to_thread(page, worker.port, "/metrics")
    assert f"bordertally_producing {float(ready)}" in shown


async def test_a_broker_that_stores_nothing_shows(live_apart: Live) -> None:
    live = live_apart
    worker = live.worker()
    writer = Writer(live.settings)
    topic = live.topics.claims
    record = Record(live.topics.review, b"RU", b"{}")
    assert await writer.reaches([topic], 5)
    assert not await writer.reaches([topic, "no.such.topic"], 5)
    await writer.write([record])
    assert (writer.written, writer.waited_s(time.monotonic())) == (1, 0)

    live.broker.pause()  # connections stay open, and nothing is answered
    writing = asyncio.create_task(writer.write([record]))
    assert not await writer.reaches([topic], 0.5)
    await becomes(worker, ready=False)
    assert writer.waited_s(time.monotonic()) > 0.5
    live.broker.resume()
    await writing
    assert (writer.written, writer.waited_s(time.monotonic())) == (2, 0)
    await becomes(worker, ready=True)

    live.broker.kill()
    await becomes(worker, ready=False)
    assert not await writer.reaches([topic], 5)
    await asyncio.to_thread(live.broker.start)
    await becomes(worker, ready=True)
    await writer.stop()
