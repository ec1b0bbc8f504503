"""The command that changes a seat of a plan, as somebody types it."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Command
from tests.web.api.test_seats import PLAN


def test_a_seat_is_added_changed_and_taken_out(metes: Command, tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text(PLAN)
    metes("plan", "import", ".")
    added = metes(
        "plan", "seat", "n", "draft", "--territory", "all", "--hours", "1600", "--licence", "US-CO", "--base", "Denver, CO"
    )
    assert added.code == 0
    assert "its base is Denver, US-CO" in added.err
    changed = metes("plan", "seat", "n", "draft", "--ramp", "0.5", "--helps", "--base", "39.74, -104.99")
    assert changed.code == 0
    metes("plan", "export", "out", "draft")
    text = "\n".join(file.read_text() for file in (tmp_path / "out").rglob("*.yaml"))
    for line in ("capacity_hours: 1600", "39.74", "us-co", "0.5", "owns: false"):
        assert line in text
    assert metes("plan", "seat", "n", "draft", "--no-base", "--hours", "0").code == 0
    metes("plan", "export", "bare", "draft")
    assert "1600" not in "\n".join(file.read_text() for file in (tmp_path / "bare").rglob("*.yaml"))
    assert metes("plan", "seat", "n", "draft", "--remove").code == 0


def test_what_cannot_be_a_seat_is_said(metes: Command, tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text(PLAN)
    metes("plan", "import", ".")
    assert "name the --territory" in metes("plan", "seat", "n", "draft").err
    assert "no place is called" in metes("plan", "seat", "s", "draft", "--base", "Nowhere at all").err
    assert metes("plan", "seat", "s", "draft", "--ramp", "7").code == 2
    assert metes("plan", "seat", "none", "draft", "--remove").code == 2
