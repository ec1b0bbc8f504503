"""Everybody walks every route, in a session and by token, on generated companies: nobody sees or changes what is not theirs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.web.security.walk.conftest import Builds, walking
from tests.web.security.walk.story import tell
from tests.web.security.walk.test_walk import IS_SOAK, SEEDS

# These walk everywhere; of the others each asks for a part of the routes, another part than the next, in a session and by token.
WHOLE = ("rep who had more", "nobody")
PARTS = 1 if IS_SOAK else 10
TITLES = sorted(tell(1).callers)


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize(("seed", "territories", "accounts"), SEEDS)
def test_nobody_sees_or_changes_what_is_not_theirs(
    builds: Builds, tmp_path: Path, title: str, seed: int, territories: int, accounts: int
) -> None:
    with walking(builds(seed, territories, accounts).copy(tmp_path / "world")) as walk:
        for one in walk.everybody():
            if one.caller.title == title:
                walk.walk(one, PARTS if title not in WHOLE or one.token is not None else 1)
        assert not walk.leaks, "\n".join(map(str, walk.leaks[:20]))
        assert walk.refused_as_malformed * 10 <= max(walk.asked, 50)
