"""What the gateway and the process of a past moment say to each other, one JSON object per line."""

from __future__ import annotations

import msgspec
from msgspec import Struct


class Order(Struct, frozen=True):
    """To the process, first: the moment (seconds since 1970 UTC), and the most reports to replay."""

    until: float
    most: int


class EvidenceQuestion(Struct, frozen=True):
    """To the process, once it is ready: the evidence of a flow from `first` to `end` (ordinal days, exclusive)."""

    flow: str
    first: int | None
    end: int | None


class Working(Struct, frozen=True, tag=True):
    """From the process: reports read so far, of how many, and claims applied so far, of how many (0: not known yet)."""

    read: int
    reports: int
    applied: int = 0
    claims: int = 0


class Failed(Struct, frozen=True, tag=True):
    """From the process: why there is no answer; the process ends."""

    why: str


class PastState(Struct, frozen=True, tag=True):
    """From the process: the state of a flow, a FlowState."""

    state: msgspec.Raw


class PastAlert(Struct, frozen=True, tag=True):
    """From the process: a record of an alert, in order."""

    alert: msgspec.Raw


class Ready(Struct, frozen=True, tag=True):
    """From the process: all states and alerts are said. `sources`: when the newest report of each was published."""

    sources: dict[str, int]


class Answer(Struct, frozen=True, tag=True):
    """From the process: the Evidence that was asked for."""

    evidence: msgspec.Raw


Said = Working | Failed | PastState | PastAlert | Ready | Answer
