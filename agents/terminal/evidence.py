"""The evidence of a figure in the terminal: the answer, then each claim with its role and its words."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bordertally.streams.evidence.records import Evidence, Tallied, Traced
from bordertally.streams.evidence.roles import Role, span
from bordertally.streams.periods import ordinal_day

_STYLES = {Role.COUNTED: "green", Role.CONFLICT: "bold red", Role.NOTED: "yellow", Role.WITHDRAWN: "dim"}

MOST_COUNTS = 20
"""Rows of counts shown; `--json` has more."""


def show_evidence(console: Console, evidence: Evidence) -> None:
    """Print the answer, the claims and the counts."""
    for place, sentence in enumerate(evidence.says):
        console.print(Text(sentence, style="bold" if place == 0 else ""), soft_wrap=True)
    if evidence.claims:
        console.print()
        for claim in evidence.claims:
            _claim(console, claim)
    if evidence.counts:
        console.print(_counts(evidence.counts))
    if evidence.truncated:
        console.print(Text("There is more evidence than is shown here or kept.", style="yellow"))


def _claim(console: Console, claim: Traced) -> None:
    head = Text()
    head.append(f"{claim.role.value:<10}", style=_STYLES[claim.role])
    head.append(f"{claim.flow}  ", style="bold")
    head.append(f"{_people(claim)}  {_when(claim.period)}")
    head.append(f"  {claim.source_name}, grade {claim.grade} ({claim.source}/{claim.report})", style="dim")
    console.print(head, soft_wrap=True)
    console.print(Text(f"{'':<10}{claim.why}"), soft_wrap=True)
    if claim.unlikely is not None:
        console.print(Text(f"{'':<10}Unlikely: {claim.unlikely}", style="yellow"), soft_wrap=True)
    if claim.text is not None:
        console.print(Text(f"{'':<10}“{claim.text}”", style="italic"), soft_wrap=True)
    if claim.url is not None:
        console.print(Text(f"{'':<10}{claim.url}", style="dim"), soft_wrap=True)


def _people(claim: Traced) -> str:
    if claim.people is None:
        return "withdrawn"
    kind = next((word for word in (claim.unit, claim.population) if word != "people"), None)
    return f"{claim.qualifier.meaning.sign}{claim.people:,}{'' if kind is None else f' {kind}'}"


def _when(period: str) -> str:
    left, right = period.split("/")
    if "T" in period:
        return f"{left.replace('T', ' ')} to {right.replace('T', ' ')}"
    return span(ordinal_day(left), ordinal_day(right))


def _counts(counts: list[Tallied]) -> Table:
    table = Table(title="Counted day by day", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("flow", "day", "people", "readings", "source"):
        table.add_column(name, justify="right" if name in ("people", "readings") else "left", no_wrap=True)
    for tally in counts[:MOST_COUNTS]:
        unit = "" if tally.unit == "people" else f" {tally.unit}"
        row = (
            tally.flow,
            tally.day,
            f"{tally.people:,}{unit}",
            f"{tally.readings:,}",
            f"{tally.source_name}, grade {tally.grade}{', unlikely' if tally.unlikely else ''}",
        )
        table.add_row(*row)
    if len(counts) > MOST_COUNTS:
        table.add_row(f"and {len(counts) - MOST_COUNTS:,} more", "", "", "", "")
    return table
