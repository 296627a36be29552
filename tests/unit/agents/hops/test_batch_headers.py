"""The headers of a message of claims: when its oldest report arrived, and whether more wait."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from bordertally.agents.hops.batch_headers import arrived_s, make_headers, more_wait


def message(headers: list[tuple[str, bytes]], timestamp: int = 9_000) -> Any:
    return SimpleNamespace(headers=headers, timestamp=timestamp)


@pytest.mark.parametrize("more", [True, False])
def test_what_is_written_is_what_is_read(more: bool) -> None:
    record = message(make_headers(1_500, more=more))
    assert arrived_s(record) == 1.5
    assert more_wait(record) is more


def test_a_message_without_the_headers_arrived_when_it_was_written() -> None:
    assert arrived_s(message([])) == 9.0
    assert not more_wait(message([("arrived", b"1")]))
