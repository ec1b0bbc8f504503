"""The Workspace is made of many parts; none of them hides what another brings."""

from __future__ import annotations

from collections import Counter

from metes.app.workspace import Workspace


def test_no_part_of_the_workspace_hides_what_another_brings() -> None:
    names = Counter(name for part in Workspace.__mro__[:-1] for name in vars(part) if not name.startswith("__"))
    assert {name: count for name, count in names.items() if count > 1} == {}
