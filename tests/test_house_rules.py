"""Countable style rules: each detects examples that break it, and every file keeps it.

A function's length is that of its body, without signature and docstring.
"""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCE, TESTS = ROOT / "src/crossvox", ROOT / "tests"
LONGEST_FILE, LONGEST_FUNCTION, LINE = 300, 40, 100
DRAWERS = frozenset(
    {"utils", "helpers", "common", "core", "base", "manager", "handler", "processor", "data"}
)
TENSOR_FLOORS = ("networks", "methods")
TURNING = frozenset({"permute", "transpose", "swapaxes", "swapdims", "moveaxis", "movedim"})
# Launchers pass the rank and the number of processes in environment variables.
LAUNCHED = (SOURCE / "cli/shard.py", SOURCE / "training/processes.py")
METHODS, METHODS_TEST = "methods", "methods/test_contract.py"  # one test file for all methods
# Tests in another place than tests/<same path>/test_<module>.py.
COVERED_ELSEWHERE = {
    "api/arguments.py": "api/test_api.py",
    "api/cohorts.py": "api/test_api.py",
    "api/machine.py": "api/test_api.py",
    "api/models.py": "api/test_api.py",
    "api/runs.py": "api/test_api.py",
    "api/scores.py": "api/test_api.py",
    "evaluation/results.py": "evaluation/test_evaluate.py",  # dataclasses, no behavior
    "journey/doctor.py": "cli/test_doctor_command.py",
    "journey/train.py": "api/test_api.py",
    "scoring/measure.py": "scoring/test_measures.py",
    "scoring/recipes.py": "scoring/test_scores.py",
    "scoring/results.py": "scoring/test_summary.py",  # dataclasses, no behavior
    "scoring/scored_volume.py": "scoring/test_scores.py",
    "version.py": "test_door.py",
}

Rule = Callable[[ast.Module], Iterator[int]]


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def calls(tree: ast.Module) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def long_functions(tree: ast.Module) -> Iterator[int]:
    for function in functions(tree):
        body = function.body[1:] if ast.get_docstring(function) else function.body
        if body and (function.end_lineno or 0) - body[0].lineno + 1 > LONGEST_FUNCTION:
            yield function.lineno


def open_keywords(tree: ast.Module) -> Iterator[int]:
    yield from (function.lineno for function in functions(tree) if function.args.kwarg)


def environment_variables(tree: ast.Module) -> Iterator[int]:
    reading = {"environ", "environb", "getenv", "putenv"}
    for node in ast.walk(tree):
        named = isinstance(node, ast.Attribute) and node.attr in reading
        imported = isinstance(node, ast.ImportFrom) and reading & {one.name for one in node.names}
        if named or imported:
            yield node.lineno  # type: ignore[attr-defined]  # both node types have a line


def prints(tree: ast.Module) -> Iterator[int]:
    for call in calls(tree):
        if isinstance(call.func, ast.Name) and call.func.id == "print":
            yield call.lineno


