"""One small company for all tests of the room."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from metes.demo import CompanyFiles, make_company

TODAY = date(2025, 11, 21)


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> CompanyFiles:
    """Four thousand accounts with everything around them."""
    return make_company(tmp_path_factory.mktemp("company"), today=TODAY, accounts=4000)


@pytest.fixture
def folder(company: CompanyFiles) -> Path:
    """Where the company's files are."""
    return company.folder
