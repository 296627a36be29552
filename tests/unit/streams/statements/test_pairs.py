"""Two directions of one border, a sum of both, and families beside their people."""

from __future__ import annotations

from bordertally.streams.statements.lexicon.nouns import Noun
from bordertally.streams.statements.pairs import population
from bordertally.streams.statements.records import Doubt, Why
from unit.streams.statements.kit import read, rows_of


def test_a_bare_figure_counts_as_the_one_before_it() -> None:
    assert population(Noun(), []).population == "people"
    assert population(Noun("refugees"), []).population == "refugees"


def test_the_sum_of_both_directions_is_no_claim() -> None:
    statement = read("On Monday 900 people passed: 500 entered from Russia and 400 left for Russia.")
    assert [row[2] for row in rows_of(statement)] == [500, 400]


def test_figures_without_a_word_of_movement_behind_both_directions_are_left_out() -> None:
    text = "On Monday 1,200 people entered from Russia and 900 left for Russia; on Sunday 1,100 and 800."
    assert [(claim.claim.people, claim.certain) for claim in read(text).found] == [(1200, True), (900, True)]


def test_families_beside_their_people_count_once() -> None:
    statement = read("On Monday 1,126 families, about 7,900 people, entered Kazakhstan from Russia.")
    assert [row[2] for row in rows_of(statement)] == [7900]
    assert Why.THINGS in {left.why for left in statement.left_out}


def test_a_second_figure_for_the_same_people_is_of_a_part_that_nothing_names() -> None:
    statement = read("On Monday 1,200 people entered Kazakhstan from Russia and 300 people entered from Russia.")
    assert [Doubt.SEVERAL_GROUPS in claim.doubts for claim in statement.found] == [False, True]


def test_a_usual_level_belongs_to_the_nearest_claim() -> None:
    (claim,) = read("On Monday 1,200 people entered from Russia, up from a usual 500 a day.").found
    assert claim.spans["normal"]
