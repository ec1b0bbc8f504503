"""Settings of the workspace: each with its help, errors beside the field."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.responses import Response

from metes.base.errors import InputError
from metes.model.workspace import checked_setting
from metes.web.proving import WHO_GETS_IN, proved
from metes.web.visits import Form, SignedIn, Visit

router = APIRouter()

_MONTHS = "January February March April May June July August September October November December".split()  # noqa: SIM905
_ZONES = (
    "UTC", "Europe/London", "Europe/Berlin", "Europe/Paris", "Europe/Madrid", "Europe/Athens", "America/New_York", "America/Chicago",
    "America/Denver", "America/Los_Angeles", "America/Toronto", "America/Mexico_City", "America/Sao_Paulo", "Asia/Dubai", "Asia/Kolkata",
    "Asia/Singapore", "Asia/Shanghai", "Asia/Tokyo", "Australia/Sydney", "Pacific/Auckland",
)  # fmt: skip
_LOCALES = (
    ("en_US", "English (United States)"), ("en_GB", "English (United Kingdom)"), ("de_DE", "Deutsch (Deutschland)"),
    ("de_CH", "Deutsch (Schweiz)"), ("fr_FR", "Français (France)"), ("es_ES", "Español (España)"), ("es_MX", "Español (México)"),
    ("it_IT", "Italiano (Italia)"), ("nl_NL", "Nederlands (Nederland)"), ("pt_BR", "Português (Brasil)"), ("sv_SE", "Svenska (Sverige)"),
    ("ja_JP", "日本語 (日本)"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as the page shows it: label, help, and its choices where it has few."""

    name: str
    label: str
    hint: str
    options: tuple[tuple[str, str], ...] | None = None


SETTINGS = (
    Setting("company", "Company", "Stands on printed pages and in exports."),
    Setting("reporting_currency", "Reporting currency", "Three letters of ISO 4217, such as USD. Sums and rule texts are in it."),
    Setting("rates", "Rates", "Units of the reporting currency for one unit of another: EUR=1.08, GBP=1.27."),
    Setting("time_zone", "Time zone", "Where a day begins: decides from when a plan, a pin or a seat holds."),
    Setting("locale", "Numbers and dates", "How figures, amounts and days are written.", _LOCALES),
    Setting(
        "fiscal_start_month",
        "Fiscal year begins in",
        "Quarters and years are counted from this month.",
        tuple((str(i + 1), month) for i, month in enumerate(_MONTHS)),
    ),
    Setting(
        "week_start",
        "Week begins on",
        "The first day of calendars and call plans.",
        tuple((day, day.capitalize()) for day in ("monday", "sunday", "saturday")),
    ),
    Setting("distance_unit", "Distances in", "For radius and travel.", (("km", "Kilometres"), ("mi", "Miles"))),
    Setting(
        "assign_on_change",
        "Assign when data change",
        "Imports, edits and rates then queue an assignment. A plan whose day has come is assigned in any case.",
        (("True", "By itself"), ("False", "By hand and by schedules")),
    ),
    Setting("job_log_days", "Keep logs of jobs for", "Days after a job's end."),
    Setting("upload_days", "Keep files nobody imported for", "Days since they were sent."),
    Setting(
        "approvals_needed",
        "Approvals of a change",
        "So many people approve every changed part of a scenario before it is published.",
        tuple((str(n), str(n) if n else "None needed") for n in range(6)),
    ),
    Setting(
        "four_eyes",
        "Four eyes",
        "Whether those who changed a scenario count among its approvers.",
        (("True", "They do not count"), ("False", "They count")),
    ),
    Setting(
        "second_factor",
        "Second factor",
        "Who needs a code of the telephone to sign in. Who lacks one is led to set it up first.",
        (("optional", "Who wants one"), ("administrators", "Administrators"), ("everybody", "Everybody")),
    ),
    Setting("session_idle_minutes", "Sign out after", "Minutes in which nobody used a session; 720 are twelve hours."),
    Setting("api_requests_a_minute", "Requests of a token", "So many in a minute; 0 is any number."),
    Setting("base_url", "Address of Metes", "Links in mails begin with it, such as https://metes.example.com."),
    Setting("notice_days", "Keep notices for", "Days after they were told; those that nobody read stay."),
    Setting("keep_audit_addresses_days", "Keep addresses of the audit trail, and who signed in, for", "Days; 0 is for ever."),
    Setting(
        "keep_closed_contacts_days", "Keep closed contacts and leads for", "Days; then nothing identifies them. 0 is for ever."
    ),
    Setting("keep_activities_days", "Keep what activities were about for", "Days; that they were stays. 0 is for ever."),
    Setting("keep_findings_days", "Keep findings of imports for", "Days; 0 is for ever."),
)


@router.get("/settings")
def show_settings(visit: SignedIn) -> Response:
    """All settings, and the custom fields."""
    return _page(visit, {name: str(value) for name, value in visit.workspace.config_list().items()}, {})


@router.post("/settings")
def save_settings(visit: SignedIn, form: Form) -> Response:
    """Keep what was changed, or nothing where one value cannot be."""
    before = {name: str(value) for name, value in visit.workspace.config_list().items()}
    typed = {s.name: str(form.get(s.name, before[s.name])).strip() for s in SETTINGS}
    changed = {name: text for name, text in typed.items() if text != before[name]}
    errors: dict[str, str] = {}
    for name, text in changed.items():
        try:
            checked_setting(name, text)
        except InputError as error:
            expected = error.findings[0].message if error.findings else str(error)
            errors[name] = f"{expected[:1].upper()}{expected[1:]}."
    if errors:
        return _page(visit, typed, errors, status=422)
    if WHO_GETS_IN & changed.keys():
        proved(visit.request, visit)
    for name, text in changed.items():
        visit.workspace.config_set(name, text)
    count = len(changed)
    text = "Nothing was changed." if not count else f"{count} setting{'s were' if count > 1 else ' was'} saved."
    return visit.go("/settings", ("good" if count else "info", text))


def _page(visit: Visit, values: dict[str, str], errors: dict[str, str], *, status: int = 200) -> Response:
    zones = _ZONES if values["time_zone"] in _ZONES else (values["time_zone"], *_ZONES)
    return visit.page(
        "settings.html",
        status=status,
        settings=SETTINGS,
        values=values,
        errors=errors,
        zones=zones,
        custom=visit.workspace.custom_fields(),
    )
