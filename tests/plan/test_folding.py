"""Long rules broken into lines."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from metes.plan.folding import WIDTH, folded


def test_lines_begin_at_connectives_outside_parentheses_and_between_keeps_its_and() -> None:
    text = "employees between 1 and 5 and (region = 'a' or region = 'b') or not city = 'c'"
    assert folded(text) == ["employees between 1 and 5", "and (region = 'a' or region = 'b')", "or not city = 'c'"]


def test_a_quoted_text_is_never_broken() -> None:
    value = "'" + "word and " * 30 + "'"
    assert value in folded(f"city in ('a', {value}, 'b')")[1]


def test_long_lists_fill_lines_up_to_the_width() -> None:
    codes = ", ".join(f"'{i:05d}'" for i in range(100))
    lines = folded(f"city in ({codes})")
    assert len(lines) > 5
    assert all(len(line) <= WIDTH for line in lines)


@given(st.lists(st.sampled_from(["and", "or", "between", "(", ")", "'a  b'", "'and'", '"x y"', "in", "name"]), max_size=60))
def test_joined_by_blanks_the_lines_are_the_text(words: list[str]) -> None:
    text = " ".join(words)
    assert " ".join(line.strip() for line in folded(text)).split() == text.split()
