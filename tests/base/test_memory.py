"""The collector of cycles rests, and works again."""

from __future__ import annotations

import gc

import pytest

from metes.base.memory import uncollected


def test_the_collector_rests_within_and_works_again_behind_whatever_happens() -> None:
    assert gc.isenabled()
    with uncollected():
        assert not gc.isenabled()
        with uncollected():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ValueError, match="broken"), uncollected():
        raise ValueError("broken")
    assert gc.isenabled()
