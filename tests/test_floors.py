"""What the house forbids, beyond the import contracts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "metes"
HEAVY = ("duckdb", "pyarrow", "pandas", "numpy", "ibis", "fastapi", "sqlalchemy", "shapely", "rich", "openpyxl")


@pytest.mark.parametrize("code", ["import metes", "import metes; from metes.cli.main import run; run(['--help'])"])
def test_nothing_heavy_is_loaded_before_it_is_needed(code: str) -> None:
    script = f"{code}\nimport sys\nprint('loaded:', [name for name in {HEAVY!r} if name in sys.modules])"
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert out.stdout.splitlines()[-1] == "loaded: []"


def test_no_room_is_named_like_a_public_function() -> None:
    import metes

    rooms = {path.name for path in SOURCE.iterdir() if path.is_dir()}
    assert not rooms & set(metes.__all__)


@pytest.mark.parametrize(
    "room", ["base", "model", "rules", "records", "plan", "store", "intake", "identity", "render", "demo", "connect"]
)
def test_below_the_flows_nobody_asks_for_the_time_or_the_environment(room: str) -> None:
    asked = []
    for path in (SOURCE / room).rglob("*.py"):
        text = path.read_text()
        asked += [
            f"{path.name}: {word}"
            for word in ("datetime.now(", "date.today(", "time.time(", "os.environ", "getenv(")
            if word in text
        ]
    assert asked == []
