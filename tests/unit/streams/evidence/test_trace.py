"""Traces: which claims stand behind a figure, which part each plays, and the sentences that say so."""

from __future__ import annotations

import msgspec
import pytest

from bordertally.streams.evidence.records import Evidence, Traced
from bordertally.streams.evidence.roles import Role, span
from bordertally.streams.evidence.tallies import SourceFigure, added_up, tallies_of
from bordertally.streams.evidence.trace import BLOCKS, DAYS, MOST_CLAIMS, MOST_IN_BLOCK, Kept, bounded, trace
from bordertally.streams.flows import Flow
from bordertally.streams.ledger.rows import BLOCK_DAYS, Row, decode_claims
from bordertally.streams.replay.ledgers import kept_by
from bordertally.streams.reports.claims import Claim
from bordertally.streams.reports.sources import Registry
from unit.kit import REGISTRY, Told, claim, ordinal, told

WEEK = "2022-09-21/2022-09-28"


def traced(*claims: Claim, flow: str = "RU:KZ", days: tuple[str | None, str | None] = (None, None)) -> Evidence:
    return looked_at(told(claims), flow, days)


def looked_at(desk: Told, flow: str, days: tuple[str | None, str | None] = (None, None)) -> Evidence:
    first, end = (None if day is None else ordinal(day) for day in days)
    return trace(flow, kept_by(desk.desk), desk.desk.names, first, end)


def by_report(evidence: Evidence) -> dict[str, Traced]:
    return {claim.report: claim for claim in evidence.claims}


def test_georgia_is_53_000_and_not_73_000() -> None:
    evidence = traced(
        claim(53_000, WEEK, "RU:GE", "a", id="ministry", qualifier="more_than"),
        claim(20_000, "2022-09-26/2022-09-28", "RU:GE:verkhny-lars", "b", id="ossetia"),
        flow="RU:GE",
    )
    assert (evidence.from_, evidence.to, evidence.added_up) == ("2022-09-21", "2022-09-28", 73_000)
    assert evidence.figure is not None
    assert (evidence.figure.low, evidence.figure.best, evidence.figure.high) == (53_000, 53_000, 54_000)
    claims_by_report = by_report(evidence)
    assert (claims_by_report["ministry"].role, claims_by_report["ministry"].inside) == (Role.COUNTED, None)
    assert (claims_by_report["ossetia"].role, claims_by_report["ossetia"].inside) == (Role.COUNTED, "a/ministry")
    assert "it adds nothing on top" in claims_by_report["ossetia"].why
    assert evidence.says[0] == "Russia to Georgia, 21-27 Sep 2022: 53,000 people (53,000 to 54,000)."
    assert "Adding up every source would give 73,000: 20,000 would be counted twice." in evidence.says


def test_what_nobody_speaks_of_as_a_whole_adds() -> None:
    evidence = traced(claim(98_000, WEEK, "RU:KZ", "a", id="kz"), claim(53_000, WEEK, "RU:GE", "b", id="ge"), flow="RU")
    assert {claim.report: claim.inside for claim in evidence.claims} == {"kz": None, "ge": None}
    assert all("adds to everyone leaving Russia" in claim.why for claim in evidence.claims)
    assert evidence.added_up == 151_000
    assert not any("more than once" in sentence for sentence in evidence.says)


def test_a_conflict_says_with_whom_and_by_how_much() -> None:
    evidence = traced(
        claim(10_000, "2022-09-21", source="a", id="trusted", qualifier="count"),
        claim(15_000, "2022-09-21", source="c", id="other", qualifier="count"),
    )
    claims_by_report = by_report(evidence)
    assert (claims_by_report["trusted"].role, claims_by_report["other"].role, claims_by_report["other"].gap) == (
        Role.COUNTED,
        Role.CONFLICT,
        5_000,
    )
    assert "trusted" in claims_by_report["other"].why


