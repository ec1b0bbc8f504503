"""The page of personal data is made from the register; where it is not, the failure shows what it should say."""

from __future__ import annotations

from metes.store.personal import NOT_PERSONAL, REGISTER, Held, Whose
from tests.docs.examples import DOCS

HEAD = """# Personal data

Every column that can hold what identifies a person, as `metes privacy register` lists it. An erasure ([how](../how-to/personal-data.md)) does with each
what the last column says. Names such as `keep_activities_days` are [settings](configuration.md).
"""
TAIL = """
## Of nobody

All other columns of text, and why they name nobody.

| why | columns |
| --- | --- |
"""


def page() -> str:
    """What the page says."""
    parts = [HEAD]
    for whose in Whose:
        held = [one for one in REGISTER if one.whose is whose]
        parts.append(f"\n## Of {whose.value}\n\n| column | what for | how long | erasing |\n| --- | --- | --- | --- |\n")
        parts += [_line(one) for one in sorted(held, key=lambda one: (one.table, one.column))]
    reasons = dict.fromkeys(NOT_PERSONAL.values())
    parts.append(TAIL)
    for reason in reasons:
        columns = sorted(f"`{table}.{column}`" for (table, column), why in NOT_PERSONAL.items() if why == reason)
        parts.append(f"| {reason} | {', '.join(columns)} |\n")
    return "".join(parts)


def _line(one: Held) -> str:
    return f"| `{one.table}.{one.column}` | {one.purpose} | {one.kept} | {one.way.value} |\n"


def test_the_page_says_what_the_register_says() -> None:
    assert (DOCS / "reference" / "personal-data.md").read_text(encoding="utf-8") == page()
