"""What is read from a plan's text, and what is said about text that is wrong."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from metes.base.dates import Period
from metes.base.findings import Finding, Place, Severity
from metes.model.condition import And, Equals, In
from metes.model.plan import Pin
from metes.plan.check import check_plan
from metes.plan.text import PlanText, read_plan, read_text, read_texts
from metes.plan.writing import render
from tests.plan.strategies import FIELDS

HEAD = "key: p\ntypes:\n  - key: geo\n"


def read(**files: str) -> PlanText:
    """The plan of files named without their ending; two underscores stand for the folder's slash."""
    return read_texts({"plan.yaml": HEAD, **{name.replace("__", "/") + ".yaml": text for name, text in files.items()}}, FIELDS)


def where(finding: Finding) -> tuple[str, str, int | None, str]:
    """Code and place of a finding."""
    return finding.code, finding.place.file, finding.place.line, finding.place.column


def territory(*lines: str) -> str:
    """A territory file with more lines."""
    return "\n".join(["key: a", "type: geo", *lines]) + "\n"


def test_a_seat_has_a_base_a_ramp_and_licences_each_once_in_lower_case() -> None:
    lines = "key: p\ntypes: [{key: geo}]\nterritories:\n  - key: a\n    type: geo\n    seats:\n      - key: s\n"
    more = "        base_latitude: 39.74\n        base_longitude: -104.99\n        ramp_share: 0.5\n"
    text = read_texts({"plan.yaml": f"{lines}{more}        licences: [US-WY, NO, us-co, ' us-wy ', Series  7]\n"}, FIELDS)
    assert text.findings == ()
    seat = text.plan.seats[0]
    assert (seat.base, seat.ramp_share) == ((39.74, -104.99), 0.5)
    assert seat.licences == ("no", "series 7", "us-co", "us-wy")
    written = render(text.plan)["territories/a.yaml"]
    assert written.endswith(
        "    base_latitude: 39.74\n    base_longitude: -104.99\n    ramp_share: 0.5\n"
        '    licences:\n      - "no"\n      - series 7\n      - us-co\n      - us-wy\n'
    )


def test_what_a_seat_cannot_have_is_told_with_line_and_remedy() -> None:
    lines = "key: p\ntypes: [{key: geo}]\nterritories:\n  - key: a\n    type: geo\n    seats:\n      - key: s\n"
    more = "        lat: 39\n        base_longitude: 200\n        ramp: 1\n        license: [x]\n        ramp_share: half\n"
    found = read_texts({"plan.yaml": lines + more}, FIELDS).findings
    assert [(f.place.line, f.remedy or f.message) for f in found] == [
        (8, "Did you mean 'base_latitude'?"),
        (9, "expected a number from -180 to 180 for 'base_longitude', got '200'"),
        (10, "Did you mean 'ramp_share'?"),
        (11, "Did you mean 'licences'?"),
        (12, "expected a number for 'ramp_share', got 'half'"),
    ]


def test_nesting_gives_parents_and_seats_their_territory() -> None:
    text = read(
        territories__west="""\
key: west
type: geo
seats:
  - key: boss
    role: director
children:
  - key: coast
    type: geo
    rules:
      - key: r
        when: country = 'US' and region in ('US-CA', 'US-OR')
    children:
      - {key: bay, type: geo, colour: 3, share: 0.5}
"""
    )
    assert text.findings == ()
    assert [(t.key, t.parent) for t in text.plan.territories] == [("west", None), ("coast", "west"), ("bay", "coast")]
    assert text.plan.seats[0].territory == "west"
    assert text.plan.territory_by_key["coast"].rules[0].condition == And(
        (Equals("country", "US"), In("region", ("US-CA", "US-OR")))
    )
    assert text.places["territory coast"] == Place("territories/west.yaml", 7, "5")


def test_codes_keep_their_zeros_and_norway_its_letters() -> None:
    text = read(lists__codes="key: codes\nvalues:\n  - 01234\n  - NO\n  - 1e3\n  - 2024-03-14\n")
    assert text.findings == ()
    assert text.plan.list_by_key["codes"].values == ("01234", "NO", "1e3", "2024-03-14")


def test_pins_and_exclusions_carry_reason_author_and_days() -> None:
    text = read(
        pins="""\
exclusions:
  - {account: A2, territory: west, reason: dispute}
pins:
  - account: 00017
    territory: west
    reason: founder's school friend
    author: kim
    from: 2024-01-01
    to: 2024-07-01
"""
    )
    assert text.plan.pins == (
        Pin("00017", "west", "founder's school friend", "kim", Period(date(2024, 1, 1), date(2024, 7, 1))),
        Pin("A2", "west", "dispute", is_exclusion=True),
    )


