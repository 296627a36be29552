"""What the board's own store makes of states of flows: a flow that is gone, and its other name."""

from __future__ import annotations

from pathlib import Path

import msgspec

from bordertally.streams.detection.flow_state import gone_state
from bordertally.streams.flows import Flow
from unit.agents.gateway.node import run_steps
from unit.kit import claim, told

OLD, NEW = Flow("RU:KZ:old-bridge"), Flow("RU:KZ:new-bridge")
STEPS = """
import { Store } from "./shared/store.js";
const store = new Store();
const seen = [];
for (const state of given) {
  const fresh = store.applyState(state);
  const aliases = store.flows.get("RU:KZ:old-bridge")?.aliases.slice() ?? null;
  seen.push([fresh, store.flows.has(state.flow), store.placeOf("RU:KZ:new-bridge"), aliases]);
}
console.log(JSON.stringify(seen));
"""


def test_a_flow_that_is_gone_is_another_name_of_its_place(tmp_path: Path) -> None:
    desk = told(claim(70, flow=OLD), claim(50, flow=NEW))
    states = [desk.state(OLD), desk.state(NEW), gone_state(NEW, OLD, 1), desk.state(OLD), desk.state(NEW)]
    given = msgspec.json.encode(states).decode()
    assert run_steps(tmp_path, STEPS, given) == [
        [True, True, NEW, []],
        [True, True, NEW, []],
        [False, False, OLD, [NEW]],
        [False, True, OLD, [NEW]],
        [True, True, NEW, []],  # the alias was taken back
    ]


def row(flow: str, best: int, **more: object) -> dict[str, object]:
    """A row as /v1/flows has it, with a total of seven days."""
    total = {"flow": flow, "window_days": 7, "as_of": "2022-09-28", "best": best, "reports": [], "projected": 0}
    above = flow.rpartition(":")[0] or None
    return {
        "flow": flow,
        "parent": above,
        "published": "",
        "as_of": "2022-09-28",
        "totals": {"7d": total},
        "aliases": [],
    } | more


def alert(flow: str, severity: str, **more: object) -> dict[str, object]:
    fields = {"id": flow, "seq": 1, "flow": flow, "severity": severity, "state": "firing", "ratio": 2, "published": ""}
    return fields | {"rule": "daily-rate", "population": "people", "reports": ["a/1"]} | more


GROUPS = """
import { Store } from "./shared/store.js";
const store = new Store();
store.replace({ flows: given.flows, alerts: given.alerts, sources: [] });
const names = (flow) => store.children(flow).map((row) => row.flow);
console.log(JSON.stringify([names(null), names("RU"), store.children(null).map((row) => store.groupOf(row.flow))]));
"""


def test_flows_with_alerts_come_first_and_returns_are_told_from_departures(tmp_path: Path) -> None:
    people = {
        "RU": 200,
        "RU:KZ": 98,
        "RU:GE": 53,
        "RU:EU": 40,
        "RU:EU:LV": 5,
        "KZ": 57,
        "KZ:RU": 57,
        "LV": 2,
        "LV:RU": 2,
    }
    flows = [row(flow, best) for flow, best in (people | {"UA": 9, "UA:PL": 9, "*:RO": 300}).items()]
    alerts = [alert("RU:EU", "notice"), alert("RU:GE", "warning"), alert("UA:PL", "critical")]
    given = msgspec.json.encode({"flows": flows, "alerts": alerts}).decode()
    roots, below, groups = run_steps(tmp_path, GROUPS, given)
    assert roots == ["UA", "RU", "*:RO", "KZ", "LV"]  # critical, warning, then by people
    assert below == ["RU:GE", "RU:EU", "RU:KZ"]  # warning, notice, none
    assert groups == ["departures", "departures", "arrivals", "returns", "returns"]


PARTS = """
import { Store } from "./shared/store.js";
import { partName } from "./shared/words.js";
const store = new Store();
store.replace({ flows: given, alerts: [], sources: [] });
const named = (flow) => store.parts(flow).map((row) => [row.flow, partName(row.flow, flow)]);
console.log(JSON.stringify([named("*:RO"), named("*:EU"), named("UA")]));
"""


def test_a_destination_has_the_flows_from_each_origin_as_parts_named_by_origin(tmp_path: Path) -> None:
    people = {"*:RO": 12, "UA": 4, "UA:RO": 4, "UA:RO:siret": 3, "MD:RO": 8, "*:EU": 5, "*:EU:RO": 5, "UA:EU": 5}
    given = msgspec.json.encode([row(flow, best) for flow, best in people.items()]).decode()
    destination, bloc, origin = run_steps(tmp_path, PARTS, given)
    assert destination == [["MD:RO", "Moldova"], ["UA:RO", "Ukraine"]]
    assert bloc == [["UA:EU", "Ukraine"]]
    assert origin == [["UA:EU", "European Union"], ["UA:RO", "Romania"]]


def test_who_sends_back_more_people_than_came_is_no_return(tmp_path: Path) -> None:
    flows = [row(flow, best) for flow, best in {"RU": 5, "RU:KZ": 5, "KZ": 6, "KZ:RU": 6}.items()]
    given = msgspec.json.encode({"flows": flows, "alerts": []}).decode()
    assert run_steps(tmp_path, GROUPS, given)[2] == ["departures", "returns"]  # Kazakhstan, Russia


MAPPED = """
import { arrows, leftOut } from "./overview/map.js";
import { Store } from "./shared/store.js";
const store = new Store();
store.replace({ flows: given.flows, alerts: given.alerts, sources: [] });
const capitals = new Map([["RU", [56, 38]], ["FI", [60, 25]], ["LV", [57, 24]], ["EU", [51, 4]], ["GE", [42, 45]]]);
const drawn = arrows(store, capitals).map(({ row, to, people, severity }) => [row.flow, to, people, severity ?? null]);
console.log(JSON.stringify([drawn, leftOut(3, 4, 2), leftOut(2, 2, 2)]));
"""


def test_the_map_draws_flows_between_countries_and_says_what_it_leaves_out(tmp_path: Path) -> None:
    people = {
        "RU": 90,
        "RU:GE": 30,
        "RU:GE:lars": 9,
        "RU:EU": 40,
        "RU:EU:FI": 30,
        "RU:EU:LV": 10,
        "RU:TV": 5,
        "*:GE": 30,
    }
    flows = [row(flow, best) for flow, best in people.items()]
    given = msgspec.json.encode({"flows": flows, "alerts": [alert("RU:EU:FI", "warning")]}).decode()
    drawn, some, none = run_steps(tmp_path, MAPPED, given)
    assert drawn == [
        ["RU:EU", [59.25, 24.75], 40, "warning"],  # three parts Helsinki, one part Riga
        ["RU:GE", [42, 45], 30, None],
    ]
    assert some == (
        "The 2 largest of 3 flows are drawn; figures at countries hold all of them. "
        "Without a place on it: 1 flow between countries."
    )
    assert none == ""
