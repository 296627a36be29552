"""Plots of a backtest: the series, the expected level, the threshold, alerts and surges."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from bordertally.streams.errors import BordertallyError
from bordertally.streams.replay.backtest import Alarm, PlottedDay
from bordertally.streams.replay.ground_truth import Surge

if TYPE_CHECKING:
    from matplotlib.axes import Axes

KINDS = (".svg", ".png")
MOST = 12
_COLOURS = {"notice": "#e0b400", "warning": "#e07000", "critical": "#c00020"}
_LEGEND = ("people a day", "expected", "threshold", "surge", *_COLOURS)
_SETTINGS: dict[Any, Any] = {"svg.hashsalt": "bordertally", "svg.fonttype": "path", "font.size": 9}


class Panel(NamedTuple):
    """One plot of a file."""

    title: str
    lines: Sequence[PlottedDay]
    alarms: Sequence[Alarm]
    surges: Sequence[Surge]


def draw(path: Path, panels: Sequence[Panel], *, log: bool = False) -> None:
    """Write the panels, one below the other, as an SVG or a PNG. `log`: a logarithmic scale from ten people on.

    The same panels give the same bytes. Raises BordertallyError for any other suffix, for more than twelve panels, and
    if matplotlib is not installed.
    """
    if path.suffix.lower() not in KINDS:
        raise BordertallyError(f"--plot: {path} must end in {' or '.join(KINDS)}")
    if len(panels) > MOST:
        raise BordertallyError(
            f"--plot: {len(panels)} plots (one per flow and method) are more than {MOST}; choose a flow with --flow"
        )
    try:
        from matplotlib import rc_context  # noqa: PLC0415 - the extra `plot`
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError:
        raise BordertallyError("--plot needs matplotlib; in the clone: pip install '.[plot]'") from None
    with rc_context(_SETTINGS):
        figure = Figure(figsize=(11, 0.4 + 2.6 * len(panels)), layout="constrained")
        axes = figure.subplots(len(panels), squeeze=False)
        for panel, axis in zip(panels, axes[:, 0], strict=True):
            if log:  # before the margin, which is a share of the scale
                axis.set_yscale("symlog", linthresh=10)
            _panel(axis, panel)
            axis.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        handles = _in_order(
            [pair for axis in axes[:, 0] for pair in zip(*axis.get_legend_handles_labels(), strict=True)]
        )
        axes[0, 0].legend(
            handles.values(), handles, loc="lower right", bbox_to_anchor=(1, 0.98), ncols=7, frameon=False, fontsize=8
        )
        plain = {"Date": None} if path.suffix.lower() == ".svg" else {"Software": None}
        try:
            figure.savefig(path, dpi=110, metadata=plain)
        except OSError as error:
            raise BordertallyError(f"--plot: {path}: {error.strerror}") from None


def _in_order(pairs: Sequence[tuple[Any, str]]) -> dict[str, Any]:
    """The entries of the legend by label, each once: the series first, then severities in ascending order."""
    labelled = {label: handle for handle, label in reversed(pairs)}
    return {label: labelled[label] for label in _LEGEND if label in labelled}


def _panel(axes: Axes, panel: Panel) -> None:
    days: list[Any] = [date.fromordinal(line.day) for line in panel.lines]
    for index, surge in enumerate(panel.surges):
        begin, end = cast("tuple[Any, Any]", tuple(date.fromordinal(day) for day in (surge.first, surge.last + 1)))
        axes.axvspan(begin, end, color="#c8dcf0", linewidth=0, label="" if index else "surge")
    nothing = float("nan")
    expected = [nothing if line.expected is None else line.expected for line in panel.lines]
    threshold = [nothing if line.threshold is None else line.threshold for line in panel.lines]
    axes.plot(days, [line.rate for line in panel.lines], color="#707070", linewidth=0.8, label="people a day")
    axes.plot(days, expected, color="#2070b0", linewidth=0.7, alpha=0.7, label="expected")
    axes.plot(days, threshold, color="#2070b0", linewidth=0.8, linestyle=":", label="threshold")
    rates = {line.day: line.rate for line in panel.lines}
    seen: set[str] = set()
    for alarm in panel.alarms:
        inside = [day for day in range(alarm.first, alarm.last + 1) if day in rates]
        label = "" if alarm.severity in seen else alarm.severity
        seen.add(alarm.severity)
        dates: list[Any] = [date.fromordinal(day) for day in inside]
        colour = _COLOURS[alarm.severity]
        axes.plot(dates, [rates[day] for day in inside], color=colour, linewidth=1.6)
        axes.plot(dates[:1], [rates[inside[0]]], marker="o", markersize=3.5, color=colour, linestyle="", label=label)
    axes.set_title(panel.title, loc="left", fontsize=10)
    axes.margins(x=0.01)
    axes.set_ylim(bottom=0)
    axes.spines[["top", "right"]].set_visible(False)
