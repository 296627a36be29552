"""How every labelled statement is read, one line an entry, pinned in `readings.txt`.

The floors of precision and recall are of hundreds of entries, so a rule that is turned round costs three entries and
passes them. Here it changes a line. Write the file anew with
`PYTHONPATH=src:tests python -m statements.readings --write`, and review every line that changes.

    agencies.txt:12 | RU:KZ 2022-09-26 1200 about; ? RU:GE - 300 stated

A claim that is not certain has a question mark; `-` is a flow or a period that nothing tells, `none` no claim at all.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

from msgspec import UNSET

from bordertally.streams.statements.records import FoundClaim
from statements.corpus import HERE, Entry

PINNED = HERE / "readings.txt"


def line_of(entry: Entry) -> str:
    """The line of an entry as it is read now."""
    return f"{entry.where} | {'; '.join(map(_claim, entry.read().found)) or 'none'}"


def _claim(read: FoundClaim) -> str:
    claim = read.claim
    flow, period = ("-" if field is UNSET else field for field in (claim.flow, claim.period))
    people = "-".join(f"{figure:g}" if figure < 1e6 else f"{figure:.0f}" for figure in _figures(claim.people))
    return f"{'' if read.certain else '? '}{flow} {period} {people} {claim.qualifier}"


def _figures(people: object) -> list[float]:
    figures = people if isinstance(people, list) else [people]
    return [float(figure) for figure in figures if isinstance(figure, int | float)]


def pinned() -> dict[str, str]:
    """The lines of the file by entry."""
    lines = PINNED.read_text(encoding="utf-8").splitlines()
    return {line.partition(" | ")[0]: line for line in lines}


def write(entries: Iterable[Entry]) -> None:
    """Write the file anew."""
    PINNED.write_text("".join(f"{line_of(entry)}\n" for entry in entries), encoding="utf-8")


if __name__ == "__main__":
    from statements.test_corpus import LABELLED

    if sys.argv[1:] != ["--write"]:
        sys.exit("give --write to write readings.txt anew, then review what changed")
    write(LABELLED)
