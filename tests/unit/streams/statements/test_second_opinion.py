"""A second opinion: what a sentence names, against what a claim says."""

from __future__ import annotations

import pytest

from bordertally.streams.statements.discourse import Thread
from bordertally.streams.statements.drafts import Draft
from bordertally.streams.statements.lexicon.nouns import Noun
from bordertally.streams.statements.movement.clues import Movement, MovementKind
from bordertally.streams.statements.records import Doubt, Span
from bordertally.streams.statements.second_opinion import SecondOpinion
from unit.streams.statements.kit import ENGLISH, read, scan

BEFORE = "On Sunday 4,900 people crossed from Uganda into Kenya."


@pytest.mark.parametrize(
    ("text", "doubt"),
    [
        (f"{BEFORE} “In one week I counted 40 trucks,” said a driver.", Doubt.INFERRED),
        ("Croatia, which let in 4,877 from Serbia on Sunday, sent 1,800 to Slovenia by train.", Doubt.SEVERAL_PLACES),
        ("Tunisia says that 22,000 people have fled since 20 September.", Doubt.INFERRED),
        (
            "Some 47,000 people crossed from Peru into Chile each day; since 20 September 12,000 people did.",
            Doubt.VAGUE_PERIOD,
        ),
    ],
)
def test_what_a_sentence_does_not_bear_out_is_not_certain(text: str, doubt: Doubt) -> None:
    assert doubt in {doubt for claim in read(text, home=None).doubtful for doubt in claim.doubts}


@pytest.mark.parametrize(
    "text",
    [
        f"{BEFORE} On Monday 5,100 people and 640 trucks crossed from Uganda into Kenya.",
        "Croatia let in 4,877 people from Serbia on Sunday.",
        "Georgia says that 22,000 Russians have entered the country since 21 September, and 9,000 have left.",
        "Last week 31,000 people arrived in Canada along the Canada-U.S. border.",
        "On 20 September 47,000 people crossed from Peru into Chile; 12,000 crossed from Chile into Peru.",
    ],
)
def test_what_a_sentence_bears_out_is_certain(text: str) -> None:
    statement = read(text, home=None)
    assert statement.certain
    assert not statement.doubtful


def test_a_claim_on_countries_that_its_sentence_does_not_name_is_inferred() -> None:
    sheet = scan("On Sunday 4,900 people crossed from Uganda into Kenya.")
    (segment,) = ENGLISH.cutter.segments(sheet, Span(0, len(sheet.text)))
    opinion = SecondOpinion(sheet, ENGLISH, Thread(ENGLISH.cutter), None, None)

    def doubts(origin: str, into: str) -> list[Doubt]:
        movement = Movement(MovementKind.CROSS, origin, into)
        draft = Draft(segment, segment.figure.value, Noun("people"), movement)
        return list(opinion.doubts(draft, sheet.of("event")[0], [], None))

    assert doubts("UG", "KE") == []
    assert doubts("TZ", "KE") == [Doubt.INFERRED]


@pytest.mark.parametrize(
    ("text", "doubts"),
    [
        ("Besides, 3,000 Russians left on Monday by charter.", (Doubt.INFERRED, Doubt.UNEXPLAINED)),
        ("On Monday 900 Russians entered amid snow and thunder.", (Doubt.UNEXPLAINED,)),
        ("On Monday 900 Russians entered.", ()),
    ],
)
def test_an_end_inferred_beside_unread_words_is_doubted(text: str, doubts: tuple[Doubt, ...]) -> None:
    home = "KZ" if "entered" in text else None
    (claim,) = read(text, home=home).found
    assert claim.doubts == doubts


def test_a_figure_beside_figures_that_are_left_out_may_count_the_same() -> None:
    text = "On Sunday 900 people entered Finland from Russia. On Monday eight applications were refused, on Sunday 40."
    claims = [claim for claim in read(text, home=None).found if claim.claim.people == 40]
    assert all(Doubt.UNKNOWN_GROUP in claim.doubts for claim in claims)


def test_destinations_listed_for_those_who_left_for_anywhere_are_certain() -> None:
    left = "Since 21 September 54,000 people have left Russia."
    text = f"{left} Of them 29,000 people went to Kazakhstan and 8,100 to Mongolia."
    flows = [claim.claim.flow for claim in read(text, home=None).certain]
    assert flows == ["RU", "RU:KZ", "RU:MN"]


@pytest.mark.parametrize(
    "text",
    [
        "It is busy at Narva. At Narva 1,200 came on Sunday, brought by coaches of a travel firm.",
        "On Sunday 4,900 people fleeing from Uganda were seen.",
        "On Sunday 4,900 gladly welcomed, tired, muddy, hungry people entered Kenya.",
        "On Sunday 4,900 people were later flown to Kenya.",
        "On Sunday 4,900 people crossed from Uganda.",
    ],
)
def test_a_sentence_that_says_too_little_of_a_claim_makes_none_for_certain(text: str) -> None:
    assert not read(text, home=None).certain


