"""Whether a worker lives is told by its lock, which dies with it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from metes.worker.presence import Presence

_OTHER = """
import sys
from pathlib import Path
from metes.worker.presence import Presence
with Presence(Path(sys.argv[1])) as here:
    print(here.name, flush=True)
    sys.stdin.read()
"""


def test_a_process_is_seen_alive_and_seen_dead_the_moment_it_is_killed(tmp_path: Path) -> None:
    with Presence(tmp_path) as here:
        other = subprocess.Popen(
            [sys.executable, "-c", _OTHER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert other.stdout is not None
        name = other.stdout.readline().strip()
        assert here.lives(name) is True
        other.kill()
        other.communicate()
        assert here.lives(name) is False


def test_of_a_worker_of_another_machine_nothing_is_said(tmp_path: Path) -> None:
    with Presence(tmp_path) as here:
        assert here.lives("elsewhere:1:abcdef01") is None
        assert here.lives(here.name) is True


def test_who_left_in_order_is_out_of_sight_and_leaves_no_file(tmp_path: Path) -> None:
    with Presence(tmp_path) as gone:
        pass
    assert list(tmp_path.iterdir()) == []
    with Presence(tmp_path) as here:
        assert here.lives(gone.name) is None
        assert here.name != gone.name


def test_a_name_is_never_a_path(tmp_path: Path) -> None:
    with Presence(tmp_path / "workers") as here:
        (tmp_path / "secret.lock").touch()
        assert here.lives("../secret") is None
