"""Two texts word by word: nothing of either is lost, and what both have is not marked."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from metes.web.wording import marked

WORDS = st.lists(st.sampled_from(["region", " = ", "'US-WA'", " and ", "employees", " >= 5", "\n", "(", ")"]), max_size=12).map(
    "".join
)


@settings(derandomize=True, max_examples=60)
@given(WORDS, WORDS)
def test_the_pieces_of_each_side_are_its_text_and_unmarked_ones_stand_in_both(before: str, after: str) -> None:
    left, right = marked(before, after)
    assert "".join(text for text, _ in left) == before
    assert "".join(text for text, _ in right) == after
    if any(differs for _, differs in (*left, *right)):
        same = ["".join(text for text, differs in side if not differs) for side in (left, right)]
        assert same[0] == same[1]


def test_a_value_in_quotes_is_one_word() -> None:
    left, right = marked("region = 'US-WA' and x", "region = 'US-OR' and x")
    assert [text for text, differs in left if differs] == ["'US-WA'"]
    assert [text for text, differs in right if differs] == ["'US-OR'"]


def test_texts_that_share_little_and_texts_beyond_measure_are_not_marked() -> None:
    assert marked("alpha", "beta")[0] == (("alpha", False),)
    assert marked("", "beta") == ((), (("beta", False),))
    assert marked("a " * 2000, "b " + "a " * 2000)[1][0][1] is False
