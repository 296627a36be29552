"""How well statements are read: precision and recall by field, on what was tuned on and on what was kept apart."""

from __future__ import annotations

import sys

import pytest

from statements.corpus import Entry, entries, facts, score
from statements.readings import line_of, pinned

SEEN = entries("seen.txt")
PROBES = entries("probes.txt")
APART = {
    name: entries(f"{name}.txt")
    for name in (
        "held_out",
        "fresh",
        "later",
        "agencies",
        "wires",
        "bulletins",
        "dispatches",
        "cables",
        "notices",
        "releases",
        "briefings",
        "accounts",
        "newsrooms",
        "gazettes",
        "chronicles",
        "communiques",
        "monitors",
        "posts",
        "registers",
        "spokesmen",
        "harbours",
        "desks",
        "landfalls",
        "offices",
    )
}

LABELLED = [*SEEN, *PROBES, *(entry for each in APART.values() for entry in each)]
PINNED = pinned()


@pytest.mark.parametrize(
    "corpus", [SEEN, PROBES, *APART.values()], ids=lambda corpus: corpus[0].where.partition(".")[0]
)
def test_every_labelled_statement_is_read_as_pinned(corpus: list[Entry]) -> None:
    read = {entry.where: line_of(entry) for entry in corpus}
    changed = [f"{line}\n    pinned: {PINNED.get(where)}" for where, line in read.items() if line != PINNED.get(where)]
    assert not changed, "see readings.py\n" + "\n".join(changed)


def test_nothing_is_pinned_that_is_no_entry() -> None:
    assert list(PINNED) == [entry.where for entry in LABELLED]


@pytest.mark.parametrize(
    ("name", "corpus", "precision", "recall"),
    [
        ("tuned on", SEEN, 0.98, 0.83),
        ("probes", PROBES, 0.975, 0.75),
        ("kept apart", [entry for each in APART.values() for entry in each], 0.99, 0.73),
    ],
    ids=["seen", "probes", "apart"],
)
def test_precision_and_recall(
    name: str, corpus: list[Entry], precision: float, recall: float, capsys: pytest.CaptureFixture[str]
) -> None:
    result = score(corpus)
    with capsys.disabled():
        sys.stdout.write(f"\n{result.table(f'statements, {name}')}\n")
    assert result.precision() >= precision, "\n".join(result.errors)
    assert result.recall() >= recall, "\n".join(result.errors)


@pytest.mark.parametrize("name", APART)
def test_precision_and_recall_of_every_set(name: str) -> None:
    result = score(APART[name])
    assert result.precision() >= 0.97, "\n".join(result.errors)
    assert result.recall() >= 0.59, "\n".join(result.errors)


def test_a_wrong_reading_costs_precision_and_recall() -> None:
    entry = next(entry for entry in SEEN if len(entry.certain) == 1)
    wrong = entry._replace(certain=[entry.certain[0]._replace(flow="KZ:RU")])
    assert (score([entry]).precision(), score([entry]).recall()) == (1, 1)
    assert (score([wrong]).precision(), score([wrong]).recall()) == (0, 0)
    assert score([wrong]).precision("people") == 1
    missing = entry._replace(certain=[])
    assert (score([missing]).precision(), len(score([missing]).errors)) == (0, 1)


def test_the_corpus_is_large_and_a_third_of_it_claims_nothing() -> None:
    texts = [entry.text for corpus in (SEEN, *APART.values()) for entry in corpus]
    assert len(texts) == len(set(texts)) >= 150
    assert len(texts) >= 2 * len(SEEN), "half are kept apart"
    for corpus in (SEEN, [entry for each in APART.values() for entry in each]):
        assert 3.1 * sum(not entry.certain and not entry.doubtful for entry in corpus) >= len(corpus)


@pytest.mark.parametrize("entry", [entry for entry in SEEN if entry.doubtful], ids=lambda entry: entry.where)
def test_what_is_uncertain_is_never_certain(entry: Entry) -> None:
    certain = {facts(claim, entry.speaker.zone).people for claim in entry.read().certain}
    assert certain == {claim.people for claim in entry.certain}


def test_reasons_for_leaving_a_figure_out_are_mostly_right() -> None:
    negatives = [entry for entry in SEEN if entry.reasons and entry.reasons != ["nothing"]]
    right = sum(
        set(negative.reasons) <= {left.why.value for left in negative.read().left_out} for negative in negatives
    )
    assert right >= 0.8 * len(negatives)


@pytest.mark.parametrize("entry", SEEN, ids=lambda entry: entry.where)
def test_every_claim_quotes_the_words_that_say_so(entry: Entry) -> None:
    for claim in entry.read().found:
        assert claim.claim.text == entry.text[claim.quote.start : claim.quote.end]
        for span in claim.spans.values():
            assert claim.quote.start <= span.start < span.end <= claim.quote.end
        assert 0 < claim.confidence <= 1
        assert claim.certain == (not claim.doubts)
