"""Aliases: any order of reports and of reloads comes to what a replay with the last aliases comes to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
from hypothesis import event, given
from hypothesis import strategies as st

from bordertally.agents.hops.alerts import causes_of
from bordertally.agents.hops.ledger import LedgerHop
from bordertally.agents.kafka.producer import Record
from bordertally.streams.alerts.lifecycle import advance
from bordertally.streams.flows import Flow
from bordertally.streams.ledger.aliases import moved
from bordertally.streams.ledger.ledger import Ledger
from bordertally.streams.ledger.rows import Row
from bordertally.streams.replay.ledgers import ReplayLedgers
from bordertally.streams.reports.claims import Claim
from bordertally.streams.reports.sources import Registry
from bordertally.streams.rules.config import Rules
from bordertally.streams.totals.records import FlowState
from properties.test_live_and_replay import Live, World
from properties.worlds import EVERY_RULE, REGISTRY, RULES, batched, busy_borders, figures, worlds
from unit.kit import alerts_of, come_down

AKSAI, LARS = Flow("RU:KZ:aksai"), Flow("RU:GE:lars")
ELSEWHERE, BESIDE, THIRD = Flow("RU:GE:aksai"), Flow("RU:KZ:aksai-new"), Flow("RU:KZ:aksai-2")
ALIASES = st.sampled_from(
    (
        {},
        {BESIDE: AKSAI},
        {BESIDE: AKSAI, THIRD: AKSAI},
        {AKSAI: BESIDE},
        {ELSEWHERE: AKSAI, LARS: THIRD},
    )
)


@st.composite
def renamed(draw: st.DrawFn, world: World) -> World:
    """The same reports, with claims on two checkpoints under other names now and then, or under two names at once."""
    found = []
    for claims in world:
        batch = list(claims)
        for place, claim in enumerate(claims):
            if claim.flow in {AKSAI, LARS}:
                name = draw(st.sampled_from((claim.flow, BESIDE, THIRD, ELSEWHERE)))
                batch[place] = msgspec.structs.replace(claim, flow=name)
                if draw(st.booleans()):
                    twice = draw(st.sampled_from((BESIDE, THIRD)))
                    best = claim.best if draw(st.booleans()) or claim.best is None else claim.best + 1
                    batch.append(msgspec.structs.replace(claim, flow=twice, best=best))
        found.append(batch)
    return found


def replayed(batches: Iterable[Iterable[Claim]], aliases: Mapping[Flow, Flow], rules: Rules = RULES) -> ReplayLedgers:
    desk = ReplayLedgers(Registry(REGISTRY.sources, REGISTRY.blocs, aliases), rules.renamed(aliases))
    for batch in batches:
        list(desk.apply(batch))
    return desk


class LiveWithAliases(Live):
    """The ledger hop and the alerts hop, whose registry changes between batches, as `LedgerHop._move` does it."""

    def __init__(self, rules: Rules) -> None:
        super().__init__(REGISTRY, rules)
        self.rules = rules
        self.states: dict[str, FlowState] = {}

    def reload(self, aliases: Mapping[Flow, Flow]) -> None:
        before = self.ledger.aliases
        self.hop.context.rules = self.rules.renamed(aliases)
        self.ledger = Ledger.restored(sorted(self.rows.items()), aliases)
        flows = moved({Row.of(key).flow for key in self.rows}, before, aliases)
        news = LedgerHop.news(self.hop, self.ledger, self.ledger.published_anew(flows))
        self.publish(LedgerHop.states(self.hop, self.ledger, news, 0, []))
        self.publish(LedgerHop._gone(self.hop, flows - self.ledger.nodes.keys(), self.ledger, 0))

    def publish(self, records: Iterable[Record]) -> None:
        for record in records:
            state = msgspec.json.decode(record.value or b"", type=FlowState)
            causes = causes_of(record)
            self.known[state.flow], said = advance(self.known.get(state.flow, []), state, self.names, causes)
            self.log += said
            self.states[state.flow] = state


@given(worlds() | busy_borders(), st.data())
def test_a_restored_ledger_with_other_aliases_has_the_figures_of_a_fresh_replay(
    world: World, data: st.DataObject
) -> None:
    batches = data.draw(renamed(world))
    desk, rows = replayed([], data.draw(ALIASES)), dict[bytes, bytes]()
    for batch in batches:
        applied = desk.ledger.apply(batch)
        rows |= {row.key: desk.ledger.row(row) for row in applied.rows}
    aliases = data.draw(ALIASES)
    again, fresh = replayed([], aliases), replayed(data.draw(batched(batches)), aliases)
    again.ledger = Ledger.restored(sorted(rows.items()), aliases)
    again._stale = set(again.ledger.nodes)
    assert figures(again) == figures(fresh)
    event(f"added up: {fresh.ledger.doubled > 0}")


@given(worlds() | busy_borders(), st.sampled_from((RULES, EVERY_RULE)), st.data())
def test_reloads_between_batches_end_in_the_alerts_of_a_replay_with_the_last_aliases(
    world: World, rules: Rules, data: st.DataObject
) -> None:
    batches: World = data.draw(batched(data.draw(renamed(world))))
    live = LiveWithAliases(rules)
    for batch in batches:
        live.take(batch)
        if data.draw(st.booleans()):
            live.reload(data.draw(ALIASES))
    aliases = data.draw(ALIASES)
    live.reload(aliases)
    fresh = replayed(batches, aliases, rules)
    assert come_down(live.alerts()) == alerts_of(fresh)
    assert {flow for flow, state in live.states.items() if state.gone}.isdisjoint(fresh.ledger.nodes)
    event(f"alerts: {bool(alerts_of(fresh))}")
