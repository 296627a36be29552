"""The headers of records on `totals` and `alerts` follow CloudEvents 1.0, binary mode."""

from __future__ import annotations

import re
from datetime import datetime

from jsonschema import Draft202012Validator

from bordertally.agents.cli.schema import asyncapi
from bordertally.agents.demo.run import sample
from bordertally.streams.delivery.cloudevents import Headers, of_alert, of_state
from live import pure

NAME = re.compile(r"ce_[a-z0-9]{1,20}|content-type")


def check(channel: str, headers: Headers) -> dict[str, str]:
    """Against the document of the topics, and the rules of the specification for names."""
    attributes = {name: value.decode() for name, value in headers}
    assert len(attributes) == len(headers)
    assert all(NAME.fullmatch(name) for name in attributes)
    schema = asyncapi()["channels"][channel]["messages"]["message"]["headers"]
    Draft202012Validator(schema).validate(attributes)
    assert datetime.fromisoformat(attributes["ce_time"]).tzinfo is not None
    return attributes


def test_states() -> None:
    states = list(pure(sample()).states.values())
    events = [check("totals", of_state("totals", state, 7)) for state in states]
    assert {headers["ce_subject"] for headers in events} == {state.flow for state in states}
    assert len({headers["ce_id"] for headers in events}) == len(states)
    assert of_state("totals", states[0], 7) != of_state("totals", states[0], 8)


def test_alerts() -> None:
    log = pure(sample()).log
    events = [check("alerts", of_alert("alerts", alert)) for alert in log]
    assert [headers["ce_type"] for headers in events] == [f"bordertally.alert.{alert.state.value}" for alert in log]
    assert [headers["ce_id"] for headers in events] == [f"{alert.id}/{alert.seq}" for alert in log]
    assert {headers["ce_severity"] for headers in events} <= {"notice", "warning", "critical"}
