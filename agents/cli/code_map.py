"""The map of the code: the packages, what each module holds, and which package imports which, read from the sources."""

from __future__ import annotations

import ast
import re
from pathlib import Path

PACKAGES = (
    *("streams", "streams/reports", "streams/reconciliation", "streams/ledger", "streams/totals", "streams/learning"),
    *("streams/rules", "streams/detection", "streams/alerts", "streams/evidence", "streams/statements"),
    *("streams/delivery", "streams/imports", "streams/replay"),
    *("agents", "agents/kafka", "agents/runtime", "agents/servers", "agents/hops", "agents/delivery"),
    *("agents/imports", "agents/gateway", "agents/producing", "agents/terminal"),
    *("agents/worker", "agents/demo", "agents/cli"),
)
"""The packages in the order in which they may import each other; a package is a folder with those inside it."""

_SENTENCE = re.compile(r".*?[.?!](?= [A-Z`]|$)")


def modules(root: Path) -> list[Path]:
    """Every module of the project below `root`, as paths relative to it, sorted."""
    return sorted(path.relative_to(root) for top in ("streams", "agents") for path in (root / top).rglob("*.py"))


def package_of(path: Path) -> str:
    """The package of a module: the first folder below `streams` or `agents`, else `streams` or `agents` itself."""
    return "/".join(path.parent.parts[:2])


def name_of(path: Path) -> str:
    """The dotted name of a module."""
    return ".".join(("bordertally", *path.with_suffix("").parts)).removesuffix(".__init__")


def imports(root: Path) -> dict[Path, set[Path]]:
    """By module, the modules of the project that it imports anywhere in it, also for types alone.

    Raises ValueError for a relative import, naming file and line.
    """
    paths = modules(root)
    by_name = {name_of(path): path for path in paths}
    return {path: _imported(root, path, by_name) for path in paths}


def _imported(root: Path, path: Path, by_name: dict[str, Path]) -> set[Path]:
    imported = set()
    for node in ast.walk(ast.parse((root / path).read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise ValueError(f"{path}:{node.lineno}: a relative import; import from bordertally instead")
            names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
        imported |= {by_name[name] for name in names if name in by_name and by_name[name].name != "__init__.py"}
    return imported


def docstring(path: Path) -> str:
    """The docstring of a module; empty where it has none."""
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


def first_sentence(text: str) -> str:
    """The first sentence of a docstring, on one line; the whole first paragraph where no sentence ends in it."""
    paragraph = " ".join(text.partition("\n\n")[0].split())
    sentence = _SENTENCE.match(paragraph)
    return sentence[0] if sentence else paragraph


def describe_folders(root: Path) -> str:
    """In Markdown, each folder with its docstring and its modules: package by package, then the folders inside it."""
    by_folder: dict[Path, list[Path]] = {}
    for path in modules(root):
        by_folder.setdefault(path.parent, []).append(path)
    folders = sorted(by_folder, key=lambda folder: (PACKAGES.index(package_of(folder / "module.py")), folder))
    return "\n".join(_describe_folder(root, folder, by_folder[folder]) for folder in folders)


def _describe_folder(root: Path, folder: Path, paths: list[Path]) -> str:
    rows = [_row(root, path) for path in paths if path.name != "__init__.py"]
    head = ["| module | holds |", "| --- | --- |"] if rows else []
    described = docstring(root / folder / "__init__.py")
    return "\n".join([f"### {folder.as_posix()}", "", described, *([""] if rows else []), *head, *rows, ""])


def _row(root: Path, path: Path) -> str:
    sentence = first_sentence(docstring(root / path)).replace("|", "\\|")
    return f"| [{path.stem}](../{path.as_posix()}) | {sentence} |"


def draw_packages(root: Path) -> str:
    """A Mermaid diagram of the packages: an arrow from each package to those that import it.

    An arrow that follows from others is left out: where A leads to B and B to C, none leads from A to C.
    """
    used: dict[str, set[str]] = {package: set() for package in PACKAGES}
    for path, imported in imports(root).items():
        used[package_of(path)] |= {package_of(other) for other in imported} - {package_of(path)}
    reached: dict[str, set[str]] = {}
    for package in PACKAGES:  # in order of import: what a package uses has been seen before
        reached[package] = used[package].union(*(reached[other] for other in used[package]))
    lines = ["```mermaid", "flowchart TB"]
    for top, title in (("streams", "the pure core"), ("agents", "the shells")):
        lines.append(f'    subgraph {top}_all["{title}"]')
        lines += [f'        {_node(name)}["{name}"]' for name in PACKAGES if _is_drawn(root, name, top)]
        lines.append("    end")
    for package in PACKAGES:
        implied = set().union(*(reached[other] for other in used[package]))
        direct = sorted(used[package] - implied, key=PACKAGES.index)
        lines += [f"    {_node(other)} --> {_node(package)}" for other in direct]
    return "\n".join([*lines, "```", ""])


def _node(package: str) -> str:
    return package.replace("/", "_")


def _is_drawn(root: Path, package: str, top: str) -> bool:
    """Whether a package belongs to the top folder and has modules besides the one that describes it."""
    own = (root / package).glob("*.py")
    return package.partition("/")[0] == top and any(path.name != "__init__.py" for path in own)
