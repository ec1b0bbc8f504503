"""An account changed by hand by whoever sees a part of the tree."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from metes.app.workspace import Workspace
from metes.base.errors import InputError
from metes.store.tables import account_sources
from tests.app.roles_world import PASSWORD, as_user, begin


@pytest.fixture
def company(sqlite_workspace: Workspace, tmp_path: Path) -> Workspace:
    """The company of two coasts, with a manager of the west; an edit made before has given A7 of the east an id among the edits."""
    made = begin(sqlite_workspace, tmp_path)
    made.account_edit("A7", {"segment": "Large"})
    made.user_add("mo", PASSWORD, person="P1", roles=["manager"])
    return made


def ids_of_edits(company: Workspace) -> set[str]:
    """The ids by which the edits know accounts."""
    with company.store.read() as connection:
        found = connection.execute(sa.select(account_sources.c.external_id)).scalars()
        return {one for one in found if one.startswith("METES-")}


def test_an_account_that_is_hidden_is_no_parent_and_is_told_from_none_that_is_not_there(company: Workspace) -> None:
    mo, before = as_user(company, "mo"), ids_of_edits(company)
    (known,) = before
    said = set()
    for parent in ("A6", "a6", known, "A999", "METES-999"):
        with pytest.raises(InputError) as refused:
            mo.account_edit("A0", {"parent": parent})
        (finding,) = refused.value.findings
        said.add((str(refused.value), finding.code, finding.message, finding.remedy))
    assert len(said) == 1
    assert ids_of_edits(company) == before
    assert company.account("A0").facts.parent is None
    assert mo.account_edit("A0", {"parent": "A1"}).is_changed
    assert company.account_edit("A0", {"parent": "A6"}).is_changed


def test_what_a_run_says_of_all_accounts_is_not_told_to_whoever_sees_some(company: Workspace) -> None:
    company.account_edit("A1", {"region": "US-OR"})
    whole = company.account_edit("A1", {"region": "US-CA"}).assigned
    assert whole is not None
    assert (whole.accounts, whole.unassigned + sum(whole.by_via.values())) == (10, 10)
    told = as_user(company, "mo").account_edit("A0", {"region": "US-NY"}).assigned
    assert told is not None
    assert [(one.territory, one.won, one.lost) for one in told.territories] == [("bay", 0, 1)]
    assert told.moved == 1
    assert (told.accounts, told.unassigned, told.evaluated, told.reason, dict(told.by_via)) == (0, 0, 0, "", {})
