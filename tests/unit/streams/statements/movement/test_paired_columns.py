"""A heading of two movements above figures in pairs."""

from __future__ import annotations

from bordertally.streams.statements.movement.clues import MovementKind
from bordertally.streams.statements.movement.paired_columns import PairedColumns
from unit.streams.statements.kit import scan


def test_the_first_figure_is_of_the_first_movement_and_the_second_of_the_second() -> None:
    sheet = scan("Monday (arrivals / departures): Vaalimaa 14,310 / 12,998")
    columns = PairedColumns(sheet)
    kinds = [mark.value for figure in sheet.of("number") if (mark := columns.of(figure)) is not None]
    assert kinds == [MovementKind.ENTRY, MovementKind.OUT]


def test_without_a_heading_no_figure_is_in_a_column() -> None:
    sheet = scan("Vaalimaa 14,310 / 12,998")
    assert [PairedColumns(sheet).of(figure) for figure in sheet.of("number")] == [None, None]
