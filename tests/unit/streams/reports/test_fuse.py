from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bordertally.streams.reports.fuse import SLOTS, Fuse, Sent

#       0         30        60        90        120 s
#       |---------|---------|---------|---------|      a window of 60 s
#        10 good   10 bad    nothing


def test_too_large_a_share_of_enough_reports_blows_it() -> None:
    fuse = Fuse(share=0.5, window_s=60, least=10)
    fuse.count("a", Sent(0, 9), 0)
    assert not fuse.blown(fuse.sent(0)["a"])  # too few to judge by
    fuse.count("a", Sent(1, 0), 1)
    assert fuse.blown(fuse.sent(1)["a"])
    fuse.count("a", Sent(8, 0), 2)
    assert fuse.sent(2)["a"] == Sent(9, 9)
    assert not fuse.blown(fuse.sent(2)["a"])  # half is not more than half


def test_what_was_sent_leaves_the_window() -> None:
    fuse = Fuse(share=0.5, window_s=60, least=10)
    fuse.count("a", Sent(10, 0), 0)
    fuse.count("a", Sent(0, 10), 30)
    assert fuse.sent(59)["a"] == Sent(10, 10)
    assert fuse.sent(65)["a"] == Sent(0, 10)
    assert fuse.sent(95) == {}


def test_one_source_says_nothing_of_another() -> None:
    fuse = Fuse(share=0.1, window_s=60, least=1)
    fuse.count("a", Sent(0, 50), 0)
    fuse.count("b", Sent(50, 0), 0)
    assert {source: fuse.blown(one) for source, one in fuse.sent(0).items()} == {"a": True, "b": False}


sends = st.tuples(st.sampled_from("ab"), st.integers(0, 5), st.integers(0, 5), st.floats(0, 300))


@given(st.lists(sends), st.floats(0, 400))
def test_it_counts_what_came_within_the_window_to_a_slot(sent: list[tuple[str, int, int, float]], end: float) -> None:
    fuse, slot = Fuse(0.5, 60, 1), 60 / SLOTS
    past = sorted([one for one in sent if one[3] <= end], key=lambda one: one[3])
    for source, taken, refused, at in past:
        fuse.count(source, Sent(taken, refused), at)
    found = fuse.sent(end)
    for source in "ab":
        for place, kind in enumerate(("taken", "refused"), 1):
            inside = sum(int(one[place]) for one in past if one[0] == source and one[3] > end - 60 + slot)
            around = sum(int(one[place]) for one in past if one[0] == source and one[3] > end - 60 - slot)
            assert inside <= getattr(found.get(source, Sent(0, 0)), kind) <= around
