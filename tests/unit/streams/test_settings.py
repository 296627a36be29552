from __future__ import annotations

import re
from pathlib import Path

import pytest

from bordertally.streams.errors import ConfigError
from bordertally.streams.settings import Hop, LogFormat, LogLevel, Settings, documented, load_settings, misspelt

DIGEST = "sha256:" + "0a" * 32


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing from the environment of whoever runs the tests."""
    for name, _, _ in documented():
        monkeypatch.delenv(name, raising=False)


def test_defaults() -> None:
    settings = load_settings()
    assert settings.hops == tuple(Hop)
    assert (settings.brokers, settings.partitions, settings.replication) == ("127.0.0.1:9092", 8, 1)
    assert (settings.log_format, settings.log_level) == (LogFormat.PRETTY, LogLevel.INFO)
    assert (settings.sources, settings.rules, settings.webhooks) == (None, None, None)
    assert not settings.public_read


def test_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BORDERTALLY_HOPS", "intake, ledger,")
    monkeypatch.setenv("BORDERTALLY_PARTITIONS", "16")
    monkeypatch.setenv("BORDERTALLY_SOURCES", "/etc/sources.toml")
    monkeypatch.setenv("BORDERTALLY_LOG_FORMAT", "json")
    monkeypatch.setenv("BORDERTALLY_READ_TOKENS", f"{DIGEST}, {DIGEST}")
    monkeypatch.setenv("BORDERTALLY_NO_SUCH_SETTING", "1")
    settings = load_settings()
    assert settings.hops == (Hop.INTAKE, Hop.LEDGER)
    assert (settings.partitions, settings.sources, settings.log_format) == (
        16,
        Path("/etc/sources.toml"),
        LogFormat.JSON,
    )
    assert settings.read_tokens == (DIGEST, DIGEST)


def test_what_a_caller_gives_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BORDERTALLY_PARTITIONS", "16")
    assert load_settings(partitions=3).partitions == 3


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("PARTITIONS", "0", "Input should be greater than or equal to 1"),
        ("PARTITIONS", "many", "Input should be a valid integer"),
        ("HOPS", "intake,nowhere", "Input should be 'intake', 'ledger'"),
        ("HOPS", " , ", "at least one of intake, ledger, alerts, delivery, webhooks, alertmanager"),
        ("LOG_LEVEL", "loud", "Input should be 'debug', 'info', 'warning' or 'error'"),
        ("READ_TOKENS", "secret", "String should match pattern"),
        ("TOPIC_PREFIX", "a b", "String should match pattern"),
        ("WEBHOOK_ALLOW", "10.0.0.0/33", "10.0.0.0/33"),
        ("BROKERS", "kafka", "host:port, separated by commas"),
        ("SESSION_TIMEOUT_S", "0.5", "Input should be greater than or equal to 1"),
    ],
)
def test_a_bad_value_is_quoted_with_its_variable(
    name: str, value: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"BORDERTALLY_{name}", value)
    with pytest.raises(ConfigError, match=rf"^BORDERTALLY_{name}=.*{re.escape(why)}"):
        load_settings()


def test_every_bad_value_is_named_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BORDERTALLY_PARTITIONS", "0")
    monkeypatch.setenv("BORDERTALLY_HTTP_PORT", "70000")
    with pytest.raises(ConfigError) as refused:
        load_settings()
    variables = [part.split("=")[0] for part in str(refused.value).split("; ")]
    assert variables == ["BORDERTALLY_PARTITIONS", "BORDERTALLY_HTTP_PORT"]


def test_what_may_hold_a_password_is_not_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BORDERTALLY_REDIS_URL", "http://me:correct-horse@redis:6379/0")
    with pytest.raises(ConfigError, match=r"^BORDERTALLY_REDIS_URL=\(not shown\): ") as refused:
        load_settings()
    assert "correct-horse" not in str(refused.value)


@pytest.mark.parametrize(("session_s", "heartbeat_s"), [(1.0, 0.332), (3.0, 0.999), (10.0, 1.0), (300.0, 1.0)])
def test_heartbeats_come_within_a_third_of_the_session_and_within_a_second(
    session_s: float, heartbeat_s: float
) -> None:
    assert load_settings(session_timeout_s=session_s).heartbeat_s == pytest.approx(heartbeat_s, abs=1e-3)
    assert load_settings(session_timeout_s=session_s).heartbeat_s < session_s / 3


def test_no_hops_are_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BORDERTALLY_HOPS", "")
    assert load_settings().hops == tuple(Hop)


def test_every_setting_is_documented_with_its_default() -> None:
    rows = {name: (default, meaning) for name, default, meaning in documented()}
    assert rows.keys() == {f"BORDERTALLY_{name.upper()}" for name in Settings.model_fields}
    assert all(meaning.endswith(".") for _, meaning in rows.values())
    assert rows["BORDERTALLY_HOPS"][0] == ",".join(Hop)
    assert rows["BORDERTALLY_PARTITIONS"][0] == "8"
    assert {rows[f"BORDERTALLY_{name}"][0] for name in ("SOURCES", "PUBLIC_READ", "KAFKA_PASSWORD", "READ_TOKENS")} == {
        ""
    }


def test_a_default_that_is_documented_is_the_one_in_force(monkeypatch: pytest.MonkeyPatch) -> None:
    before = load_settings()
    for name, default, _ in documented():
        if default:
            monkeypatch.setenv(name, default)
    assert load_settings() == before


@pytest.mark.parametrize(
    ("variable", "meant"),
    [("BROKERZ", "BROKERS"), ("REDIS", "REDIS_URL"), ("TOPIC_PREFFIX", "TOPIC_PREFIX")],
)
def test_a_variable_that_looks_like_a_setting_is_named_with_the_setting_it_looks_like(
    variable: str, meant: str
) -> None:
    name = f"BORDERTALLY_{variable}"
    told = [f"{name} is no setting and has no effect; did you mean BORDERTALLY_{meant}?"]
    assert misspelt([name]) == told


def test_settings_and_other_variables_are_not_named() -> None:
    others = ["PATH", "BORDERTALLY", "BORDERTALLY_", "BORDERTALLY_CRASH_AT", "BORDERTALLY_KEY_FILE", "BROKERZ"]
    assert misspelt([*(name for name, _, _ in documented()), *others]) == []
