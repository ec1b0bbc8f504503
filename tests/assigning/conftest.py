"""A company of six accounts under a plan of three territories, assigned."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.assigning.worlds import Company, plan_in_words

# Industries: A0 and A3 retail, A1 and A4 energy, A2 and A5 health.
ACCOUNTS = [(f"A{i}", f"Firm {i}", ("retail", "energy", "health")[i % 3], 10 * i, 100 * i) for i in range(6)]
ACCOUNT_HEADER = ("id", "name", "industry", "employees", "potential")
RULES = {"shops": "industry = 'retail'", "power": "industry = 'energy'", "large": "industry = 'energy' and employees >= 40"}


@pytest.fixture
def company(ready_database: str, tmp_path: Path) -> Iterator[Company]:
    """The company on each kind of database; its side of the plan: large stands below power, health is held by nobody."""
    made = Company(ready_database, tmp_path)
    made.take("accounts", ACCOUNT_HEADER, ACCOUNTS)
    made.publish(plan_in_words(RULES, parents={"large": "power"}))
    made.check(made.workspace.assign())
    yield made
    made.workspace.close()
