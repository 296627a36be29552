from __future__ import annotations

from typing import Any

import pytest

from bordertally.streams.flows import Flow
from bordertally.streams.ledger.ledger import Ledger
from bordertally.streams.ledger.rows import PEOPLE, Key
from bordertally.streams.ledger.tree import Node, OwnLasts, evidence
from unit.kit import claim, ordinal, told

MEN = Key("men", "people")
DAY = ordinal("2022-09-21")


def test_a_flow_knows_its_parts_and_the_flows_below_it() -> None:
    one = told(
        claim(100, flow="RU:KZ", population="men"),
        claim(7, flow="RU:KZ", unit="vehicles"),
        claim(60, flow="RU:KZ:aksai", id="r2"),
    )
    node = one.node()
    assert node.parts(PEOPLE) == [node.series[MEN]]
    assert node.parts(MEN) == []
    assert [child.flow for child in node.children.values()] == ["RU:KZ:aksai"]
    assert len(node.below(PEOPLE)) == 1
    assert node.above is not None
    assert node.above.flow == "RU"


def test_the_last_day_of_a_flow_is_that_of_its_claims_and_of_those_below() -> None:
    one = told(claim(100, "2022-09-21"), claim(60, "2022-09-25", "RU:KZ:aksai", id="r2"))
    assert (one.node().own_lasts(PEOPLE), one.node().last(PEOPLE)) == (OwnLasts(DAY, DAY), DAY + 4)
    assert one.node("RU").own_lasts(PEOPLE) == OwnLasts(None, None)
    assert one.node("RU").lasts(PEOPLE) == {DAY, DAY + 4}


def test_the_last_figure_of_a_flow_with_parts_is_the_latest_of_any_part() -> None:
    one = told(claim(100, "2022-09-21"), claim(60, "2022-09-24", id="r2", population="men"))
    assert one.node().own_lasts(PEOPLE) == OwnLasts(DAY + 3, DAY + 3)


def test_lower_bounds_are_claims_and_no_figures() -> None:
    bound = claim(60, "2022-09-23", id="r2", qualifier="at_least")
    one = told(claim(100, "2022-09-21"), bound, claim(7, "2022-09-22T10:00/PT1H", id="r3", qualifier="count"))
    assert one.node().own_lasts(PEOPLE) == OwnLasts(DAY + 2, DAY + 1)
    assert one.node().lasts(PEOPLE) == {DAY + 1, DAY + 2}
    assert [one.node().own_covers(PEOPLE, DAY + at) for at in range(4)] == [True, True, True, False]
    assert [one.node().own_figure_covers(PEOPLE, DAY + at) for at in range(4)] == [True, True, False, False]


def test_only_claims_of_the_flow_itself_cover_a_day_of_it() -> None:
    one = told(claim(100, "2022-09-21"), claim(60, "2022-09-25", "RU:KZ:aksai", id="r2"))
    assert [one.node().own_covers(PEOPLE, day) for day in (DAY, DAY + 4)] == [True, False]


def test_a_withdrawal_is_known_on_the_flow_and_on_those_above() -> None:
    one = told(claim(None, "2022-09-21", "RU:KZ:aksai"))
    assert one.node("RU").withdrew(PEOPLE, DAY)
    assert not one.node("RU").withdrew(PEOPLE, DAY + 1)


@pytest.mark.parametrize(
    ("flow", "days", "reports"),
    [
        ("RU", (DAY,), ["b/below", "b/own", "b/part"]),
        ("RU:KZ", (DAY,), ["b/below", "b/own", "b/part"]),
        ("RU:KZ:aksai", (DAY,), ["b/below"]),
        ("RU:KZ", (DAY + 1,), []),
        ("RU:KZ", (DAY, DAY + 1), ["b/below", "b/own", "b/part"]),
    ],
)
def test_the_evidence_of_a_day_is_that_of_the_flow_its_parts_and_the_flows_below(
    flow: str, days: tuple[int, ...], reports: list[str]
) -> None:
    one = told(
        claim(100, id="own"),
        claim(50, population="men", id="part"),
        claim(60, flow="RU:KZ:aksai", id="below"),
        claim(9, flow="RU:GE", period="2022-09-28", id="elsewhere"),
    )
    assert evidence(one.node(flow), PEOPLE, days) == (reports, len(reports))


def test_news_of_a_flow_is_news_of_those_above() -> None:
    one = told(claim(60, flow="RU:KZ:aksai", published="2022-10-02T00:00:00Z"))
    one.take(claim(50, flow="RU:GE", published="2022-10-01T00:00:00Z"))
    published = {flow: one.node(flow).published for flow in ("RU", "RU:KZ", "RU:GE")}
    assert published["RU"] == published["RU:KZ"] > published["RU:GE"]


def test_two_sources_that_use_one_id_are_two_reports() -> None:
    one = told(claim(100, id="daily"), claim(60, flow="RU:KZ:aksai", source="c", id="daily"))
    assert evidence(one.node(), PEOPLE, (DAY,)) == (["b/daily", "c/daily"], 2)
    assert (one.window(7).reports, one.window(7).report_count) == (["b/daily", "c/daily"], 2)


def test_children_are_put_in_order_once_for_all_claims_that_bring_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sorting anew for each of 5,000 checkpoints took seconds."""
    ordered: list[str] = []

    def order(node: Node, order: Any = Node.order) -> None:
        ordered.append(node.flow)
        order(node)

    monkeypatch.setattr(Node, "order", order)
    gates = [f"RU:KZ:{slug}" for slug in ("syrym", "aksai", "mashtakovo")]
    ledger = Ledger()
    ledger.add([claim(10 + at, flow=flow, id=f"r{at}") for at, flow in enumerate(gates)])
    assert list(ledger.nodes[Flow("RU:KZ")].children) == sorted(gates)
    assert ordered.count("RU:KZ") == 1


def test_the_evidence_of_a_day_is_gathered_from_the_flows_that_have_claims_about_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = told(claim(10, "2022-09-21", "RU:KZ:aksai"), claim(20, "2022-09-28", "RU:KZ:syrym", id="r2"))
    gathered: list[str] = []

    def gather(node: Node, *arguments: Any, gather: Any = Node.gather, **options: Any) -> None:
        gathered.append(node.flow)
        gather(node, *arguments, **options)

    monkeypatch.setattr(Node, "gather", gather)
    for series in one.node("RU:KZ:aksai").series.values():
        series.cites.clear()
    one.node().series[PEOPLE].cites.clear()
    assert one.node().cites(PEOPLE, DAY).counts == one.node("RU:KZ:aksai").cites(PEOPLE, DAY).counts
    assert gathered == ["RU:KZ:aksai"]
