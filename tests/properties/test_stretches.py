"""What is kept of the older days of a window changes no figure, whichever day moves, and however late."""

from __future__ import annotations

import json
from datetime import timedelta

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from bordertally.streams.detection.flow_state import flow_state, written_state
from bordertally.streams.ledger.ledger import Ledger
from bordertally.streams.ledger.views import Views
from bordertally.streams.reports.claims import Claim
from bordertally.streams.reports.validation import read_report
from bordertally.streams.totals.calendar import calendar_figures
from properties.worlds import REGISTRY, RULES, START, busy_weeks, worlds
from unit.kit import report

NOW = START.timestamp() + 400 * 86_400
POSTS = ("RU:KZ:aksai", "RU:KZ:mashtakovo")
DAYS = 12


def count(flow: str, hour: int, people: int | None, version: int) -> list[Claim]:
    """The count of an hour, hours since the start, as it was published at first or later."""
    start = START + timedelta(hours=hour)
    raw = report(
        people,
        f"{start:%Y-%m-%dT%H:%MZ}/PT1H",
        flow,
        "b" if flow == POSTS[0] else "c",
        id=f"{flow}-{hour}-{version}",
        published=(start + timedelta(hours=2 + version)).isoformat(),
        qualifier="count",
    )
    return read_report(raw, REGISTRY, NOW)


def statement(flow: str, first: int, days: int, people: int, version: int) -> list[Claim]:
    """What somebody says of the country or of a checkpoint, of some days in a row."""
    start, end = START + timedelta(days=first), START + timedelta(days=first + days)
    published = (end + timedelta(hours=9 + version)).isoformat()
    name = f"said-{flow}-{first}-{days}-{version}"
    raw = report(people, f"{start:%Y-%m-%d}/{end:%Y-%m-%d}", flow, "a", id=name, published=published)
    return read_report(raw, REGISTRY, NOW)


def bundle(first: int, days: int, hour: int, version: int) -> list[Claim]:
    """One report of an hour of several days in a row, at both checkpoints: behind each of these days."""
    hours = [START + timedelta(days=first + day, hours=hour) for day in range(days)]
    document = {
        "id": f"bundle-{first}-{days}-{hour}-{version}",
        "source": "b",
        "published": (hours[-1] + timedelta(hours=2 + version)).isoformat(),
        "qualifier": "count",
        "claims": [
            {"flow": flow, "period": f"{start:%Y-%m-%dT%H:%MZ}/PT1H", "people": 5 + version}
            for start in hours
            for flow in POSTS
        ],
    }
    return read_report(json.dumps(document).encode(), REGISTRY, NOW)


def doubted(flow: str, first: int, people: int | None, version: int) -> list[Claim]:
    """What somebody who is not trusted says of a day, at first or later."""
    start = START + timedelta(days=first)
    published = (start + timedelta(hours=30 + version)).isoformat()
    name = f"doubted-{flow}-{first}-{version}"
    raw = report(people, f"{start:%Y-%m-%d}", flow, "d", id=name, published=published, qualifier="count")
    return read_report(raw, REGISTRY, NOW)


HOURS = [count(flow, hour, 10 + hour % 7, 0) for flow in POSTS for hour in range(DAYS * 24)]
SPARSE = [one for hour, one in enumerate(HOURS) if hour % 6 == 0]
"""So few that the counts of several days are cited together."""
PLACES = st.sampled_from(("RU:KZ", POSTS[0]))
MOVES = st.one_of(
    st.builds(
        count,
        st.sampled_from(POSTS),
        st.integers(0, (DAYS + 1) * 24),
        st.none() | st.integers(0, 500),
        st.integers(1, 9),
    ),
    st.builds(statement, PLACES, st.integers(0, DAYS), st.integers(1, 5), st.integers(0, 9_000), st.integers(0, 5)),
    st.builds(bundle, st.integers(0, DAYS), st.integers(1, 4), st.integers(0, 23), st.integers(1, 9)),
    st.builds(doubted, PLACES, st.integers(0, DAYS), st.none() | st.integers(0, 9_000), st.integers(0, 5)),
)


@given(
    st.sampled_from([HOURS, SPARSE]),
    st.integers(20, 100),
    st.lists(st.lists(MOVES, min_size=1, max_size=3), min_size=1, max_size=5),
)
@settings(max_examples=60)
def test_kept_stretches_change_no_figure(
    counts: list[list[Claim]], percent: int, steps: list[list[list[Claim]]]
) -> None:
    begun = len(counts) * percent // 100
    lived, said = Ledger(), [one for claims in counts[:begun] for one in claims]
    lived.apply(said)
    for step in [[], *steps]:
        fresh = [one for claims in step for one in claims]
        days = lived.days_told(lived.apply(fresh))
        said += fresh
        anew = Ledger()
        anew.apply(said)
        states = {flow: flow_state(node, RULES, days.get(flow, ())) for flow, node in lived.nodes.items()}
        assert states == {flow: flow_state(node, RULES, days.get(flow, ())) for flow, node in anew.nodes.items()}
        for flow, node in lived.nodes.items():
            assert written_state(node, RULES, days.get(flow, ()))[1] == msgspec.json.encode(states[flow])


@given(st.data())
@settings(max_examples=30)
def test_calendar_periods_from_kept_sums_are_those_of_all_days(data: st.DataObject) -> None:
    """Step by step, with what earlier steps have kept; and the same without it."""
    begun = data.draw(st.sampled_from([HOURS, SPARSE, []]))
    steps = data.draw(st.lists(MOVES, max_size=6) | worlds() | busy_weeks())
    ledger = Ledger()
    for step in [[one for claims in begun for one in claims], *steps]:
        ledger.apply(step)
        for node in ledger.nodes.values():
            kept, view = calendar_figures(node), node.views
            node.views = Views()
            assert kept == calendar_figures(node)
            node.views = view