def test_comments_belong_to_what_stands_below_them_and_none_is_lost() -> None:
    text = read_texts(
        {
            "plan.yaml": "# the plan\n\n# of all\nkey: p\n# our types\ntypes:\n  # geography\n  - key: geo # inline\n",
            "territories/a.yaml": """\
# root
key: a
type: geo
# above rules
rules:
  # the rule
  - key: r
    # above when
    when: |
      city = '
      # no comment'
description: "text # no comment"
children:
  # child
  - key: b
    type: geo
# at the end
""",
            "lists/l.yaml": "key: l\nvalues:\n  # why 80202\n  - 80202\n",
            "pins.yaml": "# agreed in May\npins:\n  - {account: A, territory: a, reason: r}\n",
        },
        FIELDS,
    )
    plan = text.plan
    assert plan.comment == "the plan\n\nof all"
    assert plan.types[0].comment == "our types\ngeography\ninline"
    assert plan.territory_by_key["a"].comment == "root\nat the end"
    assert plan.territory_by_key["a"].rules[0].comment == "above rules\nthe rule\nabove when"
    assert plan.territory_by_key["b"].comment == "child"
    assert plan.list_by_key["l"].comment == "why 80202"
    assert plan.pins[0].comment == "agreed in May"


def test_everything_wrong_is_told_at_once_with_line_and_suggestion() -> None:
    text = read(
        territories__a="""\
key: a
type: geo
color: 3
catch_all: yes
share: "0.5"
colour: red
parent: b
rules:
  - key: Bad Key
    when: country = 'US'
  - key: r
    priority: 1.5
seats: west
"""
    )
    found = [where(finding) for finding in text.findings]
    assert found == [
        ("plan-unknown-line", "territories/a.yaml", 3, "1"),
        ("plan-value", "territories/a.yaml", 4, "12"),
        ("plan-value", "territories/a.yaml", 5, "8"),
        ("plan-value", "territories/a.yaml", 6, "9"),
        ("plan-unknown-line", "territories/a.yaml", 7, "1"),
        ("plan-value", "territories/a.yaml", 13, "8"),
        ("plan-key", "territories/a.yaml", 9, "10"),
        ("plan-value", "territories/a.yaml", 12, "15"),
        ("plan-missing-line", "territories/a.yaml", 11, "5"),
    ]
    remedies = [finding.remedy for finding in text.findings]
    assert remedies[0] == "Did you mean 'colour'?"
    assert "children" in remedies[4]
    assert "bad-key" in remedies[6]
    assert all(finding.severity is Severity.ERROR for finding in text.findings)


@pytest.mark.parametrize(
    ("lines", "line", "column"),
    [
        (["rules:", "  - key: r", "    when: nosuch = 1"], 5, 11),
        (["rules:", "  - key: r", "    when: |", "      country = 'US'", "      and nosuch = 1"], 7, 11),
        (["rules:", "  - key: r", "    when: country = 'US'", "      and nosuch = 1"], 6, 11),
        (["rules:", "  - key: r", "    when: >-", "      country = 'US'", "      and nosuch = 1"], 7, 11),
        (["rules:", "  - key: r", '    when: "nosuch = 1"'], 5, 12),
    ],
)
def test_a_rule_that_cannot_be_read_is_placed_where_it_stands(lines: list[str], line: int, column: int) -> None:
    (finding,) = read(territories__a=territory(*lines)).findings
    assert where(finding) == ("rule-unknown-field", "territories/a.yaml", line, str(column))
    assert finding.place.subject == "rule a/r"


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("key: a\n\ttype: geo\n", "plan-yaml", 2),
        ("key: a\ntype: [geo\n", "plan-yaml", 3),
        ("key: a\nkey: b\ntype: geo\n", "plan-duplicate-line", 2),
        ("key: &x a\ntype: geo\n", "plan-alias", 1),
        ("key: a\ntype: geo\ndescription: *x\n", "plan-alias", 3),
        ("key: a\ntype: geo\ndescription: !!python/object/apply:os.system [x]\n", "plan-tag", 3),
        ("key: a\ntype: geo\n? [x]\n: y\n", "plan-yaml", 3),
        ("key: a\ntype: geo\n---\nkey: b\n", "plan-yaml", 3),
        ("key: a\ntype: geo\nname: \x00\n", "plan-yaml", 3),
        ("- a\n", "plan-value", 1),
        ("", "plan-value", 1),
        ("# only a comment\n", "plan-value", 1),
        ("key: a\ntype: geo\nname:\n", "plan-value", 3),
    ],
)
def test_what_a_plan_never_needs_is_refused(text: str, code: str, line: int) -> None:
    finding = read(territories__a=text).findings[0]
    assert (finding.code, finding.place.line) == (code, line)
    assert finding.remedy or finding.message


