"""`bordertally doctor`: a sound set-up passes, and every broken one is named with what to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from aiokafka import TopicPartition

from bordertally.agents.servers.ports import free_port
from bordertally.agents.worker.doctor import (
    Health,
    clock_found,
    positions_found,
    redis_clock_found,
    settings_found,
    topics_found,
)
from bordertally.agents.worker.positions import Position
from bordertally.streams.topics import Topics
from forking import run
from live import Live

SPECS = Topics().specs(2, 3)


def doctor(**environment: str) -> tuple[int, dict[str, dict[str, Any]]]:
    done = run("doctor", "--json", environment=environment)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, {finding["check"]: finding for finding in json.loads(done.stdout)["findings"]}


def test_a_sound_set_up_passes(live_on_kafka: Live, tmp_path: Path) -> None:
    sources = tmp_path / "sources.toml"
    sources.write_text('[sources.k]\nname = "K"\ngrade = "B"\nflows = ["RU:KZ"]\n', encoding="utf-8")
    code, findings = doctor(
        **live_on_kafka.environment, BORDERTALLY_SOURCES=str(sources), BORDERTALLY_HTTP_PORT=str(free_port())
    )
    assert code == 0, findings
    assert {name: finding["health"] for name, finding in findings.items()} == {
        "registry and rules": "ok",
        "port of /metrics": "ok",
        "broker": "ok",
        "topics": "ok",
        "copies": "warning",  # one broker, one copy
        "topic settings": "ok",
        "positions": "ok",
        "clock": "ok",
        "Redis": "ok",
        "clock of Redis": "ok",
    }


def test_a_broken_set_up_is_named_line_by_line(live_on_kafka: Live, tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text("nonsense = 1\n", encoding="utf-8")
    broken = live_on_kafka.environment | {
        "BORDERTALLY_TOPIC_PREFIX": "nowhere.",
        "BORDERTALLY_RULES": str(rules),
        "BORDERTALLY_REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
    }
    code, findings = doctor(**broken)
    assert code == 1
    assert "nonsense" in findings["registry and rules"]["found"]
    assert (findings["topics"]["health"], findings["topics"]["do"]) == ("failed", "bordertally topics --create")
    assert "nowhere.reports.government" in findings["topics"]["found"]
    assert findings["Redis"]["health"] == "warning"
    assert "BORDERTALLY_REDIS_URL" in findings["Redis"]["do"]


def test_no_broker_is_one_line() -> None:
    place = f"127.0.0.1:{free_port()}"
    code, findings = doctor(BORDERTALLY_BROKERS=place, BORDERTALLY_HOPS="intake")
    assert code == 1
    assert findings["broker"]["found"] == f"no broker answers at {place}"
    assert "topics" not in findings


@pytest.mark.parametrize(
    ("change", "check", "health", "message"),
    [
        ({}, "copies", None, ""),
        ({"claims": []}, "topics", Health.FAILED, "missing: claims"),
        ({"claims": [3]}, "topics", Health.FAILED, "claims has 1"),
        ({"claims": [3, 2]}, "copies", Health.WARNING, "less than 3: claims"),
    ],
)
def test_topics(change: dict[str, list[int]], check: str, health: Health | None, message: str) -> None:
    findings = {
        finding.check: finding for finding in topics_found(SPECS, {spec.name: [3, 3] for spec in SPECS} | change)
    }
    if health is None:
        assert check not in findings
        assert findings["topics"].health is Health.OK
    else:
        assert findings[check].health is health
        assert message in findings[check].found
        assert findings[check].do


def test_what_is_missing_hides_not_what_is_odd() -> None:
    copies = {spec.name: [3, 3] for spec in SPECS} | {"claims": [], "totals": [3, 3, 3]}
    missing, odd = topics_found(SPECS, copies)
    assert (missing.found, missing.do) == ("missing: claims", "bordertally topics --create")
    assert "totals has 3 partitions" in odd.found
    assert "scale.md" in odd.do


def test_settings_of_topics() -> None:
    settings = {spec.name: dict(spec.config) for spec in SPECS}
    assert settings_found(SPECS, settings, "kafka:9092").health is Health.OK
    settings["alerts"]["retention.ms"] = "1000"
    finding = settings_found(SPECS, settings, "kafka:9092")
    assert finding.health is Health.FAILED
    assert finding.found == "alerts has retention.ms=1000, not -1"
    shell = "kafka-configs.sh --bootstrap-server kafka:9092 --alter --topic alerts --add-config retention.ms=-1"
    assert finding.do == shell


@pytest.mark.parametrize(
    ("ahead", "health", "message"),
    [
        (3.2, Health.OK, "within 5 s of the broker's clock"),
        (-4.9, Health.OK, "within 5 s of the broker's clock"),
        (90.4, Health.WARNING, "90 s ahead of the broker's clock"),
        (-300.0, Health.WARNING, "300 s behind the broker's clock"),
        (7_200.0, Health.FAILED, "7,200 s ahead of the broker's clock"),
        (-301.0, Health.FAILED, "301 s behind the broker's clock"),
        (None, Health.OK, "not compared: this broker does not tell its time"),
    ],
)
def test_a_wrong_clock_is_named_with_its_direction(ahead: float | None, health: Health, message: str) -> None:
    finding = clock_found(ahead, 300.0)
    assert (finding.health, finding.found) == (health, message)


def test_the_clock_of_redis_is_named_with_its_direction() -> None:
    assert redis_clock_found(4.0).health is Health.OK
    finding = redis_clock_found(-61.0)
    assert (finding.health, finding.found) == (Health.WARNING, "61 s ahead of this machine's clock")


def test_positions_that_the_broker_does_not_have_are_named() -> None:
    claims = TopicPartition("claims", 1)
    sound = [Position("b", claims, committed, 3, 9) for committed in (3, 5, 9)]
    assert positions_found(sound).health is Health.OK
    finding = positions_found([*sound, Position("b", claims, 1, 3, 9), Position("b-intake", claims, 10, 3, 9)])
    assert finding.health is Health.FAILED
    assert finding.found == (
        "b on claims/1: offsets 1 to 2 were removed before they were read; "
        "b-intake on claims/1: the position 10 is beyond the end 9: the topic was made anew"
    )
    assert "BordertallyRecordsLost" in finding.do
