"""Settings of a workspace: what its figures and dates are said in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from metes.base.errors import InputError
from metes.base.findings import Finding, Place, Severity


@dataclass(frozen=True, slots=True)
class WorkspaceSettings:
    """`rates` are units of the reporting currency for one unit of another; days begin in `time_zone`.

    `assign_on_change` lets changed data queue an assignment; logs of jobs and files that were sent and never imported are dropped after
    `job_log_days` and `upload_days`. Links in mails begin with `base_url`; notices that were read are dropped after `notice_days`. So many `approvals_needed` every changed part of a scenario before it is published; with `four_eyes`
    those who changed it do not count.

    Who needs a `second_factor` to sign in says one of `SECOND_FACTOR`; a session that nobody uses ends after `session_idle_minutes`.
    A token of the API may send `api_requests_a_minute`; 0 is any number. What names people in addresses beside the audit trail, closed
    contacts, old activities and old findings of imports is destroyed after `keep_..._days`; 0 keeps it for ever.
    """

    company: str = ""
    reporting_currency: str = "USD"
    rates: Mapping[str, Decimal] = field(default_factory=lambda: MappingProxyType({}))
    time_zone: str = "UTC"
    locale: str = "en_US"
    fiscal_start_month: int = 1
    week_start: str = "monday"
    distance_unit: str = "km"
    assign_on_change: bool = True
    job_log_days: int = 90
    upload_days: int = 7
    approvals_needed: int = 0
    four_eyes: bool = True
    base_url: str = ""
    notice_days: int = 365
    second_factor: str = "optional"
    session_idle_minutes: int = 720
    api_requests_a_minute: int = 6000
    local_passwords: bool = True
    keep_audit_addresses_days: int = 365
    keep_closed_contacts_days: int = 0
    keep_activities_days: int = 0
    keep_findings_days: int = 0

    def today(self, now: datetime) -> date:
        """The day it is in the workspace's time zone."""
        return now.astimezone(ZoneInfo(self.time_zone)).date()


# Beyond it sums in the reporting currency would not fit 64 bits.
_LARGEST_RATE = 10**6
SETTING_NAMES = tuple(f.name for f in fields(WorkspaceSettings))
# Settings that change no figure, no day and no record.
WORK_SETTINGS = (
    "assign_on_change",
    "job_log_days",
    "upload_days",
    "approvals_needed",
    "four_eyes",
    "base_url",
    "notice_days",
    "second_factor",
    "session_idle_minutes",
    "api_requests_a_minute",
    "keep_audit_addresses_days",
    "keep_closed_contacts_days",
    "keep_activities_days",
    "keep_findings_days",
)
OPTIONAL, ADMINISTRATORS, EVERYBODY = "optional", "administrators", "everybody"
SECOND_FACTOR = (OPTIONAL, ADMINISTRATORS, EVERYBODY)
_LONGEST_KEPT = 3650
_LONGEST_IDLE = 14 * 24 * 60
_MOST_REQUESTS = 10**6


def settings_from(values: Mapping[str, Any]) -> WorkspaceSettings:
    """Settings from stored values, the defaults for those not set."""
    known = {name: value for name, value in values.items() if name in SETTING_NAMES}
    if "rates" in known:
        known["rates"] = MappingProxyType({currency: Decimal(rate) for currency, rate in known["rates"].items()})
    return WorkspaceSettings(**known)


def checked_setting(name: str, text: str) -> Any:
    """The value to store for a setting typed as text; InputError says what it takes."""
    if name not in SETTING_NAMES:
        raise _bad(name, text, f"expected one of {', '.join(SETTING_NAMES)}")
    match name:
        case "rates":
            return _rates(text)
        case "reporting_currency":
            return _one(name, text.upper(), _is_currency(text), "three letters of ISO 4217 such as USD")
        case "time_zone":
            return _one(name, text, _is_zone(text), "a time zone such as Europe/Berlin")
        case "fiscal_start_month":
            return int(_one(name, text, text.isdecimal() and len(text) < 3 and 1 <= int(text) <= 12, "a month from 1 to 12"))
        case "week_start":
            return _one(name, text.lower(), text.lower() in {"monday", "sunday", "saturday"}, "monday, sunday or saturday")
        case "distance_unit":
            return _one(name, text.lower(), text.lower() in {"km", "mi"}, "km or mi")
        case "approvals_needed":
            return int(_one(name, text, text in {"0", "1", "2", "3", "4", "5"}, "a number of approvals from 0 to 5"))
        case "assign_on_change" | "four_eyes" | "local_passwords":
            return _one(name, text.lower(), text.lower() in {"yes", "no", "true", "false"}, "yes or no") in {"yes", "true"}
        case "base_url":
            return _one(name, text.strip().rstrip("/"), _is_base(text.strip()), "an address such as https://metes.example.com")
        case "job_log_days" | "upload_days" | "notice_days":
            is_right = text.isdecimal() and len(text) < 5 and 1 <= int(text) <= _LONGEST_KEPT
            return int(_one(name, text, is_right, f"a number of days from 1 to {_LONGEST_KEPT}"))
        case "keep_audit_addresses_days" | "keep_closed_contacts_days" | "keep_activities_days" | "keep_findings_days":
            return _number(name, text, 0, _LONGEST_KEPT, "days")
        case "second_factor":
            return _one(name, text.lower(), text.lower() in SECOND_FACTOR, "optional, administrators or everybody")
        case "session_idle_minutes":
            return _number(name, text, 5, _LONGEST_IDLE, "minutes")
        case "api_requests_a_minute":
            return _number(name, text, 0, _MOST_REQUESTS, "requests")
        case _:
            return _one(name, text.strip(), len(text) <= 200, "at most 200 characters")


def _one(name: str, value: str, is_right: bool, expected: str) -> str:
    if not is_right:
        raise _bad(name, value, f"expected {expected}")
    return value


def _number(name: str, text: str, least: int, most: int, what: str) -> int:
    is_right = text.isascii() and text.isdecimal() and len(text) <= len(str(most)) and least <= int(text) <= most
    return int(_one(name, text, is_right, f"a number of {what} from {least} to {most}"))


def _rates(text: str) -> dict[str, str]:
    rates: dict[str, str] = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        currency, _, rate = part.partition("=")
        try:
            value = Decimal(rate.strip())
        except InvalidOperation:
            value = Decimal(0)
        if not _is_currency(currency.strip()) or not value.is_finite() or not 0 < value < _LARGEST_RATE:
            raise _bad("rates", part, "expected rates such as EUR=1.08,GBP=1.27")
        rates[currency.strip().upper()] = str(value)
    return rates


def _is_currency(text: str) -> bool:
    return len(text) == 3 and text.isascii() and text.isalpha()


def _is_base(text: str) -> bool:
    """Whether pages can stand below an address: http or https, a host, perhaps a path; or none at all."""
    return not text or (len(text) <= 200 and re.fullmatch(r"https?://[^\s/?#@<>\"\\]+(/[^\s?#<>\"\\]*)?", text) is not None)


def _is_zone(text: str) -> bool:
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _bad(name: str, value: str, expected: str) -> InputError:
    finding = Finding(
        "setting", Severity.ERROR, expected, Place(subject=f"setting {name}"), value, "'metes config list' shows what is set"
    )
    return InputError(f"{name}: {expected}, got {value!r}", [finding])
