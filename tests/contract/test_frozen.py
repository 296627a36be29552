"""A worker that was frozen for longer than its session writes nothing over what another one has written since."""

from __future__ import annotations

import asyncio
import time

import pytest

from bordertally.agents.runtime.suspension import EXIT_CODE, STARVED_S
from bordertally.streams.settings import Hop
from live import Live, hourly, pure, until

pytestmark = pytest.mark.kafka

_DEAF = """
import sys
from bordertally.agents.cli.entry import main
from bordertally.agents.runtime import suspension
suspension.Wakefulness.continued = lambda *_: None
sys.argv = ["bordertally", "worker"]
main()
"""
DEAF = ("-c", _DEAF)
"""A worker that no signal tells that it goes on: a suspended machine, or a container paused by its cgroup."""


async def test_it_ends_and_what_the_other_wrote_stands(live_on_kafka: Live) -> None:
    live, reports = live_on_kafka, hourly(12)
    hops = f"{Hop.LEDGER},{Hop.ALERTS}"
    rest = f"{Hop.INTAKE},{Hop.DELIVERY}"
    live.worker(BORDERTALLY_HOPS=rest)
    first = await asyncio.to_thread(lambda: live.worker(command=DEAF, BORDERTALLY_HOPS=hops))
    await live.publish(reports[:240])
    await live.shows(pure(reports[:240]))
    await live.publish(reports[240:260])  # in hand, in part, when it is frozen
    first.pause()
    paused_at = time.monotonic()
    try:
        await asyncio.to_thread(lambda: live.worker(BORDERTALLY_HOPS=hops))  # takes over when the session has ended
        await live.publish(reports[260:])
        await live.shows(pure(reports))

        async def long_enough() -> bool:
            return time.monotonic() > paused_at + STARVED_S + 1

        await until(long_enough, "it was frozen for long enough")
    finally:
        first.resume()

    async def ended() -> bool:
        return first.exit_code is not None

    await until(ended, "the frozen worker ends")
    assert first.exit_code == EXIT_CODE
    assert "it was frozen for" in first.log.read_text(encoding="utf-8")
    live.stop()
    last = live.worker()  # reads the tables back: what stands there is what the second one wrote
    assert last.running
    more = hourly(13)[len(reports) :]
    await live.publish(more)
    await live.shows(pure([*reports, *more]))
