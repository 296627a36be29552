"""The natural order of ids: digits count as numbers."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"(\d+)", re.ASCII)

NaturalOrder = tuple[tuple[tuple[int, str], ...], str]
"""A key to sort by."""


def natural(text: str) -> NaturalOrder:
    """A key that sorts ids as a person does: `daily-10` after `daily-9`."""
    parts = _NUMBER.split(text)
    return tuple([(int(part or 0) if place % 2 else 0, part) for place, part in enumerate(parts)]), text
