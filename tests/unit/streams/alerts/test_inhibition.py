from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bordertally.streams.alerts.inhibition import Notice, OpenAlerts, inhibited
from bordertally.streams.alerts.records import Alert, AlertState
from bordertally.streams.rules.config import Detection, FlowRules, Rules
from unit.kit import alert_record

BELOW = Rules()
ABOVE = Rules(Detection(inhibit=True))


def alert(flow: str, rate: int = 10_000, expected: int = 5_000, severity: str = "warning", **fields: object) -> Alert:
    record = alert_record(flow, severity=severity, alert=flow)
    return msgspec.structs.replace(record, rate=rate, expected=expected, **fields)


def why(alerts: list[Alert], rules: Rules = BELOW, silenced: str = "") -> dict[str, str]:
    """Which of these alerts are inhibited, and by which; the alerts on one flow may be silenced."""
    every = OpenAlerts(alerts)

    def is_silenced(other: Notice) -> bool:
        return other.flow == silenced

    found = {one.id: inhibited(one, every, rules, is_silenced) for one in alerts}
    return {identity: by for identity, by in found.items() if by is not None}


# --- from below: RU has 5,000 people a day more than expected -------------------------------------------------------


@pytest.mark.parametrize(("rate", "carries"), [(9_499, False), (9_500, True), (9_600, True), (12_000, True)])
def test_one_child_with_nine_tenths_of_the_excess_inhibits_its_parent(rate: int, *, carries: bool) -> None:
    assert why([alert("RU"), alert("RU:KZ", rate - 4_000, 1_000)]) == ({"RU": "RU:KZ"} if carries else {})


def test_a_corridor_inhibits_its_destination_and_a_destination_its_corridors_where_rules_say_so() -> None:
    both = [alert("*:KZ"), alert("RU:KZ", 9_000, 4_500)]
    assert why(both) == {"*:KZ": "RU:KZ"}
    assert why(both, ABOVE) == {"RU:KZ": "*:KZ"}
    assert why([alert("*:EU"), alert("*:EU:RO", 9_000, 4_500), alert("*:RO")]) == {"*:EU": "*:EU:RO"}


def test_two_children_together_explain_nothing() -> None:
    assert why([alert("RU"), alert("RU:KZ", 3_500, 1_000), alert("RU:GE", 3_500, 1_000)]) == {}


def test_a_child_without_an_open_alert_explains_nothing() -> None:
    closed = alert("RU:KZ", state=AlertState.RESOLVED)
    assert why([alert("RU"), closed]) == {}


@pytest.mark.parametrize(
    "child",
    [
        alert("RU:KZ", severity="notice"),
        alert("RU:KZ", rule="record"),
        alert("RU:KZ", backfill=True),
        alert("RUS", id="x"),
        alert("KZ:RU", id="y"),
    ],
)
def test_a_child_that_tells_less_inhibits_nothing(child: Alert) -> None:
    assert why([alert("RU"), child]) == {}


def test_a_silenced_child_does_not_count() -> None:
    assert why([alert("RU"), alert("RU:KZ")], silenced="RU:KZ") == {}


def test_one_surge_is_told_once_however_deep_the_flow_lies() -> None:
    chain = [alert("RU"), alert("RU:EU"), alert("RU:EU:FI"), alert("RU:EU:FI:vaalimaa")]
    assert why(chain) == dict.fromkeys(["RU", "RU:EU", "RU:EU:FI"], "RU:EU:FI:vaalimaa")
    # With the checkpoint silenced, Finland is told of.
    assert why(chain, silenced="RU:EU:FI:vaalimaa") == {"RU": "RU:EU:FI", "RU:EU": "RU:EU:FI"}


def test_an_inhibited_child_does_not_count() -> None:
    # The checkpoint carries 95 % of the 4,750 of Kazakhstan, which carries 95 % of the 5,000 of Russia: 90.3 % of all.
    chain = [alert("RU"), alert("RU:KZ", 5_750, 1_000), alert("RU:KZ:aksai", 4_513, 0)]
    assert why(chain) == {"RU:KZ": "RU:KZ:aksai", "RU": "RU:KZ:aksai"}
    # With 90 % of Kazakhstan's it carries 85.5 % of Russia's: both are told of, Kazakhstan is not.
    assert why([*chain[:2], alert("RU:KZ:aksai", 4_275, 0)]) == {"RU:KZ": "RU:KZ:aksai"}


def test_a_drop_is_carried_like_a_rise() -> None:
    drops = [alert("RU", 1_000, 6_000, rule="drop"), alert("RU:KZ", 200, 4_800, rule="drop")]
    assert why(drops) == {"RU": "RU:KZ"}
    assert why([alert("RU", 6_000, 1_000), alert("RU:KZ", 200, 4_800)]) == {}  # a fall carries no rise


