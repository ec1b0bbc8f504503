"""What the decisions say of the code, where nothing else holds it in place."""

from __future__ import annotations

import ast

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