def test_a_tab_is_named() -> None:
    (finding,) = read(territories__a="key: a\n\ttype: geo\n").findings
    assert "tab" in finding.message


@pytest.mark.parametrize("text", ["[" * 100_000, "a: " + "{b: " * 100_000, "- " * 100_000, "key: a\n" + "&a [" * 100_000])
def test_deep_nesting_ends_in_one_finding_soon(text: str) -> None:
    findings = read(territories__a=text).findings
    assert findings[-1].code in ("plan-nesting", "plan-alias", "plan-yaml")
    assert len(findings) <= 100


def test_a_thousand_laughs_do_not_grow() -> None:
    laughs = "".join(f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 10)}]\n" for i in range(1, 1000))
    text = read(territories__a="l0: &l0 x\n" + laughs)
    assert {finding.code for finding in text.findings} == {"plan-alias"}
    assert len(text.findings) == 100


def test_a_key_used_twice_names_both_places() -> None:
    text = read(territories__a=territory(), territories__b="key: b\ntype: geo\nchildren:\n  - key: a\n    type: geo\n")
    (finding,) = text.findings
    assert where(finding) == ("plan-duplicate", "territories/b.yaml", 4, "5")
    assert "territories/a.yaml, line 1" in finding.message


def test_one_rule_key_may_stand_on_two_territories() -> None:
    rule = ["rules:", "  - {key: r, when: everything}"]
    assert (
        read(
            territories__a=territory(*rule, "children:", "  - key: b", "    type: geo", "    rules: [{key: r, when: everything}]")
        ).findings
        == ()
    )


def test_a_tree_too_deep_is_an_error() -> None:
    text = "key: t0\ntype: geo\n"
    for level in range(1, 70):
        indent = "    " * (level - 1)
        text += f"{indent}children:\n{indent}  - key: t{level}\n{indent}    type: geo\n"
    assert [finding.code for finding in read(territories__t0=text).findings] == ["plan-depth"]


def test_a_file_named_otherwise_than_its_key_is_a_warning() -> None:
    (finding,) = read(territories__west=territory()).findings
    assert (finding.code, finding.severity) == ("plan-file-name", Severity.WARNING)


def test_days_that_do_not_exist_or_run_backwards_are_errors() -> None:
    pin = "  - {{account: A, territory: a, reason: r, from: {}, to: {}}}\n"
    text = read(pins="pins:\n" + pin.format("2024-02-30", "2024-03-01") + pin.format("2024-03-02", "2024-03-01"))
    assert [(f.code, f.place.line) for f in text.findings] == [("plan-value", 2), ("plan-value", 3)]


def test_a_missing_folder_a_folder_without_plan_and_wrong_encodings_are_findings(tmp_path: Path) -> None:
    assert [f.code for f in read_plan(tmp_path / "nowhere", FIELDS)[1]] == ["plan-missing-file"]
    assert [f.code for f in read_plan(tmp_path, FIELDS)[1]] == ["plan-missing-file"]
    (tmp_path / "plan.yaml").write_bytes("key: p\nname: Zürich\n".encode("latin-1"))
    assert [f.code for f in read_plan(tmp_path, FIELDS)[1]] == ["plan-encoding"]


def test_windows_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_bytes("\ufeff# c\r\nkey: p\r\ntypes:\r\n  - key: geo\r\n".encode())
    plan, findings = read_plan(tmp_path, FIELDS)
    assert findings == ()
    assert (plan.key, plan.comment) == ("p", "c")


def test_findings_of_the_whole_plan_are_located_in_its_files(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text("key: p\nterritories:\n  - key: a\n    type: nosuch\n")
    text = read_text(tmp_path, FIELDS)
    found = [text.locate(finding) for finding in check_plan(text.plan, FIELDS)]
    (unknown,) = [finding for finding in found if finding.code == "plan-unknown-type"]
    assert unknown.place == Place("plan.yaml", 3, "5", "territory a")


def test_the_same_plan_reads_from_one_file_and_from_a_folder(tmp_path: Path) -> None:
    folder = read(territories__a=territory(), lists__l="key: l\nvalues: [x]\n").plan
    one = read_texts({"anything.yaml": HEAD + "lists:\n  - {key: l, values: [x]}\nterritories:\n  - {key: a, type: geo}\n"}, FIELDS)
    assert one.findings == ()
    assert one.plan == folder
