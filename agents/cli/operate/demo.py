"""The command `demo`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from bordertally.agents.terminal.console import AsJson, err, out, run


def _port(of: str) -> Any:
    return typer.Option(min=1, max=65_535, help=f"Port of {of}; default: any free port.")


def demo(  # noqa: PLR0913, PLR0917 - the options of a command
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave it running, with a gateway and its board, and print the addresses.")
    ] = False,
    article: Annotated[
        bool, typer.Option("--article", help="Publish one news article in words instead of the sample week.")
    ] = False,
    as_json: AsJson = False,
    broker_port: Annotated[int | None, _port("the broker")] = None,
    redis_port: Annotated[int | None, _port("Redis")] = None,
    http_port: Annotated[int | None, _port("/metrics")] = None,
    gateway_port: Annotated[int | None, _port("the board (with --keep)")] = None,
) -> None:
    """Run the whole pipeline on this machine with the sample week, then stop it.

    The sample is the week of 21-27 September 2022.
    """
    from bordertally.agents.demo.run import Ports, run_demo  # noqa: PLC0415 - its help needs no servers

    ports = Ports(broker_port, redis_port, http_port, gateway_port)
    run(run_demo(ports, keep=keep, as_json=as_json, in_words=article, out=out, err=err))
