"""The board with 10,000 flows (FLOWS) in a real Chromium, from Kafka to the screen; run it with `make board`."""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from playwright.async_api import Page, expect
from redis.asyncio import Redis

from benchmarks.broker import lag
from board.conftest import Opener, pipeline
from bordertally.agents.delivery.redis.keys import FLOWS as FLOWS_KEY
from bordertally.agents.kafka.clients import redis_options
from bordertally.agents.runtime.context import load_registry
from bordertally.agents.servers.process import Server
from live import Live, until

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(3600)]

FLOWS = int(os.environ.get("FLOWS", "10000"))
ROUNDS = 8  # the last one takes a choice back
PAINT_MS, INTERACTION_MS = 1000, 200
COUNTRIES = (  # noqa: SIM905 - a list of them would be a page long
    "UA RU BY MD GE AM AZ KZ KG TJ UZ TM MN CN TR SY IQ IR AF PK IN NP "
    "BD MM TH LA VN KH MY ID PH EG LY TN DZ MA MR ML NE TD SD SS ET ER "
    "SO KE UG TZ RW BI CD CG CM NG BJ TG GH CI LR SL GN SN GM ZA BW NA "
    "ZW ZM MZ MW AO GA MX GT HN SV"
).split()
BORDERS = [(origin, target) for origin in COUNTRIES for target in COUNTRIES if origin != target]
CHECKPOINTS = max(8, FLOWS // len(BORDERS))  # on each border
DAYS = int(os.environ.get("DAYS", "8"))
FIRST = date(2022, 9, 20)


def reports() -> Iterator[bytes]:
    """Counts of some days for checkpoints between countries; every country and origin above them is a flow too."""
    for number, (origin, target) in enumerate(BORDERS[: FLOWS // (CHECKPOINTS + 1)]):
        for day in range(DAYS):
            at = FIRST + timedelta(days=day)
            claims = [
                {
                    "flow": f"{origin}:{target}:point-{number}-{point}",
                    "period": at.isoformat(),
                    "people": 20 + (number * 37 + point * 11 + day * 5) % 400,
                    "qualifier": "stated",
                    **({"normal": {"daily": 20}} if number % 40 == 0 and point == 0 else {}),
                }
                for point in range(CHECKPOINTS)
            ]
            published = f"{at + timedelta(days=1)}T06:00:00Z"
            report = {"id": f"{number}-{day}", "source": "everyone", "published": published, "claims": claims}
            yield json.dumps(report).encode()


@pytest.fixture(scope="module")
def crowded(kafka: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A pipeline that has worked the reports through."""
    directory = tmp_path_factory.mktemp("crowd")
    registry = directory / "sources.toml"
    registry.write_text('[sources.everyone]\nname = "Everyone"\nflows = ["*"]\ngrade = "B"\n')

    async def begin(live: Live) -> None:
        live.environment["BORDERTALLY_SESSION_TIMEOUT_S"] = "30"  # as a worker with much to do is run
        live.environment["BORDERTALLY_SOURCES"] = str(registry)
        live.registry = load_registry(registry)
        live.worker()
        await filled(live)

    yield from pipeline(kafka, directory, begin)


async def filled(live: Live) -> None:
    """Wait until the view has all flows and no total waits to be written to it."""
    await live.publish(reports())
    redis: Any = Redis.from_url(**redis_options(live.settings))
    seen = [0]

    async def still() -> bool:
        await asyncio.sleep(1 + FLOWS / 20_000)
        seen.append(await redis.scard(FLOWS_KEY))
        sys.stdout.write(f"  {seen[-1]:,} flows\n")
        group = f"{live.settings.app_id}-delivery"
        standing = seen[-1] == seen[-2] and seen[-1] > FLOWS * 0.9
        return standing and not await lag(live.broker.address, group, live.topics.totals)

    try:
        await until(still, "the view has all flows", timeout_s=60 + FLOWS / 50)
    finally:
        await redis.aclose()


async def took(page: Page, name: str, act: str) -> float:
    """The median of the milliseconds of processor time that an act takes until its frame is painted.

    Processor time of the page's thread, so that other work on the machine does not count. `act` is given the round.
    """
    script = f"""async (round) => {{
        const start = performance.now();
        ({act})(round);
        await new Promise((done) => requestAnimationFrame(() => setTimeout(done))); // after the frame is painted
        return performance.now() - start;
    }}"""
    session = await page.context.new_cdp_session(page)
    await session.send("Performance.enable", {"timeDomain": "threadTicks"})

    async def busy_ms() -> float:
        answer = await session.send("Performance.getMetrics")
        return 1000 * next(float(metric["value"]) for metric in answer["metrics"] if metric["name"] == "TaskDuration")

    times, clocks = [], []
    for number in range(ROUNDS):
        before = await busy_ms()
        clocks.append(await page.evaluate(script, number))
        times.append(await busy_ms() - before)
        await page.wait_for_timeout(400)  # what is read because of it
    await session.detach()
    median = statistics.median(times)
    sys.stdout.write(
        f"  {name}: {median:.0f} ms (most {max(times):.0f}; by the clock {statistics.median(clocks):.0f})\n"
    )
    return median


CHOOSE = """(round) => {
    const field = document.querySelector('[name=%s]');
    field.value = round %% 2 ? '' : '%s';
    field.dispatchEvent(new Event('change', { bubbles: true }));
}"""
SEARCH = """(round) => {
    const field = document.getElementById('find');
    field.value = ['k', 'ka', 'kaz', 'kaza', 'point', 'point-7', 'point-71', ''][round];
    field.dispatchEvent(new Event('input'));
}"""
ACTS = {
    "search": SEARCH,
    "filter by severity": CHOOSE % ("severity", "warning"),
    "filter by origin": CHOOSE % ("flow", "RU"),
    "unfold one": "() => document.querySelector('.row[data-depth=\"0\"] .toggle:not([disabled])').click()",
    "unfold all": "() => document.getElementById('unfold').click()",
    "open": "(round) => { location.hash = round % 2 ? '' : 'flow=RU:UA'; }",
}


async def test_interactions_stay_quick(crowded: Live, opened: Opener) -> None:
    gateway = crowded.gateway()
    page = await opened(f"http://{gateway.address}/", width=1440)
    await expect(page.locator("#link-words")).to_have_text("Connected", timeout=60_000)
    paint = await page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    await expect(page.locator(".row[data-flow]").first).to_be_visible()
    rows = await page.evaluate("performance.now()")
    flows = len(await crowded.states())
    sys.stdout.write(f"\n{flows:,} flows: first paint {paint:.0f} ms, figures within {rows:.0f} ms\n")
    await page.wait_for_timeout(6_000)  # the second reading after the connection
    took_ms = {name: await took(page, name, act) for name, act in ACTS.items()}
    assert paint < PAINT_MS
    assert {name: ms for name, ms in took_ms.items() if ms >= INTERACTION_MS} == {}
