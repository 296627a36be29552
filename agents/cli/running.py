"""Running a command: an expected failure is one sentence on standard error, not a traceback."""

from __future__ import annotations

import gc
import logging
import re
import signal
import sys
import traceback
from collections.abc import Callable
from types import TracebackType

from bordertally.agents.servers.errors import ServerError
from bordertally.streams.errors import BordertallyError
from bordertally.streams.visible_text import visible_lines

_ADDRESS = re.compile(r"\('([^']+)', (\d+),")
"""An address in what aiokafka says of brokers that it cannot reach."""


STOPPED = 128 + signal.SIGINT
"""The exit code after Ctrl-C, by the convention of shells."""


def work() -> None:
    """Run a worker with the settings of the environment until it is stopped."""
    from bordertally.agents.kafka.patched_versions import check_patched  # noqa: PLC0415 - only here

    check_patched()
    gc.disable()  # imports leave no garbage, and looking for it takes a tenth of their time
    from bordertally.agents.worker.run import run_worker  # noqa: PLC0415 - Faust takes a second to import
    from bordertally.streams.settings import load_settings  # noqa: PLC0415

    sys.exit(run_worker(load_settings()))


def guarded(command: Callable[[], object]) -> None:
    """Run a command. An error that a user can cause ends it with one sentence and code 2, Ctrl-C with code 130."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    if logging.lastResort is not None:  # it prints what is logged where no log is set up
        logging.lastResort.setFormatter(VisibleLines())
    sys.excepthook = _print_traceback
    try:
        command()
    except KeyboardInterrupt:  # the command was still being imported: nothing has been started
        sys.exit(STOPPED)
    except Exception as error:
        why = sentence(error)
        if why is None:
            raise
        from bordertally.agents.terminal.console import StoppedError, fail  # noqa: PLC0415 - only then

        sys.exit(fail(why, STOPPED if isinstance(error, StoppedError) else 2))


class VisibleLines(logging.Formatter):
    """Lines of a log without control and direction characters of text from outside."""

    def format(self, record: logging.LogRecord) -> str:
        """The message, and the traceback of an exception if there is one."""
        return visible_lines(super().format(record))


def _print_traceback(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Print the traceback of an error of the program; what it quotes may come from outside."""
    sys.stderr.write(visible_lines("".join(traceback.format_exception(kind, error, trace))))


def sentence(error: Exception) -> str | None:
    """The sentence for a failure that a user can cause; None for any other error."""
    if isinstance(error, BordertallyError | ServerError):
        return str(error)
    kafka = sys.modules.get("aiokafka.errors")  # not imported here: a command that did not import it cannot raise it
    if kafka is None or not isinstance(error, kafka.KafkaError):
        return None
    if isinstance(error, kafka.KafkaConnectionError) and (places := _ADDRESS.findall(str(error))):
        at = ", ".join(f"{host}:{port}" for host, port in places)
        return f"Kafka: no broker answers at {at}; check --to or BORDERTALLY_BROKERS, and that the broker is running"
    return f"Kafka: {error}"
