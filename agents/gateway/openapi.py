"""The gateway's OpenAPI 3.1 document, generated from the types of parameters and responses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

import msgspec
from msgspec import NODEFAULT, Struct
from msgspec.structs import fields

from bordertally.agents.gateway import parameters, representations, responses
from bordertally.agents.gateway.past.pasts import InTheMaking
from bordertally.agents.gateway.writes.imports import MEDIA_TYPES as FILES
from bordertally.agents.runtime.problems import MEDIA_TYPE, Problem
from bordertally.streams.alerts.acknowledgements import Acknowledgement
from bordertally.streams.alerts.records import Alert
from bordertally.streams.alerts.silences import Silence
from bordertally.streams.delivery import atom, cap
from bordertally.streams.evidence.records import Evidence
from bordertally.streams.reports.records import Report
from bordertally.streams.statements.review import Decision
from bordertally.streams.totals.records import FlowState


@dataclass(frozen=True)
class RouteDescription:
    """One route.

    `media`: media type of a response other than JSON. `failures`: statuses beside 401, 403, 429, 500, 503.
    """

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
    RouteDescription(
        "/v1/periods",
        "periods",
        "Totals of calendar weeks, months and years, or of any days",
        parameters.AskPeriods,
        responses.PeriodList,
        failures=(400, 404),
    ),
    RouteDescription("/v1/alerts", "alerts", "Alerts, newest first", parameters.AskAlerts, responses.AlertList),
    RouteDescription(
        "/v1/evidence", "evidence", "The evidence of a figure", parameters.AskEvidence, Evidence, failures=(400, 404)
    ),
    RouteDescription("/v1/sources", "sources", "The source registry", parameters.AskPlain, responses.SourceList),
    RouteDescription(
        "/v1/places", "places", "The gazetteer: checkpoints and capitals", parameters.AskNothing, responses.PlaceList
    ),
    RouteDescription(
        "/v1/about", "about", "Version and alert thresholds in force", parameters.AskNothing, responses.About
    ),
    RouteDescription("/v1/silences", "silences", "Silences", parameters.AskSilences, responses.SilenceList),
    RouteDescription(
        "/v1/silences/preview",
        "silence_preview",
        "What a silence would cover",
        parameters.AskPreview,
        responses.SilencePreview,
        failures=(400, 422),
    ),
    RouteDescription("/v1/review", "review", "Claims that wait for review", parameters.AskReview, responses.ReviewList),
    RouteDescription(
        "/v1/alerts/{id}",
        "alert",
        "One alert with all its records",
        parameters.AskAlert,
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
        "`quiet` with the muted alerts: an object of Muted by alert id, and `desk` with the newest acknowledgements",
        parameters.AskStream,
        media="text/event-stream",
    ),
)
TYPES: list[Any] = [
    *(Problem, Report, FlowState, Alert, responses.Accepted, responses.Batch, Silence, Acknowledgement, Decision),
    *(InTheMaking, parameters.NewSilence, parameters.NewAcknowledgement, parameters.NewDecision),
]
"""Types in the document beside the responses of the endpoints."""


def openapi() -> dict[str, Any]:
    """Return the document."""
    types = [*TYPES, *(route.answer for route in ENDPOINTS if route.answer is not None)]
    _, schemas = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    paths: dict[str, Any] = {route.path: {"get": _get(route)} for route in ENDPOINTS}
    paths["/v1/reports"] = {"post": _post()}
    paths["/v1/imports"] = {"post": _import()}
    paths["/v1/silences"]["post"] = _silence()
    paths["/v1/silences/{id}"] = {"delete": _unsilence()}
    paths["/v1/alerts/{id}/acknowledgements"] = {"post": _acknowledge()}
    paths["/v1/review/{id}"] = {"post": _decide()}
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
        for status in sorted({*statuses, 401, 403, 429, 500, 503})
    }


def _get(route: RouteDescription) -> dict[str, Any]:
    content: dict[str, Any] = {}
    if route.answer is not None:
        content["application/json"] = {"schema": _ref(route.answer)}
        if route.answer in representations.ROWS:
            content[representations.MEDIA_TYPE] = {"schema": {"type": "string"}}
    if route.media is not None:
        content[route.media] = {"schema": {"type": "string"}}
    tag = {"ETag": {"schema": {"type": "string"}}} if route.operation != "stream" else {}
    if route.answer is not None and "next" in route.answer.__struct_fields__:
        tag["Link"] = {"schema": {"type": "string"}}
    successes: dict[str, Any] = {"200": {"description": "The response", "content": content, "headers": tag}}
    if issubclass(route.question, parameters.Moment):
        successes["202"] = _json_response("The past moment is being replayed; ask again", InTheMaking)
        route = replace(route, failures=(*route.failures, 422))
    if tag:
        successes["304"] = {"description": "Not modified since the ETag in If-None-Match"}
    operation = {
        "operationId": route.operation,
        "summary": route.summary,
        "parameters": _parameters(route),
        "responses": successes | _problems(*route.failures),
    }
    if route.question.__doc__:
        operation["description"] = route.question.__doc__
    return operation


def _json_response(description: str, kind: type[Struct]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": _ref(kind)}}}


_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}


def _body(kind: type[Struct]) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": _ref(kind)}}}


def _silence() -> dict[str, Any]:
    return {
        "operationId": "silence",
        "summary": "Silence a flow until a time (scope admin)",
        "requestBody": _body(parameters.NewSilence),
        "responses": {"201": _json_response("Kafka has acknowledged the silence", Silence)} | _problems(413, 415, 422),
    }


def _unsilence() -> dict[str, Any]:
    return {
        "operationId": "unsilence",
        "summary": "End a silence now (scope admin)",
        "parameters": [_ID],
        "responses": {"200": _json_response("The silence has ended", Silence)} | _problems(404, 409),
    }


def _acknowledge() -> dict[str, Any]:
    return {
        "operationId": "acknowledge",
        "summary": "Acknowledge an open alert (scope admin)",
        "parameters": [_ID],
        "requestBody": _body(parameters.NewAcknowledgement),
        "responses": {"201": _json_response("Kafka has acknowledged the record", Acknowledgement)}
        | _problems(404, 409, 413, 415, 422),
    }


def _decide() -> dict[str, Any]:
    return {
        "operationId": "decide",
        "summary": "Decide on a claim that waits for review (scope report)",
        "parameters": [_ID],
        "requestBody": _body(parameters.NewDecision),
        "responses": {"201": _json_response("Kafka has acknowledged report and decision", Decision)}
        | _problems(404, 409, 413, 415, 422),
    }


def _parameters(route: RouteDescription) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    if "{id}" in route.path:
        rows.append({"name": "id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}})
    rows += _queries(route.question)
    if route.operation == "stream":
        rows.append({"name": "Last-Event-ID", "in": "header", "schema": {"type": "string"}})
    return rows


def _queries(question: type[Struct]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for field in fields(question):
        (schema,), _ = msgspec.json.schema_components([field.type])
        if field.encode_name in parameters.CHOICES:
            schema = {"type": "string", "enum": parameters.CHOICES[field.encode_name]()}
        if field.default is not NODEFAULT and field.default is not None:
            schema = schema | {"default": field.default}
        rows.append({"name": field.encode_name, "in": "query", "required": field.required, "schema": schema})
    return rows


def _post() -> dict[str, Any]:
    accepted = _json_response("Kafka has acknowledged the report, or every report of the batch", responses.Accepted)
    accepted["content"]["application/json"]["schema"] = {"oneOf": [_ref(responses.Accepted), _ref(responses.Batch)]}
    refused = _problems(400, 413, 415, 422, 429)
    refused["422"]["content"]["application/json"] = {"schema": _ref(responses.Batch)}
    one = {"application/json": {"schema": _ref(Report)}}
    batch = {"application/x-ndjson": {"schema": {"type": "string", "description": "One report a line."}}}
    return {
        "operationId": "report",
        "summary": "Send one report, or a batch of reports",
        "parameters": _queries(parameters.AskReport),
        "requestBody": {"required": True, "content": one | batch},
        "responses": {"202": accepted, "207": _json_response("Some reports are stored", responses.Batch)} | refused,
    }


def _import() -> dict[str, Any]:
    summary = {
        "200": "The summary; with `check` nothing is stored",
        "202": "Every cell was read, and Kafka has acknowledged every report",
        "207": "Some cells are bad, or reports refused; the others are stored",
    }
    refused = _problems(400, 404, 413, 415, 422, 429)
    refused["422"]["content"]["application/json"] = {"schema": _ref(responses.ImportResult)}
    return {
        "operationId": "import",
        "summary": "Import a spreadsheet by a mapping",
        "description": parameters.AskImport.__doc__,
        "parameters": _queries(parameters.AskImport),
        "requestBody": {"required": True, "content": {kind: {"schema": {"type": "string"}} for kind in FILES}},
        "responses": {status: _json_response(what, responses.ImportResult) for status, what in summary.items()}
        | refused,
    }
