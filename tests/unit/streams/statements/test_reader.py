"""The reader's parts: numbers, times, movement, sentences, and what holds for any text at all."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from benchmarks.counted import lines
from bordertally.agents.runtime.languages import load_extractor, load_reader
from bordertally.streams.errors import ConfigError
from bordertally.streams.periods import parse_period
from bordertally.streams.qualifiers import Qualifier
from bordertally.streams.statements.lexicon.language import Language, parse_language
from bordertally.streams.statements.lexicon.marks import sentences
from bordertally.streams.statements.lexicon.numbers import Quantity
from bordertally.streams.statements.lexicon.time_phrases import Times
from bordertally.streams.statements.reader import Speaker
from bordertally.streams.statements.records import Doubt, FoundClaim, Statement, Voice, Why

READER = load_reader()
ALMATY = ZoneInfo("Asia/Almaty")
TUESDAY = datetime(2022, 9, 27, 9, tzinfo=ALMATY)


def read(text: str, home: str | None = "KZ", published: datetime = TUESDAY) -> Statement:
    return READER.read(text, published, Speaker(ALMATY, home))


def only(text: str, home: str | None = "KZ", published: datetime = TUESDAY) -> FoundClaim:
    (claim,) = read(text, home, published).found
    return claim


@pytest.mark.parametrize("beside", [", 45 per cent of them women", ", 15 per cent more than a week earlier"])
def test_a_figure_is_not_cut_by_the_number_behind_its_comma(beside: str) -> None:
    claim = only(f"Yesterday 42,651{beside}, entered Kazakhstan from Russia.")
    assert claim.claim.people == 42_651


def entered(how: str) -> FoundClaim:
    return only(f"Yesterday {how} people entered Kazakhstan from Russia.")


@pytest.mark.parametrize(
    ("how", "people", "qualifier"),
    [
        ("98,000", 98_000, "stated"),
        ("98 000", 98_000, "stated"),
        ("98\u00a0000", 98_000, "stated"),
        ("98 thousand", 98_000, "stated"),
        ("0.9 million", 900_000, "stated"),
        ("half a million", 500_000, "stated"),
        ("twenty-five thousand", 25_000, "stated"),
        ("a hundred", 100, "stated"),
        ("two hundred", 200, "stated"),
        ("exactly 402", 402, "count"),
        ("nearly 66,000", 66_000, "nearly"),
        ("just under 66,000", 66_000, "nearly"),
        ("about 10,000", 10_000, "about"),
        ("10,000 or so", 10_000, "about"),
        ("a total of some 10,000", 10_000, "about"),
        ("some 10,000", 10_000, "about"),
        ("more than 53,000", 53_000, "more_than"),
        ("a little more than 53,000", 53_000, "more_than"),
        ("upwards of 53,000", 53_000, "more_than"),
        ("at least 53,000", 53_000, "at_least"),
        ("no fewer than 53,000", 53_000, "at_least"),
        ("not less than 53,000", 53_000, "at_least"),
        ("53,000 or more", 53_000, "at_least"),
        ("no more than 5,000", 5_000, "at_most"),
        ("as many as 5,000", 5_000, "at_most"),
        ("5 thousand 300", 5_300, "stated"),
        ("a quarter of a million", 250_000, "stated"),
        ("fewer than 5,000", 5_000, "at_most"),
        ("between 5,000 and 6,000", [5_000, 6_000], "stated"),
        ("from 5,000 to 6,000", [5_000, 6_000], "stated"),
        ("5,000-6,000", [5_000, 6_000], "stated"),
        ("some 5 to 6 thousand", [5_000, 6_000], "about"),
        ("a dozen", 12, "stated"),
        ("no", 0, "stated"),
    ],
)
def test_figures(how: str, people: object, qualifier: str) -> None:
    claim = entered(how)
    assert (claim.claim.people, claim.claim.qualifier, claim.claim.flow) == (people, qualifier, "RU:KZ")
    assert claim.certain


@pytest.mark.parametrize(
    ("how", "people"),
    [
        ("scores of", 20),
        ("hundreds of", 100),
        ("several thousand", 1_000),
        ("tens of thousands of", 10_000),
        ("hundreds of thousands of", 100_000),
    ],
)
def test_a_vague_word_means_the_least_that_it_can_and_waits(how: str, people: int) -> None:
    claim = entered(how)
    assert (claim.claim.people, claim.claim.qualifier, claim.doubts) == (people, "at_least", (Doubt.VAGUE_PEOPLE,))


@pytest.mark.parametrize(
    ("when", "period"),
    [
        ("yesterday", "2022-09-26"),
        ("the day before yesterday", "2022-09-25"),
        ("today", "2022-09-27"),
        ("on Monday", "2022-09-26"),
        ("on Tuesday", "2022-09-27"),
        ("on Wednesday", "2022-09-21"),
        ("on 21 September", "2022-09-21"),
        ("on September 21, 2021", "2021-09-21"),
        ("on Wednesday, 21 September", "2022-09-21"),
        ("on 2022-09-21", "2022-09-21"),
        ("on 21.09.2022", "2022-09-21"),
        ("on the 21st", "2022-09-21"),
        ("on the 29th", "2022-08-29"),
        ("on 31 December", "2021-12-31"),
        ("since 21 September", "2022-09-21/2022-09-28"),
        ("since Sept. 21", "2022-09-21/2022-09-28"),
        ("since Wednesday", "2022-09-21/2022-09-28"),
        ("since Tuesday", "2022-09-20/2022-09-28"),
        ("since the mobilisation was announced", "2022-09-21/2022-09-28"),
        ("since the start of the war", "2022-02-24/2022-09-28"),
        ("since the start of the month", "2022-09-01/2022-09-28"),
        ("so far this year", "2022-01-01/2022-09-28"),
        ("since August", "2022-08-01/2022-09-28"),
        ("from 17 to 26 September", "2022-09-17/2022-09-27"),
        ("between 28 August and 3 September", "2022-08-28/2022-09-04"),
        ("from September 17 to 26", "2022-09-17/2022-09-27"),
        ("from Thursday to Sunday", "2022-09-22/2022-09-26"),
        ("on Saturday and Sunday", "2022-09-24/2022-09-26"),
        ("on 24 and 25 September", "2022-09-24/2022-09-26"),
        ("over the weekend", "2022-09-24/2022-09-26"),
        ("in the week to Sunday", "2022-09-19/2022-09-26"),
        ("in the ten days to 20 September", "2022-09-11/2022-09-21"),
        ("last week", "2022-09-19/2022-09-26"),
        ("this week", "2022-09-26/2022-09-28"),
        ("in the past week", "2022-09-20/2022-09-27"),
        ("over the last two days", "2022-09-25/2022-09-27"),
        ("in two days", "2022-09-25/2022-09-27"),
        ("in the last 24 hours", "2022-09-26T09:00/2022-09-27T09:00"),
        ("last month", "2022-08-01/2022-09-01"),
        ("in August", "2022-08-01/2022-09-01"),
        ("in September", "2022-09-01/2022-09-28"),
        ("in October", "2021-10-01/2021-11-01"),
        ("from January to August", "2022-01-01/2022-09-01"),
        ("in 2021", "2021-01-01/2022-01-01"),
        ("in week 38", "2022-09-19/2022-09-26"),
        ("in week 50", "2021-12-13/2021-12-20"),
        ("since the beginning of August", "2022-08-01/2022-09-28"),
        ("since 2021", "2021-01-01/2022-09-28"),
        ("over the past fortnight", "2022-09-13/2022-09-27"),
        ("in the first half of 2022", "2022-01-01/2022-07-01"),
        ("in the second quarter", "2022-04-01/2022-07-01"),
        ("in the first eight months of the year", "2022-01-01/2022-09-01"),
        ("in the first ten days of September", "2022-09-01/2022-09-11"),
        ("in the first half of September", "2022-09-01/2022-09-16"),
        ("in the second half of August", "2022-08-16/2022-09-01"),
        ("in the last ten days of August", "2022-08-22/2022-09-01"),
        ("in Week 38", "2022-09-19/2022-09-26"),
        ("in September 2022", "2022-09-01/2022-09-28"),
    ],
)
def test_periods(when: str, period: str) -> None:
    claim = only(f"Some 4,200 people entered Kazakhstan from Russia {when}.")
    assert claim.doubts == ()
    assert isinstance(claim.claim.period, str)
    assert parse_period(claim.claim.period, ALMATY) == parse_period(period, ALMATY)


def test_the_day_is_that_of_the_source() -> None:
    late = datetime(2022, 9, 26, 20, tzinfo=UTC)  # already the 27th in Almaty
    assert only("Yesterday 4,200 people entered Kazakhstan from Russia.", published=late).claim.period == "2022-09-26"


@pytest.mark.parametrize(
    "when",
    [
        *("", "recently", "overnight", "in the first weeks of September", "on 31 June", "in nine months"),
        *("by 25 September", "by noon on Monday", "over the past four or five days", "two days after the invasion"),
    ],
)
def test_without_a_clear_period_it_is_for_review(when: str) -> None:
    doubts = only(f"Some 4,200 people entered Kazakhstan from Russia {when}.").doubts
    assert set(doubts) & {Doubt.NO_PERIOD, Doubt.VAGUE_PERIOD, Doubt.IMPOSSIBLE_DATE}


@pytest.mark.parametrize(
    ("text", "flow", "home"),
    [
        ("4,200 Russians entered the country", "RU:KZ", "KZ"),
        ("4,200 Russians left the country", "KZ", "KZ"),
        ("4,200 Russians left the country", "RU", None),
        ("4,200 Russians left Kazakhstan for Georgia", "KZ:GE", None),
        ("4,200 people fled from Ukraine to Poland", "UA:PL", None),
        ("4,200 people crossed into Finland from Russia", "RU:FI", None),
        ("4,200 people went from Kazakhstan to Russia", "KZ:RU", None),
        ("4,200 people returned to Russia", "KZ:RU", "KZ"),
        ("4,200 Russians entered the bloc", "RU:EU", None),
        ("4,200 people left Russia through Verkhny Lars", "RU:GE:verkhny-lars", None),
        ("4,200 people entered Georgia through Verkhny Lars", "RU:GE:verkhny-lars", None),
        ("4,200 people arrived from Russia at Storskog", "RU:NO:storskog", None),
        ("the number of Russians entering Finland reached 4,200", "RU:FI", None),
        ("4,200 Ukrainian citizens crossed the border with Moldova", "UA:MD", None),
        ("4,200 people crossed the Channel from France to the UK", "FR:GB", None),
        ("4,200 people crossed from Ukraine", "UA:PL", "PL"),
        ("4,200 people crossed from Ukraine into neighbouring countries", "UA", "PL"),
        ("4,200 people crossed from Ukraine, Poland's border guard said", "UA:PL", None),
        ("4,200 people crossed the Polish-Ukrainian border into Poland", "UA:PL", None),
        ("4,200 people crossed the Ukrainian-Polish border into Poland", "UA:PL", None),
        ("4,200 people came over to the Finnish side from Russia", "RU:FI", None),
        ("4,200 Ukrainians returned home from Poland", "PL:UA", None),
        ("4,200 Russians, 900 of them men, entered Georgia", "RU:GE", None),
        ("4,200 Russians entered Georgia, most of them on their way to Armenia and Turkey", "RU:GE", None),
        ("there were 4,200 Russian arrivals in Mongolia", "RU:MN", None),
    ],
)
def test_flows(text: str, flow: str, home: str | None) -> None:
    claim = read(f"On Monday {text}.", home).found[0]
    assert (claim.claim.people, claim.claim.flow) == (4_200, flow)
    assert claim.certain


@pytest.mark.parametrize(
    ("text", "doubt"),
    [
        ("On Monday 4,200 people left for Armenia and Turkey.", Doubt.SEVERAL_PLACES),
        ("On Monday 4,200 women and children arrived from Russia.", Doubt.SEVERAL_GROUPS),
        ("On Monday 4,200 people reportedly arrived from Russia.", Doubt.UNCONFIRMED),
        ("On Monday the press claimed that 4,200 people arrived from Russia.", Doubt.UNCONFIRMED),
        ("On Monday 4,200 people arrived from Ukraine at Medyka and Korczowa.", Doubt.SEVERAL_PLACES),
        ("On Monday 4,200 people arrived from Russia at Nowhereton.", Doubt.PART_OF_COUNTRY),
        ("In August 4,200 people a week arrived from Russia.", Doubt.OTHER_RATE),
        ("On Monday 1.2 million people arrived from Russia.", Doubt.IMPLAUSIBLE),  # above a million a day
    ],
)
def test_doubts(text: str, doubt: Doubt) -> None:
    claim = only(text)
    assert doubt in claim.doubts
    assert claim.confidence < 0.7


@pytest.mark.parametrize(
    "moved",
    [
        "crossed the border",
        "crossed the border with Russia",
        "entered the country",  # from where?
        "passed through Medyka",  # which way?
        "have come back from Iran, an observer guessed",  # where to?
    ],
)
def test_a_figure_of_which_too_much_is_open_is_left_out(moved: str) -> None:
    statement = read(f"On Monday 4,200 people {moved}.", home=None if "Iran" in moved else "KZ")
    assert (statement.found, [left.why for left in statement.left_out]) == ([], [Why.UNCLEAR])


def test_whose_words_they_are() -> None:
    text = "4,200 men left Russia on Monday"
    assert only(f"{text}, the ministry said.").voice is Voice.OWN
    assert only(f"{text}, according to local media.").voice is Voice.MEDIA
    assert only(f"{text}, said an official who asked not to be named.").voice is Voice.UNNAMED
    assert [voice.grade for voice in Voice] == ["A", "C", "D"]


@pytest.mark.parametrize(
    "words",
    [
        "an unnamed security source said",
        "said an official who asked not to be named",
        "according to a source in the Kremlin",
        "an official said on condition of anonymity",
    ],
)
def test_an_unnamed_voice(words: str) -> None:
    assert only(f"4,200 men left Russia on Monday, {words}.").voice is Voice.UNNAMED


def test_of_a_figure_and_what_it_is_not_only_the_figure_counts() -> None:
    assert only("On Monday 9,000, not 10,000, Russians entered Kazakhstan.").claim.people == 9_000
    assert only("On Monday not 9,000 but 6,000 Russians entered Kazakhstan.").claim.people == 6_000


def test_what_is_denied_is_no_claim() -> None:
    text = "On Monday 9,000 Russians entered Kazakhstan"
    assert only(f"{text}, the minister said, adding that an office would open.").certain
    assert read(f"The minister was denying that {text[0].lower()}{text[1:]}.").found == []
    assert read(f"Reports that {text[0].lower()}{text[1:]} are untrue.").found == []


def test_figures_of_one_list_have_the_same_movement() -> None:
    first, second = read("On Monday 9,000 Russians and 700 Belarusians entered Kazakhstan.").found
    assert (first.claim.flow, second.claim.flow) == ("RU:KZ", "BY:KZ")


def test_what_a_day_in_progress_counts_is_at_least() -> None:
    for how in ("4,200", "about 4,200", "more than 4,200"):
        claim = only(f"By noon today {how} people had entered Kazakhstan from Russia.")
        assert claim.claim.qualifier is Qualifier.AT_LEAST


def test_when_somebody_spoke_is_not_when_people_crossed() -> None:
    claim = only("More than 4,200 people have crossed from Ukraine into Poland, the agency said on Monday.", None)
    assert Doubt.NO_PERIOD in claim.doubts


def test_change_only_against_the_period_just_before() -> None:
    week = "4,200 Russians entered Finland in the week to Sunday, up 30 per cent"
    assert only(f"{week} from the previous week.").claim.change_percent == 30
    assert only(f"{week} from the previous day.").claim.change_percent is UNSET
    assert only(f"{week}.").claim.change_percent is UNSET
    day = "4,200 Russians entered Finland on Sunday, 12.5% fewer than"
    assert only(f"{day} the day before.").claim.change_percent == -12.5
    assert only(f"{day} on Saturday.").claim.change_percent == -12.5
    assert only(f"{day} on Friday.").claim.change_percent is UNSET


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("The queue has 3,000 cars.", Why.QUEUE),
        ("About 30,000 Russians are staying in Oral.", Why.STOCK),
        ("The post can handle 4,000 people a day.", Why.CAPACITY),
        ("Russia will call up 300,000 reservists.", Why.DRAFT),
        ("Guards turned away 57 Russians on Monday.", Why.REFUSED),
        ("Men aged 18 to 60 may not leave.", Why.AGE),
        ("People from 14 countries came.", Why.THINGS),
        ("Up to 100,000 Russians could enter Kazakhstan this week.", Why.HYPOTHETICAL),
        ("The ministry denied that 100,000 Russians entered Kazakhstan on Monday.", Why.DENIED),
        ("Did 100,000 Russians enter Kazakhstan on Monday?", Why.HYPOTHETICAL),
        ("A ticket costs 150,000 roubles.", Why.MONEY),
        ("Net arrivals from Russia came to 34,000 last week.", Why.NET),
        ("On Monday 1,000 fewer Russians entered Kazakhstan than on Sunday.", Why.NET),
        ("Kazakhstan could pull as many as 100,000 Russians this week.", Why.HYPOTHETICAL),
        ("On Monday 300 Russians failed to enter Kazakhstan.", Why.REFUSED),
        ("About 64,800 Russians have received residence permits in Kazakhstan since August.", Why.APPLICATIONS),
    ],
)
def test_what_is_no_flow_is_left_out_with_its_reason(text: str, why: Why) -> None:
    statement = read(text)
    assert statement.found == []
    assert why in {left_out.why for left_out in statement.left_out}


@pytest.mark.parametrize(
    ("counted", "population"),
    [
        ("passport holders", "people"),
        ("wounded soldiers", "people"),
        ("exhausted Russians", "citizens:RU"),
        ("mountaineers", "people"),
        ("small boat arrivals", "people"),
    ],
)
def test_a_word_for_people_that_no_table_has(counted: str, population: str) -> None:
    claim = only(f"On Monday 361 {counted} crossed from Russia into Kazakhstan.")
    assert (claim.claim.people, claim.claim.population, claim.doubts) == (361, population, ())


def test_a_word_that_may_be_one_for_people_is_a_doubt_and_never_dropped() -> None:
    doubted = only("On Monday 361 zorbs crossed from Russia into Kazakhstan.")
    assert doubted.doubts == (Doubt.UNKNOWN_GROUP,)
    statement = read("On Monday 4,200 people crossed from Russia into Kazakhstan in 61 zorbs.")
    assert [claim.claim.people for claim in statement.found] == [4_200]
    assert [left_out.why for left_out in statement.left_out] == [Why.THINGS]


def flows(text: str, home: str | None = "KZ") -> list[tuple[object, object]]:
    """Claims that are certain, or would be beside the noun that they count."""
    claims = [claim for claim in read(text, home).found if set(claim.doubts) <= {Doubt.UNEXPLAINED}]
    return [(claim.claim.people, claim.claim.flow) for claim in claims]


@pytest.mark.parametrize(
    ("text", "claimed"),
    [
        (
            "On Monday at Kairak 1,200 entered from Russia and 900 left.",
            [(1_200, "RU:KZ:kairak"), (900, "KZ:RU:kairak")],
        ),
        ("On Monday 1,200 entered from Russia and 900 left.", [(1_200, "RU:KZ"), (900, "KZ")]),
        ("On Monday Kairak had 1,200 arrivals and 900 departures.", [(1_200, "RU:KZ:kairak")]),
        (
            "On Monday 2,100 people came from Russia (Kairak 1,200, Syrym 900).",
            [(2_100, "RU:KZ"), (1_200, "RU:KZ:kairak"), (900, "RU:KZ:mashtakovo")],
        ),
        (
            "On Monday Kairak - 1,200 arrivals from Russia, Syrym - 900.",
            [(1_200, "RU:KZ:kairak"), (900, "RU:KZ:mashtakovo")],
        ),
        ("On Monday 1,200 people came from Russia; 900 went there.", [(1_200, "RU:KZ"), (900, "KZ:RU")]),
        (
            "On Monday the border with Russia was crossed: 1,200 left Kazakhstan, 900 entered it.",
            [(1_200, "KZ:RU"), (900, "RU:KZ")],
        ),
        (
            "On Monday 2,100 people entered the country: from Uzbekistan (1,200) and China (900).",
            [(1_200, "UZ:KZ"), (900, "CN:KZ")],
        ),
        (
            "On Monday 3,000 crossed from Russia to Kazakhstan (Kairak 1,200; Syrym 800), 900 the other way.",
            [(3_000, "RU:KZ"), (1_200, "RU:KZ:kairak"), (800, "RU:KZ:mashtakovo"), (900, "KZ:RU")],
        ),
        (
            "On Monday on the border with Russia (entry / exit): Kairak 1,200 / 900, Syrym 800 / 700.",
            [
                *((1_200, "RU:KZ:kairak"), (900, "KZ:RU:kairak")),
                *((800, "RU:KZ:mashtakovo"), (700, "KZ:RU:mashtakovo")),
            ],
        ),
        (
            "On Monday 1,200 came from Russia at Kairak and 900 left; at Syrym 700 and 600.",
            [(1_200, "RU:KZ:kairak"), (900, "KZ:RU:kairak")],
        ),
        (
            "Kairak 1,200, Syrym 800: so many people came from Russia on Monday.",
            [(1_200, "RU:KZ:kairak"), (800, "RU:KZ:mashtakovo")],
        ),
        (
            "On Monday 3,000 Uzbek citizens crossed the border with Uzbekistan, of whom 1,600 entered and 1,400 left.",
            [(1_600, "UZ:KZ"), (1_400, "KZ:UZ")],
        ),
        ("Monday: Russia -> Kazakhstan 1,200, Kazakhstan -> Russia 900.", [(1_200, "RU:KZ"), (900, "KZ:RU")]),
        ("Floods in Uzbekistan drove 1,200 people across the border into Kazakhstan on Monday.", [(1_200, "UZ:KZ")]),
    ],
)
def test_both_ways_and_lists_by_place(text: str, claimed: list[tuple[object, object]]) -> None:
    assert flows(text) == claimed


@pytest.mark.parametrize(
    ("second", "flow", "period"),
    [
        ("On Sunday it was 900.", "RU:KZ:kairak", "2022-09-25"),
        ("Through Syrym 900.", "RU:KZ:mashtakovo", "2022-09-26"),
        ("That brings the total since 21 September to 900.", "RU:KZ:kairak", "2022-09-21/2022-09-28"),
    ],
)
def test_a_sentence_goes_on_from_the_one_before(second: str, flow: str, period: str) -> None:
    claim = read(f"On Monday 1,200 Russians entered at Kairak. {second}").found[1]
    assert (claim.claim.people, claim.claim.flow, claim.claim.period) == (900, flow, period)
    assert Doubt.INFERRED in claim.doubts, "the sentence names no country"


def test_a_part_that_nothing_names_is_doubted() -> None:
    claims = read("On Monday 1,200 Russians entered at Kairak. Of these, 900 came on foot.").found
    assert [Doubt.INFERRED in claim.doubts for claim in claims] == [False, True]


@pytest.mark.parametrize("earlier", ["A week earlier it had been 900 and 400.", "The day before it was 900."])
def test_an_earlier_level_is_no_claim(earlier: str) -> None:
    statement = read(f"On Monday 1,200 Russians entered at Kairak. {earlier}")
    assert [claim.claim.people for claim in statement.found] == [1_200]
    assert {left_out.why for left_out in statement.left_out} == {Why.EARLIER}


def test_what_was_counted_both_ways_gives_its_day_and_its_border() -> None:
    whole = "On Monday 3,000 people crossed the border with Uzbekistan in both directions."
    claims = read(f"{whole} 1,600 entered and 1,400 left.").found
    assert [(claim.claim.people, claim.claim.flow) for claim in claims] == [(1_600, "UZ:KZ"), (1_400, "KZ:UZ")]
    assert {claim.claim.period for claim in claims} == {"2022-09-26"}


@pytest.mark.parametrize(
    "text",
    [
        "KAIRAK - On Monday 1,200 people entered from Russia here and 900 came the other way.",
        "Lorries are waiting at Kairak. On Monday 1,200 people entered from Russia there and 900 came the other way.",
        "Перед «Кайраком» очередь. Вчера через него из России въехали 1200 человек, в Россию выехали 900.",
    ],
)
def test_here_and_there_are_what_was_spoken_of(text: str) -> None:
    assert flows(text) == [(1_200, "RU:KZ:kairak"), (900, "KZ:RU:kairak")]


def test_what_has_happened_until_now_has_no_day_of_the_sentence_before() -> None:
    day, since = (
        "On Monday 1,200 people entered Kazakhstan from Russia.",
        "98,000 people have entered Kazakhstan from Russia.",
    )
    assert read(f"{day} {since}").found[1].doubts == (Doubt.NO_PERIOD,)
    assert [claim.claim.people for claim in read(f"{day} The record, set in March, was 9,000 who entered.").found] == [
        1_200
    ]


def test_a_doubt_about_a_period_goes_with_the_period() -> None:
    claims = read("Recently 1,200 Russians entered Kazakhstan and 900 left it; 300 of them were women.").found
    assert claims
    assert all(Doubt.VAGUE_PERIOD in claim.doubts for claim in claims)


def test_what_a_later_sentence_takes_back_is_doubted() -> None:
    text = "On Monday 4,200 men crossed from Russia."
    for after in ("The reports could not be independently verified.", "The ministry said this was untrue."):
        assert only(f"{text} {after}").doubts == (Doubt.UNCONFIRMED,)
    assert only(f"{text} The weather was fine.").certain


def test_two_versions_of_one_figure_are_a_contradiction() -> None:
    claim = only("On Monday 4,200 men crossed from Russia, while the police spoke of 5,000.")
    assert claim.doubts == (Doubt.CONTRADICTION,)


@pytest.mark.parametrize(
    "text",
    [
        "4,200 people crossed from Russia in the days after Easter.",
        "4,200 people crossed from Russia between 25 August and mid-September.",
        "Some 4,200 people have already crossed from Russia, 900 of them on Monday alone.",
    ],
)
def test_a_time_that_nothing_reads_is_a_doubt(text: str) -> None:
    timely = {Doubt.NO_PERIOD, Doubt.VAGUE_PERIOD, Doubt.IMPOSSIBLE_DATE}
    assert all(set(claim.doubts) & timely for claim in read(text).found[:1])
    assert not read(text).certain


@pytest.mark.parametrize(
    ("when", "period"),
    [
        ("on Christmas Day", "2021-12-25"),
        ("on the third of May", "2022-05-03"),
        ("in the year to August", "2021-09-01/2022-09-01"),
        ("in the whole of 2021", "2021-01-01/2022-01-01"),
    ],
)
def test_days_with_a_name_and_long_periods(when: str, period: str) -> None:
    claim = only(f"{when[0].upper()}{when[1:]} 4,200 people entered Kazakhstan from Russia.")
    assert (claim.claim.period, claim.doubts) == (period, ())


def test_spans_are_those_of_the_whole_text() -> None:
    text = "Nothing new.  On Monday 4,200 people\nentered Kazakhstan from Russia. In all 12 towns were calm."
    claim = only(text)
    assert {name: text[span.start : span.end] for name, span in claim.spans.items()} == {
        "people": "4,200",
        "population": "people",
        "flow": "entered Kazakhstan from Russia",
        "period": "On Monday",
    }


def test_a_language_nobody_knows() -> None:
    for text in ("", "12 345", "98.000 Ρώσοι πέρασαν τα σύνορα"):
        assert (read(text).language, read(text).found) == (None, [])


@given(st.text(max_size=300))
@settings(max_examples=50, deadline=None)
def test_any_text_can_be_read(text: str) -> None:
    statement = read(text)
    assert all(0 <= left_out.span.start < left_out.span.end <= len(text) for left_out in statement.left_out)


WORDS = [
    *("98,000", "5 to 6 thousand", "Russians", "people", "entered", "left", "Kazakhstan", "Russia", "from", "to", "in"),
    *("on Monday", "since 21 September", "last week", "up 30 per cent", "the previous week", "a day", "and", ",", "."),
    *("whom", "usual", "could", "Verkhny Lars", "the country", "there", "the other way", "more than", "compared with"),
]


@given(st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join))
@settings(max_examples=150, deadline=None)
def test_any_order_of_words_gives_claims_that_quote_it(text: str) -> None:
    for claim in read(text).found:
        assert claim.claim.text == text[claim.quote.start : claim.quote.end]
        assert all(claim.quote.start <= span.start < span.end <= claim.quote.end for span in claim.spans.values())
    assert read(text) == read(text)


def figures(text: str) -> set[tuple[int, int]]:
    """Where the scanner sees figures."""
    tongue = next(tongue for tongue in READER.tongues if tongue.language.code == "en")
    times = Times(tongue.language, TUESDAY)
    return {
        (mark.start + span.start, mark.end + span.start)
        for span in sentences(text, tongue.abbreviations)
        for mark in tongue.scanner.scan(text[span.start : span.end], times).of("number")
    }


@given(st.lists(st.sampled_from([*WORDS, "zorbs", "soldiers", "(", ")", ";", "the total", "it was"]), max_size=25))
@settings(max_examples=150, deadline=None)
def test_no_figure_is_lost(words: list[str]) -> None:
    text = " ".join(["the people of", *words])
    statement = read(text)
    kept = {tuple(entry.spans["people"]) for entry in statement.found} | {
        tuple(entry.span) for entry in statement.left_out
    }
    assert figures(text) <= kept


@pytest.mark.parametrize(
    ("sentence", "claims"), [("On Monday 4,200 people entered Kazakhstan from Russia. ", 1), ("from 5 to " * 8, 0)]
)
def test_reading_takes_work_in_proportion_to_the_text(sentence: str, claims: int) -> None:
    assert len(read(sentence * 40).found) == 40 * claims
    some, twice = (lines(partial(read, sentence * number)) for number in (20, 40))
    assert twice < 2.2 * some


def test_quantities_as_claims_write_them() -> None:
    assert Quantity(1.5e6).people == 1_500_000
    assert Quantity(5_000, 6_000, Qualifier.ABOUT).people == [5_000, 6_000]


# --- tables ----------------------------------------------------------------------------------------------------


def test_every_kind_of_period_in_a_table_is_known() -> None:
    for tongue in READER.tongues:
        assert set(tongue.language.table.periods) <= Times(tongue.language, TUESDAY).kinds


def test_a_table_with_a_fault_is_named() -> None:
    with pytest.raises(ConfigError, match=r"xx\.toml: Object missing required field"):
        parse_language('code = "xx"', "xx.toml")
    language: Language = READER.tongues[0].language
    with pytest.raises(ConfigError, match="'plce' is no placeholder"):
        language.compile("at {plce}")
    with pytest.raises(ConfigError, match="unterminated"):
        language.compile("at [")


def test_an_extractor_that_fails_costs_only_its_proposals(caplog: pytest.LogCaptureFixture) -> None:
    for name in ("operator:truediv", "math:gcd", "textwrap:dedent"):  # none of them takes what an extractor takes
        extractor = load_extractor(name)
        assert extractor is not None
        assert extractor("text", TUESDAY, Speaker(ALMATY)) == []
        assert f"extractor {name} failed on a statement of 4 characters" in caplog.text


def test_an_extractor_is_named_by_module_and_function() -> None:
    assert load_extractor("") is None
    assert load_extractor("json:loads") is not None
    for name in ("json", "json:nothing", "no.such.module:x"):
        with pytest.raises(ConfigError, match="write module:function"):
            load_extractor(name)
