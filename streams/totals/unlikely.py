"""The unlikely claims of a flow as records, with the reason in words."""

from __future__ import annotations

from collections.abc import Iterable

from bordertally.streams.flow_names import flow_name
from bordertally.streams.ledger.rows import Key
from bordertally.streams.ledger.series import Suspicion
from bordertally.streams.ledger.tree import Node
from bordertally.streams.ledger.unlikely import BACK_DAYS, MOST_PEOPLE, TIMES, unlikely_on
from bordertally.streams.periods import DAY, days_of, iso_day
from bordertally.streams.reconciliation.constraints import Constraint
from bordertally.streams.totals.days import people
from bordertally.streams.totals.records import Unlikely

MOST_UNLIKELY = 100
"""The most unlikely claims of a flow that are listed, the newest."""


def unlikely_claims(node: Node) -> list[Unlikely]:
    """The newest unlikely claims on a flow, by their days."""
    listed = [
        _record(node.flow, key, claim, suspicion)
        for key, series in node.series.items()
        for claim, suspicion in series.suspects.items()
        if not suspicion.confirmed
    ]
    listed.sort(key=lambda claim: (claim.first_day, claim.last_day, claim.source, claim.report, claim.population))
    return listed[-MOST_UNLIKELY:]


def _record(flow: str, key: Key, claim: Constraint, suspicion: Suspicion) -> Unlikely:
    days = days_of(claim.start, claim.end)
    total = suspicion.rate * max(1.0, (claim.end - claim.start) / DAY)
    return Unlikely(
        flow,
        suspicion.report,
        claim.trust.source,
        people(total),
        key.population,
        iso_day(days[0]),
        iso_day(days[-1]),
        reason(suspicion),
    )


def reason(suspicion: Suspicion) -> str:
    """Why a claim is unlikely, in words."""
    rate = f"{people(suspicion.rate):,} a day"
    if suspicion.largest is None:
        return f"{rate} is more than {MOST_PEOPLE:,}, and too few days before are known to compare with"
    largest = f"{people(suspicion.largest):,}"
    return f"{rate} is more than {TIMES:.0f} times the largest day of the {BACK_DAYS} days before, {largest}"


def note_of(node: Node, key: Key, days: Iterable[int]) -> str:
    """What an alert says of the unlikely claims behind some days, here and below; empty without any."""
    about = {pair for day in days for pair in unlikely_on(node, key, day)}
    if not about:
        return ""
    flow, claim = max(about, key=lambda pair: (pair[1].daily_rate, pair[0], pair[1].trust.source))
    others = f" and {len(about) - 1} more" if len(about) > 1 else ""
    rate = f"{people(claim.daily_rate):,} a day ({flow_name(flow)})"
    return f"rests on an unlikely figure: {rate} by {claim.trust.source}{others}"