def test_of_two_claims_of_one_report_the_one_that_misses_is_the_conflict() -> None:
    two = [
        claim(3_000, "2022-09-20", source="c", id="both", qualifier="count"),
        claim(15_000, "2022-09-21", source="c", id="both", qualifier="count"),
    ]
    evidence = traced(*two, claim(10_000, "2022-09-21", source="a", id="trusted", qualifier="count"))
    roles = {claim.people: claim.role for claim in evidence.claims}
    assert roles == {3_000: Role.COUNTED, 15_000: Role.CONFLICT, 10_000: Role.COUNTED}


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"source": "d"}, "grade D"),
        ({"measure": "queue"}, "a queue"),
        ({"measure": "refused"}, "turned back"),
        ({"unit": "vehicles"}, "never added to people"),
    ],
)
def test_what_is_shown_and_not_counted_says_why(more: dict[str, str], why: str) -> None:
    evidence = traced(claim(100, id="it", **more), claim(50, source="a", id="base"))
    assert by_report(evidence)["it"].role is Role.NOTED
    assert why in by_report(evidence)["it"].why
    assert evidence.added_up == 50


def test_a_withdrawn_claim_is_marked_and_a_corrected_one_is_gone() -> None:
    evidence = traced(
        claim(100, "2022-09-20", id="first"),
        claim(120, "2022-09-20", id="corrected", published="2022-10-21T00:00:00Z"),
        claim(80, "2022-09-21", id="wrong"),
        claim(None, "2022-09-21", id="taken-back", published="2022-10-21T00:00:00Z"),
        claim(10, "2022-09-22", id="last"),
    )
    assert {claim.report: (claim.role, claim.people) for claim in evidence.claims} == {
        "corrected": (Role.COUNTED, 120),
        "taken-back": (Role.WITHDRAWN, None),
        "last": (Role.COUNTED, 10),
    }


def test_a_bound_that_holds_anyway_changes_nothing() -> None:
    evidence = traced(
        claim(5_000, "2022-09-21", source="a", id="figure", qualifier="count"),
        claim(3_000, "2022-09-21", source="b", id="bound", qualifier="at_least"),
    )
    assert "holds 5,000 by what else is known: it changes nothing" in by_report(evidence)["bound"].why


def test_readings_are_folded_by_source_and_day() -> None:
    hours = [
        claim(10, f"2022-09-21T{hour:02}:00/PT1H", "RU:KZ:kairak", "c", id=f"h{hour}", qualifier="count")
        for hour in range(6)
    ]
    evidence = traced(*hours, claim(1_000, "2022-09-21", source="a", id="whole"), flow="RU:KZ")
    (tally,) = evidence.counts
    assert (tally.flow, tally.day, tally.people, tally.readings, tally.source_name) == (
        "RU:KZ:kairak",
        "2022-09-21",
        60,
        6,
        "Counter C",
    )
    assert [each.report for each in evidence.claims] == ["whole"]
    assert evidence.added_up == 1_060


def test_tallies_follow_from_the_ledgers_own_rows() -> None:
    desk = told(
        [
            claim(people, f"2022-09-21T{hour:02}:00/PT{long}H", source="c", id=f"r{hour}{long}", qualifier="count")
            for people, hour, long in [(10, 0, 1), (20, 1, 1), (50, 0, 3), (None, 5, 1)]
        ]
    )
    (tally,) = tallies_of(desk.desk.ledger.row(Row("r", desk.node().flow, ordinal("2022-09-21"))))
    assert (tally.people, tally.readings) == (50, 3)  # "so far today" is not added to what it holds


def test_added_up_believes_each_source_once() -> None:
    told_by = [
        SourceFigure("a", "RU:GE", 0, 7, 70.0),
        SourceFigure("a", "RU:GE", 6, 7, 15.0),  # a day of its own week
        SourceFigure("a", "RU:GE:lars", 0, 7, 60.0),  # a part of its own flow
        SourceFigure("b", "RU:GE:lars", 0, 7, 20.0),
    ]
    assert added_up(told_by) == 90.0


