"""The reference of the configuration names every setting with its default, and every variable of the environment."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest

from metes.model.workspace import SETTING_NAMES, WorkspaceSettings
from tests.docs.examples import DOCS, ROOT

PAGE = (DOCS / "reference" / "configuration.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SETTING_NAMES)
def test_a_setting_stands_in_the_table_with_its_default(name: str) -> None:
    row = re.search(rf"^\| `{name}` \| ([^|]*)\|", PAGE, re.MULTILINE)
    assert row is not None
    default = next(f.default for f in fields(WorkspaceSettings) if f.name == name)
    if isinstance(default, str | int) and default != "":
        assert row[1].strip() == f"`{default}`"


def test_every_variable_of_the_environment_is_named() -> None:
    used = {
        name
        for file in [*(ROOT / "src").rglob("*.py"), ROOT / "Makefile", *(ROOT / "tests").rglob("conftest.py")]
        for name in re.findall(r"\bMETES_[A-Z_]+\b", file.read_text(encoding="utf-8"))
    }
    assert {name for name in used if f"`{name}`" not in PAGE} == set()
