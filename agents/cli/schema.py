"""Documents generated from the types: the JSON Schema of a report, and an AsyncAPI 3 document of all topics."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any, get_args

import msgspec

from bordertally.streams.alerts.acknowledgements import Acknowledgement
from bordertally.streams.alerts.records import Alert, AlertState
from bordertally.streams.alerts.silences import Silence
from bordertally.streams.delivery.cloudevents import ALERT, TOTAL
from bordertally.streams.delivery.email_subscribers import Unsubscribed
from bordertally.streams.delivery.webhook_lane import Attempt
from bordertally.streams.reports.claims import Claims
from bordertally.streams.reports.dead_letters import Redriven
from bordertally.streams.reports.records import Report
from bordertally.streams.rules.config import SEVERITIES
from bordertally.streams.statements.review import Decision, Item
from bordertally.streams.topics import Topics
from bordertally.streams.totals.records import FlowState

_TOPICS = Topics()
_PAYLOADS: dict[str, tuple[Any, str, str]] = {
    **dict.fromkeys(_TOPICS.every_report, (Report, "application/json", "receive")),
    _TOPICS.rejected: (None, "application/octet-stream", "send"),
    _TOPICS.redriven: (Redriven, "application/json", "send"),
    _TOPICS.review: (Item | Decision, "application/json", "send"),
    _TOPICS.claims: (Claims, "application/msgpack", "send"),
    _TOPICS.totals: (FlowState, "application/json", "send"),
    _TOPICS.alerts: (Alert, "application/json", "send"),
    _TOPICS.silences: (Silence, "application/json", "send"),
    _TOPICS.acknowledgements: (Acknowledgement, "application/json", "send"),
    _TOPICS.unsubscribed: (Unsubscribed, "application/json", "send"),
    _TOPICS.webhooks_log: (Attempt, "application/json", "send"),
}


def report_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a report. Other fields are allowed and kept."""
    schema = msgspec.json.schema(Report)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "bordertally report"} | schema


def _cloudevent(topic: str) -> dict[str, Any]:
    """The JSON Schema of the CloudEvents headers (binary mode) of a topic."""
    kinds = [TOTAL] if topic == _TOPICS.totals else [f"{ALERT}.{state.value}" for state in AlertState]
    fixed = {"content-type": "application/json", "ce_specversion": "1.0", "ce_source": f"/bordertally/{topic}"}
    properties: dict[str, Any] = {name: {"type": "string", "const": value} for name, value in fixed.items()}
    properties["ce_type"] = {"type": "string", "enum": kinds}
    properties["ce_id"] = {"type": "string", "description": "unique within ce_source"}
    properties["ce_subject"] = {"type": "string", "description": "the flow"}
    properties["ce_time"] = {"type": "string", "format": "date-time"}
    if topic == _TOPICS.alerts:
        properties["ce_severity"] = {"type": "string", "enum": list(SEVERITIES)}
    return {"type": "object", "properties": properties, "required": list(properties)}


def asyncapi() -> dict[str, Any]:
    """The AsyncAPI 3.0 document: every topic for producers and subscribers, with the schema of its messages."""
    types = [
        Report,
        Claims,
        FlowState,
        Alert,
        Item,
        Decision,
        Silence,
        Acknowledgement,
        Unsubscribed,
        Attempt,
        Redriven,
    ]
    _, schemas = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    meanings = {spec.name: spec.meaning for spec in _TOPICS.specs()}
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for name, (kind, content, action) in _PAYLOADS.items():
        key = name.replace(".", "_")
        message: dict[str, Any] = {"contentType": content}
        if kind is not None:
            refs = [{"$ref": f"#/components/schemas/{type_.__name__}"} for type_ in get_args(kind) or (kind,)]
            message["payload"] = refs[0] if len(refs) == 1 else {"oneOf": refs}
        if name == _TOPICS.rejected:
            fields = ("reason", "field", "value", "why", "report", "source", "topic", "partition", "offset", "kept")
            message["headers"] = {"type": "object", "properties": {field: {"type": "string"} for field in fields}}
        if name in (_TOPICS.totals, _TOPICS.alerts):
            message["headers"] = _cloudevent(name)
        channels[key] = {"address": name, "description": meanings[name], "messages": {"message": message}}
        operations[f"{action}_{key}"] = {"action": action, "channel": {"$ref": f"#/channels/{key}"}}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "bordertally",
            "version": version("bordertally"),
            "description": "Border reports in, reconciled totals and alerts out. Topics are Kafka topics.",
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"schemas": schemas},
    }
