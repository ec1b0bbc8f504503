"""Proofs by command line: the verdict, findings with examples, exit status."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Command

HEAD = "key: p\ntypes:\n  - key: geo\nterritories:\n"
WEST = "  - key: west\n    type: geo\n    rules:\n      - key: main\n        when: region = 'US-CO'\n    seats:\n      - key: w\n"
REST = "  - key: rest\n    type: geo\n    catch_all: true\n    seats:\n      - key: r\n"


def folder(path: Path, text: str) -> Path:
    """A plan folder of one file."""
    path.mkdir()
    (path / "plan.yaml").write_text(text)
    return path


def test_a_sound_plan_is_proved_on_an_empty_database(metes: Command, tmp_path: Path) -> None:
    ran = metes("plan", "check", folder(tmp_path / "sound", HEAD + WEST + REST), "--prove")
    assert (ran.code, ran.out) == (0, "Proved: every possible account has exactly one primary territory.\n")
    assert "1 rule, " in ran.err


def test_a_plan_with_a_gap_is_refuted_with_an_account(metes: Command, tmp_path: Path) -> None:
    plan = folder(tmp_path / "gap", HEAD + WEST)
    ran = metes("plan", "check", plan, "--prove")
    assert ran.code == 1
    assert ran.out.startswith("Not proved: 2 gaps are possible; for example an account with region = ")
    assert "plan p: an account can be held by no primary territory, such as one with region = " in ran.err
    found = metes("--json", "plan", "check", plan, "--prove").json
    assert (found["verdict"], found["gaps"], found["doubles"]) == ("refuted", 2, 0)
    assert next(f for f in found["findings"] if f["code"] == "plan-gap")["example"]["region"]


def test_a_plan_with_errors_is_refused(metes: Command, tmp_path: Path) -> None:
    ran = metes("plan", "check", folder(tmp_path / "bad", HEAD + WEST.replace("region", "regoin")), "--prove")
    assert (ran.code, ran.out) == (2, "Not looked at: 1 error must be mended first.\n")


def test_publishing_says_what_is_proved(metes: Command, tmp_path: Path) -> None:
    metes("plan", "import", folder(tmp_path / "sound", HEAD + WEST + REST))
    ran = metes("plan", "publish", "draft")
    assert ran.code == 0
    assert "Proved: every possible account has exactly one primary territory." in ran.err
