"""The Workspace is made of many parts; none of them hides what another brings."""

from __future__ import annotations

from collections import Counter

from metes.app.workspace import Workspace


def test_no_part_of_the_workspace_hides_what_another_brings() -> None:
    # The guard around a verb is not another verb.
    parts = [{name for name, value in vars(part).items() if not hasattr(value, "__wrapped__")} for part in Workspace.__mro__[:-1]]
    names = Counter(name for part in parts for name in part if not name.startswith("__"))
    assert {name: count for name, count in names.items() if count > 1} == {}
