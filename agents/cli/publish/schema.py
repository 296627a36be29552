"""The command `schema`."""

from __future__ import annotations

import enum
import json
from typing import Annotated, assert_never

import typer

from bordertally.agents.cli.schema import asyncapi, report_schema
from bordertally.agents.terminal.console import write


class SchemaDocument(enum.StrEnum):
    """A document that `bordertally schema` prints."""

    REPORT = "report"
    ASYNCAPI = "asyncapi"


def schema(
    what: Annotated[
        SchemaDocument, typer.Argument(help="report: JSON Schema; asyncapi: all topics.")
    ] = SchemaDocument.REPORT,
) -> None:
    """Print the JSON Schema of a report, or the AsyncAPI document of topics."""
    match what:
        case SchemaDocument.REPORT:
            document = report_schema()
        case SchemaDocument.ASYNCAPI:
            document = asyncapi()
        case _:
            assert_never(what)
    write(json.dumps(document, indent=2) + "\n")
