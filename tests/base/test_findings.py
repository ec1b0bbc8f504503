"""Findings and errors: what they say to people and to machines."""

from __future__ import annotations

from metes.base.errors import Busy, InputError, MetesError, SchemaMismatch
from metes.base.findings import Finding, Place, Severity
from metes.base.progress import SILENT

FINDING = Finding("bad-date", Severity.WARNING, "expected a day", Place("a.csv", 7, "from"), "31.02.", "Write 2024-02-28.")


def test_a_finding_names_place_value_and_remedy() -> None:
    assert str(FINDING) == "warning bad-date: a.csv, line 7, column from: expected a day ('31.02.'); write 2024-02-28"


def test_a_finding_without_place_value_or_remedy_says_just_its_message() -> None:
    assert str(Finding("odd", Severity.NOTE, "something is odd")) == "note odd: something is odd"


def test_a_place_joins_what_is_known() -> None:
    assert str(Place()) == ""
    assert str(Place(subject="territory west")) == "territory west"
    assert str(Place("plan.yaml", 0, "", "rule 1")) == "plan.yaml, line 0, rule 1"


def test_a_finding_is_flat_in_json() -> None:
    assert FINDING.as_dict() == {
        "code": "bad-date",
        "severity": "warning",
        "message": "expected a day",
        "file": "a.csv",
        "line": 7,
        "column": "from",
        "subject": "",
        "value": "31.02.",
        "remedy": "Write 2024-02-28.",
    }


def test_errors_form_one_tree_with_stable_codes() -> None:
    assert [e.code for e in (MetesError, InputError, Busy, SchemaMismatch)] == ["error", "input", "busy", "schema"]
    assert all(issubclass(e, MetesError) for e in (InputError, Busy, SchemaMismatch))


def test_an_input_error_carries_every_finding() -> None:
    error = InputError("2 problems", [FINDING, FINDING])
    assert error.findings == (FINDING, FINDING)
    assert str(error) == "2 problems"


def test_nobody_watching_is_fine() -> None:
    SILENT.report("reading", 1, 2)
