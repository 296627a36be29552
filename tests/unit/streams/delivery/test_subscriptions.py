from __future__ import annotations

import pytest

from bordertally.streams.delivery.subscriptions import (
    MOST,
    Policy,
    Subscription,
    Subscriptions,
    parse_subscriptions,
    reference,
)
from bordertally.streams.errors import ConfigError
from bordertally.streams.flows import Flow

DAY = 86_400.0

FILE = """
[subscriptions.relief-desk]
url = "https://relief.example.org/hook"
secrets = ["file:relief-desk.key", "env:RELIEF_OLD"]
flows = ["RU:GE", "RU:FI"]
severities = ["warning", "critical"]

[retry]
schedule = ["1s", "2m"]
give_up = "2d"
"""


def test_a_file_of_subscriptions() -> None:
    subscriptions = parse_subscriptions(FILE, "webhooks.toml", frozenset({"EU"}))
    assert subscriptions.policy == Policy((1.0, 120.0), 2 * DAY, 15.0)
    subscription = subscriptions.by_name["relief-desk"]
    assert (subscription.flows, subscription.wants_all) == (("RU:GE", "RU:EU:FI"), False)
    assert subscription.wants("RU:GE:verkhny-lars", ("notice", "critical"))
    assert not subscription.wants("RU:GE", ("notice",))
    assert not subscription.wants("RU:KZ", ("critical",))
    assert parse_subscriptions("", "webhooks.toml").by_name == {}


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('["file:relief-desk.key", "env:RELIEF_OLD"]', '["whsec_c2VjcmV0"]', "a secret must not stand here itself"),
        ('["file:relief-desk.key", "env:RELIEF_OLD"]', "[]", "it needs at least one"),
        ("relief-desk]", "Relief]", "must be lower-case letters, digits and dashes"),
        ('"critical"]', '"grave"]', "severities: grave is none of notice, warning, critical"),
        ('"RU:GE", ', '"RU:XY", ', r"flows: 'XY' is not a country code of ISO 3166-1, nor a bloc \(EU\) \(got RU:XY\)"),
        ('["RU:GE", "RU:FI"]', "[]", "flows: an empty list would subscribe to nothing"),
        ('"1s"', '"1 s"', "retry.schedule: 1 s is no duration such as 5s"),
        ('"1s"', '"0s"', "retry.schedule: .* must be above 0"),
        ("give_up", "giveup", "unknown field `giveup`"),
        ("url =", "link =", "unknown field `link`|missing required field `url`"),
    ],
)
def test_what_is_wrong_in_a_file_is_one_sentence_without_the_secret(old: str, new: str, why: str) -> None:
    assert old in FILE
    with pytest.raises(ConfigError, match=f"^webhooks.toml: .*{why}") as failed:
        parse_subscriptions(FILE.replace(old, new), "webhooks.toml")
    assert "c2VjcmV0" not in str(failed.value)
    assert "relief.example.org" not in str(failed.value)


def minimal(*lines: str) -> Subscription:
    """A subscription with these lines and the required keys."""
    text = "\n".join(["[subscriptions.x]", 'url = "https://x.example"', 'secrets = ["env:X"]', *lines])
    return parse_subscriptions(text, "webhooks.toml").by_name["x"]


def test_by_default_a_subscription_is_to_everything_and_tried_for_three_days() -> None:
    assert parse_subscriptions("", "webhooks.toml") == Subscriptions({}, Policy())
    assert Policy() == Policy((5.0, 30.0, 120.0, 600.0, 1_800.0, 7_200.0, 18_000.0, 43_200.0), 3 * DAY, 15.0)
    assert minimal().wants_all
    assert minimal().wants("UA:EU:PL:medyka", ("notice",))


def test_an_event_is_wanted_by_any_of_its_severities_on_a_flow_that_is_followed() -> None:
    severe = minimal('flows = ["*:KZ"]', 'severities = ["critical"]')
    assert not severe.wants_all
    assert severe.wants("RU:KZ:syrym", ("notice", "critical"))
    assert not severe.wants("RU:KZ:syrym", ("notice", "warning"))
    assert not severe.wants("RU:KZ", ())
    assert not severe.wants("RU:GE", ("critical",))


def test_a_flow_written_without_its_bloc_is_put_into_it() -> None:
    """Where the registry knows EU, RU:FI is RU:EU:FI; else it is as written."""
    assert parse_subscriptions(FILE, "f", frozenset({"EU"})).by_name["relief-desk"].follows("RU:EU:FI:vaalimaa")
    assert parse_subscriptions(FILE, "f").by_name["relief-desk"].follows("RU:FI")


def test_a_subscription_to_an_alias_is_one_to_the_place() -> None:
    aliases = {Flow("RU:GE:larsi"): Flow("RU:GE:lars")}
    text = FILE.replace('"RU:GE"', '"RU:GE:larsi"')
    (desk,) = parse_subscriptions(text, "f", aliases=aliases).by_name.values()
    assert (desk.flows, desk.follows("RU:GE:lars"), desk.follows("RU:GE:larsi")) == (
        ("RU:GE:lars", "RU:FI"),
        True,
        False,
    )


def test_there_may_be_a_thousand_subscriptions() -> None:
    entry = '[subscriptions.s{}]\nurl = "https://x.example"\nsecrets = ["env:X"]\n'
    most = "".join(entry.format(number) for number in range(MOST))
    assert len(parse_subscriptions(most, "f").by_name) == 1_000
    with pytest.raises(ConfigError, match=r"^f: 1001 subscriptions; there may be 1000$"):
        parse_subscriptions(most + entry.format("x"), "f")


@pytest.mark.parametrize("name", ["a", "a-1", "1", "a" * 64])
def test_names_that_are_taken(name: str) -> None:
    assert FILE.count("relief-desk]") == 1
    assert list(parse_subscriptions(FILE.replace("relief-desk]", f"{name}]"), "f").by_name) == [name]


@pytest.mark.parametrize("name", ["A", "-a", "a-", "a_b", "a" * 65])
def test_names_that_are_not_taken(name: str) -> None:
    with pytest.raises(ConfigError, match=r"must be lower-case letters, digits and dashes$"):
        parse_subscriptions(FILE.replace("relief-desk]", f"{name}]"), "f")


def test_what_is_no_toml_is_refused_by_line() -> None:
    with pytest.raises(ConfigError, match=r"^webhooks.toml: .*at line 2, column"):
        parse_subscriptions("\nsubscriptions = ?\n", "webhooks.toml")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("env:KEY", ("env", "KEY")),
        ("file:/run/secrets/a:b", ("file", "/run/secrets/a:b")),
        ("file:", None),
        ("https://x.example", None),
        ("whsec_c2VjcmV0", None),
        ("", None),
    ],
)
def test_a_reference_names_a_variable_or_a_file(text: str, expected: tuple[str, str] | None) -> None:
    assert reference(text) == expected
