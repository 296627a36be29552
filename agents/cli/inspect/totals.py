"""The commands `totals` and `flow`: the current figures of a running system."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
import typer
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bordertally.agents.delivery.redis.reader import open_alerts_in, states_in
from bordertally.agents.kafka.clients import redis_options
from bordertally.agents.runtime.context import load_registry
from bordertally.agents.terminal.console import AsJson, Sources, err, out, print_json, run
from bordertally.agents.terminal.flow import show_flow
from bordertally.agents.terminal.totals import alert_line, normal_levels, show_totals
from bordertally.streams.alerts.records import Alert
from bordertally.streams.errors import BordertallyError, RefusedError, some
from bordertally.streams.flows import check_pattern, covers, nested, parse_flow
from bordertally.streams.security import redis_place
from bordertally.streams.settings import load_settings
from bordertally.streams.totals.records import DayFigure, FlowState, Total


class CurrentTotals(msgspec.Struct, frozen=True):
    """The object that `totals --json` and `flow --json` print. `alerts`: the open ones."""

    totals: list[Total]
    days: list[DayFigure]
    alerts: list[Alert]


def totals(
    flows: Annotated[
        list[str] | None,
        typer.Argument(help="Only these flows and the flows below them; * stands for any one part. Default: all."),
    ] = None,
    sources: Sources = None,
    as_json: AsJson = False,
) -> None:
    """Show the current totals and open alerts of a running system.

    They are read from Redis (BORDERTALLY_REDIS_URL).
    """
    registry = load_registry(sources)
    try:
        patterns = [registry.place(check_pattern(flow)) for flow in flows or ()]
    except RefusedError as error:
        raise BordertallyError(f"flow: {error.why} (got {error.value})") from None

    def wanted(flow: str) -> bool:
        return not patterns or any(covers(pattern, flow) for pattern in patterns)

    states, alerts = run(_read())
    states = [state for state in states if wanted(state.flow)]
    alerts = [alert for alert in alerts if wanted(alert.flow)]
    if as_json:
        print_json(_current(states, alerts))
    elif states:
        current = _current(states, alerts)
        levels = normal_levels(states)
        show_totals(out, current.totals, current.days, levels)
        out.print(f"\n{len(alerts) or 'no'} open alert{'' if len(alerts) == 1 else 's'}", highlight=False)
        for alert in alerts:
            out.print(alert_line(alert), soft_wrap=True)
    else:
        err.print(
            f"no totals {'of these flows ' if patterns else ''}at {redis_place(load_settings())}", highlight=False
        )
    if not states:
        raise typer.Exit(1)


def flow(
    name: Annotated[str, typer.Argument(metavar="FLOW", help="A flow such as RU:GE.")],
    sources: Sources = None,
    as_json: AsJson = False,
) -> None:
    """Show one flow: its totals, alerts, and a chart of its days.

    They are read from Redis (BORDERTALLY_REDIS_URL).
    """
    registry = load_registry(sources)
    try:
        place = registry.place(nested(parse_flow(name), registry.blocs))
    except RefusedError as error:
        raise BordertallyError(f"flow: {error.why} (got {error.value})") from None
    states, alerts = run(_read())
    state = next((state for state in states if state.flow == place), None)
    if state is None:
        known = f"; flows with totals: {some([each.flow for each in states])}" if states else ""
        raise BordertallyError(f"{place}: no totals at {redis_place(load_settings())}{known}")
    own = [alert for alert in alerts if alert.flow == place]
    if as_json:
        print_json(_current([state], own))
        return
    show_flow(out, state, own)
    parts = [each.flow for each in states if each.flow.rpartition(":")[0] == place]
    if parts:
        out.print(f"\nparts: {', '.join(parts)}", markup=False, highlight=False, soft_wrap=True)
    out.print(f"for the reports behind it: bordertally why {place}", markup=False, highlight=False, soft_wrap=True)


def _current(states: Sequence[FlowState], alerts: list[Alert]) -> CurrentTotals:
    every = [total for state in states for total in state.totals]
    return CurrentTotals(every, [day for state in states for day in state.days], alerts)


async def _read() -> tuple[list[FlowState], list[Alert]]:
    settings = load_settings()
    redis: Any = Redis.from_url(**redis_options(settings), socket_timeout=5, socket_connect_timeout=5)
    try:
        return await states_in(redis), await open_alerts_in(redis)
    except RedisError as error:
        at = redis_place(settings)
        raise BordertallyError(
            f"Redis at {at} does not answer ({error}); start it, or set BORDERTALLY_REDIS_URL"
        ) from None
    finally:
        await redis.aclose()
