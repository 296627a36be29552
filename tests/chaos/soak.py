"""A soak: reports stream while faults happen; then everything is compared."""

from __future__ import annotations

import asyncio
import re
import time
from collections import defaultdict
from itertools import count
from random import Random
from typing import NamedTuple

from aiokafka.errors import KafkaError

from chaos.faults import FAULTS, Fault, Scene, name_of
from chaos.judging import Verdict, judge
from chaos.reports import late, reports
from live import Live, pure

AT_ONCE = 10
SETTLE_S = 180.0


class Soaked(NamedTuple):
    """Faults as they happened (kind, began, ended), reports sent, how workers ended, and the verdict.

    `told`: what the logs said of faults that an operator has to mend.
    """

    faults: list[tuple[str, float, float]]
    sent: int
    codes: dict[int | None, int]
    verdict: Verdict
    seconds: float
    told: list[str]

    def table(self) -> list[tuple[str, int, float]]:
        """By kind: how often, and the longest pause that began while it lasted or before the next."""
        rows: dict[str, list[float]] = defaultdict(list)
        began = [began for _, began, _ in self.faults] + [float("inf")]
        first = began[0] - 60  # a worker whose clock was behind has stamped records before it
        for number, (kind, at, _) in enumerate(self.faults):
            pauses = [(start, end) for start, end in self.verdict.pauses if first < start < began[number + 1]]
            gaps = [end - start for start, end in pauses if end > at]
            rows[kind].append(max(gaps, default=0.0))
        return [(kind, len(pauses), max(pauses)) for kind, pauses in sorted(rows.items())]


class Feed:
    """Publishes reports until it is told to end; what was not acknowledged is published again.

    `acknowledged`: when each batch was. Whoever holds `turn` keeps the next batch back.
    """

    def __init__(self, live: Live, random: Random, pace_s: float) -> None:
        self.live, self.random, self.pace_s = live, random, pace_s
        self.sent: list[bytes] = []
        self.acknowledged: list[float] = []
        self.turn = asyncio.Lock()
        self.ending = False

    async def run(self) -> None:
        """Turn after turn, each correcting what went before; at least one."""
        for turn in count():
            todo = [*reports(self.random, turn), *(late(self.random) if turn == 0 else [])]
            for at in range(0, len(todo), AT_ONCE):
                await self._publish(todo[at : at + AT_ONCE])
                if self.ending and turn:
                    return
                await asyncio.sleep(0 if self.ending else self.pace_s)
            if self.ending:
                return

    async def _publish(self, some: list[bytes]) -> None:
        async with self.turn:
            self.sent += some  # a part of it may arrive, whatever happens
            while True:
                try:
                    async with asyncio.timeout(60):
                        await self.live.publish(some)
                except (KafkaError, TimeoutError):
                    await asyncio.sleep(0.3)
                else:
                    self.acknowledged.append(time.time())
                    return


def planned(random: Random, number: int) -> list[Fault]:
    """So many faults: every kind equally often, in random order."""
    plan: list[Fault] = []
    while len(plan) < number:
        plan += random.sample(FAULTS, len(FAULTS))
    return plan[:number]


def false_alarms(live: Live) -> list[str]:
    """What workers said of topics that were made anew or lost their end: only that of the claims ever was."""
    logs = [worker.log.read_text(encoding="utf-8", errors="replace") for worker in live.workers]
    words = re.compile(r"is beyond the end|was deleted and made anew|exists again; it is read")
    lines = [line for log in logs for line in log.splitlines() if words.search(line)]
    return [f"a false alarm: {line}" for line in lines if live.topics.claims not in line]


async def soak(live: Live, seed: int, number: int, rest_s: tuple[float, float], pace_s: float) -> Soaked:
    """Let reports stream and faults happen, wait until it has settled, and compare. Raises AssertionError."""
    random, began = Random(seed), time.time()
    scene, feed = Scene(live, random), Feed(live, Random(seed), pace_s)
    scene.first.wanted = True
    tasks = [asyncio.create_task(worker.watch()) for worker in (scene.first, scene.second)]
    feeding = asyncio.create_task(feed.run())
    happened: list[tuple[str, float, float]] = []
    try:
        await scene.wait(4, 6)
        for fault in planned(random, number):
            at = time.time()
            await fault(scene)
            happened.append((name_of(fault), at, time.time()))
            await scene.wait(*rest_s)
        feed.ending = True
        await feeding
        desk = pure(feed.sent)
        await live.shows(desk, SETTLE_S)
        await live.shows_alerts(desk, SETTLE_S)
        for process in (scene.first, scene.second):
            await process.leave()
        codes: dict[int | None, int] = defaultdict(int)
        for code in [*scene.first.codes, *scene.second.codes]:
            codes[code] += 1
        verdict = await judge(live, feed.sent)
        verdict.differences.extend(false_alarms(live))
        return Soaked(happened, len(feed.sent), dict(codes), verdict, time.time() - began, scene.told)
    finally:
        for task in (*tasks, feeding):
            task.cancel()
        await asyncio.gather(*tasks, feeding, return_exceptions=True)
