from __future__ import annotations

from bordertally.streams.imports.editions import Edition
from bordertally.streams.imports.tables import Importer
from bordertally.streams.moments import utc_text
from unit.streams.imports.kit import PUBLISHED, imported, plain

HEAD = ("Day", "Gate", "In")
ROWS = [(f"2023-05-{day:02}", gate, str(100 * day)) for day in range(1, 11) for gate in ("North", "South")]


def edition(rows: list[tuple[str, str, str]], top: str = "") -> Importer:
    return imported(plain(top), HEAD, *rows)


def sent(change: Edition) -> list[tuple[str, str, object]]:
    return [(claim.key.flow, claim.span.text(), claim.people) for claim in change.claims()]


def test_five_changed_cells_and_a_row_that_is_gone_are_five_corrections_and_a_withdrawal() -> None:
    rows = [(day, gate, "7" if index in (0, 3, 5, 8, 11) else people) for index, (day, gate, people) in enumerate(ROWS)]
    gone = rows.pop(-1)
    change = Edition(edition(ROWS), edition([*rows, ("2023-05-11", "North", "9")]))
    assert (change.corrected, change.withdrawn, change.added, change.unchanged) == (5, 1, 1, 14)
    assert (change.withheld, len(sent(change))) == (0, 7)
    assert [people for _, _, people in sent(change)].count(7) == 5
    assert sent(change)[-1] == ("BR:UY:south", gone[0], None)


def test_an_edition_without_changes_sends_nothing() -> None:
    change = Edition(edition(ROWS), edition(list(reversed(ROWS))))
    assert (sent(change), change.unchanged) == ([], len(ROWS))


def test_a_claim_whose_cell_cannot_be_read_is_not_withdrawn() -> None:
    rows = [*ROWS[:-1], (*ROWS[-1][:2], "n. d.")]
    change = Edition(edition(ROWS), edition(rows))
    assert (sent(change), change.withheld, change.withdrawn) == ([], 1, 0)


def test_nothing_is_withdrawn_while_a_row_is_of_an_unknown_place() -> None:
    rows = [*ROWS[:-1], ("2023-05-10", "Total", "1000")]
    change = Edition(edition(ROWS), edition(rows))
    assert (sent(change), change.withheld) == ([], 1)


def test_a_changed_cell_whose_row_names_the_old_publication_is_published_with_the_edition() -> None:
    head, top = (*HEAD, "Out"), 'published = "column:Out"'
    old = imported(
        plain(top), head, ("2023-05-01", "North", "900", "2023-05-02"), ("2023-05-02", "North", "5", "2023-05-03")
    )
    new = imported(
        plain(top), head, ("2023-05-01", "North", "7", "2023-05-02"), ("2023-05-02", "North", "6", "2023-05-09")
    )
    times = [(claim.people, utc_text(claim.published)) for claim in Edition(old, new).claims()]
    assert times == [(7, utc_text(PUBLISHED)), (6, "2023-05-09T00:00:00Z")]


def test_another_qualifier_is_a_correction() -> None:
    old = imported(plain(claims='qualifier = "about"'), HEAD, *ROWS)
    assert Edition(old, edition(ROWS)).corrected == len(ROWS)
