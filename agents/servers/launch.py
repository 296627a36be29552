"""Runs a program that the kernel kills when its parent process ends.

Run as a script, `python -I -S launch.py PARENT_PID PROGRAM [ARGUMENT...]`; the program replaces the script and keeps
its process id. A script, because `preexec_fn` may deadlock in a process with threads. Only Linux supports this; on
other systems the program outlives its parent. Exit code 127 when the program cannot be started.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """Ask the kernel to send SIGKILL when `parent` ends; exit if `parent` has ended already."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
            sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
    # If the parent ended before the request above, no signal will come.
    if os.getppid() != parent:
        sys.exit("the parent process has ended")


def main(arguments: list[str]) -> None:
    """Tie this process to its parent, then replace it by the program."""
    parent, *command = arguments
    die_with_parent(int(parent))
    # Python ignores SIGPIPE, and the program would inherit that.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        os.execvp(command[0], command)  # noqa: S606  # no shell is the point
    except OSError as error:
        sys.stderr.write(f"cannot start {command[0]}: {error.strerror}\n")
        sys.exit(127)


if __name__ == "__main__":
    main(sys.argv[1:])
