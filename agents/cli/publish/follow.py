"""The command `follow`: the articles of feeds and web pages become reports in words."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import aiohttp
import typer

from bordertally.agents.producing.fetch import Fetcher, load_memory, save_memory
from bordertally.agents.producing.follow import DocumentFollower, Round
from bordertally.agents.producing.publish import publish
from bordertally.agents.runtime.context import load_registry
from bordertally.agents.runtime.languages import word_reader
from bordertally.agents.terminal.console import Sources, counted, err, run, write_json
from bordertally.streams.errors import BordertallyError, shown
from bordertally.streams.reports.sources import Registry
from bordertally.streams.reports.validation import Limits
from bordertally.streams.settings import load_settings
from bordertally.streams.topics import Topics


def follow(  # noqa: PLR0913, PLR0917 - the options of a command
    places: Annotated[list[str], typer.Argument(help="URLs or files of feeds (RSS, Atom) and HTML pages.")],
    source: Annotated[str, typer.Option("--source", help="The source in the registry whose words they are.")],
    to: Annotated[str | None, typer.Option("--to", help="Kafka bootstrap servers. Default: print the reports.")] = None,
    memory: Annotated[
        Path | None, typer.Option("--memory", help="A file that keeps what was fetched and published.")
    ] = None,
    every: Annotated[
        float | None, typer.Option("--every", min=1, help="Seconds between rounds. Default: one round.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Fetch the page of every new entry of a feed.")] = False,
    sources: Sources = None,
) -> None:
    """Publish what feeds and web pages say about people crossing borders.

    The rules of each site's robots.txt are respected.
    """
    registry = load_registry(sources)
    if source not in registry.sources:
        raise BordertallyError(f"--source: {shown(source)} is not in the registry")
    remembered = load_memory(memory)
    follower = DocumentFollower(word_reader(registry), Limits.of(load_settings()), source, remembered, full=full)

    async def one_round(fetcher: Fetcher) -> bool:
        good = True
        for place in places:
            good &= await _round(follower, place, fetcher, to, registry)
            save_memory(memory, remembered)
        return good

    async def rounds() -> bool:
        async with aiohttp.ClientSession() as session:
            fetcher = Fetcher(session, remembered)
            if every is None:
                return await one_round(fetcher)
            while True:
                await one_round(fetcher)
                await asyncio.sleep(every)

    if not run(rounds() if every is None else _until_asked(rounds())):
        raise typer.Exit(1)


async def _until_asked(endless: Coroutine[Any, Any, bool]) -> bool:
    """Run until SIGTERM, which ends it well: articles in hand are published now or read again next time."""
    task = asyncio.ensure_future(endless)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    with suppress(asyncio.CancelledError):
        await task
    return True


async def _round(follower: DocumentFollower, place: str, fetcher: Fetcher, to: str | None, registry: Registry) -> bool:
    """One round of one place; returns False, with the reason on standard error, if it cannot be read."""
    try:
        done = await follower.round(place, fetcher)
    except BordertallyError as error:
        err.print(str(error), markup=False, highlight=False, soft_wrap=True)
        return False
    await _send(done, to, registry)
    follower.remember(done)
    summary = (
        f"{counted(len(done.reports), 'report')}, {counted(done.silent, 'article')} without a claim, {done.known} known"
    )
    if done.early:
        summary += f", {done.early} dated in the future and read again later"
    err.print(f"{place}: {summary}", markup=False, highlight=False, soft_wrap=True)
    return True


async def _send(done: Round, to: str | None, registry: Registry) -> None:
    if to is None:
        for raw in done.reports:
            write_json(raw)
        sys.stdout.flush()  # before they are noted as published
        return
    settings = load_settings(brokers=to)
    async for _ in publish(settings, done.reports, registry, Topics(settings.topic_prefix)):
        pass
