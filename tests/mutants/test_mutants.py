"""Mutation testing of a small tree: a planted hole survives, a tested line is killed."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mutants.__main__ import Trials, Tried, append, lines_of, report, survey
from mutants.mutation import Mutant, chosen, diff_of, mutants_of, mutated
from mutants.reach import marked
from mutants.survey import Selected, Survey, Surveyed
from mutants.trial import BESIDE, FAR, OWN, Trial, UnreliableTestsError, Verdict, copied
from mutants.visibility import Visibility, own_test

MODULE = '''"""Says how old one must be."""

AGE = 18


def is_grown(age: int) -> bool:
    """Whether somebody of an age may go."""
    return age >= AGE
'''
BLIND = """from bordertally.streams.ages import is_grown


def test_a_child_is_not_grown() -> None:
    assert not is_grown(5)


def test_an_old_man_is_grown() -> None:
    assert is_grown(80)
"""
SEEING = f"{BLIND}\n\ndef test_the_birthday_counts() -> None:\n    assert is_grown(18)\n"
ELSEWHERE = "def test_nothing_of_ages() -> None:\n    assert True\n"


def mutants(source: str) -> set[tuple[str, str]]:
    """The kind and the changed line of every mutant of a module."""
    return {
        (mutant.kind, line[1:].strip())
        for mutant in mutants_of("m.py", source)
        for line in diff_of(source, mutant).splitlines()
        if line[0] == "+"
    }


@pytest.mark.parametrize(
    ("source", "kind", "becomes"),
    [
        ("x = a < b", "comparison flipped", "x = (a <= b)"),
        ("x = a not in b", "comparison flipped", "x = (a in b)"),
        ("x = a and b or c", "and/or", "x = (a or b) or c"),
        ("x = not a", "not dropped", "x = (a)"),
        ("x = max(a, b)", "max for min", "x = (min(a, b))"),
        ("x = any(a)", "any for all", "x = (all(a))"),
        ("x = f(a, b)", "argument dropped", "x = (f(a))"),
        ("x = f(a, key=b)", "argument dropped", "x = (f(a))"),
        ("x = 3", "one more or less", "x = (4)"),
        ("x = 3", "one more or less", "x = (2)"),
        ("x = 0.5", "constant", "x = (2.0)"),
        ("x = True", "constant", "x = (False)"),
        ("x = 'day'", "constant", "x = ('dayx')"),
        ("x = a - b", "arithmetic", "x = (a + b)"),
        ("x = a if b else c", "condition inverted", "x = a if (not (b)) else c"),
        ("if a:\n    b()", "condition inverted", "if (not (a)):"),
        ("while a:\n    b()", "condition inverted", "while (not (a)):"),
        ("x = [a for a in b if c]", "condition inverted", "x = [a for a in b if (not (c))]"),
        ("if a:\n    b()", "statement dropped", "pass"),
        ("for a in b:\n    c += 1", "statement dropped", "pass"),
        ("for a in b:\n    raise c", "statement dropped", "pass"),
        ("for a in b:\n    continue", "statement dropped", "pass"),
        ("async def f():\n    await g()", "statement dropped", "pass"),
    ],
)
def test_every_kind_of_fault_is_found(source: str, kind: str, becomes: str) -> None:
    assert (kind, becomes) in mutants(f"{source}\n")


@pytest.mark.parametrize(
    "source",
    [
        'def f(a: Literal["x"]) -> "T":\n    """So many days: 3."""\n    return a\n',
        "x = f'{a + 1} days'\n",
        "log.info('%s', a)\n",
        "from a import b\n",
        "x = cast('list[int]', a)\n",
        "if TYPE_CHECKING:\n    x = 1\n",
        "raise_ = 'it is no day'\n",
    ],
)
def test_types_and_messages_are_not_mutated(source: str) -> None:
    assert mutants(source) == set()


def test_positions_are_right_behind_letters_of_several_bytes() -> None:
    source = 'x = "Würzburg", 3\n'
    (fault,) = [mutant for mutant in mutants_of("m.py", source) if mutant.after == "(4)"]
    assert mutated(source, fault) == 'x = "Würzburg", (4)\n'
    assert diff_of(source, fault) == '-x = "Würzburg", 3\n+x = "Würzburg", (4)'


def test_the_sample_depends_on_the_seed_and_takes_each_line_once() -> None:
    sources = {"a.py": MODULE, "b.py": "x = 1\ny = 2\nz = x < y\n"}
    assert chosen(sources, 7, 3) == chosen(sources, 7, 3)
    assert len({tuple(chosen(sources, seed, 3)) for seed in range(9)}) > 1
    every = chosen(sources, 1, 99)
    assert {(mutant.path, mutant.line) for mutant in every} == {
        ("a.py", 3),
        ("a.py", 8),
        ("b.py", 1),
        ("b.py", 2),
        ("b.py", 3),
    }
    assert len(every) == 5


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with one module and two tests, one of which imports it."""
    files = {
        "streams/__init__.py": "",
        "streams/ages.py": MODULE,
        "src/bordertally/__init__.py": "",
        "tests/unit/streams/test_ages.py": BLIND,
        "tests/unit/streams/test_else.py": ELSEWHERE,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "src/bordertally/streams").symlink_to("../../streams")
    return tmp_path


