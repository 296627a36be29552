"""Tokens: what a registry and the settings hold of them, and what each opens."""

from __future__ import annotations

import pytest

from bordertally.streams.delivery.tokens import Keys, Scope, digest_of
from bordertally.streams.errors import ConfigError
from bordertally.streams.reports.sources import parse_registry
from bordertally.streams.settings import load_settings

SOURCE = """
[sources.kz-mia]
name = "Kazakhstan"
flows = ["RU:KZ"]
grade = "B"
"""


def test_each_token_opens_its_own() -> None:
    registry = parse_registry(SOURCE + f'tokens = ["{digest_of("kz")}"]', "x.toml")
    keys = Keys(registry, [digest_of("reader")], [digest_of("boss")])
    assert [keys.caller(token) is None for token in ("kz", "reader", "boss", "other", "")] == [
        False,
        False,
        False,
        True,
        True,
    ]
    kz, reader, boss = (keys.caller(token) for token in ("kz", "reader", "boss"))
    assert kz is not None
    assert (set(kz.scopes), kz.source) == ({Scope.REPORT}, "kz-mia")
    assert reader is not None
    assert reader.scopes == {Scope.READ}
    assert boss is not None
    assert (set(boss.scopes), boss.source) == (set(Scope), None)
    assert keys.guards_reading
    assert keys.guards_reports
    assert not Keys(registry).guards_reading
    assert not Keys(parse_registry(SOURCE, "x.toml")).guards_reports


def test_a_digest_is_never_a_token() -> None:
    registry = parse_registry(SOURCE + f'tokens = ["{digest_of("kz")}"]', "x.toml")
    assert Keys(registry).caller(digest_of("kz")) is None


@pytest.mark.parametrize("wrong", ["secret", "sha256:abc", "sha256:" + "G" * 64])
def test_what_is_no_digest_is_refused(wrong: str) -> None:
    with pytest.raises(
        ConfigError, match=r"x.toml: sources.kz-mia.tokens\[0\]: this must be text that .*sha"
    ) as caught:
        parse_registry(SOURCE + f'tokens = ["{wrong}"]', "x.toml")
    assert wrong not in str(caught.value)  # somebody may have written the token itself
    with pytest.raises(ConfigError, match="BORDERTALLY_READ_TOKENS"):
        load_settings(read_tokens=wrong)


def test_digests_in_settings_are_separated_by_commas() -> None:
    both = (digest_of("a"), digest_of("b"))
    assert load_settings(admin_tokens=f"{both[0]}, {both[1]}").admin_tokens == both


def test_any_bytes_of_a_header_are_an_unknown_token() -> None:
    keys = Keys(parse_registry(SOURCE, "x.toml"), [digest_of("reader")])
    assert keys.caller(b"\xff\xed\xa0\x80".decode("utf-8", "surrogateescape")) is None
