"""Run the work of a command: one sentence for each expected failure, no traceback."""

from __future__ import annotations

import gc
import logging
import sys
from collections.abc import Callable

from bordertally.agents.servers.errors import ServerError
from bordertally.streams.errors import BordertallyError

STOPPED = 130
"""The exit code after Ctrl-C, as shells have it."""


def work() -> None:
    """Run a worker by the environment's settings until it is stopped."""
    gc.disable()  # until all is imported: none of it is garbage, and looking for some takes a tenth of the time
    from bordertally.agents.worker.run import run_worker  # noqa: PLC0415 - Faust takes a second to import
    from bordertally.streams.settings import load_settings  # noqa: PLC0415

    sys.exit(run_worker(load_settings()))


def guarded(command: Callable[[], object]) -> None:
    """Run a command; whatever a user can cause ends in one sentence and exit code 2, Ctrl-C in 130."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        command()
    except KeyboardInterrupt:  # while the command was still importing: nothing has been started
        sys.exit(STOPPED)
    except Exception as error:
        why = sentence(error)
        if why is None:
            raise
        from bordertally.agents.terminal.console import StoppedError, fail  # noqa: PLC0415 - only then

        sys.exit(fail(why, STOPPED if isinstance(error, StoppedError) else 2))


def sentence(error: Exception) -> str | None:
    """What to tell the user of an expected failure; None for an error of ours."""
    if isinstance(error, BordertallyError | ServerError):
        return str(error)
    kafka = sys.modules.get("aiokafka.errors")  # never imported for this: who has not imported it cannot raise it
    return f"Kafka: {error}" if kafka is not None and isinstance(error, kafka.KafkaError) else None
