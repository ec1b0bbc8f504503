"""Settings of a workspace: what is taken, what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from metes.base.errors import InputError
from metes.model.workspace import WorkspaceSettings, checked_setting, settings_from


@pytest.mark.parametrize(
    ("name", "text", "stored"),
    [
        ("company", "  Acme  ", "Acme"),
        ("reporting_currency", "eur", "EUR"),
        ("time_zone", "Europe/Berlin", "Europe/Berlin"),
        ("fiscal_start_month", "12", 12),
        ("week_start", "Sunday", "sunday"),
        ("distance_unit", "MI", "mi"),
        ("rates", "eur=1.08, GBP = 1.27", {"EUR": "1.08", "GBP": "1.27"}),
        ("rates", "", {}),
        ("base_url", " https://metes.example.com/app/ ", "https://metes.example.com/app"),
        ("base_url", "http://10.0.0.1:8420", "http://10.0.0.1:8420"),
        ("base_url", "", ""),
        ("notice_days", "30", 30),
    ],
)
def test_a_setting_is_brought_to_its_form(name: str, text: str, stored: Any) -> None:
    assert checked_setting(name, text) == stored


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("colour", "red"),
        ("company", "x" * 201),
        ("reporting_currency", "dollar"),
        ("reporting_currency", "ßßß"),
        ("reporting_currency", "U1D"),
        ("time_zone", "Berlin"),
        ("time_zone", "../etc/passwd"),
        ("time_zone", ""),
        ("fiscal_start_month", "0"),
        ("fiscal_start_month", "13"),
        ("fiscal_start_month", "May"),
        ("fiscal_start_month", "²"),
        ("week_start", "friday"),
        ("distance_unit", "leagues"),
        ("rates", "EUR"),
        ("rates", "EUR=0"),
        ("rates", "EUR=-1"),
        ("rates", "EUR=NaN"),
        ("rates", "EUR=1e400"),
        ("rates", "EURO=1"),
        ("rates", "12€=1"),
        ("rates", "EUR=1;GBP=2"),
        ("base_url", "metes.example.com"),
        ("base_url", "javascript:alert(1)"),
        ("base_url", "https://a.b/?x=1"),
        ("base_url", "https://user@a.b"),
        ("base_url", 'https://a.b/">'),
        ("notice_days", "0"),
    ],
)
def test_another_value_is_refused_with_what_is_expected(name: str, text: str) -> None:
    with pytest.raises(InputError, match="expected") as caught:
        checked_setting(name, text)
    (finding,) = caught.value.findings
    assert finding.code == "setting"
    assert finding.place.subject == f"setting {name}"
    assert finding.remedy


def test_settings_not_stored_have_their_defaults_and_unknown_ones_are_passed_over() -> None:
    settings = settings_from({"company": "Acme", "rates": {"EUR": "1.08"}, "from_the_future": 1})
    assert settings.company == "Acme"
    assert settings.rates == {"EUR": Decimal("1.08")}
    assert settings.reporting_currency == "USD"


def test_a_day_begins_in_the_workspaces_time_zone() -> None:
    late = datetime(2024, 3, 14, 23, 30, tzinfo=UTC)
    assert WorkspaceSettings().today(late) == date(2024, 3, 14)
    assert WorkspaceSettings(time_zone="Asia/Tokyo").today(late) == date(2024, 3, 15)
    assert WorkspaceSettings(time_zone="America/Los_Angeles").today(late) == date(2024, 3, 14)
