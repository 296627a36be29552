"""Run the work of a command: one sentence for each expected failure, no traceback."""

from __future__ import annotations

import gc
import logging
import sys
from collections.abc import Callable

from aiokafka.errors import KafkaError

from bordertally.agents.servers.errors import ServerError
from bordertally.streams.errors import BordertallyError


def work() -> None:
    """Run a worker by the environment's settings until it is stopped."""
    gc.disable()  # until all is imported: none of it is garbage, and looking for some takes a tenth of the time
    from bordertally.agents.worker.run import run_worker  # noqa: PLC0415 - Faust takes a second to import; the other commands need none
    from bordertally.streams.settings import load_settings  # noqa: PLC0415

    sys.exit(run_worker(load_settings()))


def guarded(command: Callable[[], object]) -> None:
    """Run a command; whatever a user can cause ends in one sentence and exit code 2, Ctrl-C in 130."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        command()
    except (BordertallyError, ServerError, KafkaError) as error:
        from bordertally.agents.terminal.console import StoppedError, fail  # noqa: PLC0415 - only then

        said = f"Kafka: {error}" if isinstance(error, KafkaError) else str(error)
        sys.exit(fail(said, 130 if isinstance(error, StoppedError) else 2))
