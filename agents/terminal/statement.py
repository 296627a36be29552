"""A statement in the terminal: the text with its claims underlined, a table of claims, and what was left out."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bordertally.streams.reports.records import ClaimFields
from bordertally.streams.statements.records import FoundClaim, Span, Statement, Voice

CERTAIN, DOUBTFUL, LEFT_OUT = "━", "┅", "·"
_STYLES = {CERTAIN: "green", DOUBTFUL: "yellow", LEFT_OUT: "dim"}
WIDTH = 110
CODE = 2
"""Letters of the code of a country; names of bodies are longer."""


def lines(text: str, width: int) -> Iterator[Span]:
    """Break the text into lines of at most `width` characters, at spaces if possible; yields their spans."""
    start = 0
    for paragraph in text.splitlines(keepends=True):
        end = start + len(paragraph.rstrip())
        after = start + len(paragraph)
        while end - start > width:
            cut = text.rfind(" ", start, start + width + 1)
            cut = cut if cut > start else start + width
            yield Span(start, cut)
            start = cut + (text[cut] == " ")
        yield Span(start, end)
        start = after


def underline(statement: Statement) -> list[str]:
    """A sign below every character: certain, doubtful or left out; a claim begins with its number."""
    signs = [" "] * len(statement.text)
    for left_out in statement.left_out:
        signs[left_out.span.start : left_out.span.end] = LEFT_OUT * (left_out.span.end - left_out.span.start)
    for number, claim in enumerate(statement.found, 1):
        sign = CERTAIN if claim.certain else DOUBTFUL
        signs[claim.quote.start : claim.quote.end] = sign * (claim.quote.end - claim.quote.start)
        label = str(number)
        signs[claim.quote.start : claim.quote.start + len(label)] = label
    return signs


def show_statement(console: Console, statement: Statement) -> None:
    """Print the text with its claims underlined, a table of the claims, and the figures left out with the reason."""
    width = min(WIDTH, console.width)
    signs = underline(statement)
    for span in lines(statement.text, width):
        console.print(Text(statement.text[span.start : span.end]), highlight=False, soft_wrap=True)
        row = "".join(signs[span.start : span.end]).rstrip()
        if row:
            console.print(Text.assemble(*_coloured(row)), highlight=False, soft_wrap=True)
    console.print()
    if statement.found:
        console.print(claims_table(statement.found))
    for left_out in statement.left_out:
        words = statement.text[left_out.span.start : left_out.span.end]
        console.print(f"left out: {words} ({left_out.why.value})", markup=False, highlight=False)
    if not statement.found:
        language = "no claim" if statement.language else "no language that the reader knows"
        console.print(f"{language} in this statement", highlight=False)


def _coloured(row: str) -> Iterator[tuple[str, str]]:
    for sign in row:
        yield sign, _STYLES.get(sign, "bold")


def spoken_by(entry: FoundClaim) -> str:
    """Who is taken to say so: a country, a body, an unnamed voice, the press, or the source itself."""
    if entry.voice is Voice.UNNAMED:
        return "unnamed"
    if not entry.speaker:
        return "press" if entry.voice is Voice.MEDIA else "source"
    return entry.speaker.upper() if len(entry.speaker) == CODE else entry.speaker


def claims_table(claims: list[FoundClaim]) -> Table:
    """A table of claims, one row each."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("", "flow", "period", "people", "qualifier", "population", "said by", "more", "confidence", "goes to"):
        table.add_column(name, justify="right" if name in ("people", "confidence") else "left")
    for number, entry in enumerate(claims, 1):
        claim = entry.claim
        doubts = ", ".join(doubt.value for doubt in entry.doubts)
        where = "claims" if entry.certain else f"review: {doubts}" + (f" ({entry.why})" if entry.why else "")
        table.add_row(
            str(number),
            "?" if claim.flow is UNSET else claim.flow,
            "?" if claim.period is UNSET else claim.period,
            people(claim),
            "" if claim.qualifier is UNSET else claim.qualifier.value,
            "" if claim.population is UNSET else claim.population,
            spoken_by(entry),
            more(entry),
            f"{entry.confidence:.2f}",
            Text(where, style="green" if entry.certain else "yellow"),
        )
    return table


def people(claim: ClaimFields) -> str:
    """The people of a claim: `66,000`, or `5,000-6,000` for a range."""
    figure = claim.people
    if isinstance(figure, list):
        return "-".join(f"{bound:,.0f}" for bound in figure)
    return f"{figure:,.0f}" if isinstance(figure, int | float) else ""


def more(entry: FoundClaim) -> str:
    """The other fields of a claim that are set: `a day; normal 5,000-6,000; +30 %`."""
    claim, parts = entry.claim, []
    if claim.per == "day":
        parts.append("a day")
    if claim.unit not in (UNSET, "people"):
        parts.append(str(claim.unit))
    if claim.normal is not UNSET and claim.normal is not None and claim.normal.daily is not None:
        daily = claim.normal.daily
        parts.append("normal " + "-".join(f"{bound:,.0f}" for bound in (daily if isinstance(daily, list) else [daily])))
    if claim.change_percent is not UNSET and claim.change_percent is not None:
        parts.append(f"{claim.change_percent:+g} %")
    if entry.voice.value != "own":
        parts.append(f"{entry.voice.value}: grade {entry.voice.grade} at best")
    return "; ".join(parts)
