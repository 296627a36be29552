"""What the tests of the cases share: the folder of a case, and the outcome of its replay."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from bordertally.streams.replay.ledgers import ReplayResult, replay
from bordertally.streams.reports.sources import parse_registry
from bordertally.streams.rules.config import Rules

BUGS = Path(__file__).parent / "bugs"
NOW = datetime(2030, 1, 1, tzinfo=UTC).timestamp()


def replayed(name: str, rules: Rules | None = None) -> ReplayResult:
    """The outcome of `bordertally replay input.ndjson --sources sources.toml` in the folder of a case."""
    folder = BUGS / name
    registry = parse_registry((folder / "sources.toml").read_text(encoding="utf-8"), "sources.toml")
    return replay((folder / "input.ndjson").read_bytes().splitlines(), registry, rules or Rules(), NOW)