def blind_handlers(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            caught = "BaseException" if node.type is None else ast.unparse(node.type)
            if re.search(r"\b(Base)?Exception\b", caught):
                yield node.lineno


def assertions(tree: ast.Module) -> Iterator[int]:
    yield from (node.lineno for node in ast.walk(tree) if isinstance(node, ast.Assert))


def relative_imports(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            yield node.lineno


def module_state(tree: ast.Module) -> Iterator[int]:
    yield from (node.lineno for node in ast.walk(tree) if isinstance(node, ast.Global))


def turned_axes(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in TURNING | {"T", "mT"}:
            yield node.lineno


def work_in_init(tree: ast.Module) -> Iterator[int]:
    for node in tree.body:
        docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        named = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).startswith("__")
        if not (docstring or named or isinstance(node, ast.ImportFrom)):
            yield node.lineno


LONG = "def f() -> None:\n    '''What.'''\n" + "    x = 1\n" * (LONGEST_FUNCTION + 1)
# For each rule: the files it applies to, and examples that break it.
RULES: dict[Rule, tuple[str, tuple[str, ...]]] = {
    long_functions: ("**/*.py", (LONG,)),
    open_keywords: ("**/*.py", ("def f(**settings: int) -> None: ...",)),
    environment_variables: (
        "**/*.py",
        ("import os\nos.environ['A']", "import os\nos.getenv('A')", "from os import environ"),
    ),
    prints: ("**/*.py", ("print(1)",)),
    blind_handlers: (
        "**/*.py",
        (
            "try: ...\nexcept Exception: ...",
            "try: ...\nexcept (OSError, BaseException): ...",
            "try: ...\nexcept: ...",
        ),
    ),
    assertions: ("**/*.py", ("assert 1",)),
    relative_imports: ("**/*.py", ("from .volume import Grid",)),
    module_state: ("**/*.py", ("def f() -> None:\n    global x",)),
    turned_axes: (
        "@tensor",
        ("x.permute(0, 2, 1)", "x.transpose(1, 2)", "torch.movedim(x, 0, 1)", "x.T @ y"),
    ),
    work_in_init: ("*/**/__init__.py", ("import torch", "x = 1", "def f() -> None: ...")),
}


def files_under(rule: Rule) -> list[Path]:
    pattern, _ = RULES[rule]
    if pattern == "@tensor":
        return [path for floor in TENSOR_FLOORS for path in SOURCE.glob(f"{floor}/**/*.py")]
    files = list(SOURCE.glob(pattern))
    if rule is environment_variables:
        return [path for path in files if path not in LAUNCHED]
    return [path for path in files if rule is not prints or SOURCE / "cli" not in path.parents]


def name_of(rule: Rule) -> str:
    return rule.__name__


@pytest.mark.parametrize("rule", RULES, ids=name_of)
def test_a_rule_sees_what_breaks_it(rule: Rule) -> None:
    for text in RULES[rule][1]:
        assert list(rule(ast.parse(text))), text


@pytest.mark.parametrize("rule", RULES, ids=name_of)
def test_a_rule_is_kept_by_every_file(rule: Rule) -> None:
    files = files_under(rule)
    broken = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in files
        for line in rule(ast.parse(path.read_text()))
    ]
    assert files
    assert broken == []


def test_functions_of_tests_and_examples_are_short_too() -> None:
    files = [*TESTS.rglob("*.py"), *ROOT.glob("examples/*.py"), *ROOT.glob("scripts/*.py")]
    broken = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in files
        for line in long_functions(ast.parse(path.read_text()))
    ]
    assert broken == []


def test_examples_use_the_public_api_alone() -> None:
    imported = {
        name
        for path in ROOT.glob("examples/*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in [getattr(node, "module", None), *(alias.name for alias in node.names)]
        if name
    }
    assert "crossvox" in imported
    assert {name for name in imported if name.startswith("crossvox.")} == set()


def test_no_file_is_longer_than_300_lines() -> None:
    folders = ("src", "tests", "examples", "scripts")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in files}
    assert len(lengths) > len(folders)
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_module_or_folder_is_a_drawer() -> None:
    names = {path: set(re.split(r"[_.]", path.name)) for path in SOURCE.rglob("*")}
    assert len(names) > len(DRAWERS)
    assert [str(path.relative_to(SOURCE)) for path, words in names.items() if words & DRAWERS] == []


def mirrors(module: Path) -> tuple[Path, ...]:
    """Possible paths of the tests of a module."""
    if module.parts[0] == METHODS:
        return (Path(METHODS_TEST),)
    if str(module) in COVERED_ELSEWHERE:
        return (Path(COVERED_ELSEWHERE[str(module)]),)
    plain = module.with_name(f"test_{module.name}")
    command = plain.with_name(f"{plain.stem}_command.py")  # a library module may have the same name
    return (plain, command) if module.parts[0] == "cli" else (plain,)


def modules() -> list[Path]:
    found = (path.relative_to(SOURCE) for path in SOURCE.rglob("*.py"))
    return sorted(path for path in found if path.name != "__init__.py")


def test_every_module_has_its_tests() -> None:
    found = modules()
    untested = [
        str(module)
        for module in found
        if not any((TESTS / mirror).is_file() for mirror in mirrors(module))
    ]
    assert found
    assert untested == []


def test_no_exception_from_the_mirror_has_outlived_its_module() -> None:
    assert set(COVERED_ELSEWHERE) <= {str(module) for module in modules()}
    assert [
        name
        for name in COVERED_ELSEWHERE
        if (TESTS / name).with_name(f"test_{Path(name).name}").is_file()
    ] == []


def test_every_test_is_named_as_a_sentence() -> None:
    short = [
        f"{path.relative_to(ROOT)}:{function.name}"
        for path in TESTS.rglob("test_*.py")
        for function in functions(ast.parse(path.read_text()))
        if function.name.startswith("test_") and function.name.count("_") < 3
    ]
    assert short == []
