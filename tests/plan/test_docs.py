"""The examples of the plan's documentation, read and checked."""

from __future__ import annotations

import re
from pathlib import Path

from metes.plan.check import check_plan
from metes.plan.shapes import SHAPES
from metes.plan.text import read_texts
from metes.plan.writing import render
from tests.plan.strategies import FIELDS

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "plan-text.md").read_text(encoding="utf-8")
EXAMPLE = dict(re.findall(r"^`([\w/.-]+)`:\n\n```(?:yaml|json)\n(.*?)```$", PAGE, re.MULTILINE | re.DOTALL))


def test_the_example_is_whole_sound_and_in_canonical_form() -> None:
    text = read_texts(EXAMPLE, FIELDS)
    assert len(EXAMPLE) == 6
    assert text.findings == ()
    assert check_plan(text.plan, FIELDS) == []
    assert render(text.plan) == EXAMPLE


def test_every_line_that_a_plan_may_have_is_documented() -> None:
    named = {prop.name for shape in SHAPES.values() for prop in shape.properties}
    assert {name for name in named if f"`{name}`" not in PAGE} == set()
