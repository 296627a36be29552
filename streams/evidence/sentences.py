"""Explaining a figure in sentences, from the evidence behind it."""

from __future__ import annotations

from collections.abc import Sequence

from bordertally.streams.evidence.records import Evidence, Tallied, Traced
from bordertally.streams.evidence.roles import Role, span
from bordertally.streams.flow_names import flow_name, flow_title
from bordertally.streams.periods import ordinal_day
from bordertally.streams.reports.claims import citation
from bordertally.streams.totals.wording import interval

MOST_SENTENCES = 6
"""Most claims of a role that get a sentence; the list of claims has all of them."""


def says(evidence: Evidence, floors: Sequence[str] = ()) -> list[str]:
    """Explain a figure in sentences: its claims, conflicts, projection, double counting avoided, other claims.

    `floors`: a sentence for each floor that gives way.
    """
    flow, figure, claims, tallied = evidence.flow, evidence.figure, evidence.claims, evidence.counts
    if evidence.from_ is None or evidence.to is None:
        return [f"{flow_title(flow)}: no reports{' that count' if claims else ''}.", *_listed(claims)]
    when = span(ordinal_day(evidence.from_), ordinal_day(evidence.to))
    counted = [claim for claim in claims if claim.role is Role.COUNTED]
    if figure is None:
        kept = (
            "the daily figures are no longer stored; the claims on these days are"
            if counted or tallied
            else f"no reports{' that count' if claims else ''}"
        )
        return [f"{flow_title(flow)}, {when}: {kept}.", *_listed(claims)]
    bounds = f" ({between})" if (between := interval(figure)) else ""
    sentences = [f"{flow_title(flow)}, {when}: {figure.best:,} people{bounds}."]
    including = {(citation(claim.source, claim.report), claim.flow) for claim in counted}
    outer = [claim for claim in counted if (claim.inside, claim.flow) not in including]
    sentences += [_sentence(claim, flow) for claim in outer[:MOST_SENTENCES]]
    if tallied:
        sources = sorted({tally.source_name for tally in tallied})
        where = sorted({flow_name(tally.flow) for tally in tallied})
        readings = sum(tally.readings for tally in tallied)
        sentences.append(f"{readings:,} readings of {_some(sources)} ({_some(where)}) are counted day by day.")
    sentences += [_sentence(claim, flow) for claim in claims if claim.role is Role.CONFLICT][:MOST_SENTENCES]
    sentences += floors[:MOST_SENTENCES]
    if figure.projected:
        sentences.append(
            f"{figure.projected:,} of them are projected: the last daily rates of flows without a newer report."
        )
    if evidence.added_up > figure.best * 1.005 and evidence.added_up > figure.best:
        more = evidence.added_up - figure.best
        sentences.append(f"Adding up every source would give {evidence.added_up:,}: {more:,} would be counted twice.")
    unlikely = [_unlikely(claim, flow) for claim in claims] + [_unlikely_count(tally, flow) for tally in tallied]
    sentences += [sentence for sentence in unlikely if sentence][:MOST_SENTENCES]
    return [*sentences, *_listed(claims)]


def _listed(claims: Sequence[Traced]) -> list[str]:
    """How many claims are listed only, and how many were withdrawn."""
    noted = sum(claim.role is Role.NOTED for claim in claims)
    withdrawn = sum(claim.role is Role.WITHDRAWN for claim in claims)
    sentences = [f"{noted} {'claim is' if noted == 1 else 'claims are'} listed and not counted."] if noted else []
    if withdrawn:
        sentences.append(f"{withdrawn} {'claim was' if withdrawn == 1 else 'claims were'} withdrawn.")
    return sentences


def _sentence(claim: Traced, flow: str) -> str:
    first, last = (ordinal_day(part[:10]) for part in claim.period.split("/"))
    figure = f"{claim.qualifier.meaning.verb} {claim.people:,}"
    return f"{claim.source_name} {figure}{_at(claim.flow, flow)} for {span(first, max(last, first + 1))}: {claim.why}."


def _unlikely(claim: Traced, flow: str) -> str:
    """The sentence about an unlikely claim; empty for any other claim."""
    if claim.unlikely is None:
        return ""
    return f"{claim.source_name}'s {claim.people:,}{_at(claim.flow, flow)} is unlikely: {claim.unlikely}."


def _unlikely_count(tally: Tallied, flow: str) -> str:
    if tally.unlikely is None:
        return ""
    when = span(ordinal_day(tally.day), ordinal_day(tally.day) + 1)
    return f"A reading of {tally.source_name}{_at(tally.flow, flow)} on {when} is unlikely: {tally.unlikely}."


def _at(flow: str, root: str) -> str:
    return "" if flow == root else f" ({flow_name(flow)})"


def _some(names: Sequence[str], most: int = 3) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
