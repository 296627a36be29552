"""Headers of Kafka records: pairs of a name and bytes, the same name perhaps more than once."""

from __future__ import annotations

from collections.abc import Iterable


def header(headers: Iterable[tuple[str, bytes | None]], name: str) -> bytes | None:
    """The value of the first header of that name that has one; None where there is none."""
    return next((value for each, value in headers if each == name and value), None)
