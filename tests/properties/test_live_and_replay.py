"""What runs live and a replay come down to the same alerts: figures and cited reports included."""

from __future__ import annotations

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any, cast

import msgspec
from hypothesis import event, given
from hypothesis import strategies as st

from bordertally.agents.demo.make_sample import sample
from bordertally.agents.hops.alerts import causes_of
from bordertally.agents.hops.ledger import LedgerHop
from bordertally.agents.runtime.context import load_registry
from bordertally.streams.alerts.lifecycle import Known, advance
from bordertally.streams.alerts.records import Alert, AlertState
from bordertally.streams.ledger.ledger import Ledger
from bordertally.streams.replay.ledgers import ReplayLedgers
from bordertally.streams.reports.claims import Claim
from bordertally.streams.reports.sources import Registry
from bordertally.streams.rules.config import Rules
from bordertally.streams.topics import Topics
from bordertally.streams.totals.records import FlowState
from one_by_one import read_all
from properties.worlds import REGISTRY, RULES, batched, busy_borders, busy_weeks, desk_of, stored, worlds
from unit.kit import LastSaid, alerts_of, claim, come_down, last_said

World = list[list[Claim]]


class Live:
    """The ledger hop and the alerts hop as they work batches through, without a broker; a restart keeps the rows."""

    def __init__(self, registry: Registry = REGISTRY, rules: Rules = RULES) -> None:
        self.names = {key: source.name for key, source in registry.sources.items()}
        metrics = SimpleNamespace(show_flow=lambda _: None)
        context = SimpleNamespace(metrics=metrics, rules=rules, topics=Topics())
        self.hop = cast("LedgerHop", SimpleNamespace(context=context, held={}, _epoch_of=lambda _: []))
        self.ledger = Ledger()
        self.unacknowledged: World = []
        self.rows: dict[bytes, bytes] = {}
        self.known: dict[str, list[Known]] = {}
        self.log: list[Alert] = []

    def take(self, batch: Iterable[Claim], *, due: bool = True) -> None:
        """Work a batch through both hops; states of flows with flows below are held back unless they are `due`."""
        claims = list(batch)
        self.unacknowledged = [] if due else [*self.unacknowledged, claims]
        applied = self.ledger.apply(claims)
        self.rows |= {row.key: self.ledger.row(row) for row in applied.rows}
        self.hop.ledgers = {0: self.ledger}
        news = LedgerHop._due(self.hop, 0, LedgerHop.news(self.hop, self.ledger, applied), due=due)
        for record in LedgerHop.states(self.hop, self.ledger, news, 0, []):
            state = msgspec.json.decode(record.value, type=FlowState)
            causes = causes_of(cast("Any", record))
            self.known[state.flow], said = advance(self.known.get(state.flow, []), state, self.names, causes)
            self.log += said

    def restart(self) -> None:
        """Lose everything that is only in memory; batches that are not acknowledged come again."""
        self.ledger = stored(self.rows)
        self.hop.held.clear()
        again, self.unacknowledged = self.unacknowledged, []
        for batch in again:
            self.take(batch)

    def alerts(self) -> list[Known]:
        """Every alert with its newest record."""
        return [alert for known in self.known.values() for alert in known]


def newest(known: Iterable[Known]) -> list[tuple[LastSaid, AlertState, str | None]]:
    """What the newest record of every alert says, withdrawn ones too."""
    records = sorted((alert.record for alert in known), key=lambda one: (one.flow, one.rule, one.since, one.id))
    return [(last_said(record), record.state, record.merged_into) for record in records]


@given(worlds() | busy_weeks() | busy_borders(), st.data())
def test_the_same_batches_end_in_the_same_records_also_after_restarts(world: World, data: st.DataObject) -> None:
    batches: World = data.draw(batched(world))
    live = Live()
    for batch in batches:
        live.take(batch)
        if data.draw(st.booleans()):
            live.restart()
    replayed = desk_of(batches)
    assert newest(live.alerts()) == newest(one for known in replayed.known.values() for one in known)
    assert live.log == replayed.log
    event(f"withdrawn: {any(one.record.state is AlertState.WITHDRAWN for one in live.alerts())}")


@given(worlds() | busy_weeks() | busy_borders(), st.data())
def test_states_that_are_held_back_end_in_the_same_alerts_also_after_restarts(
    world: World, data: st.DataObject
) -> None:
    live = Live()
    for batch in data.draw(batched(world)):
        live.take(batch, due=data.draw(st.booleans()))
        if data.draw(st.booleans()):
            live.restart()
    live.take([])
    assert come_down(live.alerts()) == alerts_of(desk_of(world))


@given(worlds() | busy_weeks() | busy_borders(), st.data())
def test_other_batches_end_in_the_same_alerts(world: World, data: st.DataObject) -> None:
    live = Live()
    for batch in data.draw(batched(world)):
        live.take(batch)
    assert come_down(live.alerts()) == alerts_of(desk_of(world))


def test_the_sample_ends_in_the_same_records_in_one_batch_by_day_and_report_by_report() -> None:
    registry = load_registry(None)
    reports = read_all(sample().splitlines(), registry, 2e9).reports
    assert len(reports) > 10
    whole, single = Live(registry, Rules()), Live(registry, Rules())
    whole.take(claim for report in reports for claim in report)
    for report in reports:
        single.take(report)
    assert come_down(whole.alerts()) == come_down(single.alerts())
    (europe,) = (one for one in come_down(single.alerts()) if one.flow == "RU:EU")
    assert (europe.report_count, len(europe.reports)) == (4, 4)


def test_a_withdrawal_cites_the_level_that_took_it_away_live_and_in_replay() -> None:
    flow = {"flow": "RU:KZ"}
    reports = [
        claim(10_000, "2022-09-20", source="b", id="rise", published="2022-09-21T06:00:00Z", normal={"daily": 5000}),
        claim(4_000, "2022-09-23", source="b", id="quiet-23", published="2022-09-24T06:00:00Z", **flow),
        claim(4_000, "2022-09-24", source="b", id="quiet-24", published="2022-09-25T06:00:00Z", **flow),
        claim(10_000, "2022-09-20", source="a", id="level", published="2022-09-26T06:00:00Z", normal={"daily": 9500}),
    ]
    live, desk = Live(), ReplayLedgers(REGISTRY, Rules())
    for report in reports:
        live.take([report])
        list(desk.apply([report]))
    for log in (live.log, desk.log):
        last = [alert for alert in log if alert.flow == "RU:KZ"][-1]
        assert (last.state, last.reports) == (AlertState.WITHDRAWN, ["a/level"])
