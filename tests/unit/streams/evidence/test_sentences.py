from __future__ import annotations

import pytest

from bordertally.streams.evidence.records import Evidence, Figure, Tallied, Traced
from bordertally.streams.evidence.roles import Role
from bordertally.streams.evidence.sentences import says
from bordertally.streams.qualifiers import Qualifier


def evidence(figure: Figure | None, added_up: int = 0, **more: object) -> Evidence:
    fields = {"flow": "RU:KZ", "from_": "2022-09-21", "to": "2022-09-28", "figure": figure, "added_up": added_up}
    empty = {"says": [], "claims": [], "counts": [], "truncated": False}
    return Evidence(**(fields | empty | more))  # type: ignore[arg-type]


def tallied(source: str, readings: int) -> Tallied:
    return Tallied(
        source=source.lower(),
        source_name=source,
        grade="A",
        flow="RU:KZ:aksai",
        day="2022-09-21",
        people=10,
        readings=readings,
        population="people",
        unit="people",
    )


@pytest.mark.parametrize(
    ("behind", "sentences"),
    [
        (evidence(None, from_=None, to=None), ["Russia to Kazakhstan: no reports."]),
        (evidence(None), ["Russia to Kazakhstan, 21-27 Sep 2022: no reports."]),
        (evidence(Figure(7, 7, 7)), ["Russia to Kazakhstan, 21-27 Sep 2022: 7 people."]),
        (evidence(Figure(5, 7, None)), ["Russia to Kazakhstan, 21-27 Sep 2022: 7 people (at least 5)."]),
        (
            evidence(Figure(1_000, 2_000, 3_000), 2_009),  # less than half a per cent more is rounding
            ["Russia to Kazakhstan, 21-27 Sep 2022: 2,000 people (1,000 to 3,000)."],
        ),
    ],
)
def test_the_answer_begins_with_the_figure(behind: Evidence, sentences: list[str]) -> None:
    assert says(behind) == sentences


def test_people_counted_twice_and_projected_are_told() -> None:
    sentences = says(evidence(Figure(1_000, 2_000, None, projected=300), 2_500))
    assert "300 of them are projected" in sentences[1]
    assert "2,500" in sentences[2]
    assert "500" in sentences[2]


def test_readings_are_told_together_and_four_sources_are_three_and_one_more() -> None:
    counts = [tallied(source, 1_000) for source in ("Delta", "Alpha", "Beta", "Gamma")]
    (_, sentence) = says(evidence(Figure(1, 1, 1), counts=counts))
    assert (
        sentence
        == "4,000 readings of Alpha, Beta, Delta and 1 more (Russia to Kazakhstan at Aksai) are counted day by day."
    )


def claim(role: Role) -> Traced:
    return Traced(
        report="kz-mia/r1",
        source="kz-mia",
        source_name="Kazakhstan's interior ministry",
        grade="B",
        published="2022-09-27T09:00:00Z",
        flow="RU:KZ",
        period="2022-09-21/2022-09-28",
        people=7,
        qualifier=Qualifier.STATED,
        population="people",
        unit="people",
        measure="crossings",
        low=7,
        best=7,
        high=7,
        text=None,
        url=None,
        historic=False,
        role=role,
        gap=None,
        inside=None,
        why="",
        attributed_to=None,
        origin="kz-mia",
        dated=None,
        percent=None,
    )


@pytest.mark.parametrize(
    ("roles", "sentences"),
    [
        ([Role.COUNTED, Role.NOTED], ["1 claim is listed and not counted."]),
        ([Role.NOTED, Role.NOTED, Role.NOTED, Role.COUNTED], ["3 claims are listed and not counted."]),
        ([Role.COUNTED, Role.COUNTED, Role.WITHDRAWN], ["1 claim was withdrawn."]),
        (
            [Role.NOTED, Role.WITHDRAWN, Role.WITHDRAWN, Role.WITHDRAWN],
            ["1 claim is listed and not counted.", "3 claims were withdrawn."],
        ),
        ([Role.COUNTED], []),
    ],
)
def test_claims_that_are_listed_or_withdrawn_are_numbered(roles: list[Role], sentences: list[str]) -> None:
    told = says(evidence(Figure(7, 7, 7), claims=[claim(role) for role in roles]))
    assert [sentence for sentence in told if "listed" in sentence or "withdrawn" in sentence] == sentences