def test_rules_about_sources_and_shares_are_not_inhibited_from_below() -> None:
    for rule in ("silence", "conflict", "checkpoint-share"):
        assert why([alert("RU", rule=rule), alert("RU:KZ", rule=rule)]) == {}


def test_an_alert_without_excess_is_carried_by_nobody() -> None:
    assert why([alert("RU", 100, 100), alert("RU:KZ", 100, 100)]) == {}


# --- from above ------------------------------------------------------------------------------------------------------


def test_an_alert_above_of_the_same_rule_and_no_milder_inhibits() -> None:
    mine, above, top = alert("RU:KZ:aksai"), alert("RU:KZ"), alert("RU", severity="critical")
    assert why([mine, above, top], ABOVE) == {"RU:KZ:aksai": "RU:KZ", "RU:KZ": "RU"}
    milder = msgspec.structs.replace(above, severity="notice")
    assert why([mine, milder, top], ABOVE) == {"RU:KZ:aksai": "RU", "RU:KZ": "RU"}
    for other in (
        msgspec.structs.replace(above, rule="drop"),
        msgspec.structs.replace(above, state=AlertState.RESOLVED),
        alert("RU:KZ:aks", severity="critical"),
        alert("RU:GE", severity="critical"),
    ):
        assert why([mine, other], ABOVE) == {}


def test_where_rules_inhibit_from_above_nothing_inhibits_from_below() -> None:
    both = [alert("RU"), alert("RU:KZ")]
    assert why(both, ABOVE) == {"RU:KZ": "RU"}
    assert why(both, Rules(flows=(FlowRules(flow="RU", inhibit=True),))) == {"RU:KZ": "RU"}
    # Only below Russia: Kazakhstan is inhibited from above, so it does not count and Russia is told of.
    assert why(both, Rules(flows=(FlowRules(flow="RU:*", inhibit=True),))) == {"RU:KZ": "RU"}
    assert why(both, Rules(Detection(inhibit=True), flows=(FlowRules(flow="RU:*", inhibit=False),))) == {}


FLOWS = ["RU", "RU:KZ", "RU:KZ:aksai", "RU:KZ:syrym", "RU:EU", "RU:EU:FI", "RU:EU:FI:vaalimaa"]
WORLDS = st.lists(st.integers(1, 9), min_size=len(FLOWS), max_size=len(FLOWS))


@given(WORLDS, st.sets(st.sampled_from(FLOWS)))
def test_people_are_told_of_whatever_inhibits_from_below(excess: list[int], gone: set[str]) -> None:
    alerts = [alert(flow, 1_000 * more, 0) for flow, more in zip(FLOWS, excess, strict=True) if flow not in gone]
    muted = why(alerts)
    assert not muted.keys() & muted.values()


@given(WORLDS, st.sets(st.sampled_from(FLOWS)), st.sets(st.sampled_from(FLOWS)))
def test_somebody_tells_of_every_alert(excess: list[int], gone: set[str], above: set[str]) -> None:
    alerts = [alert(flow, 1_000 * more, 0) for flow, more in zip(FLOWS, excess, strict=True) if flow not in gone]
    muted = why(alerts, Rules(flows=tuple(FlowRules(flow=flow, inhibit=True) for flow in sorted(above))))
    for identity in muted:
        chain = [identity]
        while chain[-1] in muted:
            assert muted[chain[-1]] not in chain
            chain.append(muted[chain[-1]])


@given(st.permutations([alert(flow, 1_000 * more, 0) for more, flow in enumerate(FLOWS, 5)]))
def test_the_order_of_records_does_not_matter(alerts: list[Alert]) -> None:
    every = OpenAlerts(alerts)
    for other in alerts[:3]:
        every.apply(msgspec.structs.replace(other, state=AlertState.RESOLVED))
        every.apply(other)
    assert {one.id: inhibited(one, every, BELOW) for one in alerts} == {
        one.id: inhibited(one, OpenAlerts(sorted(alerts, key=lambda one: one.id)), BELOW) for one in alerts
    }


def test_a_closed_alert_is_open_no_more() -> None:
    every = OpenAlerts([alert("RU"), alert("RU:KZ")])
    every.apply(alert("RU:KZ", state=AlertState.RESOLVED))
    assert list(every.by_id) == ["RU"]
    assert every.below(alert("RU")) == []
    assert [one.flow for one in every.above(alert("RU:KZ"))] == ["RU"]
