"""An inbox: a folder in which files appear; each ends in `done` or `failed`, with a report beside it."""

from __future__ import annotations

from pathlib import Path

REPORT = ".report.txt"
"""What the name of a file ends with in which it says how another file was imported."""

UNFINISHED = (".part", ".tmp", ".crdownload", "~")
"""Endings of files that a program is still writing."""


class Inbox:
    """The files of a folder. A file is ready once it has not changed between two looks.

    While it is sent, a file lies in `sending`: after an interruption it is sent again as a whole, before any other. In
    `done` lies the newest edition of each name: that to which the next file of this name is compared.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sending, self.done, self.failed = folder / "sending", folder / "done", folder / "failed"
        for path in (self.sending, self.done, self.failed):
            path.mkdir(parents=True, exist_ok=True)
        self._seen: dict[Path, tuple[int, int]] = {}

    def ready(self) -> list[Path]:
        """The files to import now: those whose sending was interrupted, then the oldest."""
        stamps = {path: _stamp(path) for path in self.folder.iterdir() if _is_input(path)}
        unchanged = [path for path, stamp in stamps.items() if self._seen.get(path) == stamp]
        self._seen = stamps
        interrupted = sorted(path for path in self.sending.iterdir() if _is_input(path))
        waiting = {path.name for path in interrupted}
        new = sorted(unchanged, key=lambda path: (stamps[path], path.name))
        return [*interrupted, *(path for path in new if path.name not in waiting)]

    def previous(self, file: Path) -> Path | None:
        """The edition of a file that was imported before, if there is one."""
        path = self.done / file.name
        return path if path.is_file() else None

    def begin(self, file: Path) -> Path:
        """Move a file to those that are being sent; returns where it lies now."""
        return file.replace(self.sending / file.name)

    def end(self, file: Path, report: str, *, well: bool) -> Path:
        """Move a file to `done` or `failed`, with a report beside it; returns where it lies now."""
        folder = self.done if well else self.failed
        (folder / f"{file.name}{REPORT}").write_text(report, encoding="utf-8")
        return file.replace(folder / file.name)


def _is_input(path: Path) -> bool:
    return path.is_file() and not path.name.startswith(".") and not path.name.endswith((*UNFINISHED, REPORT))


def _stamp(path: Path) -> tuple[int, int]:
    """When a file was last written, and its size."""
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size
