"""What the board's own store makes of states of flows: a flow that is gone, and its other name."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import msgspec
import playwright

from bordertally.agents.gateway.app import BOARD
from bordertally.streams.detection.flow_state import gone_state
from bordertally.streams.flows import Flow
from unit.kit import claim, told

NODE = Path(playwright.__file__).parent / "driver" / "node"
OLD, NEW = Flow("RU:KZ:old-bridge"), Flow("RU:KZ:new-bridge")
STEPS = """
import { Store } from "./store.js";
const store = new Store();
const seen = [];
for (const state of JSON.parse(process.argv[2])) {
  const fresh = store.applyState(state);
  const aliases = store.flows.get("RU:KZ:old-bridge")?.aliases.slice() ?? null;
  seen.push([fresh, store.flows.has(state.flow), store.placeOf("RU:KZ:new-bridge"), aliases]);
}
console.log(JSON.stringify(seen));
"""


def test_a_flow_that_is_gone_is_another_name_of_its_place(tmp_path: Path) -> None:
    for file in BOARD.glob("*.js"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "steps.js").write_text(STEPS)
    desk = told(claim(70, flow=OLD), claim(50, flow=NEW))
    states = [desk.state(OLD), desk.state(NEW), gone_state(NEW, OLD, 1), desk.state(OLD), desk.state(NEW)]
    given = msgspec.json.encode(states).decode()
    done = subprocess.run([NODE, "steps.js", given], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [
        [True, True, NEW, []],
        [True, True, NEW, []],
        [False, False, OLD, [NEW]],
        [False, True, OLD, [NEW]],
        [True, True, NEW, []],  # the alias was taken back
    ]
