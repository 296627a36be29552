"""How well real text is read: sets that the rules were tuned on, and one that they were not.

The first half was tuned on throughout. Of the second half only totals and counts by feature were seen until the rules
for the first were done; then its failures were read and mended too. The held-out set was written after that, labelled
and read once; docs/language.md has that reading. The third set was tuned on, and after that the set that had been kept
apart. The untouched set was labelled before that tuning and read once at its end; docs/language.md has that reading.
A few mends followed it, and rules were chosen on it and on the fourth set, so its floors here are those of a set that
is known. The fourth set was labelled and read before any rule was chosen on it. The last set was labelled before the
doubts of decision 212 were chosen, and read once after them; the rules of decision 213 know it. The fresh set was
gathered and labelled when those rules were chosen, and read once. The fifth set was labelled before any reading
and split by a hash of its texts: the rules of decision 214 were chosen on earlier readers' claims and on one half; the
other half was read once after them, and a second time after decision 215, which mended kinds of errors of that reading.
The sixth set was gathered after that, of other crises and borders, labelled and read once. It was tuned on next, and so
was half of the seventh set. The other half, by another author who knew no rule, was labelled before and read once after
that; then three kinds of its errors were mended.
"""

from __future__ import annotations

import sys
from typing import NamedTuple

import pytest

from bordertally.streams.statements.records import Doubt, Voice
from statements.passages import HEAD, Passage, Tally, passages, tally


class Floor(NamedTuple):
    """What a set must reach at least."""

    precision: float
    recall: float
    kept: float
    silent_and_wrong: int
    reviewed: float


GIVEN, TUNED, SECOND, THIRD, HELD_OUT, APART, UNTOUCHED, FOURTH = (
    passages(name) for name in ("given", "tuned", "second", "third", "held_out", "apart", "untouched", "fourth")
)
LAST, FRESH, DEV5, TEST5, SIXTH, DEV7, TEST7 = (
    passages(name) for name in ("last", "fresh", "dev5", "test5", "sixth", "dev7", "test7")
)


@pytest.mark.parametrize(
    ("name", "corpus", "floor"),
    [
        ("first examples", GIVEN, Floor(0.98, 0.70, 0.91, 0, 0.95)),
        ("first half, tuned on", TUNED, Floor(0.98, 0.58, 0.80, 0, 1.45)),
        ("second half, tuned on last", SECOND, Floor(0.98, 0.70, 0.83, 0, 1.15)),
        ("third set, tuned on", THIRD, Floor(0.98, 0.78, 0.94, 1, 1.0)),
        ("held out", HELD_OUT, Floor(0.98, 0.90, 0.96, 0, 1.15)),
        ("kept apart, tuned on later", APART, Floor(0.98, 0.74, 0.90, 0, 1.0)),
        ("untouched, tuned on later", UNTOUCHED, Floor(0.98, 0.71, 0.86, 0, 1.35)),
        ("fourth set, tuned on last", FOURTH, Floor(0.98, 0.78, 0.88, 0, 1.35)),
        ("last set, known", LAST, Floor(0.98, 0.87, 0.94, 0, 1.05)),
        ("fresh set, known", FRESH, Floor(0.98, 0.71, 0.86, 1, 1.85)),
        ("fifth set, half tuned on", DEV5, Floor(0.98, 0.67, 0.81, 0, 1.75)),
        ("fifth set, half read once", TEST5, Floor(0.97, 0.79, 0.89, 0, 0.85)),
        ("sixth set, known", SIXTH, Floor(0.96, 0.64, 0.79, 1, 1.45)),
        ("seventh set, half tuned on", DEV7, Floor(0.95, 0.59, 0.74, 2, 1.95)),
        ("seventh set, half read once", TEST7, Floor(0.98, 0.55, 0.70, 1, 1.95)),
    ],
    ids=[
        "given",
        "first",
        "second",
        "third",
        "held-out",
        "kept-apart",
        "untouched",
        "fourth",
        "last",
        "fresh",
        "dev5",
        "test5",
        "sixth",
        "dev7",
        "test7",
    ],
)
def test_real_text(name: str, corpus: list[Passage], floor: Floor, capsys: pytest.CaptureFixture[str]) -> None:
    result = tally(corpus)
    rows = [result.row(f"real text, {name}"), *(part.row(f"  {part_name}") for part_name, part in _parts(corpus))]
    with capsys.disabled():
        sys.stdout.write("\n".join(["", HEAD, *rows, ""]))
    assert result.precision >= floor.precision, "\n\n".join(result.problems)
    assert result.recall >= floor.recall, "\n\n".join(result.problems)
    assert result.kept >= floor.kept, "\n\n".join(result.problems)
    assert result.counts["silent and wrong"] <= floor.silent_and_wrong, "\n\n".join(result.problems)
    assert result.reviewed <= floor.reviewed


