"""The reference of the rule language reads as it says: every example parses, every code of a finding exists."""

import re
from pathlib import Path

import pytest

from metes.model.catalogue import Field, FieldType, rule_fields
from metes.rules.syntax import parse, to_text

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "rules.md").read_text(encoding="utf-8")
FIELDS = rule_fields((Field("Key account", is_custom=True), Field("in"), Field("is_partner", FieldType.BOOLEAN, is_custom=True)))
TERMS = re.compile(r"(not )?in area '|distance to \(|(family\.)?orders |family\.")
TERMS_ALONE = ("in area", "orders count", "orders sum", "orders days since last", "postal_code from … to …")
GRAMMAR = PAGE.split("## Grammar")[1].split("\n## ")[0]


def examples() -> list[str]:
    """Indented lines, and code in tables and text that begins with a field or term and goes on."""
    page = PAGE.replace(GRAMMAR, "")
    indented = re.findall(r"^ {4}(\S.*)$", page, re.MULTILINE)
    inline = [code for code in re.findall(r"`([^`]+)`", page) if " " in code and (code.split()[0] in FIELDS or TERMS.match(code))]
    return [*indented, *(code for code in inline if code not in TERMS_ALONE)]


@pytest.mark.parametrize("example", sorted(set(examples())))
def test_every_example_is_read_and_printed_back_to_the_same_tree(example: str) -> None:
    condition = parse(example, FIELDS)
    assert parse(to_text(condition), FIELDS) == condition


def test_there_are_examples_to_read() -> None:
    assert len(examples()) > 55
    for words in ("in area", "distance to", "from '", "month", "orders count", "orders sum", "days since last", "family."):
        assert any(words in example for example in examples()), words


def test_every_code_that_the_rules_report_stands_in_the_page() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "src" / "metes" / "rules").glob("*.py"))
    codes = set(re.findall(r'"(rule-[a-z-]+)"', source))
    assert codes
    assert codes == set(re.findall(r"`(rule-[a-z-]+)`", PAGE))
