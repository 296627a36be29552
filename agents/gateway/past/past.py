"""A past moment in the gateway: the process that replays it, and the view on what it says."""

from __future__ import annotations

import asyncio
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import datetime

import msgspec

from bordertally.agents.gateway.past.messages import (
    Answer,
    EvidenceQuestion,
    Failed,
    Order,
    PastAlert,
    PastState,
    Ready,
    Said,
    Working,
)
from bordertally.agents.gateway.view import ServingView, StateHead, newest_first
from bordertally.streams.alerts.records import Alert
from bordertally.streams.alerts.silences import Silences
from bordertally.streams.evidence.records import Evidence
from bordertally.streams.moments import microseconds_in
from bordertally.streams.reports.sources import Registry

LONGEST_LINE = 64 * 1024 * 1024

_decode = msgspec.json.Decoder(Said).decode


class Past:
    """The pipeline as known at a moment. `working`: how far the replay is; `failed`: why there is none."""

    def __init__(self, at: datetime, most: int, now: ServingView) -> None:
        self.at, self.most, self.now = at, most, now
        self.working = Working(0, 0)
        self.failed: str | None = None
        self.ready = asyncio.Event()
        self.used = time.monotonic()
        self.by_flow: dict[str, StateHead] = {}
        self.by_id: dict[str, list[Alert]] = {}
        self.heard: dict[str, int] = {}
        self._process: Process | None = None
        self._turn = asyncio.Lock()

    async def replay(self) -> None:
        """Start the process and read its result; then `ready` is set, or `failed` says why there is none."""
        module = "bordertally.agents.gateway.past.process"
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, stdin=PIPE, stdout=PIPE, limit=LONGEST_LINE
        )
        try:
            await self._write(Order(self.at.timestamp(), self.most))
            while not self.ready.is_set() and self.failed is None:
                self._hear(await self._line())
        except (OSError, ValueError, msgspec.MsgspecError) as error:
            self.failed = f"the replay ended early: {error}"
        if self.failed is not None:
            await self.close()

    def _hear(self, message: object) -> None:
        match message:
            case Working():
                self.working = message
            case Failed():
                self.failed = message.why
            case PastState():
                state = msgspec.json.decode(message.state, type=StateHead)
                self.by_flow[state.flow] = state
            case PastAlert():
                alert = msgspec.json.decode(message.alert, type=Alert)
                self.by_id.setdefault(alert.id, []).append(alert)
            case Ready():
                self.heard = message.sources
                self.ready.set()

    async def _line(self) -> object:
        assert self._process is not None
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise ValueError(f"exit code {await self._process.wait()}")
        return _decode(line)

    async def _write(self, message: msgspec.Struct) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(msgspec.json.encode(message) + b"\n")
        await self._process.stdin.drain()

    async def close(self) -> None:
        """End the process."""
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    # --- the view, as ServingView has it ------------------------------------------------------------------------------

    async def evidence(self, registry: Registry, flow: str, first: int | None, end: int | None) -> Evidence:
        """Return the evidence of a flow. Raises OSError when the process is gone."""
        async with self._turn:
            try:
                await self._write(EvidenceQuestion(registry.place(flow), first, end))
                message = await self._line()
            except ValueError as error:
                raise OSError(str(error)) from None
        assert isinstance(message, Answer)
        return msgspec.json.decode(message.evidence, type=Evidence)

    async def flows(self) -> list[str]:
        """Return every flow that had a state, ordered by path."""
        return sorted(self.by_flow)

    async def states(self, flows: Sequence[str]) -> dict[str, StateHead]:
        """Return the states of flows, without the unknown ones."""
        return {flow: self.by_flow[flow] for flow in flows if flow in self.by_flow}

    async def has(self, flow: str) -> bool:
        """Whether a flow had a state."""
        return flow in self.by_flow

    def _newest(self) -> list[Alert]:
        return newest_first(records[-1] for records in self.by_id.values())

    async def open_alerts(self) -> list[Alert]:
        """Return the alerts that were open, newest first."""
        return [alert for alert in self._newest() if alert.state.is_open]

    async def alerts(self, after: tuple[int, str] | None) -> AsyncIterator[Alert]:
        """Yield the newest record of every alert, newest first, starting after the key (published, id)."""
        for alert in self._newest():
            if after is None or (microseconds_in(alert.published), alert.id) < after:
                yield alert

    async def alert(self, name: str) -> tuple[Alert | None, list[Alert]]:
        """Return the newest record of an alert (None for an unknown alert) and all its records in order of `seq`."""
        records = self.by_id.get(name, [])
        return (records[-1] if records else None), list(records)

    async def silences(self) -> Silences:
        """Return the silences that were set by then."""
        known = Silences()
        known.by_id = {name: each for name, each in (await self.now.silences()).by_id.items() if each.since <= self.at}
        return known

    async def sources(self) -> dict[str, int]:
        """Return when the newest report of each source was published, in microseconds since 1970 UTC."""
        return self.heard

    async def exactness(self) -> dict[str, float]:
        """Return nothing: the share of exact claims is kept for the present only."""
        return {}
