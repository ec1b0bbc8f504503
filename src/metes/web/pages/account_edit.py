"""One account changed by hand: a form of its fields, errors beside them, and who holds it afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from metes.base.errors import InputError, NotFound
from metes.base.money import from_minor
from metes.model.catalogue import ACCOUNTS, Field, FieldType
from metes.web.visits import Form, SignedIn, Visit

router = APIRouter()

_GROUPS = (
    ("Who", ("name", "parent", "industry", "segment", "channel", "language", "referral_source", "customer_since")),
    ("Where", ("street", "city", "postal_code", "region", "country", "latitude", "longitude")),
    ("How much", ("employees", "annual_revenue", "potential", "currency")),
    ("How to reach", ("website", "phone")),
)
_HINTS = {
    "parent": "The id of the account above it.",
    "region": "Such as CO or US-CO.",
    "country": "Two letters or a name.",
    "currency": "Three letters. Amounts keep their figure.",
    "customer_since": "Such as 2027-03-14.",
    "latitude": "Empty: found by the rest of the place.",
}


@router.get("/accounts/{number:int}/edit")
def show_form(number: int, visit: SignedIn) -> Response:
    """The account's fields, to be changed."""
    visit.require("data_edit")
    profile = visit.workspace.account_by_number(number)
    return _page(visit, profile, _texts(visit, profile), {}, profile.facts.record["changed_import"])


@router.post("/accounts/{number:int}/edit")
def save(number: int, visit: SignedIn, form: Form) -> Response:
    """Keep what was changed, all of it or nothing, and say who holds the account now."""
    visit.require("data_edit")
    profile = visit.workspace.account_by_number(number)
    before = _texts(visit, profile)
    typed = {name: str(form.get(f"f.{name}", before[name])).strip() for name in before}
    changed = {name: text for name, text in typed.items() if text != before[name]}
    if not changed:
        return visit.go(f"/accounts/{number}", ("info", "Nothing was changed."))
    seen = str(form.get("seen", ""))
    try:
        edited = visit.workspace.account_edit(profile.key, changed, expected=int(seen) if seen.isdecimal() else None)
    except InputError as error:
        errors = {finding.place.column: _said(finding) for finding in error.findings}
        return _page(visit, profile, typed, errors, seen, status=422)
    try:
        return visit.go(f"/accounts/{number}", ("good", _outcome(visit, profile.key, edited)))
    except NotFound:  # its new values have taken it out of the editor's sight
        return visit.go(
            "/accounts", ("good", f"{_saved(edited)} By that {profile.facts.record['name']} is none of your accounts any more.")
        )


def _saved(edited: Any) -> str:
    return f"Saved as import {edited.report.import_id}, where it can be taken back."


def _outcome(visit: Visit, key: str, edited: Any) -> str:
    """What was saved, and what became of the account; NotFound where it is out of sight by now."""
    if not edited.is_changed:
        return "Every value was as it is."
    saved = _saved(edited)
    if edited.assigned is not None and edited.assigned.moved:
        holders = ", ".join(holding.territory for holding in visit.workspace.owner(key).primary) or "no territory"
        return f"{saved} The account goes to {holders}."
    if edited.assigned is None and edited.job is not None:
        return f"{saved} Job {edited.job} assigns it."
    return saved


def _said(finding: Any) -> str:
    text = f"{finding.message}; {finding.remedy}" if finding.remedy else finding.message
    return f"{text[:1].upper()}{text[1:]}."


def _fields(visit: Visit) -> dict[str, Field]:
    """The fields that the form has, by name."""
    own = (field for field in ACCOUNTS.fields if field.name != ACCOUNTS.id)
    return {field.name: field for field in (*own, *visit.workspace.custom_fields())}


def _texts(visit: Visit, profile: Any) -> dict[str, str]:
    """Every field's value as text, just as it would be typed."""
    record, parent = profile.facts.record, profile.facts.parent
    currency = record["currency"] or visit.workspace.settings().reporting_currency
    values: dict[str, Any] = {**profile.facts.custom, "parent": parent["key"] if parent else None}
    return {name: _text(field, values.get(name, record.get(name)), record, currency) for name, field in _fields(visit).items()}


def _text(field: Field, value: Any, record: Mapping[str, Any], currency: str) -> str:
    if field.type is FieldType.MONEY:
        minor = value if field.is_custom else record.get(f"{field.name}_minor")
        return "" if minor is None else str(from_minor(int(minor), currency))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.isoformat() if isinstance(value, date) else "" if value is None else str(value)


def _page(
    visit: Visit, profile: Any, values: Mapping[str, str], errors: Mapping[str, str], seen: object, *, status: int = 200
) -> Response:
    fields = _fields(visit)
    named = {name for _, names in _GROUPS for name in names}
    others = tuple(name for name in fields if name not in named)
    groups = [*_GROUPS, *([("Of this company", others)] if others else [])]
    return visit.page(
        "account-edit.html",
        status=status,
        record=profile.facts.record,
        number=profile.number,
        groups=[(title, [fields[name] for name in names]) for title, names in groups],
        values=values,
        errors=errors,
        elsewhere=[text for name, text in errors.items() if name not in fields],
        hints=_HINTS,
        seen=seen,
        currency=profile.facts.record["currency"] or visit.workspace.settings().reporting_currency,
    )
