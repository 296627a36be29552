from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from bordertally.streams.errors import ConfigError, Reason, RefusedError
from bordertally.streams.replay.reports_by_hour import ReplayedReport
from bordertally.streams.reports.batching import Sorter
from bordertally.streams.reports.signatures import check_signature, parse_key, shown_key, signature
from bordertally.streams.reports.sources import Registry, parse_registry
from bordertally.streams.reports.validation import Limits
from bordertally.streams.topics import Topic
from one_by_one import read_arrived
from unit.kit import NOW, report, take

OLD, NEW, OTHER = (Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (1, 2, 3))
KEYS = {"a": [OLD.public_key(), NEW.public_key()]}
ENTRY = 'name = "A"\nflows = ["RU"]\ngrade = "A"\n'


def registry(more: str) -> Registry:
    return parse_registry(f"[sources.a]\n{ENTRY}{more}\n[sources.b]\n{ENTRY.replace('A', 'B')}", "sources.toml")


def test_the_first_vector_of_rfc_8032() -> None:
    key = Ed25519PrivateKey.from_private_bytes(
        bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    )
    public = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    assert base64.b64decode(shown_key(key.public_key())) == public
    name, value = signature(key, b"")
    assert name == "signature"
    assert base64.b64decode(value).hex() == (
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24"
        "655141438e7a100b"
    )


@given(st.binary(max_size=99), st.sampled_from([OLD, NEW]))
def test_whatever_one_of_the_keys_has_signed_is_taken(raw: bytes, key: Ed25519PrivateKey) -> None:
    check_signature(KEYS, "a", raw, [("x", b"y"), signature(key, raw)])
    check_signature(KEYS, "a", raw, [signature(OTHER, raw), signature(key, raw)])


@given(st.binary(max_size=99), st.binary(min_size=1, max_size=9), st.integers(0, 99))
def test_other_bytes_are_refused(raw: bytes, more: bytes, at: int) -> None:
    changed = raw[:at] + more + raw[at:]
    with pytest.raises(RefusedError) as caught:
        check_signature(KEYS, "a", changed, [signature(OLD, raw)])
    assert caught.value.reason is Reason.BAD_SIGNATURE


@given(st.binary(max_size=99))
def test_what_is_no_signature_is_refused(odd: bytes) -> None:
    with pytest.raises(RefusedError) as caught:
        check_signature(KEYS, "a", b"raw", [("signature", odd)])
    assert (caught.value.reason, caught.value.field) == (Reason.BAD_SIGNATURE, "signature")


def test_without_a_signature_it_is_unsigned_and_without_keys_nothing_need_be() -> None:
    with pytest.raises(RefusedError) as caught:
        check_signature(KEYS, "a", b"raw", [("trace", b"1"), ("Signature", b"x")], "r1")
    assert (caught.value.reason, caught.value.field, caught.value.report) == (Reason.UNSIGNED, "source", "r1")
    check_signature(KEYS, "b", b"raw", [])
    check_signature(KEYS, "b", b"raw", [("signature", b"rubbish")])


@pytest.mark.parametrize("text", ["", "x", "AAAA", shown_key(OLD.public_key())[:-4], "ж" * 44])
def test_a_key_that_is_none_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="is not an Ed25519 public key"):
        parse_key(text)
    with pytest.raises(ConfigError, match=r"sources\.a\.keys: "):
        registry(f'keys = ["{text}"]')


def test_counts_of_a_source_with_keys_are_never_taken_unsigned_however_often_they_come() -> None:
    sorter = Sorter(registry(f'keys = ["{shown_key(OLD.public_key())}"]'), Limits(), 1)
    raw = report(5, "2022-09-21T00:00/PT1H", source="a", qualifier="count")
    for _ in range(3):
        with pytest.raises(RefusedError) as caught:
            take(sorter, raw, NOW)
        assert caught.value.reason is Reason.UNSIGNED
        take(sorter, raw, NOW, signature(OLD, raw))
        with pytest.raises(RefusedError) as caught:
            take(sorter, raw, NOW, signature(NEW, raw))
        assert caught.value.reason is Reason.BAD_SIGNATURE
    ((_, message),) = sorter.messages()
    assert message.count == 3


def test_a_source_reports_on_the_topics_that_it_may() -> None:
    one = registry('topic = "frontex"\ntopics = ["checkpoint"]')
    sorter, raw = Sorter(one, Limits(), 1), report(5, "2022-09-21T00:00/PT1H", source="a", qualifier="count")
    for topic, fine in ((Topic.FRONTEX, True), (Topic.GOVERNMENT, False), (Topic.CHECKPOINT, True)) * 2:
        sorter.turn_to(topic)
        if fine:
            take(sorter, raw, NOW)
        else:
            with pytest.raises(
                RefusedError, match="may report only on frontex, checkpoint, and the report came on government"
            ) as caught:
                take(sorter, raw, NOW)
            assert (caught.value.reason, caught.value.field) == (Reason.TOPIC_NOT_ALLOWED, "source")
    ((_, message),) = sorter.messages()
    assert message.count == 4


def test_a_replay_of_the_topics_asks_who_may_speak_too() -> None:
    one, raw = registry(f'keys = ["{shown_key(OLD.public_key())}"]'), report(5, source="a")
    came = [
        ReplayedReport(raw, int(NOW * 1000), headers=[signature(OLD, raw)], topic=Topic.GOVERNMENT),
        ReplayedReport(raw, int(NOW * 1000), headers=[signature(NEW, raw)], topic=Topic.GOVERNMENT),
        ReplayedReport(raw, int(NOW * 1000), topic=Topic.GOVERNMENT),
        ReplayedReport(raw, int(NOW * 1000), headers=[signature(OLD, raw)], topic=Topic.FRONTEX),
    ]
    read = read_arrived(came, one)
    assert len(read.reports) == 1
    assert [refusal.reason for refusal in read.refused] == ["bad_signature", "unsigned", "topic_not_allowed"]


ORDER_8 = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"
"""A point of order 8 of edwards25519."""


@pytest.mark.parametrize(
    "raw",
    [
        "01" + "00" * 31,  # the neutral element
        "ec" + "ff" * 30 + "7f",  # order 2
        "00" * 32,  # order 4
        "00" * 31 + "80",
        ORDER_8,
        ORDER_8[:-2] + "85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "ee" + "ff" * 30 + "7f",  # 1, written as p + 1
        "01" + "00" * 30 + "80",  # x = 0 with a sign
        "02" + "00" * 31,  # no point of the curve
    ],
)
def test_a_key_for_which_anybody_could_sign_is_refused(raw: str) -> None:
    text = base64.b64encode(bytes.fromhex(raw)).decode()
    with pytest.raises(ValueError, match="is not a safe Ed25519 public key: anybody could sign for it"):
        parse_key(text)
    with pytest.raises(ConfigError, match="not a safe Ed25519 public key"):
        registry(f'keys = ["{text}"]')


@given(st.binary(min_size=32, max_size=32))
def test_every_key_that_was_made_properly_is_taken(seed: bytes) -> None:
    key = Ed25519PrivateKey.from_private_bytes(seed).public_key()
    assert parse_key(shown_key(key)) == key
