"""The reference of findings names every code that the source uses, and no other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from metes.model.catalogue import KINDS
from tests.docs.examples import DOCS, ROOT

PAGE = (DOCS / "reference" / "findings.md").read_text(encoding="utf-8")
SOURCE = ROOT / "src" / "metes"
CODE = re.compile(r"[a-z]+(?:-[a-z]+)*")
HYPHENED = re.compile(r"[a-z]+(?:-[a-z]+)+")
# Rooms where a hyphened text is a code, and nothing else.
ROOMS_OF_CODES = ("records", "importing", "intake")
# Who takes a code elsewhere, as which argument, by file; '' stands for all files.
TAKERS = {
    "": {"Finding": (0,), "_refuse": (0,), "refuse": (0,), "_error": (0,), "_warning": (0,), "_note": (0,), "_finding": (0,)},
    "plan": {"report": (0, 1), "error": (0,), "_finding": (0, 1)},
    "rules": {"report": (0,)},
    "web": dict.fromkeys(("_refuse", "refuse", "_error", "_warning", "_note", "_finding"), ()),  # these show findings to readers
}
PREFIXED = "plan/check.py"  # puts 'plan-' before its codes, in one place


def codes_used() -> Iterator[str]:
    """The codes of the source, and those made from a field's name."""
    for path in sorted(SOURCE.rglob("*.py")):
        yield from codes_of(path, path.relative_to(SOURCE))
    for kind in KINDS.values():
        for field in kind.fields:
            if field.is_required or field.is_expected:
                yield f"missing-{field.name}"
            if field.refers_to and kind.name != "territories":
                yield f"unknown-{field.name}"
    yield "unknown-seat"  # seats stand in the plan, no field refers to them


def codes_of(path: Path, name: Path) -> Iterator[str]:
    """The codes in one file."""
    room = name.parts[0]
    prefix = "plan-" if name.as_posix() == PREFIXED else ""
    takers = {**TAKERS[""], **TAKERS.get(room, {})}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if room in ROOMS_OF_CODES and isinstance(node, ast.Constant) and isinstance(node.value, str):
            if HYPHENED.fullmatch(node.value):
                yield node.value
        elif isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            for place in takers.get(called, ()):
                if len(node.args) > place:
                    yield from (prefix + text for text in texts_of(node.args[place]) if CODE.fullmatch(text))


def texts_of(node: ast.expr) -> list[str]:
    """The texts that an argument may be."""
    if isinstance(node, ast.IfExp):
        return texts_of(node.body) + texts_of(node.orelse)
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


USED = set(codes_used())
NAMED = set(re.findall(r"^\| `([a-z_-]+)` \|", PAGE, re.MULTILINE))


def test_every_code_of_the_source_is_explained() -> None:
    assert not USED - NAMED


def test_every_code_explained_is_used() -> None:
    assert not NAMED - USED
