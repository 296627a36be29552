from __future__ import annotations

import io

from rich.console import Console

from bordertally.agents.terminal.progress import LINE_S, Progress


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def console(*, terminal: bool) -> tuple[Console, io.StringIO]:
    out = io.StringIO()
    return Console(file=out, force_terminal=terminal, width=80, color_system=None), out


def test_a_pipe_gets_a_line_now_and_then() -> None:
    clock, (to, out) = Clock(), console(terminal=False)
    with Progress("replay", "claims", 3_000, to, clock) as progress:
        for _ in range(3):
            clock.now += 0.6 * LINE_S
            progress.advance(1_000)
    assert out.getvalue() == "replay: 2,000 of 3,000 claims\n"


def test_what_is_short_says_nothing_to_a_pipe() -> None:
    clock, (to, out) = Clock(), console(terminal=False)
    with Progress("replay", "claims", 2, to, clock) as progress:
        assert list(progress.over("ab")) == ["a", "b"]
    assert (progress.done, out.getvalue()) == (2, "")


def test_a_terminal_gets_a_bar_that_is_gone_in_the_end() -> None:
    clock, (to, out) = Clock(), console(terminal=True)
    with Progress("replay: reading", "reports", None, to, clock) as progress:
        clock.now += 1
        progress.advance(12_345)
    shown = out.getvalue()
    assert "replay: reading" in shown
    assert "12,345 reports" in shown
    assert shown.endswith("\x1b[2K")