def test_days_may_be_asked_for() -> None:
    claims = [claim(100, f"2022-09-{day:02}", id=f"d{day}", qualifier="count") for day in range(1, 11)]
    evidence = traced(*claims, days=("2022-09-03", "2022-09-05"))
    assert [claim.report for claim in evidence.claims] == ["d3", "d4"]
    assert evidence.figure is not None
    assert (evidence.figure.best, evidence.figure.high) == (200, 200)
    assert traced(*claims, days=("2022-09-09", None)).to == "2022-09-11"
    assert traced(*claims, days=(None, "2022-09-05")).from_ == "2022-08-29"


def test_of_an_unknown_flow_nothing_is_known() -> None:
    evidence = traced(claim(1), flow="KZ")
    assert (evidence.claims, evidence.says, evidence.from_) == ([], ["Everyone leaving Kazakhstan: no reports."], None)


def test_what_is_kept_and_shown_is_bounded_and_says_so() -> None:
    many = [
        claim(10, f"2022-09-{1 + hour // 24:02}T{hour % 24:02}:00/P1D", id=f"s{hour}")
        for hour in range(MOST_IN_BLOCK // 4)
    ][:200]
    stored = msgspec.msgpack.encode(
        [msgspec.structs.replace(claim, source=f"x{i}") for i in range(7) for claim in many]
    )
    rest = msgspec.msgpack.decode(bounded(stored), type=list[Claim])
    assert len(rest) == MOST_IN_BLOCK
    state = told(claim(1)).state()
    block = ordinal("2022-09-01") // 32
    kept = Kept.of(state, {block: bounded(stored)}, {}, [])
    evidence = trace("RU:KZ", {"RU:KZ": kept}, {}, ordinal("2022-09-01"), ordinal("2022-09-30"))
    assert (len(evidence.claims), evidence.truncated) == (MOST_CLAIMS, True)
    assert bounded(msgspec.msgpack.encode(many)) == msgspec.msgpack.encode(many)


def test_days_that_are_no_longer_kept_make_a_trace_truncated() -> None:
    state, newest = told(claim(1)).state(), ordinal("2022-09-21")
    days = list(range(newest - DAYS + 1, newest + 1))
    kept = Kept.of(state, {}, {}, days)
    assert not trace("RU:KZ", {"RU:KZ": kept}, {}, days[0], newest).truncated
    assert trace("RU:KZ", {"RU:KZ": kept}, {}, days[0] - 1, newest).truncated
    none = msgspec.msgpack.encode([])
    blocks = {newest // 32 - back: none for back in range(BLOCKS)}
    assert trace("RU:KZ", {"RU:KZ": Kept.of(state, blocks, {}, [])}, {}, newest - 480, newest).truncated


@pytest.mark.parametrize(
    ("first", "end", "text"),
    [
        ("2022-09-21", "2022-09-22", "21 Sep 2022"),
        ("2022-09-21", "2022-09-28", "21-27 Sep 2022"),
        ("2022-09-28", "2022-10-03", "28 Sep - 2 Oct 2022"),
        ("2022-12-28", "2023-01-03", "28 Dec 2022 - 2 Jan 2023"),
    ],
)
def test_spans_are_written_as_people_do(first: str, end: str, text: str) -> None:
    assert span(ordinal(first), ordinal(end)) == text


def test_a_claim_under_another_name_of_a_place_is_evidence_of_the_place_and_names_it() -> None:
    new, old = Flow("RU:KZ:new-bridge"), Flow("RU:KZ:old-bridge")
    registry = Registry(REGISTRY.sources, REGISTRY.blocs, {new: old})
    hour = {"period": "2022-09-22T00:00Z/PT1H", "source": "c", "qualifier": "count"}
    desk = told(claim(70, flow=old, id="o"), claim(50, flow=new, id="n"), claim(5, flow=new, **hour), registry=registry)
    evidence = looked_at(desk, "RU:KZ", ("2022-09-21", "2022-09-23"))
    assert [(traced.report, traced.flow) for traced in evidence.claims] == [("n", old), ("o", old)]
    claims_by_report = by_report(evidence)
    assert claims_by_report["n"].why == f"{claims_by_report['o'].why}; reported as RU:KZ:new-bridge"
    assert [(tally.flow, tally.people) for tally in evidence.counts] == [(old, 5)]
    assert evidence.figure is not None
    assert evidence.figure.best == 125


def test_what_is_kept_under_two_names_is_joined() -> None:
    state, day = told(claim(1)).state(), 7
    tally = tallies_of(
        told(claim(5, "2022-09-21T00:00Z/PT1H", source="c")).desk.ledger.row(
            Row("r", Flow("RU:KZ"), ordinal("2022-09-21"))
        )
    )
    first, second = Kept(state, [claim(1)], {day: tally}, 3), Kept(state, [claim(2)], {day: tally, day + 1: tally}, 5)
    assert first.plus(second) == Kept(state, [claim(1), claim(2)], {day: [*tally, *tally], day + 1: tally}, 5)


def test_the_claims_behind_a_destination_are_those_of_its_corridors_and_its_own() -> None:
    week = [
        claim(900, WEEK, "RU:GE:lars", "a", id="lars", qualifier="count"),
        claim(300, WEEK, "KZ:GE", "b", id="kz", qualifier="count"),
    ]
    evidence = traced(*week, flow="*:GE")
    assert evidence.figure is not None
    assert (evidence.figure.low, evidence.figure.best, evidence.figure.high) == (1_200, 1_200, None)
    assert {name: claim.inside for name, claim in by_report(evidence).items()} == {"lars": None, "kz": None}
    assert all("adds to everyone entering Georgia" in claim.why for claim in evidence.claims)
    own = msgspec.structs.replace(claim(1_500, WEEK, "RU:GE", "a", id="ge", qualifier="count"), flow="*:GE")
    evidence = traced(*week, own, flow="*:GE")
    assert evidence.figure is not None
    assert evidence.figure.best == 1_500
    inside = {"lars": "a/ge", "kz": "a/ge", "ge": None}
    assert {name: claim.inside for name, claim in by_report(evidence).items()} == inside
    assert evidence.says[0].startswith("Everyone entering Georgia, 21-27 Sep 2022: 1,500 people")


@pytest.mark.parametrize(
    ("people", "sentences"),
    [
        (
            72_000,
            [
                "Russia to Kazakhstan, 21-27 Sep 2022: 72,000 people (71,500 to 72,500).",
                "Bureau B says 72,000 for 21-27 Sep 2022: sets what these days hold.",
            ],
        ),
        (None, ["Russia to Kazakhstan, 21-27 Sep 2022: no reports that count.", "1 claim was withdrawn."]),
    ],
)
def test_a_version_that_is_stored_for_its_level_alone_is_no_evidence(people: int | None, sentences: list[str]) -> None:
    """The ledger keeps the 70,000 because they state the normal level; what the source says now counts."""
    stated = claim(70_000, WEEK, id="w1", published="2022-09-28T09:00:00Z", normal={"daily": [4_000, 5_000]})
    desk = told([stated, claim(people, WEEK, id="w2", published="2022-09-29T09:00:00Z")])
    block = ordinal("2022-09-21") // BLOCK_DAYS
    stored = desk.desk.ledger.row(Row("c", Flow("RU:KZ"), block))
    assert len(decode_claims(stored)) == 2
    kept = {"RU:KZ": Kept.of(desk.state(), {block: stored}, {}, [])}
    days = ordinal("2022-09-21"), ordinal("2022-09-28")
    live = trace("RU:KZ", kept, desk.desk.names, *days)
    assert live.says == sentences
    assert live == looked_at(desk, "RU:KZ", ("2022-09-21", "2022-09-28"))
