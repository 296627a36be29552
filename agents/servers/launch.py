"""Become another program, one that is killed when the process that asked for it ends.

Run as a script, `python -I -S launch.py PARENT_PID PROGRAM [ARGUMENT...]`: the process id stays
the same, since the program replaces this one. A launcher instead of `preexec_fn`, which may
deadlock in a process that has threads. The tie exists on Linux; elsewhere the program just runs.
Exit code 127 when the program cannot be started.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """Ask the kernel for SIGKILL at the end of `parent`; exit when it has ended already."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
            sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
    # The parent may have ended before the request above: nobody would send the signal then.
    if os.getppid() != parent:
        sys.exit("the process that wanted this server has ended")


def main(arguments: list[str]) -> None:
    """Tie this process to its parent and replace it by the program."""
    parent, *command = arguments
    die_with_parent(int(parent))
    # Python ignores SIGPIPE and an ignored signal stays ignored in the program.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        os.execvp(command[0], command)  # noqa: S606  # no shell is the point
    except OSError as error:
        sys.stderr.write(f"cannot start {command[0]}: {error.strerror}\n")
        sys.exit(127)


if __name__ == "__main__":
    main(sys.argv[1:])
