"""Durations as Prometheus writes them: a number and a unit, such as 500ms, 5s, 2h, 3d or 2w."""

from __future__ import annotations

import re
from functools import lru_cache

from bordertally.streams.errors import shown

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0, "w": 604_800.0}
_SECONDS = re.compile(rf"(\d{{1,6}}(?:\.\d{{1,3}})?)({'|'.join(_UNITS)})", re.ASCII)
_DAYS = re.compile(r"(\d{1,4})([dw])", re.ASCII)


def seconds_in(duration: str) -> float:
    """The seconds in `500ms`, `5s`, `2m`, `3h`, `1d` or `2w`. Raises ValueError."""
    match = _SECONDS.fullmatch(duration)
    if match is None:
        raise ValueError(f"{shown(duration)} is no duration such as 5s, 2m, 3h or 1d")
    return float(match[1]) * _UNITS[match[2]]


@lru_cache(maxsize=256)
def days_in(duration: str) -> int:
    """The days in a duration in whole days or weeks: `3d`, `2w`. Raises ValueError."""
    match = _DAYS.fullmatch(duration)
    if match is None:
        raise ValueError(f"{duration!r} is no number of days or weeks such as 3d or 2w")
    return int(match[1]) * round(_UNITS[match[2]] / _UNITS["d"])
