"""Whose jobs are taken up: told by what is seen of their workers, never by a clock of another machine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from metes.store.jobs import Held
from metes.worker.watch import LOST_AFTER_SECONDS, STUCK_AFTER_SECONDS, Watch

JOB = Held(1, "elsewhere", 1, 7)


def watch(lives: bool | None) -> Watch:
    """A watch to which every other worker lives, is dead, or is out of sight."""
    return Watch("me", lambda _name: lives)


def test_a_worker_out_of_sight_is_lost_once_its_beats_stand_still_for_long() -> None:
    seen = watch(None)
    assert seen.lost([JOB], 0) == ()
    assert seen.lost([JOB], LOST_AFTER_SECONDS - 1) == ()
    assert seen.lost([JOB], LOST_AFTER_SECONDS) == (JOB,)


def test_each_beat_begins_the_silence_anew() -> None:
    seen = watch(None)
    for second in range(0, 1000, 10):
        assert seen.lost([replace(JOB, beats=second)], second) == ()


def test_silence_before_somebody_looked_does_not_count() -> None:
    assert watch(None).lost([JOB], 1e9) == ()


def test_a_dead_worker_is_lost_at_once_and_a_living_one_may_be_silent_for_long() -> None:
    assert watch(False).lost([JOB], 0) == (JOB,)
    living = watch(True)
    assert living.lost([JOB], 0) == living.lost([JOB], STUCK_AFTER_SECONDS - 1) == ()
    assert living.lost([JOB], STUCK_AFTER_SECONDS) == (JOB,)


@pytest.mark.parametrize("lives", [True, None])
def test_a_job_of_my_own_that_i_do_not_know_of_is_taken_up_again(lives: bool | None) -> None:
    mine = replace(JOB, worker="me")
    assert watch(lives).lost([mine], 0) == (mine,)


def test_a_job_that_changed_hands_is_watched_anew() -> None:
    seen = watch(None)
    seen.lost([JOB], 0)
    assert seen.lost([replace(JOB, worker="third", attempts=2)], LOST_AFTER_SECONDS) == ()
