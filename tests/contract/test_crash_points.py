"""A worker that dies between any two steps, on Apache Kafka: the one after it makes everything good."""

from __future__ import annotations

import asyncio
import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from live import Live, pure, until

from agents.crashing import EXIT_CODE, POINTS
from agents.servers.process import Server, ServerError

FIRST = date(2022, 9, 1)
FLOWS = {"RU:KZ": "kz-mia", "KZ:RU": "kz-mia", "RU:GE": "ge-mia", "GE:RU": "ge-mia", "LV:RU": "lv-iem"}
BAD = 6


def report(number: int, flow: str, day: int, people: int, **more: object) -> bytes:
    """What a ministry says of a day."""
    one = {
        "id": f"{flow}-{day}-{number}",
        "source": FLOWS[flow],
        "published": f"{FIRST + timedelta(days=day + 1)}T09:{number:02}:00Z",
        "flow": flow,
        "period": str(FIRST + timedelta(days=day)),
        "people": people,
        "qualifier": "count",
        "normal": {"daily": 100},
    }
    return json.dumps(one | more).encode()


def reports(number: int) -> list[bytes]:
    """For each flow a day far above normal and one that is not; one alert of the days before is corrected away."""
    high, low = 2 * number, 2 * number + 1
    those = [report(number, flow, day, people) for flow in FLOWS for day, people in ((high, 500 + number), (low, 90))]
    if number:
        those.append(report(number, list(FLOWS)[number % len(FLOWS)], high - 2, 80, published="2022-12-01T09:00:00Z"))
    return [*those, *(b'{"id": "%d-%d"}' % (number, each) for each in range(BAD))]


@pytest.mark.timeout(600)
async def test_a_worker_that_dies_between_any_two_steps_loses_nothing_and_counts_nothing_twice(
    live_on_kafka: Live, tmp_path: Path
) -> None:
    live, sent, now = live_on_kafka, list[bytes](), tmp_path / "now"

    def worker(point: str) -> Server:
        return live.worker(BORDERTALLY_CRASH_AT=f"{point}@{now}", BORDERTALLY_INSTANCE="one")

    for number, point in enumerate(POINTS):
        if point == "tables.read_back":
            now.touch()
            with pytest.raises(ServerError, match=f"exit code {EXIT_CODE}"):
                await asyncio.to_thread(worker, point)
        else:
            dying = await asyncio.to_thread(worker, point)
            desk = pure(sent)
            await live.shows(desk)  # whatever the worker before left half done
            await live.shows_alerts(desk)
            now.touch()
            sent += reports(number)
            await live.publish(reports(number))

            async def died(worker: Server = dying) -> bool:
                return worker.exit_code == EXIT_CODE

            await until(died, f"the worker dies at {point}")
        now.unlink()
    live.worker(BORDERTALLY_INSTANCE="one")
    desk = pure(sent)
    await live.shows(desk)
    await live.shows_alerts(desk)
    bad = BAD * len([one for one in POINTS if one != "tables.read_back"])
    letters = await live.records(live.topics.rejected, bad)
    assert len({letter.value for letter in letters}) == bad
