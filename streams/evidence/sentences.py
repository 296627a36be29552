"""The answer to "why so many, and not more?" in sentences, out of what stands behind a figure."""

from __future__ import annotations

from collections.abc import Sequence

from bordertally.streams.evidence.records import Evidence, Traced
from bordertally.streams.evidence.roles import Role, span
from bordertally.streams.periods import ordinal_day

TOLD = 6
"""So many claims are told of in sentences; the rest stand in the list."""


def says(evidence: Evidence) -> list[str]:
    """The answer to "why so many, and not more?" in sentences, the most telling first."""
    flow, figure, claims, tallied = evidence.flow, evidence.figure, evidence.claims, evidence.counts
    if evidence.from_ is None or evidence.to is None:
        return [f"Nothing is known of {flow}."]
    when = span(ordinal_day(evidence.from_), ordinal_day(evidence.to))
    if figure is None:
        kept = (
            "its days are not at hand any more; what was claimed of them is"
            if claims or tallied
            else "nothing is known"
        )
        return [f"{flow}, {when}: {kept}."]
    high = "open" if figure.high is None else f"{figure.high:,}"
    bounds = "" if figure.low == figure.best == figure.high else f" ({figure.low:,} to {high})"
    told = [f"{flow}, {when}: {figure.best:,} people{bounds}."]
    counted = [one for one in claims if one.role is Role.COUNTED]
    speaking = {(one.report, one.flow) for one in counted}
    told += [_sentence(one, flow) for one in counted if (one.inside, one.flow) not in speaking][:TOLD]
    if tallied:
        sources = sorted({one.source_name for one in tallied})
        where = sorted({one.flow for one in tallied})
        readings = sum(one.readings for one in tallied)
        told.append(f"{readings:,} readings of {_some(sources)} on {_some(where)} are counted day by day.")
    told += [_sentence(one, flow) for one in claims if one.role is Role.CONFLICT][:TOLD]
    if figure.projected:
        told.append(f"{figure.projected:,} of them are projected: the last rates of those who have not spoken yet.")
    if evidence.added_up > figure.best * 1.005 and evidence.added_up > figure.best:
        more = evidence.added_up - figure.best
        told.append(
            f"Adding up every source would give {evidence.added_up:,}: {more:,} more than they come to together."
        )
    noted = sum(one.role is Role.NOTED for one in claims)
    withdrawn = sum(one.role is Role.WITHDRAWN for one in claims)
    if noted:
        told.append(f"{noted} {'claim is' if noted == 1 else 'claims are'} shown and not counted.")
    if withdrawn:
        told.append(f"{withdrawn} {'claim was' if withdrawn == 1 else 'claims were'} withdrawn.")
    return told


def _sentence(one: Traced, flow: str) -> str:
    first, last = (ordinal_day(part[:10]) for part in one.period.split("/"))
    put = f"{one.qualifier.meaning.verb} {one.people:,}"
    where = "" if one.flow == flow else f" at {one.flow}"
    return f"{one.source_name} {put}{where} for {span(first, max(last, first + 1))}: {one.why}."


def _some(names: Sequence[str], most: int = 3) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
