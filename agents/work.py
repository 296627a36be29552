"""Running a worker as a program of its own."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys

import faust

from agents.context import Context
from agents.preflight import check_broker, check_port
from agents.worker import create_app
from streams.settings import Settings

SWITCH_S = 0.0005
"""Faust fetches in a thread of its own: seconds it waits at most for its turn while a hop is at work."""


def run_worker(settings: Settings) -> int:
    """Run until SIGTERM or SIGINT; returns the exit code. Raises ConfigError when a setting or file is wrong."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it says at ERROR what it then retries
    logging.getLogger("bordertally").setLevel(logging.INFO)
    logging.getLogger("stamina").setLevel(logging.ERROR)
    context = Context.load(settings)
    check_port(settings)
    asyncio.run(check_broker(settings))
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    app = create_app(settings, context)
    gc.freeze()  # what is here now stays: collections need not walk it, nor come after every few hundred objects
    gc.set_threshold(50_000, 20, 50)
    sys.setswitchinterval(SWITCH_S)
    logging.getLogger("bordertally").info(
        "worker of %s: hops %s, http://%s:%d/metrics",
        settings.brokers,
        ",".join(settings.hops),
        settings.http_host,
        settings.http_port,
    )
    runner = faust.Worker(app, loop=loop, override_logging=False, redirect_stdouts=False, quiet=True)
    try:
        runner.execute_from_commandline()
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else 1
    return 0