def _parts(corpus: list[Passage]) -> list[tuple[str, Tally]]:
    kinds = sorted({passage.kind for passage in corpus})
    languages = [
        ("English", [passage for passage in corpus if not passage.russian]),
        ("Russian", [passage for passage in corpus if passage.russian]),
    ]
    return [
        *((name, tally(part)) for name, part in languages),
        *((kind, tally([passage for passage in corpus if passage.kind == kind])) for kind in kinds),
    ]


def test_there_are_two_hundred_passages_and_a_third_of_them_claim_nothing() -> None:
    both = [*TUNED, *SECOND]
    others = [
        *GIVEN,
        *THIRD,
        *HELD_OUT,
        *APART,
        *UNTOUCHED,
        *FOURTH,
        *LAST,
        *FRESH,
        *DEV5,
        *TEST5,
        *SIXTH,
        *DEV7,
        *TEST7,
    ]
    texts = {passage.text for passage in [*both, *others]}
    assert len(texts) == len(both) + len(others)
    assert len(both) >= 200
    for half in (
        TUNED,
        SECOND,
        THIRD,
        HELD_OUT,
        APART,
        UNTOUCHED,
        FOURTH,
        LAST,
        FRESH,
        DEV5,
        TEST5,
        SIXTH,
        DEV7,
        TEST7,
    ):
        assert sum(not passage.claims for passage in half) * 3 >= len(half)
        assert sum(passage.russian for passage in half) * 3 >= len(half)


def test_a_wrong_claim_costs_precision_and_a_missed_one_recall() -> None:
    passage = next(
        passage for passage in TUNED if len(passage.labels) == 1 and passage.claims and tally([passage]).counts["right"]
    )
    assert (tally([passage]).precision, tally([passage]).recall) == (1, 1)
    label = passage.labels[0]
    wrong = passage._replace(labels=[label._replace(flows=["FJ:WS"])])
    assert (tally([wrong]).precision, tally([wrong]).recall) == (0, 0)
    waiting = passage._replace(labels=[label._replace(expect="?")])
    assert tally([waiting]).counts["silent and wrong"] == 1


(ARTICLE,) = passages("article")


def test_the_article_is_read_as_a_person_reads_it() -> None:
    """An agency's article with six speakers: what is certain, what waits and what is no claim."""
    result = tally([ARTICLE])
    assert (result.counts["right"], result.counts["wrong"], result.counts["labels"]) == (6, 0, 6), result.problems
    (source,) = ARTICLE.read().doubtful
    assert (source.claim.flow, source.claim.people, source.voice) == ("RU", 261_000, Voice.UNNAMED)
    assert Doubt.NO_PERIOD in source.doubts
    assert {300_000, 25_000_000, 29}.isdisjoint({claim.claim.people for claim in ARTICLE.read().found})


def test_the_article_tells_of_a_usual_level_and_of_a_change() -> None:
    claims = [claim.claim for claim in ARTICLE.read().certain]
    (daily,) = [claim for claim in claims if claim.per == "day"]
    assert daily.flow == "RU:GE"
    assert daily.normal
    assert [claim.change_percent for claim in claims if claim.flow == "RU:EU"] == [30]
