"""How often something may be tried."""

from __future__ import annotations

from datetime import timedelta

import pytest

from metes.app.limiting import LastTried, Limit, Limits, said_wait
from metes.base.errors import TooMany
from tests.conftest import NOW

MINUTE = timedelta(minutes=1)


def test_each_is_counted_by_itself_and_told_how_long_to_wait() -> None:
    limits, limit = Limits(), Limit("try", 2, 600)
    for of in ("a", "b"):
        limits.take(limit, of)
        limits.take(limit, of)
    with pytest.raises(TooMany, match=r"wait (10|9) minutes") as refused:
        limits.take(limit, "a")
    assert 1 <= refused.value.seconds <= 600
    assert Limits().allows(limit, "a")


@pytest.mark.parametrize(("seconds", "said"), [(1, "1 second"), (89, "89 seconds"), (90, "2 minutes"), (900, "15 minutes")])
def test_waits_are_said_in_words(seconds: int, said: str) -> None:
    assert said_wait(seconds) == said


def test_what_was_tried_is_tried_again_after_a_while_also_where_the_clock_was_set_back() -> None:
    tried = LastTried(most=2)
    assert tried.is_time("a", NOW, MINUTE)
    assert not tried.is_time("a", NOW + MINUTE / 2, MINUTE)
    assert tried.is_time("a", NOW + MINUTE, MINUTE)
    assert tried.is_time("a", NOW - MINUTE, MINUTE)
    assert tried.is_time("b", NOW, MINUTE)
    assert tried.is_time("c", NOW, MINUTE)
    assert tried.is_time("a", NOW, MINUTE)
