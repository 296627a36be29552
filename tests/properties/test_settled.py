"""Runs of days that are over are kept: they are those of a ledger that heard it all anew, whatever moves."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bordertally.streams.detection.flow_state import flow_state
from bordertally.streams.ledger.ledger import Ledger
from bordertally.streams.reports.claims import Claim
from bordertally.streams.reports.validation import read_report
from bordertally.streams.rules.config import Detection, OperatorBaseline, Rules
from properties.worlds import REGISTRY, START
from steady import examples
from unit.kit import report

NOW = START.timestamp() + 400 * 86_400
POSTS = ("RU:KZ:aksai", "RU:KZ:mashtakovo")
DAYS = 10
NORMAL = tuple(OperatorBaseline(flow=flow, daily=100.0) for flow in ("RU:KZ", *POSTS))
IMPATIENT = Rules(Detection(project_days=2, keep_firing_for="0d"), NORMAL)
PATIENT = Rules(Detection(project_days=2, for_="2d", keep_firing_for="1d"), NORMAL)
COOLING = Rules(Detection(project_days=2, keep_firing_for="1d", cooldown="3d"), NORMAL)

Move = tuple[str, int, int | None, bool]
"""A post, a day, people, and whether they are those of the whole day or of its morning."""

MOVES = st.tuples(
    st.sampled_from(POSTS),
    st.integers(0, DAYS - 1),
    st.sampled_from([None, None, 10, 200]),
    st.sampled_from([True, True, False]),
)


def claims_of(move: Move, version: int) -> list[Claim]:
    flow, day, people, whole = move
    start = START + timedelta(days=day)
    raw = report(
        people,
        f"{start:%Y-%m-%dT%H:%MZ}/{'P1D' if whole else 'PT12H'}",
        flow,
        "c",
        id=f"{flow}-{day}-{version}",
        published=(start + timedelta(days=2, hours=version)).isoformat(),
        qualifier="count",
    )
    return read_report(raw, REGISTRY, NOW)


@st.composite
def begun(draw: st.DrawFn) -> list[Move]:
    """Days of both posts; the second is silent on many of them, or falls silent for good."""
    moves, levels = list[Move](), st.sampled_from([10, 200])
    until = draw(st.sampled_from([DAYS, DAYS, 1, 2, 3]))
    for post, often, end in zip(POSTS, (5, 2 if until == DAYS else 5), (DAYS, until), strict=True):
        spoken = [day for day in range(end) if draw(st.integers(0, 5)) < often]
        moves += [(post, day, draw(levels), draw(st.integers(0, 3)) > 0) for day in spoken]
    return moves


CALM = [(POSTS[0], day, 10, True) for day in range(3, 8)]
CARRIED_ON_AGAIN: list[Move] = [(POSTS[0], 2, 200, True), *CALM, (POSTS[1], 1, 10, True), (POSTS[1], 5, 10, True)]
NO_LONGER_OVER: list[Move] = [(POSTS[0], 0, 200, True), (POSTS[0], 1, 10, False), (POSTS[0], 2, 10, True)]


@example(CARRIED_ON_AGAIN, [[(POSTS[1], 5, None, True)]], IMPATIENT)
@example(NO_LONGER_OVER, [[(POSTS[0], 2, None, True)]], IMPATIENT)
@given(
    begun(),
    st.lists(st.lists(MOVES, min_size=1, max_size=2), min_size=1, max_size=8),
    st.sampled_from([IMPATIENT, PATIENT, COOLING]),
)
@settings(max_examples=examples(1000))
def test_runs_are_those_of_a_ledger_that_hears_it_all_anew(
    first: list[Move], steps: list[list[Move]], rules: Rules
) -> None:
    lived, said = Ledger(), list[Claim]()
    for version, moves in enumerate([first, *steps]):
        fresh = [claim for move in moves for claim in claims_of(move, version)]
        lived.apply(fresh)
        said += fresh
        anew = Ledger()
        anew.apply(said)
        for flow, node in lived.nodes.items():
            assert flow_state(node, rules).episodes == flow_state(anew.nodes[flow], rules).episodes
