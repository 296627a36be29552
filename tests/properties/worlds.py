"""Worlds of reports: trees with a bloc, all grades, qualifiers, parts, units, corrections, withdrawals, readings."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import msgspec
from hypothesis import strategies as st

from bordertally.streams.detection.registry import RULES as ALL_RULES
from bordertally.streams.ledger.ledger import Ledger
from bordertally.streams.replay.ledgers import ReplayLedgers
from bordertally.streams.reports.claims import Claim
from bordertally.streams.reports.sources import Grade, Registry, Source
from bordertally.streams.reports.validation import read_report
from bordertally.streams.rules.config import Detection, FlowRules, OperatorBaseline, Rules

NOW = datetime(2030, 1, 1, tzinfo=UTC).timestamp()
START = datetime(2022, 3, 15, tzinfo=UTC)  # Europe's clocks change within these days
ZONES = ("UTC", "Europe/Warsaw", "Asia/Almaty", "UTC", "America/New_York", "UTC")
REGISTRY = Registry(
    {
        grade.value.lower(): Source(f"Source {grade}", ("RU",), grade, zone)
        for grade, zone in zip(Grade, ZONES, strict=True)
    }
    | {"x": Source("Second source B", ("RU",), Grade.B)},
    frozenset({"EU"}),
)
RULES = Rules(Detection(keep_firing_for="0d"), (OperatorBaseline(flow="RU:GE", daily=900.0),))
OTHERS = {
    rule.setting.name: float(rule.setting.example)
    for rule in ALL_RULES.values()
    if rule.setting is not None and rule.setting.name not in Detection.__struct_fields__
}
"""The settings of rules without a field in Detection, as their examples have them."""

EVERY_RULE = Rules(
    Detection(
        keep_firing_for="0d",
        learned="c1",
        minimum_people=0,
        sigma_floor_share=0,
        drop=0.7,
        record="6d",
        silence=1.0,
        conflict=0.0,
        checkpoint_share=1.01,
        corroborate=True,
        others=OTHERS,
    ),
    (OperatorBaseline(flow="RU:GE", daily=900.0),),
    (FlowRules(flow="RU:KZ:aksai", keep_firing_for="2d"), FlowRules(flow="RU:GE", silence=False)),
)
"""Every rule is on and easily moved."""
FLOWS = ("RU", "RU:KZ", "RU:KZ:aksai", "RU:KZ:mashtakovo", "RU:GE", "RU:GE:lars", "RU:EU", "RU:FI", "RU:FI:vaalimaa")
QUALIFIERS = ("stated", "count", "count", "about", "nearly", "more_than", "at_least", "at_most")
WHOLE_DAYS = 26


def _day(offset: int) -> str:
    return (START + timedelta(days=offset)).date().isoformat()


def _hour(offset: int, hour: int) -> str:
    return (START + timedelta(days=offset, hours=hour)).strftime("%Y-%m-%dT%H:%M")


@st.composite
def periods(draw: st.DrawFn) -> tuple[str, int, bool]:
    """A period, the offset of the day it ends on, and whether it is shorter than a day."""
    first = draw(st.integers(0, WHOLE_DAYS - 1))
    kind = draw(st.integers(0, 9))
    if kind < 5:  # whole days
        length = draw(st.sampled_from((1, 1, 1, 2, 3, 5, 7, 7, 10)))
        return f"{_day(first)}/{_day(first + length)}", first + length, False
    hour = draw(st.sampled_from((0, 0, 6, 8, 9, 12, 18)))
    if kind < 9:  # a counter's reading, now and then over midnight
        hours = draw(st.sampled_from((1, 2, 3, 6, 6, 12, 24)))
        return f"{_hour(first, hour)}/PT{hours}H", first + 1 + (hour + hours > 24), hours < 24
    length = draw(st.integers(1, 4))  # days that begin and end in the middle
    short = length == 1 and hour > 12
    return f"{_hour(first, hour)}/{_hour(first + length, 12)}", first + length + 1, short


FIGURES = st.one_of(
    st.integers(0, 30).map(lambda hundreds: hundreds * 100),
    st.integers(0, 3000),
    st.just(0),
    st.integers(1, 9).map(lambda whole: whole + 0.5),
    st.tuples(st.integers(0, 2000), st.integers(0, 900)).map(lambda one: [one[0], one[0] + one[1]]),
    st.none(),
)
PLAIN: dict[str, Any] = {}
ABOUT_WHOM: list[dict[str, Any]] = [
    {"population": "citizens:RU"},
    {"population": "citizens:ZZ"},
    {"population": "men"},
    {"unit": "vehicles"},
    {"measure": "queue"},
]
BESIDE: list[dict[str, Any]] = [
    {"normal": {"daily": 100}},
    {"normal": {"daily": [300, 500]}},
    {"change_percent": -50},
    {"change_percent": 30},
    {"per": "day"},
]
WORDS: list[dict[str, Any]] = [PLAIN, {"text": "so many"}, {"text": "so many more"}]


@st.composite
def claim_fields(draw: st.DrawFn) -> tuple[dict[str, Any], int]:
    """One claim as a producer writes it, and the offset of the day it ends on."""
    period, end, short = draw(periods())
    fields = {
        "flow": draw(st.sampled_from(FLOWS)),
        "period": period,
        "people": draw(FIGURES),
        "qualifier": draw(st.sampled_from(QUALIFIERS)),
        **draw(st.sampled_from([PLAIN] * 9 + ABOUT_WHOM)),
    }
    words = draw(st.sampled_from(WORDS))
    return {**fields, **words, **(PLAIN if short else draw(st.sampled_from([PLAIN] * 9 + BESIDE)))}, end


@st.composite
def reports(draw: st.DrawFn) -> dict[str, Any]:
    """One report of one to three claims; ids and times repeat now and then."""
    parts = draw(st.lists(claim_fields(), min_size=1, max_size=3))
    end = max(end for _, end in parts) + draw(st.integers(0, 4))
    source = draw(st.sampled_from("aabbxcccdef"))
    head = {
        "id": f"r{draw(st.integers(0, 40))}",
        "source": source,
        "published": (START + timedelta(days=end, hours=draw(st.sampled_from((5, 12))))).isoformat(),
    }
    return {**head, "claims": [fields for fields, _ in parts]}


def read(documents: Iterable[dict[str, Any]]) -> list[list[Claim]]:
    """The claims of reports, report by report; one that names a claim twice is left out."""
    found = []
    for document in documents:
        periods_named = [(one["flow"], one["period"]) for one in document["claims"]]
        if len(set(periods_named)) == len(periods_named):
            found.append(read_report(json.dumps(document).encode(), REGISTRY, NOW))
    return found


Document = dict[str, Any]
"""A report as a producer sends it, as a dict."""

PEOPLE_A_DAY = (200, 300, 400, 500)
COUNTRIES = ("RU:KZ", "RU:GE", "RU:FI")
CHECKPOINTS = {
    "RU:KZ": ("RU:KZ:aksai", "RU:KZ:mashtakovo"),
    "RU:GE": ("RU:GE:lars", "RU:GE:larsi"),
    "RU:FI": ("RU:EU:FI:vaalimaa", "RU:EU:FI:nuijamaa"),
}
SPREAD = 12
"""All events of a world begin within so many days, so that most of them overlap."""


def _report(source: str, claims: Sequence[dict[str, Any]], end: int, hour: int = 9, name: str = "") -> Document:
    """A report, published `hour` hours UTC after the beginning of a day; `hour` may exceed 24."""
    published = (START + timedelta(days=end, hours=hour)).isoformat()
    return {"id": name or f"{source}-{end}-{hour}", "source": source, "published": published, "claims": list(claims)}


def _claim(flow: str, first: int, length: int, people: float, qualifier: str, **more: Any) -> dict[str, Any]:
    """A claim about whole days."""
    period = f"{_day(first)}/{_day(first + length)}"
    return {"flow": flow, "period": period, "people": round(people), "qualifier": qualifier, **more}


APART = (0.3, 1.0, 2.0, 4.0)
"""The rates that contradicting sources report, as multiples of one rate."""


def contradictions(random: Random) -> list[Document]:
    """Two or three sources of different grades report very different figures for overlapping days of one flow."""
    flow, first, rate = random.choice((*COUNTRIES, "RU")), random.randrange(SPREAD), random.choice(PEOPLE_A_DAY)
    sent = []
    for source, times in zip(random.sample("abcx", random.choice((2, 3))), random.sample(APART, 3), strict=False):
        begin, length = first + random.randrange(2), random.choice((1, 2, 3, 7))
        people = rate * length * times
        qualifier = random.choice(("stated", "stated", "about", "count", "nearly", "more_than", "at_most"))
        end = begin + length
        claim = {**_claim(flow, begin, length, people, qualifier), **random.choice(WORDS)}
        sent.append(_report(source, [claim], end, 9 + random.randrange(9)))
    return sent


def cumulative(random: Random) -> list[Document]:
    """One source reports totals since a fixed first day; each is larger than the last, or now and then smaller."""
    flow, source, first = random.choice(COUNTRIES), random.choice("abc"), random.randrange(SPREAD)
    people, rate, length = 0.0, random.choice(PEOPLE_A_DAY), 0
    sent = []
    for _ in range(random.choice((2, 3, 4))):
        more = random.choice((1, 2, 3))
        length, people = length + more, people + rate * more * random.choice((0.5, 1.0, 1.0, 2.0, -0.3))
        qualifier = random.choice(("more_than", "stated", "about", "at_least"))
        sent.append(_report(source, [_claim(flow, first, length, max(people, 0.0), qualifier)], first + length, 10))
    return sent


def counts_by_the_hour(random: Random) -> list[Document]:
    """A counter at a checkpoint reports its readings once a day; some are missing, some run over midnight."""
    flow, source, first = (
        random.choice(CHECKPOINTS[random.choice(COUNTRIES)]),
        random.choice("bc"),
        random.randrange(SPREAD),
    )
    hours, begin, rate = random.choice((4, 6, 12)), random.choice((0, 0, 0, 3)), random.choice((5, 10, 40))
    sent = []
    for day in range(first, first + random.choice((1, 2, 3))):
        claims = [
            {"flow": flow, "period": f"{_hour(day, hour)}/PT{hours}H", "people": hours * rate, "qualifier": "count"}
            for hour in range(begin, 24, hours)
            if random.randrange(8)
        ]
        if claims:
            sent.append(_report(source, claims, day + 1, 12))
    return sent


def bounds_from_below(random: Random) -> list[Document]:
    """Claims on a country, on its checkpoints and on a part of its people, with close figures for the same days."""
    country, first, rate = random.choice(COUNTRIES), random.randrange(SPREAD), random.choice(PEOPLE_A_DAY)
    length, sent = random.choice((1, 2, 3)), []
    week = random.choice((length, 7))
    if random.randrange(4):
        qualifier = random.choice(("stated", "about", "about", "nearly", "count"))
        begin = first - random.randrange(week - length + 1)
        whole = _claim(country, begin, week, rate * week * random.choice((0.8, 1.0, 1.2)), qualifier)
        sent.append(_report("a", [whole], begin + week, 11))
    for source, checkpoint in zip("cb", CHECKPOINTS[country], strict=True):
        days = [
            _claim(checkpoint, day, 1, rate * random.choice((0.4, 0.6, 0.8)), random.choice(("count", "about")))
            for day in range(first, first + length)
        ]
        sent.append(_report(source, days, first + length, 8, f"{checkpoint}-{first}"))
    part = _claim(country, first, length, rate * length * random.choice((0.9, 1.1, 1.4)), "stated")
    population = random.choice(("men", "citizens:RU"))
    sent.append(_report(random.choice("ab"), [{**part, "population": population}], first + length, 12))
    return sent


def surges(random: Random) -> list[Document]:
    """Days above a stated normal level alternate with quiet days; a report covers one to four days."""
    flow, source = random.choice((*COUNTRIES, "RU:KZ:aksai")), random.choice("abc")
    normal, day = (900 if flow == "RU:GE" else 400), random.randrange(SPREAD // 2)
    sent = []
    for number in range(random.choice((1, 2, 2, 3))):
        for times, days in ((random.choice((1.4, 1.7, 2.5)), random.choice((1, 2))), (0.8, random.choice((1, 4)))):
            words = random.choice(WORDS)
            claims = [{**_claim(flow, at, 1, normal * times, "count"), **words} for at in range(day, day + days)]
            if number == 0:
                claims[0]["normal"] = {"daily": normal}
            day += days
            sent.append(_report(source, claims, day, 10, f"{flow}-{number}-{times}"))
    return sent


def doubts(random: Random) -> list[Document]:
    """A source whose grade does not count reports a figure above or below those of the others."""
    first, length = random.randrange(SPREAD), random.choice((1, 3, 7))
    people = length * random.choice(PEOPLE_A_DAY) * random.choice((0.5, 2, 4))
    claim = _claim(random.choice((*COUNTRIES, "RU")), first, length, people, random.choice(("stated", "at_least")))
    return [_report(random.choice("def"), [claim], first + length, 14)]


def days_in_progress(random: Random) -> list[Document]:
    """A source reports a day at noon, before the day is over, and mostly again on the next morning."""
    flow, source, first = random.choice(FLOWS), random.choice("abc"), random.randrange(SPREAD)
    qualifier, people = random.choice(("count", "stated", "about", "at_most")), random.choice(PEOPLE_A_DAY)
    sent = []
    for day in range(first, first + random.choice((1, 2, 3))):
        sent.append(_report(source, [_claim(flow, day, 1, people / 2, qualifier)], day, 12))
        if random.randrange(3):
            sent.append(_report(source, [_claim(flow, day, 1, people, qualifier)], day + 1, 8))
    return sent


def quotes(random: Random) -> list[Document]:
    """Two or three sources quote one office with different figures; now and then one of them has its own as well."""
    flow, first, rate = random.choice(COUNTRIES), random.randrange(SPREAD), random.choice(PEOPLE_A_DAY)
    sent = []
    for source in random.sample("abcx", random.choice((2, 3))):
        begin, length = first + random.randrange(2), random.choice((1, 2, 3))
        claim = _claim(flow, begin, length, rate * length * random.choice(APART), random.choice(("stated", "count")))
        own = [] if random.randrange(3) else [{**claim, "flow": random.choice(COUNTRIES), "people": rate * length}]
        claims = [{**claim, "attributed_to": "office"}, *own]
        sent.append(_report(source, claims, begin + length, 13, f"quote-{source}-{begin}-{length}"))
    return sent


EVENTS = (
    *(surges, surges, bounds_from_below, bounds_from_below),
    *(cumulative, cumulative, counts_by_the_hour, doubts, doubts, doubts, contradictions),
)
LAST_EVENTS = (days_in_progress, quotes)
"""A world ends with one of these events, or with none."""
FIRST_EVENTS = (contradictions, contradictions, contradictions, contradictions, surges, bounds_from_below)


def versions(random: Random, documents: Sequence[Document]) -> list[Document]:
    """Later versions of some reports: some or all of their claims with other figures, or withdrawn."""
    sent = []
    for document in random.sample(documents, min(random.choice((0, 1, 2, 3, 4, 4)), len(documents))):
        later = datetime.fromisoformat(document["published"]) + timedelta(hours=random.choice((2, 20, 200)))
        factor = random.choice((None, None, 0.4, 0.9, 2.0))
        claims = [
            {**claim, "people": None if factor is None else round(claim["people"] * factor)}
            for claim in random.sample(document["claims"], random.randint(1, len(document["claims"])))
        ]
        sent.append(
            {
                **document,
                "id": random.choice((document["id"], "corrected")),
                "published": later.isoformat(),
                "claims": claims,
            }
        )
    return sent


SEEDS = st.integers(0, 2**64 - 1)


@st.composite
def documents(draw: st.DrawFn, most: int = 5) -> list[Document]:
    """Reports of events that contradict, correct and bound each other, and a few arbitrary ones, by publication.

    Each event is drawn by a seed, which costs a fraction of drawing every figure. An example shrinks by losing events.
    """
    first = draw(st.tuples(st.sampled_from(FIRST_EVENTS), SEEDS))
    events = [first, *draw(st.lists(st.tuples(st.sampled_from(EVENTS), SEEDS), min_size=2, max_size=most - 1))]
    events += draw(st.lists(st.tuples(st.sampled_from(LAST_EVENTS), SEEDS), max_size=1))
    sent = [report for place, (event, seed) in enumerate(events) for report in event(Random(f"{place} {seed}"))]
    sent += versions(Random(draw(SEEDS)), sent)
    sent += draw(st.lists(reports(), max_size=2))
    return sorted(sent, key=lambda report: report["published"])


def worlds(most: int = 5) -> st.SearchStrategy[list[list[Claim]]]:
    """The claims of such reports, report by report. test_worlds.py pins how often they contradict each other."""
    return documents(most).map(read)


@st.composite
def busy_weeks(draw: st.DrawFn) -> list[list[Claim]]:
    """Daily counts of one flow that rise and fall around a normal level, some missing, some corrected later."""
    flow = draw(st.sampled_from(("RU:KZ", "RU:GE", "RU:FI:vaalimaa")))
    documents = []
    for index in range(draw(st.integers(5, WHOLE_DAYS))):
        for version in range(draw(st.sampled_from((0, 1, 1, 1, 1, 2)))):
            people = draw(st.sampled_from((300, 390, 410, 450, 480, 500, 520, 700, 900, 1200, None)))
            fields: dict[str, Any] = {"flow": flow, "period": _day(index), "people": people, "qualifier": "count"}
            if draw(st.integers(0, 9)) == 0:
                fields["normal"] = {"daily": 400}
            early = draw(st.integers(0, 7)) == 0
            published = START + timedelta(days=index + (0 if early else 1), hours=9 + version)
            documents.append(
                {"id": f"{index}-{version}", "source": "b", "published": published.isoformat(), "claims": [fields]}
            )
    return read(documents)


CALM, SHIFTED = (1.0, 1.0), (4.0, 0.2)
MOODS = (*[CALM] * 6, SHIFTED, SHIFTED, (4.0, 4.0), (0.2, 0.2))
"""How busy two checkpoints are on a day, as multiples of the usual; on a shifted day people change over."""


@st.composite
def busy_borders(draw: st.DrawFn) -> list[list[Claim]]:
    """Daily counts of two checkpoints that fill and empty against each other, now and then one falls silent.

    Others speak of their country, and of another one, so that time goes on and observers differ.
    """
    length = draw(st.integers(12, WHOLE_DAYS))
    quiet = draw(st.sampled_from((0, 8, 10)))  # days enough to learn what is usual
    moods = [CALM] * quiet + draw(st.lists(st.sampled_from(MOODS), min_size=length, max_size=length))
    documents = []
    figures = st.sampled_from((95, 100, 105, 110))
    for flow, source, usual, odds, place in (
        ("RU:KZ:aksai", "b", 1, 7, 0),
        ("RU:KZ:mashtakovo", "c", 4, 7, 1),
        ("RU:KZ", "a", 5, 2, 1),
        ("RU:GE", "c", 1, 5, 0),
    ):
        speaks = True
        for index in range(length):
            speaks = draw(st.integers(0, 24)) > 0 if speaks else draw(st.integers(0, 3)) == 0
            if speaks and draw(st.integers(1, 7)) <= odds:
                people = round(draw(figures) * usual * moods[index][place])
                fields = {"flow": flow, "period": _day(index), "people": people, "qualifier": "count"}
                published = (START + timedelta(days=index + 1, hours=9)).isoformat()
                head = {"id": f"{flow}-{index}", "source": source, "published": published}
                documents.append({**head, "claims": [fields]})
    return read(documents)


@st.composite
def batched(draw: st.DrawFn, world: Sequence[list[Claim]]) -> list[list[Claim]]:
    """The same claims in another order, cut into batches anew."""
    flat = draw(st.permutations([one for claims in world for one in claims]))
    cuts = sorted(draw(st.sets(st.integers(0, len(flat)), max_size=5)))
    return [list(flat[left:right]) for left, right in pairwise([0, *cuts, len(flat)]) if left < right]


def desk_of(batches: Iterable[Iterable[Claim]], rules: Rules = RULES) -> ReplayLedgers:
    """A desk after some batches."""
    desk = ReplayLedgers(REGISTRY, rules)
    for batch in batches:
        list(desk.apply(batch))
    return desk


def figures(desk: ReplayLedgers) -> bytes:
    """Everything the reports come to but the log of alerts, as JSON."""
    return msgspec.json.encode(msgspec.structs.replace(desk.outcome([]), alerts=[]))


def stored(ledger_rows: dict[bytes, bytes]) -> Ledger:
    """A ledger out of stored rows."""
    return Ledger.restored(sorted(ledger_rows.items()))


def lived_and_restored(world: Iterable[Iterable[Claim]]) -> tuple[Ledger, Ledger]:
    """A ledger that lived through batches, and one out of the rows that were stored meanwhile."""
    ledger = Ledger()
    rows: dict[bytes, bytes] = {}
    for claims in world:
        for row in ledger.apply(claims).rows:
            rows[row.key] = ledger.row(row)
    return ledger, stored(rows)