@pytest.fixture
def trial(tree: Path) -> Iterator[Trial]:
    """A trial of that tree, as it is when the trial runs its tests."""
    with Trial(tree, ["-p", "no:asyncio"]) as trial:
        yield trial


FLIPPED = next(mutant for mutant in mutants_of("streams/ages.py", MODULE) if mutant.kind == "comparison flipped")
MOVED = next(mutant for mutant in mutants_of("streams/ages.py", MODULE) if mutant.after == "(17)")


def test_tests_are_selected_by_their_imports(tree: Path) -> None:
    assert own_test("streams/ages.py") == "tests/unit/streams/test_ages.py"
    assert Visibility(tree).tests_of("streams/ages.py") == (["tests/unit/streams/test_ages.py"], [], [])
    helper = "from bordertally.streams import ages\n\nSOMEBODY = ages.is_grown\n"
    (tree / "tests/kit.py").write_text(helper)
    (tree / "tests/unit/test_by_way.py").write_text("from kit import SOMEBODY\n")
    (tree / "tests/unit/streams/test_near.py").write_text("import bordertally.streams.ages\n")
    assert Visibility(tree).tests_of("streams/ages.py") == (
        ["tests/unit/streams/test_ages.py"],
        ["tests/unit/streams/test_near.py"],
        ["tests/unit/test_by_way.py"],
    )


def test_a_test_with_a_server_is_not_quick(tree: Path) -> None:
    served = "from bordertally.streams import ages\n\n\ndef test_it(broker: Server) -> None:\n    assert ages\n"
    (tree / "tests/cases").mkdir()
    (tree / "tests/cases/test_live.py").write_text(served)
    (tree / "tests/cases/test_quick.py").write_text(served.replace("broker: Server", ""))
    assert Visibility(tree).tests_of("streams/ages.py")[FAR] == ["tests/cases/test_quick.py"]


def test_a_module_that_is_loaded_by_its_name_is_visible_too(tree: Path) -> None:
    (tree / "streams/table.py").write_text('PLACE = "years.ages:is_grown"\n')
    (tree / "streams/years").mkdir()
    (tree / "streams/years/ages.py").write_text(MODULE)
    (tree / "tests/unit/streams/test_table.py").write_text("from bordertally.streams.table import PLACE\n")
    assert Visibility(tree).tests_of("streams/years/ages.py") == ([], [], ["tests/unit/streams/test_table.py"])


def test_an_untested_line_survives_and_a_tested_line_is_killed(tree: Path, trial: Trial) -> None:
    trial.visibility = Visibility(tree)
    assert not trial.verdict(FLIPPED).killed
    (tree / "tests/unit/streams/test_ages.py").write_text(SEEING)
    verdict = trial.verdict(FLIPPED)
    assert verdict.killed
    assert verdict.by == "tests/unit/streams/test_ages.py::test_the_birthday_counts"
    assert (tree / "streams/ages.py").read_text() == MODULE  # it is put right again


