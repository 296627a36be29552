"""Ledgers that are built while partitions come and go: none is built twice from the same rows, none stays in memory."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from bordertally.agents.hops import restored_ledgers as module
from bordertally.agents.hops.restored_ledgers import RestoredLedgers, Rows
from bordertally.streams.flows import Flow
from bordertally.streams.ledger.ledger import Ledger
from unit.kit import claim

NONE: dict[Flow, Flow] = {}


def rows_of(people: int) -> Rows:
    """The stored rows of one claim on a checkpoint."""
    ledger = Ledger()
    return [(row.key, ledger.row(row)) for row in ledger.apply([claim(people, flow="RU:KZ:mashtakovo")]).rows]


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The partitions whose ledgers were built, in order."""
    partitions, build = list[int](), module.restored

    def noted(partition: int, *rest: Any) -> Ledger:
        partitions.append(partition)
        return build(partition, *rest)

    monkeypatch.setattr(module, "restored", noted)
    return partitions


@pytest.fixture(autouse=True)
def _without_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


async def test_partitions_that_come_back_unchanged_get_their_ledgers_at_once(built: list[int]) -> None:
    ledgers = RestoredLedgers()
    first = await ledgers.ledger(0, rows_of(70), NONE)
    again = await asyncio.gather(*[ledgers.ledger(0, rows_of(70)[::order], NONE) for order in (1, -1, 1)])
    assert [ledger is first for ledger in again] == [True] * 3
    await ledgers.ledger(1, rows_of(70), NONE)
    assert built == [0, 1]


async def test_a_ledger_is_built_to_the_end_although_its_partition_is_revoked(built: list[int]) -> None:
    ledgers = RestoredLedgers()
    first = asyncio.create_task(ledgers.ledger(0, rows_of(70), NONE))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert Flow("RU:KZ") in (await ledgers.ledger(0, rows_of(70), NONE)).nodes
    assert built == [0]


async def test_a_ledger_of_other_rows_or_aliases_is_built_anew(built: list[int]) -> None:
    ledgers = RestoredLedgers()
    first = await ledgers.ledger(0, rows_of(70), NONE)
    other = await ledgers.ledger(0, rows_of(71), NONE)
    assert other is not first
    renamed = await ledgers.ledger(0, rows_of(71), {Flow("RU:KZ:mashtakovo"): Flow("RU:KZ:syrym")})
    assert "RU:KZ:syrym" in renamed.nodes
    assert built == [0, 0, 0]


async def test_a_ledger_that_claims_have_changed_is_built_anew(built: list[int]) -> None:
    ledgers = RestoredLedgers()
    changed = await ledgers.ledger(0, rows_of(70), NONE)
    ledgers.changes(0)
    changed.apply([claim(5, flow="RU:KZ:syrym")])
    assert "RU:KZ:syrym" not in (await ledgers.ledger(0, rows_of(70), NONE)).nodes
    assert built == [0, 0]


async def test_ledgers_no_longer_used_leave_memory_without_the_collector() -> None:
    ledgers = RestoredLedgers()
    given_away, kept, changed, outdated = [await ledgers.ledger(partition, rows_of(70), NONE) for partition in range(4)]
    ledgers.changes(2)
    nodes = [weakref.ref(ledger.nodes[Flow("RU:KZ")]) for ledger in (given_away, kept, changed, outdated)]
    ledgers.keep_only({1, 2, 3})
    ledgers.drop(1, kept)
    ledgers.drop(2, changed)
    await ledgers.ledger(3, rows_of(71), NONE)
    del given_away, kept, changed, outdated
    for _ in range(3):
        await asyncio.sleep(0)
    assert [node() is None for node in nodes] == [True, False, True, True]
