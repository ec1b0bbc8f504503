"""`make audit` is never quiet about what it could not learn."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    """The script."""
    specification = importlib.util.spec_from_file_location("audit", ROOT / "scripts" / "audit.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules["audit"] = module
    specification.loader.exec_module(module)
    return module


def package(name: str, *known: str) -> dict[str, Any]:
    """A package as pip-audit prints it."""
    return {"name": name, "version": "1.0", "vulns": [{"id": one, "fix_versions": ["1.1"]} for one in known]}


def unknown(name: str) -> dict[str, Any]:
    """One that its source does not know."""
    return {"name": name, "skip_reason": f"Dependency not found and could not be audited: {name}"}


@pytest.mark.parametrize(
    ("found", "status"),
    [
        ([package("a"), package("b")], 0),
        ([package("a"), unknown("metes")], 0),
        ([package("a", "CVE-1")], 1),
        ([package("a"), unknown("b")], 2),
        ([unknown("a"), unknown("b")], 2),
        ([], 2),
    ],
)
def test_python_packages_are_clean_only_where_each_was_looked_up(audit: ModuleType, found: list[Any], status: int) -> None:
    answer = audit.read_pip_audit("a source", json.dumps({"dependencies": found}), "")
    text, given = audit.told([answer])
    assert given == status
    assert text.startswith("asked a source: ")
    assert ("says nothing" in text) == (status == 2)
    assert ("CVE-1, mended in 1.1" in text) == (status == 1)


@pytest.mark.parametrize("text", ["", "no json", "[]", "{}", '{"dependencies": null}'])
def test_a_tool_that_breaks_is_no_clean_bill(audit: ModuleType, text: str) -> None:
    answer = audit.read_pip_audit("a source", text, "Traceback\n  ...\nConnectionError: nobody there\n")
    shown, status = audit.told([answer])
    assert status == 2
    assert "NO ANSWER: ConnectionError: nobody there" in shown


def test_npm_s_answer_is_read_and_its_refusal_is_no_clean_bill(audit: ModuleType) -> None:
    report = {"vulnerabilities": {}, "metadata": {"dependencies": {"total": 40}}}
    assert audit.read_npm_audit("npm", json.dumps(report), "").status == 0
    report["vulnerabilities"] = {"maplibre-gl": {"range": "<9", "severity": "high"}}
    known = audit.read_npm_audit("npm", json.dumps(report), "")
    assert (known.status, known.advisories) == (1, ("maplibre-gl <9: high",))
    for refused in ({"message": "405 Method Not Allowed", "error": {"summary": ""}}, {"error": {"summary": "405"}}, {}, []):
        answer = audit.read_npm_audit("npm", json.dumps(refused), "npm error audit endpoint returned an error")
        assert answer.status == 2
        assert "405" in answer.failures[0] or "endpoint" in answer.failures[0]


def test_the_worst_answer_decides(audit: ModuleType) -> None:
    clean, silent = audit.Answer("one", 3), audit.Answer("two", failures=("nobody",))
    assert audit.told([clean, silent])[1] == 2
    assert audit.told([clean, audit.Answer("two", 1, ("x",))])[1] == 1


def test_make_runs_it_outside_of_make_check() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "scripts/audit.py" in makefile.partition("\naudit:")[2].partition("\n\n")[0]
    assert "audit" not in makefile.partition("\ncheck:")[2].partition("\n\n")[0]


def test_nothing_in_the_repository_names_a_registry() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.splitlines()
    names = tuple(".".join(parts) for parts in (("registry", "npmjs"), ("files", "pythonhosted"), ("api", "osv"), ("pypi", "org")))
    for name in listed:
        path = ROOT / name
        if (
            path.is_file()
            and path.suffix in {".py", ".toml", ".json", ".sh", ".md", ".yml", ""}
            and path.stat().st_size < 1_000_000
        ):
            text = path.read_text(encoding="utf-8", errors="ignore")
            assert not [host for host in names if host in text], name
