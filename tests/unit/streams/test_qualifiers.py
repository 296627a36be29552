from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bordertally.streams.qualifiers import Bound, Interval, Qualifier, interval, rounding_unit, spread

ROOT = Path(__file__).parents[3]
SOURCE = "src/bordertally/streams/qualifiers.py"
MODULES = sorted([*ROOT.glob("streams/**/*.py"), *ROOT.glob("agents/**/*.py")])


@pytest.mark.parametrize(
    ("value", "unit"),
    [
        (98_000, 1_000),
        (20_000, 2_000),
        (66_000, 1_000),
        (53_217, 1),
        (10, 1),
        (5, 0.5),
        (0, 0),
        (5.5, 0),
        (1_000_000, 100_000),
    ],
)
def test_the_rounding_unit_is_what_the_zeros_say_and_at_most_a_tenth(value: float, unit: float) -> None:
    assert rounding_unit(value) == unit


@pytest.mark.parametrize(
    ("qualifier", "expected"),
    [
        (Qualifier.COUNT, (98_000, 98_000, 98_000)),
        (Qualifier.STATED, (97_500, 98_000, 98_500)),
        (Qualifier.ABOUT, (97_000, 98_000, 99_000)),
        (Qualifier.NEARLY, (97_000, 98_000, 98_000)),
        (Qualifier.MORE_THAN, (98_000, 98_000, 99_000)),
        (Qualifier.AT_LEAST, (98_000, 98_000, None)),
        (Qualifier.AT_MOST, (0, 98_000, 98_000)),
    ],
)
def test_what_each_qualifier_means(qualifier: Qualifier, expected: tuple[float, float, float | None]) -> None:
    assert interval(98_000, qualifier) == expected


def test_zero_has_no_rounding_and_only_at_least_leaves_it_open() -> None:
    assert {interval(0, qualifier) for qualifier in Qualifier if qualifier is not Qualifier.AT_LEAST} == {(0, 0, 0)}
    assert interval(0, Qualifier.AT_LEAST) == (0, 0, None)


@pytest.mark.parametrize("qualifier", Qualifier)
def test_a_figure_bounds_what_its_interval_says(qualifier: Qualifier) -> None:
    for low, best, high in (interval(98_000, qualifier), spread(5000, 6000, qualifier)):
        assert low <= best
        assert high is None or best <= high
        assert (high is None) == (qualifier.bound is Bound.AT_LEAST)
        assert (low == 0) == (qualifier.bound is Bound.AT_MOST)


def test_verbs_and_signs_tell_the_qualifiers_apart() -> None:
    assert len({qualifier.meaning.verb for qualifier in Qualifier}) == len(Qualifier)
    signs = [qualifier.meaning.sign for qualifier in Qualifier if qualifier.meaning.sign]
    assert len(set(signs)) == len(signs) == 5


def test_a_range_is_best_in_its_middle() -> None:
    assert spread(5000, 6000, Qualifier.STATED) == (5000, 5500, 6000)
    assert spread(5000, 6000, Qualifier.AT_LEAST) == (5000, 5500, None)
    assert spread(5000, 6000, Qualifier.AT_MOST) == (0, 5500, 6000)


def test_a_daily_rate_scales_to_its_period() -> None:
    assert Interval(1, 2, 3).times(7) == (7, 14, 21)
    assert Interval(1, 2, None).times(7) == (7, 14, None)


# --- a new qualifier: one place decides, and the type checker names it ------------------------------------------


@pytest.mark.typecheck
def test_mypy_names_the_one_place_that_a_new_qualifier_must_be_decided_in(tmp_path: Path) -> None:
    source = (ROOT / SOURCE).read_text(encoding="utf-8")
    head, enum_class, rest = source.partition("class Qualifier(enum.StrEnum):")
    patched = tmp_path / "qualifiers.py"
    more = rest.replace('    AT_MOST = "at_most"\n', '    AT_MOST = "at_most"\n    LESS_THAN = "less_than"\n', 1)
    patched.write_text(head + enum_class + more, encoding="utf-8")
    cache = tmp_path / "cache"
    if (ROOT / ".mypy_cache").is_dir():
        shutil.copytree(ROOT / ".mypy_cache", cache)  # then only what depends on qualifiers is checked anew
    command = [sys.executable, "-m", "mypy", "--cache-dir", str(cache), "--shadow-file", SOURCE, str(patched)]
    done = subprocess.run([*command, "src/bordertally"], cwd=ROOT, check=False, capture_output=True, text=True)
    errors = [line for line in done.stdout.splitlines() if ": error: " in line]
    (error,) = errors
    assert error.startswith(f"{SOURCE}:")
    assert '"assert_never"' in error
    assert "Qualifier.LESS_THAN" in error


def test_no_other_module_decides_by_a_list_of_qualifiers() -> None:
    """A comparison with `claim.qualifier`, or a table looked up by it, takes a new qualifier for any other one."""
    wrong = [
        f"{path.relative_to(ROOT)}:{part.lineno}: ask `qualifier.meaning` or `qualifier.bound`"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for part in deciding(node)
        if isinstance(part, ast.Attribute) and part.attr == "qualifier"
    ]
    assert wrong == []


HARMLESS = {"COUNT", "UNSET"}
"""Compared with these, a qualifier is asked only whether it is a count, or given at all."""


def deciding(node: ast.AST) -> list[ast.expr]:
    """The expressions that a node decides by: compared, looked up, or matched."""
    match node:
        case ast.Compare(left=left, comparators=[right]):
            names = {getattr(side, "attr", getattr(side, "id", None)) for side in (left, right)}
            none = isinstance(right, ast.Constant) and right.value is None
            return [] if none or names & HARMLESS else [left, right]
        case ast.Subscript(slice=key):
            return [key]
        case ast.Call(func=ast.Attribute(attr="get"), args=arguments):
            return arguments
        case ast.Match(subject=subject):
            return [subject]
        case _:
            return []


def test_what_decides_is_found() -> None:
    lines = (
        "x.qualifier == 'a'",
        "x.qualifier in TABLE",
        "T[x.qualifier]",
        "T.get(x.qualifier)",
        "x.qualifier is UNSET",
    )
    decisions = [[part for node in ast.walk(ast.parse(line)) for part in deciding(node)] for line in lines]
    assert [bool(parts) for parts in decisions] == [True, True, True, True, False]


@pytest.mark.parametrize("page", ["claim.md", "report.md"])
def test_the_pages_name_every_qualifier(page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert [qualifier for qualifier in Qualifier if f"`{qualifier}`" not in text] == []
