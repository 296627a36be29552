from __future__ import annotations

from rich.console import Console

from bordertally.agents.terminal.evidence import _STYLES, show_evidence
from bordertally.streams.evidence.records import Evidence, Traced
from bordertally.streams.evidence.roles import Role
from bordertally.streams.qualifiers import Qualifier

CLAIM = Traced(
    report="r1",
    source="b",
    source_name="Bureau B",
    grade="B",
    published="2022-10-20T00:00:00Z",
    dated=None,
    flow="RU:KZ",
    period="2022-09-21/2022-09-23",
    people=53_000,
    qualifier=Qualifier.MORE_THAN,
    population="men",
    unit="people",
    measure="crossings",
    attributed_to=None,
    origin="b",
    low=53_001,
    best=None,
    high=None,
    text="more than 53,000 men",
    url="https://news.example/1",
    historic=False,
    role=Role.COUNTED,
    gap=None,
    percent=None,
    inside=None,
    why="Counted on both days.",
    unlikely="ten times the day before",
)


def test_a_claim_is_shown_with_its_figure_days_source_reasons_and_words() -> None:
    console = Console(width=120)
    evidence = Evidence(
        flow="RU:KZ",
        from_=None,
        to=None,
        figure=None,
        added_up=0,
        says=["At least 53,001."],
        claims=[CLAIM],
        counts=[],
        truncated=True,
    )
    with console.capture() as shown:
        show_evidence(console, evidence)
    assert shown.get().splitlines() == [
        "At least 53,001.",
        "",
        "counted   RU:KZ  >53,000 men  21-22 Sep 2022  Bureau B, grade B (b/r1)",
        "          Counted on both days.",
        "          Unlikely: ten times the day before",
        "          “more than 53,000 men”",
        "          https://news.example/1",
        "There is more evidence than is shown here or kept.",
    ]


def test_every_role_has_a_style() -> None:
    assert set(_STYLES) == set(Role)
