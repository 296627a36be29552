"""A ledger that is being restored holds up nobody: the worker's signs of life go on meanwhile."""

from __future__ import annotations

import asyncio
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from bordertally.agents.hops import ledger as module
from bordertally.agents.hops.ledger import LedgerHop
from bordertally.agents.worker.worker import create_app
from bordertally.streams.ledger.ledger import Ledger
from bordertally.streams.settings import load_settings
from bordertally.streams.topics import partition_of
from unit.kit import claim

FLOW, WAIT_S = "RU:KZ", 30


class Held:
    """A hop with one row in its table, whose ledger is made only when `go_on` is set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.app = create_app(load_settings(hops="ledger"))
        (hop,) = self.app.hops
        assert isinstance(hop, LedgerHop)
        self.hop, self.partition = hop, partition_of(FLOW, hop.context.settings.partitions)
        before = Ledger()
        for row in before.apply([claim(1_000, flow=FLOW)]).rows:
            hop.table.data[row.key] = before.row(row)
        mine = SimpleNamespace(topic=hop.context.topics.claims, partition=self.partition)
        consumer: Any = SimpleNamespace(assignment=lambda: [mine])
        self.app.consumer = consumer
        self.began, self.go_on = threading.Event(), threading.Event()
        restored = module._restored

        def held_up(*arguments: Any) -> Ledger:
            self.began.set()
            assert self.go_on.wait(WAIT_S), "nobody else had a turn"
            return restored(*arguments)

        monkeypatch.setattr(module, "_restored", held_up)

    async def restoring(self) -> asyncio.Task[None]:
        """What Faust sets off when tables are read back; returns once a ledger is being made."""
        task = asyncio.create_task(self.app.on_rebalance_complete.send())
        assert await asyncio.to_thread(self.began.wait, WAIT_S)
        return task


async def test_others_have_their_turn_while_a_ledger_is_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    held = Held(monkeypatch)
    restoring = await held.restoring()
    assert held.hop.ledgers == {}
    held.go_on.set()
    await restoring
    assert FLOW in held.hop.ledgers[held.partition].nodes


async def test_what_is_restored_for_partitions_that_were_given_away_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    held = Held(monkeypatch)
    restoring = await held.restoring()
    await held.hop.revoked(None, set())
    held.go_on.set()
    await restoring
    assert held.hop.ledgers == {}