@pytest.mark.parametrize(
    ("text", "flows"),
    [
        ("On Sunday 4,900 Ugandans left Uganda.", ["UG"]),
        ("On Sunday 4,900 people crossed from Uganda into neighbouring countries.", ["UG"]),
        ("On Sunday 4,900 people were later flown from Uganda to Kenya.", ["UG:KE"]),
    ],
)
def test_a_sentence_that_says_enough_of_a_claim_makes_it_for_certain(text: str, flows: list[str]) -> None:
    assert [claim.claim.flow for claim in read(text, home=None).certain] == flows


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (f"{BEFORE} On market days some 12,000 Ugandans enter Kenya.", "market"),
        ("On Sunday 331 coaxed Afghans returned through Torkham.", "coaxed"),
    ],
)
def test_a_claim_waits_beside_a_word_that_nothing_explains(text: str, word: str) -> None:
    (claim,) = [claim for claim in read(text, home=None).doubtful if Doubt.UNEXPLAINED in claim.doubts]
    assert claim.why == word


def test_two_unexplained_words_may_stand_beside_a_noun_a_verb_a_goal_and_a_period() -> None:
    assert read("On Sunday 4,900 weary people crossed from Uganda into Kenya by ferry.", home=None).certain
    assert read("On Sunday 4,900 people fled bleak stormy cliffs from Uganda into Kenya by ferry.", home=None).doubtful
    assert read("On Sunday 4,900 people left Uganda by ferry.", home=None).doubtful
    # what stands behind all of them changes nothing
    assert read("4,900 people crossed from Uganda into Kenya on Sunday past stormy cliffs, piers.", home=None).certain


@pytest.mark.parametrize(
    ("rest", "certain"),
    [
        (" and 5,100 on Monday.", True),
        (", and 1,200 into Tanzania.", True),
        (", while 700 left Kenya for Uganda.", True),
        ("; 14,000 were about on Monday morning.", False),
        ("; ferries moored there carry 5,100.", False),
    ],
)
def test_a_further_figure_needs_a_verb_a_goal_or_a_list(rest: str, certain: bool) -> None:
    statement = read(BEFORE.removesuffix(".") + rest, home=None)
    assert len(statement.certain) == 1 + certain


def test_a_sentence_that_also_speaks_of_anything_else_waits() -> None:
    assert not read("On Sunday 4,900 crossed with some luck from Uganda, and 60 were turned back.", home=None).certain
    assert not read("On Sunday 4,900 turned back people crossed from Uganda into Kenya.", home=None).certain
    # a claim that is told in full stands for itself
    assert read("On Sunday 4,900 people crossed from Uganda into Kenya, and 60 were turned back.", home=None).certain


def test_a_place_behind_the_words_for_a_part_is_not_that_of_the_whole() -> None:
    text = "On Sunday 4,900 people entered Kenya, including from Uganda through Busia - 2,100 people."
    assert 4900 not in {claim.claim.people for claim in read(text, home=None).certain}


@pytest.mark.parametrize(
    ("text", "home", "certain"),
    [
        # what the sentence before states in words goes on, also without a noun and the other way
        ("В воскресенье из Перу в Чили въехали 4,9 тысячи человек. В понедельник — 5,2 тысячи.", None, [4900, 5200]),
        ("В понедельник из Перу в Чили въехали 4,9 тысячи человек. Обратно проехали 3,1 тысячи.", None, [4900, 3100]),
        ("On Sunday 4,900 people crossed from Peru into Chile. On Monday 5,200 came.", None, [4900, 5200]),
        ("За сутки из Перу выехали 36 тысяч человек. 23 тысячи из них пересекли границу с Чили.", None, [36000, 23000]),
        # what stands beside another thing, of another place or of another time does not
        ("On Sunday 4,900 people crossed from Peru into Chile. On Monday 3,000 came by train.", None, [4900]),
        ("On Sunday 4,900 people crossed from Peru into Chile. In 2021 it was 12,000.", None, [4900]),
        ("On Sunday 4,900 people crossed from Peru into Chile. On Monday 2,100 went on.", None, [4900]),
        ("On Sunday 4,900 people a day crossed from Peru into Chile. On Monday it was 5,200.", None, [4900]),
        ("За сутки из Перу выехали 36 тысяч человек. 2 тысячи из них ночевали на границе с Чили.", None, [36000]),
        # of people who left for anywhere, no end is told by a sentence without places
        ("За неделю в Латвию въехали 5,1 тыс. россиян. Выехали за неделю 8,6 тыс. граждан РФ.", None, [5100]),
        ("За неделю границу с Финляндией перешли люди. Выехали за неделю 8,6 тыс. граждан РФ.", None, []),
        ("В понедельник Латвия закрыла мост. В воскресенье въехали 3,9 тыс. россиян.", None, []),
        ("В воскресенье въехали 3,9 тыс. россиян, а выехали 2,8 тыс.", "LV", [3900, 2800]),
    ],
)
def test_a_sentence_without_places_is_certain_of_the_ends_that_are_told_before_it(
    text: str, home: str | None, certain: list[int]
) -> None:
    assert [claim.claim.people for claim in read(text, home=home).certain] == certain
