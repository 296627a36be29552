from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bordertally.streams.delivery.email_subscribers import (
    Subscriber,
    key_in,
    parse_subscribers,
    unsubscribe_token,
)
from bordertally.streams.errors import ConfigError
from unit.kit import alert_record

FILE = """
[subscribers.duty]
to = "Duty desk <duty@relief.example>"
flows = ["RU:FI"]
severities = ["critical"]
digest = "07:00"
tz = "Europe/Helsinki"

[subscribers.weekly]
to = "board@relief.example"
alerts = false
digest = "mon 07:30"
"""
SECRET = b"k" * 32


def read(text: str) -> dict[str, Subscriber]:
    return parse_subscribers(text, "email.toml", frozenset({"EU"}))


def one(**fields: str) -> str:
    return '[subscribers.a]\nto = "a@b.example"\n' + "".join(f"{name} = {value}\n" for name, value in fields.items())


def test_a_file_lists_who_receives_what() -> None:
    duty, weekly = read(FILE).values()
    assert (duty.name, duty.address, duty.flows) == ("duty", "duty@relief.example", ("RU:EU:FI",))
    assert duty.wants(alert_record("RU:EU:FI:vaalimaa", severity="critical"))
    assert not duty.wants(alert_record("RU:EU:FI", severity="warning"))
    assert not duty.wants(alert_record("RU:EU", severity="critical"))
    assert not weekly.wants(alert_record("RU:EU:FI", severity="critical"))
    assert weekly.follows("RU:KZ")


def test_the_end_of_an_alert_is_wanted_by_whoever_wanted_its_peak() -> None:
    ended = msgspec.structs.replace(alert_record("RU:EU:FI", severity="notice"), peak_severity="critical")
    assert read(FILE)["duty"].wants(ended)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[", "email.toml: Invalid"),
        ('[subscribers.A]\nto = "a@b.example"\n', "subscribers: A must be lower-case"),
        ('[subscribers.a]\nto = "nobody"\n', r"subscribers\.a\.to: nobody is no e-mail address"),
        ('[subscribers.a]\nto = "a@b.example\\nBcc: c@d.example"\n', r"subscribers\.a\.to"),
        ("[subscribers.a]\n", "missing required field `to`"),
        (one(severities='["grave"]'), "severities: grave is none of notice, warning, critical"),
        (one(flows="[]"), "flows: an empty list"),
        (one(flows='["RU:KAZ"]'), "did you mean KZ?"),
        (one(digest='"7:00"'), "digest: 7:00 is no time such as 07:00"),
        (one(digest='"25:00"'), "digest: 25:00"),
        (one(tz='"Mars/Base"'), "tz: Mars/Base is no time zone"),
        (one(colour='"red"'), "unknown field `colour`"),
    ],
)
def test_a_wrong_entry_is_named_with_its_value(text: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        read(text)


@pytest.mark.parametrize(
    ("now", "daily", "weekly"),
    [  # Helsinki is UTC+3 in September and UTC+2 in November; 26 September 2022 is a Monday
        ("2022-09-26T03:59Z", None, None),
        ("2022-09-26T04:00Z", "2022-09-26", None),
        ("2022-09-26T07:30Z", "2022-09-26", "2022-09-26"),
        ("2022-09-26T10:00Z", "2022-09-26", "2022-09-26"),
        ("2022-09-26T10:01Z", None, "2022-09-26"),
        ("2022-09-27T07:30Z", "2022-09-27", None),
        ("2022-11-26T04:59Z", None, None),
        ("2022-11-26T05:00Z", "2022-11-26", None),
    ],
)
def test_a_digest_is_due_from_its_time_on_for_six_hours(now: str, daily: str | None, weekly: str | None) -> None:
    moment = datetime.fromisoformat(now).astimezone(UTC)
    due = {name: each.digest.due(moment) for name, each in read(FILE).items() if each.digest is not None}
    assert due == {"duty": daily, "weekly": weekly}


def test_a_token_leads_to_its_subscriber_and_a_changed_one_to_nobody() -> None:
    key = read(FILE)["duty"].key
    token = unsubscribe_token(SECRET, key)
    assert key_in(SECRET, token) == key
    assert key_in(b"j" * 32, token) is None
    assert key_in(SECRET, token[:-1] + ("0" if token[-1] != "0" else "1")) is None
    assert key_in(SECRET, unsubscribe_token(SECRET, "other:1").split(".")[0] + "." + token.split(".")[1]) is None


def test_another_address_under_the_same_name_is_another_subscriber() -> None:
    changed = read(FILE.replace("duty@", "night@"))["duty"]
    assert changed.key != read(FILE)["duty"].key
    assert "relief" not in changed.key


@given(st.text())
def test_any_text_in_place_of_a_token_is_nobody(text: str) -> None:
    assert key_in(SECRET, text) is None
