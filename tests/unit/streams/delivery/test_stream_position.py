"""Places in the stream of events, as text and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bordertally.streams.delivery.stream_position import PlaceText, read_place

offsets = st.integers(1, 6).flatmap(
    lambda half: st.lists(st.integers(0, 10**18 - 1), min_size=2 * half, max_size=2 * half)
)


@given(offsets)
def test_text_and_back(given_offsets: list[int]) -> None:
    assert read_place(PlaceText(given_offsets).text, len(given_offsets) // 2) == given_offsets


def test_the_text_has_the_offsets_of_alerts_then_those_of_totals() -> None:
    assert PlaceText([7, 0, 12, 345]).text == "7.0-12.345"


@given(offsets, st.data())
def test_a_place_moves_on_and_never_back(start: list[int], data: st.DataObject) -> None:
    place, expected = PlaceText(start), list(start)
    for slot, offset in data.draw(st.lists(st.tuples(st.integers(0, len(start) - 1), st.integers(0, 10**18 - 1)))):
        place.reach(slot, offset)
        expected[slot] = max(expected[slot], offset)
        assert place.offsets == expected
        assert place.text == PlaceText(expected).text


def test_the_beginning() -> None:
    assert read_place("0", 2) == [0, 0, 0, 0]


@pytest.mark.parametrize("text", ["", "1", "1-", "-1", "1.2", "a-b", "1.2-3.-4", "1 -2", "1" * 19 + "-1", "1-2-3"])
def test_what_is_no_place(text: str) -> None:
    with pytest.raises(ValueError, match="no place"):
        read_place(text, 1)


def test_a_place_in_other_topics() -> None:
    with pytest.raises(ValueError, match="3 partitions"):
        read_place("1.2-3.4", 3)