def test_a_test_that_fails_without_the_mutant_is_an_error(tree: Path, trial: Trial) -> None:
    (tree / "tests/unit/streams/test_ages.py").write_text(f"{BLIND}\n\ndef test_it() -> None:\n    raise KeyError\n")
    with pytest.raises(UnreliableTestsError, match="test_it fails without a mutant"):
        trial.verdict(FLIPPED)


def test_an_endless_loop_is_killed(tree: Path, trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mutants.trial.CPU_S", (1, 1, 1))
    (tree / "streams/ages.py").write_text("while False:\n    pass\n")
    (endless,) = mutants_of("streams/ages.py", "while False:\n    pass\n")[:1]
    verdict = trial.verdict(endless._replace(after="True"))
    assert (verdict.killed, "too long" in verdict.by) == (True, True)


def test_the_report_names_survivors_and_whether_the_goals_are_met(capsys: pytest.CaptureFixture[str]) -> None:
    sources = {"streams/ages.py": MODULE}
    killed, survived = Tried(MOVED, Verdict(True, "t", 1.0)), Tried(FLIPPED, Verdict(False, "", 1.0))
    assert report([killed], sources)
    assert not report([killed, survived], sources)
    printed = capsys.readouterr().out
    assert "survived: streams/ages.py:8, comparison flipped" in printed
    assert "-    return age >= AGE\n+    return (age > AGE)" in printed
    assert "1 of 2: 50%, the goal is 95%" in printed


def test_the_log_of_a_run_is_read_again(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    assert lines_of(log, Tried) == []
    line = b'{"mutant":["m.py",3,"constant",0,1,"(2)"],"verdict":[true,"t",1.5],"tests":"then"}\n'
    log.write_bytes(line + line[:20])  # a run that was ended while it wrote
    assert lines_of(log, Tried) == [Tried(Mutant("m.py", 3, "constant", 0, 1, "(2)"), Verdict(True, "t", 1.5), "then")]


def test_a_survivor_of_a_stage_is_decided_by_the_last_one() -> None:
    survived, killed = Verdict(False, "", 1.0), Verdict(True, "t", 1.0)
    stages = [Tried(MOVED, survived, "", BESIDE), Tried(MOVED, survived, "", FAR), Tried(MOVED, killed, "", OWN)]
    assert [tried.decided for tried in stages] == [False, True, True]


def test_a_survivor_is_tried_again_when_tests_have_changed() -> None:
    killed, survived = Tried(MOVED, Verdict(True, "t", 1.0), "then"), Tried(FLIPPED, Verdict(False, "", 1.0), "then")
    assert (killed.stands("then"), killed.stands("now")) == (True, True)
    assert (survived.stands("then"), survived.stands("now")) == (True, False)


def test_a_copy_contains_what_git_tracks_links_included(tmp_path: Path) -> None:
    here = Path(__file__).parents[2]
    if not (here / ".git").exists():
        pytest.skip("this is no clone")
    copy = copied(here, tmp_path)
    assert (copy / "src/bordertally/streams").is_symlink()
    assert (copy / "streams/errors.py").read_text() == (here / "streams/errors.py").read_text()
    assert not (copy / ".git").exists()


IDLE = "from bordertally.streams import ages\n\n\ndef test_it() -> None:\n    assert ages.AGE\n"


@pytest.fixture
def trials(tree: Path) -> Iterator[Trials]:
    """Two trials of that tree with two more tests: one runs the mutants, the other fails always."""
    (tree / "tests/docs").mkdir()
    (tree / "tests/docs/test_far.py").write_text(SEEING)
    (tree / "tests/docs/test_idle.py").write_text(f"{IDLE}\n\ndef test_broken() -> None:\n    assert not ages.AGE\n")
    subprocess.run(["git", "init", "--quiet"], cwd=tree, check=True)
    with Trials(tree, 2) as trials:
        for trial in trials.all:
            trial.options = ["-p", "no:asyncio"]
        yield trials


def test_a_survey_says_which_tests_run_a_mutant_and_which_fail_without(trials: Trials, tmp_path: Path) -> None:
    log = tmp_path / "survey.jsonl"
    surveyed = {result.file: result for result in survey(trials, [FLIPPED, MOVED], log)}
    assert surveyed["tests/docs/test_far.py"].reached == {
        0: [
            "tests/docs/test_far.py::test_a_child_is_not_grown",
            "tests/docs/test_far.py::test_an_old_man_is_grown",
            "tests/docs/test_far.py::test_the_birthday_counts",
        ]
    }
    assert surveyed["tests/docs/test_idle.py"].reached == {}
    assert surveyed["tests/docs/test_idle.py"].unreliable == ["tests/docs/test_idle.py::test_broken"]
    assert all((trial.copy / "streams/ages.py").read_text() == MODULE for trial in trials.all)  # put right again


def test_an_interrupted_survey_goes_on(trials: Trials, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "survey.jsonl"
    append(log, Surveyed("tests/docs/test_far.py", 1.5, {}))
    surveyed = survey(trials, [FLIPPED], log)
    assert "survey: 3 of 4 test files to run" in capsys.readouterr().out
    assert len(surveyed) == 4
    assert sorted(result.file for result in lines_of(log, Surveyed)) == sorted(result.file for result in surveyed)


def test_of_the_far_tests_those_that_run_a_mutant_are_tried(trials: Trials) -> None:
    far, idle = "tests/docs/test_far.py", "tests/docs/test_idle.py"
    child = f"{far}::test_a_child_is_not_grown"
    known = [
        Surveyed(idle, 0.5, {}, [f"{idle}::test_broken"]),
        Surveyed(far, 1.5, {0: [child]}),
        Surveyed("tests/docs/test_dead.py", 0.1, {0: []}, ["tests/docs/test_dead.py"]),  # it never came to its end
    ]
    found = Survey(known, [FLIPPED, MOVED], {"streams/ages.py": MODULE})
    visible = [far, idle, "tests/docs/test_dead.py"]
    assert found.selected(FLIPPED, visible) == Selected([far], frozenset({child}), frozenset())
    every = Selected([idle, far], frozenset(), frozenset({f"{idle}::test_broken"}))  # an import runs it; fastest first
    assert found.selected(MOVED, visible) == every
    trial = trials.all[0]
    trial.survey = found
    assert not trial.verdict(FLIPPED, [OWN, BESIDE]).killed
    assert trial.verdict(FLIPPED, [FAR]).by == "tests/docs/test_far.py::test_the_birthday_counts"
    assert not trial.verdict(MOVED, [FAR]).killed  # by the test that fails without it, neither


@pytest.mark.parametrize(
    ("source", "before"),
    [
        ("def f(a):\n    if a > 1:\n        return 7\n", "        MARK\n        return 7"),
        (
            "def f(a):\n    if a:\n        b()\n    elif 7 > a:\n        c()\n",
            "    else:\n        MARK\n        if 7 > a:",
        ),
        ("def f(a):\n    try:\n        b()\n    except E:\n        return 7\n", "        MARK\n        return 7"),
        ("def f(a):\n    match a:\n        case 1:\n            b(7)\n", "            MARK\n            b(7)"),
        ("def f():\n    @g(7)\n    def h():\n        pass\n", "    MARK\n\n    @g(7)"),
    ],
)
def test_the_recorder_is_called_before_the_innermost_statement(source: str, before: str) -> None:
    at = source.index("7")
    mutant = Mutant("m.py", source.count("\n", 0, at) + 1, "constant", at, at + 1, "(8)")
    assert before.replace("MARK", "__import__('mutants_reached').mark(0)") in marked(source, {0: mutant})


def test_the_nearest_importers_are_tried_first(tree: Path) -> None:
    (tree / "tests/kit.py").write_text("from bordertally.streams import ages\n")
    (tree / "tests/unit/test_a_by_way.py").write_text("import kit\n")
    (tree / "tests/unit/test_direct.py").write_text("import bordertally.streams.ages\n")
    far = Visibility(tree).tests_of("streams/ages.py")[FAR]
    assert far == ["tests/unit/test_direct.py", "tests/unit/test_a_by_way.py"]
