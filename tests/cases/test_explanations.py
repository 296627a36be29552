"""What `bordertally why` says of a figure, in sentences that agree with the figure."""

from __future__ import annotations

from typing import Any

import pytest

from bordertally.streams.evidence.trace import trace
from bordertally.streams.replay.ledgers import kept_by
from bordertally.streams.reports.sources import parse_registry
from bordertally.streams.rules.config import Rules
from cases.kit import NOW
from one_by_one import read_all
from unit import kit

REGISTRY = parse_registry(
    """
    [aliases]
    "AR:UY:new-gate" = "AR:UY:old-gate"
    [sources.agency]
    name = "Agency"
    flows = ["AR"]
    grade = "A"
    [sources.ministry]
    name = "Ministry"
    flows = ["AR"]
    grade = "B"
    [sources.police]
    name = "Police"
    flows = ["AR"]
    grade = "B"
    [sources.paper]
    name = "Paper"
    flows = ["AR"]
    grade = "B"
    relays = "ministry"
    [sources.gates]
    name = "Gates"
    flows = ["AR"]
    grade = "C"
    [sources.rumour]
    name = "Rumour"
    flows = ["AR"]
    grade = "D"
    """,
    "sources.toml",
)


def report(source: str, people: int, period: str = "2023-06-01", flow: str = "AR:UY", **more: Any) -> bytes:
    fields = {"id": "r", "published": "2023-06-20T09:00:00Z", "qualifier": "count"}
    return kit.report(people, period, flow, source, **fields | more)


NORTH, SOUTH = "AR:UY:north", "AR:UY:south"
DAY = ("2023-06-01", "2023-06-02")
WEEK = "2023-06-05/2023-06-12"
TWICE = "Adding up every source would give {:,}: {:,} would be counted twice."


def says(reports: list[bytes], first: str | None, end: str | None, flow: str = "AR:UY") -> list[str]:
    ledgers = kit.told(*read_all(reports, REGISTRY, NOW).reports, rules=Rules(), registry=REGISTRY).desk
    days = [None if day is None else kit.ordinal(day) for day in (first, end)]
    return trace(flow, kept_by(ledgers), ledgers.names, *days).says


@pytest.mark.parametrize(
    ("reports", "days", "sentences"),
    [
        pytest.param(
            [report("agency", 1_000), report("gates", 700, flow=NORTH), report("gates", 600, flow=SOUTH)],
            DAY,
            [
                "Argentina to Uruguay, 1 Jun 2023: 1,000 people.",
                "Agency counted 1,000 for 1 Jun 2023: sets what this day holds.",
                (
                    "Gates counted 700 (Argentina to Uruguay at North) for 1 Jun 2023: "
                    "part of Argentina to Uruguay, where this day holds 1,000: it adds nothing on top."
                ),
                (
                    "Gates counted 600 (Argentina to Uruguay at South) for 1 Jun 2023: "
                    "part of Argentina to Uruguay, where this day holds 1,000: it adds nothing on top."
                ),
                (
                    "The flows below, added up: on 1 Jun 2023 they cannot hold beside agency/r, trusted more: "
                    "300 apart (23.1 %)."
                ),
                TWICE.format(2_300, 1_300),
            ],
            id="the flows below give way to a better grade",
        ),
        pytest.param(
            [report("ministry", 1_000), report("police", 700, flow=NORTH), report("police", 600, flow=SOUTH)],
            DAY,
            [
                "Argentina to Uruguay, 1 Jun 2023: 1,300 people (at least 1,300).",
                (
                    "Police counted 700 (Argentina to Uruguay at North) for 1 Jun 2023: "
                    "adds to Argentina to Uruguay: ministry/r speaks of the whole and gives way."
                ),
                (
                    "Police counted 600 (Argentina to Uruguay at South) for 1 Jun 2023: "
                    "adds to Argentina to Uruguay: ministry/r speaks of the whole and gives way."
                ),
                (
                    "Ministry counted 1,000 for 1 Jun 2023: cannot hold beside the flows below, added up: "
                    "300 apart (23.1 %)."
                ),
                TWICE.format(2_300, 1_000),
            ],
            id="the flows below overrule a claim of their own grade",
        ),
        pytest.param(
            [report("agency", 700), report("gates", 900, population="men")],
            DAY,
            [
                "Argentina to Uruguay, 1 Jun 2023: 700 people.",
                "Agency counted 700 for 1 Jun 2023: sets what this day holds.",
                (
                    "Gates counted 900 for 1 Jun 2023: men are some of the people: "
                    "this day holds 700 by what is trusted more."
                ),
                (
                    "Parts of the people, added up: on 1 Jun 2023 they cannot hold beside agency/r, trusted more: "
                    "200 apart (22.2 %)."
                ),
                TWICE.format(1_600, 900),
            ],
            id="a part gives way to a better grade",
        ),
        pytest.param(
            [
                report("ministry", 7_000, WEEK),
                report("paper", 7_500, WEEK, published="2023-06-21T09:00:00Z"),
            ],
            ("2023-06-05", "2023-06-12"),
            [
                "Argentina to Uruguay, 5-11 Jun 2023: 7,500 people.",
                (
                    "Ministry counted 7,000 for 5-11 Jun 2023: "
                    "gives way to paper/r, of the same origin: these days hold 7,500."
                ),
                "Paper counted 7,500 for 5-11 Jun 2023: sets what these days hold.",
                TWICE.format(14_500, 7_000),
            ],
            id="two figures of one origin",
        ),
        pytest.param(
            [report("ministry", 1_000, "2020-12-28/2021-01-04"), report("ministry", 100, "2021-01-04/2021-01-11")],
            ("2021-01-01", "2021-02-01"),
            [
                "Argentina to Uruguay, 1-31 Jan 2021: 529 people (at least 529).",
                (
                    "Ministry counted 1,000 for 28 Dec 2020 - 3 Jan 2021: sets what these days hold; "
                    "3 of its 7 days lie in this period."
                ),
                "Ministry counted 100 for 4-10 Jan 2021: sets what these days hold.",
            ],
            id="a claim that reaches beyond the days asked for",
        ),
        pytest.param(
            [report("rumour", 1_500)],
            (None, None),
            ["Argentina to Uruguay: no reports that count.", "1 claim is listed and not counted."],
            id="only a claim that does not count",
        ),
        pytest.param(
            [report("rumour", 1_500)],
            DAY,
            ["Argentina to Uruguay, 1 Jun 2023: no reports that count.", "1 claim is listed and not counted."],
            id="only a claim that does not count, on days asked for",
        ),
    ],
)
def test_sentences_agree_with_the_figure(
    reports: list[bytes], days: tuple[str | None, str | None], sentences: list[str]
) -> None:
    assert says(reports, *days) == sentences


def test_the_figures_of_one_place_under_two_names_are_said_to_be_added() -> None:
    reports = [report("ministry", 100, flow="AR:UY:old-gate"), report("ministry", 40, flow="AR:UY:new-gate")]
    figure, *claims = says(reports, *DAY, flow="AR:UY:old-gate")
    assert figure == "Argentina to Uruguay at Old Gate, 1 Jun 2023: 140 people."
    added = "for 1 Jun 2023: added to what the source reports under another name: this day holds 140"
    assert claims == [f"Ministry counted 40 {added}; reported as AR:UY:new-gate.", f"Ministry counted 100 {added}."]
