"""What the decisions say of the code, where nothing else holds it in place."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.docs.examples import ROOT

SOURCE = ROOT / "src" / "metes"


def test_nothing_below_the_web_is_a_coroutine() -> None:
    found = [
        f"{path.relative_to(SOURCE)}: {node.name}"
        for path in sorted(SOURCE.rglob("*.py"))
        if path.relative_to(SOURCE).parts[0] != "web"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.AsyncFunctionDef)
    ]
    assert found == []


def test_one_module_alone_names_the_second_copy_of_sqlite() -> None:
    found = [
        str(path.relative_to(SOURCE)) for path in sorted(SOURCE.rglob("*.py")) if "adbc_driver_sqlite" in modules_named_in(path)
    ]
    assert found == ["store/sqlite_reader.py"]


def test_the_module_with_the_second_copy_loads_it_as_a_program_alone() -> None:
    tree = ast.parse((SOURCE / "store" / "sqlite_reader.py").read_text(encoding="utf-8"))
    program = next(node for node in tree.body if isinstance(node, ast.If))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "answer"]
    assert calls == [node for node in ast.walk(program) if node in calls]
    assert not any("adbc_driver_sqlite" in names_of(node) for node in tree.body)


def test_the_server_alone_goes_on_with_the_book_before() -> None:
    found = [
        str(path.relative_to(SOURCE))
        for path in sorted(SOURCE.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Assign)
        if any(isinstance(target, ast.Attribute) and target.attr == "serves_stale" for target in node.targets)
    ]
    assert found == ["cli/serving.py"]


def modules_named_in(path: Path) -> set[str]:
    """The packages that a file imports, at its top or inside a function."""
    return {name for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) for name in names_of(node)}


def names_of(node: ast.AST) -> set[str]:
    """The packages that one statement imports."""
    match node:
        case ast.Import(names):
            return {alias.name.partition(".")[0] for alias in names}
        case ast.ImportFrom(str(module)):
            return {module.partition(".")[0]}
        case _:
            return set()
