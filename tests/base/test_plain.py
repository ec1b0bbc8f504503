"""Values as JSON knows them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from metes.base.findings import Finding, Place, Severity
from metes.base.plain import plain
from metes.model.query import Sums


def test_everything_a_command_answers_becomes_json() -> None:
    value = {
        "sums": Sums(accounts=2),
        "finding": Finding("x", Severity.ERROR, "wrong", Place("a.csv", 3)),
        "days": (date(2026, 3, 14), datetime(2026, 3, 14, 9, tzinfo=UTC)),
        "rate": Decimal("1.08"),
        "file": Path("a") / "b",
        1: {"one"},
    }
    told = json.loads(json.dumps(plain(value)))
    assert told["sums"]["accounts"] == 2
    assert (told["finding"]["file"], told["finding"]["line"]) == ("a.csv", 3)
    assert told["days"] == ["2026-03-14", "2026-03-14T09:00:00+00:00"]
    assert (told["rate"], told["file"], told["1"]) == ("1.08", "a/b", ["one"])
