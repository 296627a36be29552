"""A delivery channel from outside the package: it appends what it is given to a file, a JSON object a line.

As a program it is a worker with that channel.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from bordertally.agents.delivery.channel import AlertUpdate, Channel, UnreachableError
from bordertally.agents.worker.run import run_worker
from bordertally.streams.settings import CHANNELS, Registration, load_settings
from bordertally.streams.totals.records import FlowState

FILE = "TOY_FILE"


class Toy(Channel):
    hop = "toy"

    async def open(self) -> None:
        self.file = Path(os.environ[FILE]).open("a", encoding="utf-8")  # noqa: ASYNC230, SIM115 - closed by close
        self.refuses = True

    async def deliver(self, states: Sequence[FlowState], alerts: Sequence[AlertUpdate]) -> None:
        if alerts and self.refuses:
            self.refuses = False
            raise UnreachableError("the first alerts are refused")
        for state in states:
            self._write({"state": state})
        for update in alerts:
            self._write({"alert": update.alert, "muted": update.muted, "notifies": update.notifies})

    def _write(self, record: object) -> None:
        self.file.write(msgspec.json.encode(record).decode() + "\n")
        self.file.flush()

    async def close(self) -> None:
        self.file.close()


if __name__ == "__main__":
    CHANNELS.append(Registration("toy", "toy_channel:Toy", lambda _: FILE in os.environ))
    sys.exit(run_worker(load_settings()))
