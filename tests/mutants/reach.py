"""Which tests run the statement of a mutant: only those can detect it."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from mutants.mutation import Mutant

RECORDER = "mutants_reached"
"""The module that marked code calls; it stands beside the project's package."""

_RECORDER = '''"""Appends `number of the mutant TAB test function` to a file, once for each test."""

import os

seen = set()  # cleared when a test begins


def mark(number):
    if number not in seen:
        seen.add(number)
        test = os.environ.get("PYTEST_CURRENT_TEST", "").partition("[")[0].partition(" (")[0]
        with open(LOG, "a") as lines:
            lines.write(f"{number}\\t{test}\\n")
'''


class Statement(NamedTuple):
    """The innermost statement around a mutant, the list that it stands in, and whether a function holds it."""

    node: ast.stmt
    block: list[ast.stmt]
    in_function: bool


def statement_of(tree: ast.Module, mutant: Mutant, source: str) -> Statement:
    """The innermost statement of a module around a mutant."""
    raw = source.encode()
    line = raw.count(b"\n", 0, mutant.first) + 1
    position = (line, mutant.first - raw.rfind(b"\n", 0, mutant.first) - 1)

    def within(block: list[ast.stmt], in_function: bool) -> Statement | None:
        for node in block:
            begins = min([(node.lineno, node.col_offset), *((d.lineno, d.col_offset) for d in _decorators(node))])
            assert node.end_lineno is not None
            assert node.end_col_offset is not None
            if begins <= position < (node.end_lineno, node.end_col_offset):
                deeper = in_function or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
                inner = (within(part, deeper) for part in _blocks(node))
                return next(filter(None, inner), Statement(node, block, in_function))
        return None

    found = within(tree.body, in_function=False)
    assert found is not None, f"{mutant.path}:{mutant.line} is in no statement"
    return found


def _decorators(node: ast.stmt) -> list[ast.expr]:
    return node.decorator_list if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) else []


def _blocks(node: ast.AST) -> Iterable[list[ast.stmt]]:
    """The lists of statements directly inside a statement."""
    for _, value in ast.iter_fields(node):
        if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
            yield value
        elif isinstance(value, list) and value and isinstance(value[0], ast.ExceptHandler | ast.match_case):
            for part in value:
                yield part.body


def marked(source: str, mutants: Mapping[int, Mutant]) -> str:
    """The module with a call of the recorder before the statement of each mutant, by its number."""
    tree = ast.parse(source)
    places = [(statement_of(tree, mutant, source), number) for number, mutant in mutants.items()]
    for statement, number in places:
        if statement.in_function:
            call = ast.parse(f"__import__({RECORDER!r}).mark({number})").body[0]
            at = next(place for place, node in enumerate(statement.block) if node is statement.node)
            statement.block.insert(at, call)
    return ast.unparse(ast.fix_missing_locations(tree))


def mark(copy: Path, mutants: Iterable[Mutant], log: Path) -> None:
    """Write every module that has mutants anew, so that it records in `log` which test functions run them."""
    by_path: dict[str, dict[int, Mutant]] = defaultdict(dict)
    for number, mutant in enumerate(mutants):
        by_path[mutant.path][number] = mutant
    for path, numbered in by_path.items():
        (copy / path).write_text(marked((copy / path).read_text(), numbered))
    (copy / "src" / f"{RECORDER}.py").write_text(_RECORDER.replace("LOG", repr(str(log))))


def reached(log: Path) -> dict[int, list[str]]:
    """The test functions that ran each mutant, by its number; an empty name where an import of the tests did."""
    by_number: dict[int, set[str]] = defaultdict(set)
    for line in log.read_text().splitlines() if log.exists() else []:
        number, _, test = line.partition("\t")
        by_number[int(number)].add(test)
    return {number: sorted(tests) for number, tests in by_number.items()}


def runs_on_import(source: str, mutant: Mutant) -> bool:
    """Whether the mutant stands outside of functions, so that every import of its module runs it."""
    return not statement_of(ast.parse(source), mutant, source).in_function
