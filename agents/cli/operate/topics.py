"""The command `topics`."""

from __future__ import annotations

from typing import Annotated

import typer

from bordertally.agents.kafka.topics import create_topics
from bordertally.agents.terminal.console import To, out, run, settings_for, table
from bordertally.streams.topics import Topics


def topics(
    create: Annotated[bool, typer.Option("--create", help="Create the topics that are missing.")] = False,
    to: To = None,
) -> None:
    """List the topics of the pipeline, or create them."""
    settings = settings_for(to)
    made = {}
    if create:
        made = dict(run(create_topics(settings)))
    rows = table("topic", "partitions", "settings", "meaning", *(["now"] if create else []))
    for spec in Topics(settings.topic_prefix).specs(settings.partitions, settings.replication):
        config = ", ".join(f"{key}={value}" for key, value in spec.config.items() if key != "max.message.bytes")
        row = [spec.name, str(spec.partitions), config, spec.meaning]
        rows.add_row(*row, *([made[spec.name]] if create else []))
    out.print(rows)
