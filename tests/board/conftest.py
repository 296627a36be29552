"""A gateway with the sample week behind it, and a real Chromium that looks at its board."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright

from bordertally.agents.demo.run import sample
from bordertally.agents.servers.process import Server
from bordertally.agents.servers.redis import start_redis
from live import Live, make_live, pure, state_of, until
from one_by_one import read_all

ARGUMENTS = (
    "--no-sandbox",  # the tests may run as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
MISSING = "chromium is missing: install it (Debian: apt-get install chromium)"
WAIT_MS = 30_000

Opener = Callable[..., Awaitable[Page]]


@pytest.fixture(scope="session")
def board_week(kafka: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The sample week, worked through, on a pipeline of the board's own: its tests publish more."""
    yield from sample_week(kafka, tmp_path_factory.mktemp("board"))


def sample_week(kafka: Server, directory: Path) -> Iterator[Live]:
    """A pipeline that has worked through the sample week."""
    rules = directory / "rules.toml"
    rules.write_text('[[flows]]\nflow = "MD"\nconflict = 0.1\n')

    async def begin(live: Live) -> None:
        live.worker(BORDERTALLY_RULES=str(rules))
        await filled(live)

    yield from pipeline(kafka, directory, begin)


def pipeline(kafka: Server, directory: Path, begin: Callable[[Live], Coroutine[Any, Any, None]]) -> Iterator[Live]:
    """A pipeline with a Redis of its own. `begin` starts its worker, and returns when it has worked."""
    (directory / "redis").mkdir()
    redis = start_redis(None, directory / "redis")
    try:
        for live in make_live(kafka, redis, directory):
            asyncio.run(begin(live))
            yield live
    finally:
        redis.stop()


async def filled(live: Live) -> None:
    """Wait until the sample is worked through: until the totals are those of the pure core, and the alerts."""
    await live.publish(sample())
    desk = pure(sample())
    wanted = {str(flow): state.totals for flow, state in desk.states.items()}

    async def same() -> bool:
        return {flow: state_of(raw).totals for flow, raw in (await live.states()).items()} == wanted

    await until(same, "the totals in Redis are those of the pure core")
    await live.shows_alerts(desk)
    heard = {claim.source for claims in read_all(sample(), live.registry, time.time()).reports for claim in claims}

    async def known() -> bool:
        return set(await live.hash_in_redis("bordertally:sources")) == heard

    await until(known, "it is known when each source was heard of last")


@pytest.fixture(scope="session")
def board_gateway(board_week: Live) -> Server:
    """A gateway of that week."""
    return board_week.gateway()


def chromium() -> str:
    """Where the browser is; skips without one, but on a build machine it must be there."""
    browser_path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser_path is None:
        if os.environ.get("CI") == "true":
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    return browser_path


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """A headless Chromium."""
    path = chromium()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS, timeout=90_000)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def opened(browser: Browser) -> AsyncIterator[Opener]:
    """Opens an address in a window of its own. Whatever the console complains of fails the test."""
    complaints: list[str] = []
    async with AsyncExitStack() as stack:

        async def open_page(address: str, *, width: int = 1280, forgiving: bool = False, **options: str) -> Page:
            """`forgiving`: answers that fail are part of the test."""
            context = await browser.new_context(viewport={"width": width, "height": 900}, **options)  # type: ignore[arg-type]
            stack.push_async_callback(context.close)
            page = await context.new_page()
            page.set_default_timeout(WAIT_MS)

            def hear(message: ConsoleMessage) -> None:
                if message.type in {"error", "warning"} and not (forgiving and "Failed to load" in message.text):
                    complaints.append(message.text)

            page.on("console", hear)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            await page.goto(address)
            return page

        yield open_page
    assert complaints == []
