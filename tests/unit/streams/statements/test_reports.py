"""Reports in words: claims where certain, items for the review where not, one refusal where neither; and decisions."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import UNSET
from msgspec.structs import replace

from bordertally.agents.runtime.languages import load_reader
from bordertally.streams.errors import BordertallyError, Reason, RefusedError
from bordertally.streams.replay.ledgers import ReplayLedgers
from bordertally.streams.reports.claims import Claim
from bordertally.streams.reports.records import ClaimFields
from bordertally.streams.reports.signatures import shown_key, signature
from bordertally.streams.reports.sources import parse_registry
from bordertally.streams.reports.validation import Limits, decode_report, read_report
from bordertally.streams.rules.config import Rules
from bordertally.streams.statements.extractor import proposals
from bordertally.streams.statements.reader import Speaker
from bordertally.streams.statements.reports import LONGEST, WordReader, Words, read_claims
from bordertally.streams.statements.review import Decision, Docket, Item, accepted, decode
from bordertally.streams.topics import Topic
from one_by_one import read_all
from unit.kit import NOW, REGISTRY

KEY, OTHER = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()

WORDS = WordReader(load_reader, REGISTRY)
CERTAIN = "98,000 Russian citizens have entered Kazakhstan since 21 September."
DOUBTFUL = "On Monday 4,200 women and children entered the country from Russia."


def words(text: object, source: str = "almaty", **more: Any) -> bytes:
    fields = {"id": "w1", "source": source, "published": "2022-09-27T09:00:00+06:00", "text": text}
    return json.dumps(fields | more).encode()


def taken(raw: bytes, reader: WordReader = WORDS) -> Words:
    return reader.read(decode_report(raw, Limits()), NOW)


def refusal(raw: bytes) -> RefusedError:
    with pytest.raises(RefusedError) as refused:
        read_claims(raw, REGISTRY, NOW, None, WORDS)
    return refused.value


def test_words_come_to_the_claim_that_figures_would_have() -> None:
    figures = {"flow": "RU:KZ", "period": "2022-09-21/2022-09-28", "people": 98000, "population": "citizens:RU"}
    raw = words(None, url="https://example.org/1")
    (claim,) = read_report(json.dumps(json.loads(raw) | figures).encode(), REGISTRY, NOW)
    assert taken(words(CERTAIN, url="https://example.org/1")) == Words(
        [msgspec.structs.replace(claim, text=CERTAIN.rstrip("."))], []
    )


def test_what_is_not_certain_goes_to_the_review() -> None:
    (item,) = taken(words(f"{CERTAIN} {DOUBTFUL}")).items
    assert (item.report, item.source, item.doubts, item.language) == ("w1", "almaty", ["several_groups"], "en")
    assert (item.claim.flow, item.claim.people, item.claim.period) == ("RU:KZ", 4200, "2022-09-26")
    start, end = item.spans["people"]
    assert item.context[start:end] == "4,200"
    assert decode(msgspec.json.encode(item)) == item
    assert taken(words(f"{CERTAIN} {DOUBTFUL}")).items == [item]


def test_a_flow_the_source_may_not_speak_for_goes_to_the_review_too() -> None:
    done = taken(words(f"{CERTAIN} On Monday 900 people crossed from Russia to Georgia."))
    assert [claim.flow for claim in done.claims] == ["RU:KZ"]
    assert [item.doubts for item in done.items] == [["refused"]]
    assert "may report only on RU:KZ (got RU:GE)" in done.items[0].why


def test_said_twice_counts_once_and_contradictions_not_at_all() -> None:
    assert len(taken(words(f"{CERTAIN} {CERTAIN}")).claims) == 1
    done = taken(words(f"{CERTAIN} {CERTAIN.replace('98', '89')}"))
    assert done.claims == []
    assert [(item.claim.people, item.doubts) for item in done.items] == [
        (98_000, ["contradiction"]),
        (89_000, ["contradiction"]),
    ]


def grade(text: str, source: str) -> str:
    return taken(words(text, source)).claims[0].grade


def test_an_unnamed_voice_lowers_the_grade_and_nothing_raises_it() -> None:
    text = "98,000 Russian citizens have entered Kazakhstan since 21 September"
    assert [grade(f"{text}.", source) for source in "abcd"] == ["A", "B", "C", "D"]
    assert [grade(f"{text}, according to local media.", source) for source in "abcd"] == ["C", "C", "C", "D"]
    assert [grade(f"{text}, an unnamed official told us.", source) for source in "abcd"] == ["D", "D", "D", "D"]


def test_what_a_source_retells_of_another_is_graded_c_at_best() -> None:
    said = "98,000 Russian citizens have entered Kazakhstan since 21 September"
    assert [grade(f"Frontex said that {said}.", source) for source in "abcd"] == ["C", "C", "C", "D"]


def test_a_claim_that_a_source_retells_names_whom_it_quotes() -> None:
    raw = words("Frontex said that 98,000 Russian citizens have entered Kazakhstan since 21 September.")
    (claim,) = read_claims(raw, REGISTRY, NOW, None, WORDS)
    assert claim.attributed_to == "frontex"
    (claim,) = read_claims(words(CERTAIN), REGISTRY, NOW, None, WORDS)
    assert claim.attributed_to is None


@pytest.mark.parametrize(
    ("raw", "reason", "field"),
    [
        (words("The weather was fine on Monday."), Reason.NO_CLAIM, "text"),
        (words("3,000 cars stood in the queue."), Reason.NO_CLAIM, "text"),
        (words("x" * (LONGEST + 1)), Reason.TOO_LARGE, "text"),
        (words(None), Reason.MISSING_FIELD, "flow"),
        (words(CERTAIN, flow="RU:KZ"), Reason.MISSING_FIELD, "period"),
        (words(CERTAIN, period="2022-09-26"), Reason.MISSING_FIELD, "flow"),
        (words(CERTAIN, source="nobody"), Reason.UNKNOWN_SOURCE, "source"),
        (words(CERTAIN, published="2099-01-01T00:00:00Z"), Reason.PUBLISHED_IN_FUTURE, "published"),
        (words(7), Reason.WRONG_TYPE, "text"),
        (words(CERTAIN, claims=[{"people": 1}]), Reason.MISSING_FIELD, "claims[0].flow"),
    ],
)
def test_what_is_refused(raw: bytes, reason: Reason, field: str) -> None:
    error = refusal(raw)
    assert (error.reason, error.field, error.report) == (reason, field, "w1")


def test_replay_reads_words_like_the_intake() -> None:
    lines = [words(CERTAIN), words(DOUBTFUL), words("Nothing.")]
    read = read_all(lines, REGISTRY, NOW, words=WORDS)
    assert [[claim.best for claim in claims] for claims in read.reports] == [[98_000]]
    assert [refusal.reason for refusal in read.refused] == ["no_claim"]
    assert [refusal.reason for refusal in read_all(lines, REGISTRY, NOW).refused] == ["missing_field"] * 3
    desk = ReplayLedgers(REGISTRY, Rules())
    list(desk.apply(read_claims(words(CERTAIN), REGISTRY, NOW, None, WORDS)))
    assert desk.states.keys() == {"RU", "RU:KZ"}


def test_the_country_is_that_of_the_source() -> None:
    text = """
    [sources.one]
    name = "One"
    flows = [{flows}]
    grade = "A"
    {place}
    """

    def home(flows: str, place: str = "") -> str | None:
        return parse_registry(text.format(flows=flows, place=place), "registry").home("one")

    assert home('"RU:KZ", "KZ:RU"') == "KZ"
    assert home('"RU:EU:FI:vaalimaa"') == "FI"
    assert home('"*:EU"') == "EU"
    assert home('"RU"') is None
    assert home('"RU:GE:verkhny-lars"', 'place = "RU"') == "RU"
    with pytest.raises(BordertallyError, match=r"sources\.one\.place: QQ is not a country code of ISO 3166-1"):
        home('"RU"', 'place = "QQ"')


# --- another extractor -----------------------------------------------------------------------------------------

TEXT = "Officials spoke of 98 thousand new arrivals, with 1.3 million since the spring."


def propose(*claims: object) -> list[object]:
    return [proposal.claim.people for proposal in proposals(claims, TEXT, [])]  # type: ignore[arg-type]


def test_proposals_must_quote_and_their_figures_must_stand_there() -> None:
    quote = "98 thousand new arrivals"
    good: dict[str, Any] = {"flow": "RU:KZ", "period": "2022-09-26", "people": 98_000, "text": quote}
    assert propose(good) == [98_000]
    assert propose(good | {"people": 1_300_000, "text": "1.3 million since"}) == [1_300_000]
    assert propose(good | {"people": 97_000}, good | {"text": "98 thousand souls"}, good | {"text": ""}) == []
    assert propose(good | {"people": None}, good | {"people": "98000"}, {"people": 98_000}, 7, "x") == []


def test_what_an_extractor_proposes_is_only_ever_reviewed() -> None:
    def extractor(text: str, published: datetime, speaker: Speaker) -> Iterable[dict[str, Any]]:
        assert (published.year, speaker.home) == (2022, "KZ")
        yield {"flow": "RU:KZ", "period": "2022-09-26", "people": 777, "text": text[-23:]}
        yield {"flow": "RU:KZ", "period": "2022-09-26", "people": 98_000, "text": text[:20]}

    done = taken(words(f"{CERTAIN} The turnstile read 777."), WordReader(load_reader, REGISTRY, extractor))
    assert [claim.best for claim in done.claims] == [98_000]
    assert [(item.claim.people, item.doubts) for item in done.items if "extracted" in item.doubts] == [
        (777, ["extracted"])
    ]


# --- decisions -------------------------------------------------------------------------------------------------


def an_item() -> Item:
    (item,) = taken(words(DOUBTFUL)).items
    return item


def decision(item: Item, verdict: str, published: str = "2022-09-28T00:00:00+00:00") -> Decision:
    decision = {"kind": "decision", "review": item.id, "source": "a", "published": published, "decision": verdict}
    record = decode(json.dumps(decision).encode())
    assert isinstance(record, Decision)
    return record


def test_an_accepted_item_is_a_report_of_the_reviewer() -> None:
    raw = accepted(an_item(), "a", "2022-09-28T08:00:00Z", {"flow": "RU:KZ", "qualifier": "about"})
    claim: Claim
    (claim,) = read_report(raw, REGISTRY, NOW)
    assert (claim.source, claim.flow, claim.best, claim.grade) == ("a", "RU:KZ", 4200, "A")
    assert json.loads(raw)["review"] == an_item().id
    item = an_item()
    open_item = replace(item, claim=replace(item.claim, flow=UNSET))
    with pytest.raises(RefusedError, match="flow: this field is required"):
        read_report(accepted(open_item, "a", "2022-09-28T08:00:00Z", {}), REGISTRY, NOW)
    with pytest.raises(BordertallyError, match="colour is no field of a claim"):
        accepted(an_item(), "a", "2022-09-28T08:00:00Z", {"colour": "red"})


def test_a_field_is_dropped_by_null() -> None:
    item = msgspec.structs.replace(an_item(), claim=ClaimFields(flow="RU:KZ", period="2022-09-26", people=5, per="day"))
    claim = json.loads(accepted(item, "a", "2022-09-28T08:00:00Z", {"per": None}))["claims"][0]
    assert claim == {"flow": "RU:KZ", "period": "2022-09-26", "people": 5}


def test_the_docket_lists_what_nobody_decided_on() -> None:
    first = an_item()
    second = msgspec.structs.replace(first, id="w2.abc", confidence=0.9)
    docket = Docket([first, second, first])
    assert [item.id for item in docket.open] == ["w2.abc", first.id]
    assert Docket([decision(first, "rejected"), first, second]).open == [second]
    later = decision(first, "accepted", "2022-09-29T00:00:00+00:00")
    for order in ([decision(first, "rejected"), later], [later, decision(first, "rejected")]):
        assert Docket([first, *order]).decisions[first.id] == order[0]  # the first on the topic, whatever it is dated


def test_items_are_named_by_any_unambiguous_beginning() -> None:
    docket = Docket([an_item(), msgspec.structs.replace(an_item(), id="w2.abc")])
    assert docket.item("w1") == an_item()
    assert docket.item("w2.abc").id == "w2.abc"
    with pytest.raises(BordertallyError, match="2 items begin so"):
        docket.item("w")
    with pytest.raises(BordertallyError, match="no such item"):
        docket.item("x")


@pytest.mark.parametrize(
    "raw",
    [words(CERTAIN), words("It rained."), words(None, flow="RU:KZ", period="2022-09-26", people=1)],
    ids=["words", "rain", "figures"],
)
def test_who_may_say_it_where_is_asked_before_words_are_read_the_topic_first(raw: bytes) -> None:
    registry = parse_registry(
        f"""
        [sources.almaty]
        name = "Almaty"
        flows = ["RU:KZ"]
        grade = "B"
        keys = ["{shown_key(KEY.public_key())}"]
        """,
        "registry",
    )
    reader = WordReader(load_reader, registry)

    def reason(topic: Topic, *keys: Ed25519PrivateKey) -> Reason | None:
        gate = registry.gate(topic, raw, [signature(key, raw) for key in keys])
        try:
            read_claims(raw, registry, NOW, None, reader, gate)
        except RefusedError as error:
            return error.reason
        return None

    for keys in ((), (OTHER,), (KEY,)):
        assert reason(Topic.FRONTEX, *keys) is Reason.TOPIC_NOT_ALLOWED
    assert reason(Topic.GOVERNMENT) is Reason.UNSIGNED
    assert reason(Topic.GOVERNMENT, OTHER) is Reason.BAD_SIGNATURE
    assert reason(Topic.GOVERNMENT, KEY) is (Reason.NO_CLAIM if b"rained" in raw else None)


@pytest.mark.parametrize("title", [7, None, ["98,000 Russians entered Kazakhstan on 25 September"]])
def test_a_title_that_is_no_text_is_left_out(title: object) -> None:
    with_title = WORDS.read(decode_report(words(CERTAIN, title=title), Limits()), NOW)
    without = WORDS.read(decode_report(words(CERTAIN), Limits()), NOW)
    assert [claim.text for claim in with_title.claims] == [claim.text for claim in without.claims] == [CERTAIN[:-1]]
