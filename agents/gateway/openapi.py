"""The gateway's OpenAPI 3.1 document, made from the types of its questions and responses."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

import msgspec
from msgspec import NODEFAULT, Struct
from msgspec.structs import fields

from bordertally.agents.gateway import parameters, representations, responses
from bordertally.agents.gateway.problems import MEDIA_TYPE, Problem
from bordertally.streams.alerts.records import Alert
from bordertally.streams.alerts.silences import Silence
from bordertally.streams.delivery import atom, cap
from bordertally.streams.evidence.records import Evidence
from bordertally.streams.reports.records import Report
from bordertally.streams.totals.records import FlowState


@dataclass(frozen=True)
class RouteDescription:
    """A route as it is described. `media`: of an answer that is no JSON; `failures`: beside 401, 403, 500 and 503."""

    path: str
    operation: str
    summary: str
    question: type[Struct]
    answer: type[Struct] | None = None
    media: str | None = None
    failures: tuple[int, ...] = (400,)


ENDPOINTS = (
    RouteDescription("/v1/flows", "flows", "Flows at a glance", parameters.AskFlows, responses.FlowList),
    RouteDescription("/v1/totals", "totals", "Totals", parameters.AskTotals, responses.TotalList, failures=(400, 404)),
    RouteDescription("/v1/days", "days", "Days", parameters.AskDays, responses.DayList, failures=(400, 404)),
    RouteDescription("/v1/alerts", "alerts", "Alerts, newest first", parameters.AskAlerts, responses.AlertList),
    RouteDescription(
        "/v1/evidence", "evidence", "What stands behind a figure", parameters.AskEvidence, Evidence, failures=(400, 404)
    ),
    RouteDescription("/v1/sources", "sources", "The source registry", parameters.AskPlain, responses.SourceList),
    RouteDescription("/v1/silences", "silences", "Silences", parameters.AskSilences, responses.SilenceList),
    RouteDescription(
        "/v1/alerts/{id}",
        "alert",
        "One alert, and all that was said about it",
        parameters.AskNothing,
        responses.AlertDetail,
        failures=(400, 404),
    ),
    RouteDescription(
        "/v1/alerts/{id}.cap",
        "alert_cap",
        "An alert as a CAP 1.2 message",
        parameters.AskCap,
        media=cap.MEDIA_TYPE,
        failures=(400, 404),
    ),
    RouteDescription(
        "/alerts.atom", "feed", "The newest alerts as an Atom feed", parameters.AskNothing, media=atom.MEDIA_TYPE
    ),
    RouteDescription(
        "/v1/stream",
        "stream",
        "Totals and alerts as server-sent events: `total` with a FlowState, `alert` with an Alert, `reset`, "
        "and `quiet` with an object of Quiet by id of an alert",
        parameters.AskStream,
        media="text/event-stream",
    ),
)
TYPES: list[Any] = [Problem, Report, FlowState, Alert, responses.Accepted, Silence, parameters.NewSilence]
"""What the document names beside the answers of the endpoints."""


def openapi() -> dict[str, Any]:
    """The document."""
    types = [*TYPES, *(one.answer for one in ENDPOINTS if one.answer is not None)]
    _, schemas = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    paths: dict[str, Any] = {one.path: {"get": _get(one)} for one in ENDPOINTS}
    paths["/v1/reports"] = {"post": _post()}
    paths["/v1/silences"]["post"] = _silence()
    paths["/v1/silences/{id}"] = {"delete": _unsilence()}
    return {
        "openapi": "3.1.0",
        "info": {"title": "bordertally", "version": version("bordertally"), "summary": "Totals and alerts over HTTP"},
        "paths": paths,
        "security": [{}, {"token": []}],
        "components": {"schemas": schemas, "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }


def _ref(kind: type[Struct]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{kind.__name__}"}


def _problems(*statuses: int) -> dict[str, Any]:
    content = {MEDIA_TYPE: {"schema": _ref(Problem)}}
    return {
        str(status): {"description": HTTPStatus(status).phrase, "content": content}
        for status in (*statuses, 401, 403, 500, 503)
    }


def _get(one: RouteDescription) -> dict[str, Any]:
    content: dict[str, Any] = {}
    if one.answer is not None:
        content["application/json"] = {"schema": _ref(one.answer)}
        if one.answer in representations.ROWS:
            content[representations.MEDIA_TYPE] = {"schema": {"type": "string"}}
    if one.media is not None:
        content[one.media] = {"schema": {"type": "string"}}
    tag = {"ETag": {"schema": {"type": "string"}}} if one.operation != "stream" else {}
    good: dict[str, Any] = {"200": {"description": "The answer", "content": content, "headers": tag}}
    if tag:
        good["304"] = {"description": "What If-None-Match names is current"}
    operation = {
        "operationId": one.operation,
        "summary": one.summary,
        "parameters": _parameters(one),
        "responses": good | _problems(*one.failures),
    }
    if one.question.__doc__:
        operation["description"] = one.question.__doc__
    return operation


def _said(description: str, kind: type[Struct]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": _ref(kind)}}}


def _silence() -> dict[str, Any]:
    return {
        "operationId": "silence",
        "summary": "Silence a flow until a time (scope admin)",
        "requestBody": {"required": True, "content": {"application/json": {"schema": _ref(parameters.NewSilence)}}},
        "responses": {"201": _said("Kafka has acknowledged it", Silence)} | _problems(413, 415, 422),
    }


def _unsilence() -> dict[str, Any]:
    return {
        "operationId": "unsilence",
        "summary": "End a silence now (scope admin)",
        "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}],
        "responses": {"200": _said("It is over", Silence)} | _problems(404, 409),
    }


def _parameters(one: RouteDescription) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if "{id}" in one.path:
        found.append({"name": "id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}})
    for field in fields(one.question):
        (schema,), _ = msgspec.json.schema_components([field.type])
        if field.encode_name in parameters.CHOICES:
            schema = {"type": "string", "enum": parameters.CHOICES[field.encode_name]()}
        if field.default is not NODEFAULT and field.default is not None:
            schema = schema | {"default": field.default}
        found.append({"name": field.encode_name, "in": "query", "required": field.required, "schema": schema})
    if one.operation == "stream":
        found.append({"name": "Last-Event-ID", "in": "header", "schema": {"type": "string"}})
    return found


def _post() -> dict[str, Any]:
    accepted = {
        "description": "Kafka has acknowledged it",
        "content": {"application/json": {"schema": _ref(responses.Accepted)}},
    }
    return {
        "operationId": "report",
        "summary": "Send one report",
        "requestBody": {"required": True, "content": {"application/json": {"schema": _ref(Report)}}},
        "responses": {"202": accepted} | _problems(413, 415, 422, 429),
    }
