"""Where the command `bordertally` begins: what is wrong ends in one sentence, and a worker starts without the rest."""

from __future__ import annotations

import gc
import logging
import sys
from collections.abc import Callable

from aiokafka.errors import KafkaError

from agents.servers.errors import ServerError
from streams.errors import BordertallyError


def main() -> None:
    """Run a command. `bordertally worker` leaves out what only the others import: a quarter of its start."""
    if sys.argv[1:] == ["worker"]:
        guarded(work)
    else:
        from agents.cli import cli  # noqa: PLC0415 - see above

        guarded(cli)


def work() -> None:
    """Run a worker by the environment's settings until it is stopped."""
    gc.disable()  # until all is imported: none of it is garbage, and looking for some takes a tenth of the time
    from agents.work import run_worker  # noqa: PLC0415 - Faust takes a second to import; the other commands need none
    from streams.settings import load_settings  # noqa: PLC0415

    sys.exit(run_worker(load_settings()))


def guarded(command: Callable[[], object]) -> None:
    """Run a command; whatever a user can cause ends in one sentence and exit code 2, Ctrl-C in 130."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        command()
    except (BordertallyError, ServerError, KafkaError) as error:
        from agents.console import StoppedError, fail  # noqa: PLC0415 - only then

        said = f"Kafka: {error}" if isinstance(error, KafkaError) else str(error)
        sys.exit(fail(said, 130 if isinstance(error, StoppedError) else 2))
