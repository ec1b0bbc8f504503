"""One account: profile, owner and why, history in two times, opportunities, orders, activities, contacts, family."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import Response

from metes.app.reading import HISTORY_MONTHS, AccountProfile
from metes.model.catalogue import ACCOUNTS, FieldType
from metes.model.condition import Equals
from metes.web.formatting import Reader
from metes.web.marks import Marks
from metes.web.two_times import lanes
from metes.web.visits import Looking
from metes.web.why import why_of

router = APIRouter()
_PROFILE = ("industry", "segment", "channel", "language", "referral_source", "customer_since", "employees")
_PRECISIONS = {
    "given": "as given by the source",
    "postal": "found by postal code",
    "city": "found by city",
    "region": "found by region, only roughly",
    "country": "found by country, only very roughly",
}


@router.get("/accounts/{number:int}")
def show(number: int, visit: Looking) -> Response:
    """One account."""
    workspace = visit.workspace
    profile = workspace.account_by_number(number)
    settings = workspace.settings()
    reader, zone = Reader(settings.locale, settings.reporting_currency, settings.time_zone), ZoneInfo(settings.time_zone)
    marks = Marks(profile.plan, profile.names)
    today = workspace.today()
    record = profile.facts.record
    custom = {field.name: field for field in workspace.custom_fields()}
    return visit.page(
        "account.html",
        profile=profile,
        facts=profile.facts,
        record=record,
        marks=marks,
        today=today,
        lead=_lead(record, profile, reader),
        crumbs=_crumbs(profile, marks),
        figures=_figures(profile, reader),
        lanes=lanes(profile.history, marks, workspace.seen_on, lambda moment: moment.astimezone(zone).date(), reader.day),
        overlays=[h for h in profile.history if h.role != "primary" and h.recorded_until is None and h.true_until is None],
        months=_months(profile.facts.months, today),
        why=why_of(profile.why, workspace.fields(), reader, marks) if profile.why else None,
        pairs=_pairs(record, profile.facts.custom, custom, reader),
        place=_place(record),
        seen_on=workspace.seen_on,
        is_past=visit.is_past,
        family=workspace.rule_text(Equals("family", profile.row["family"])) if profile.row.get("family") else "",
        open_opportunities=[o for o in profile.facts.opportunities if o["status"] == "open"],
        past_opportunities=[o for o in profile.facts.opportunities if o["status"] != "open"],
    )


def _lead(record: Mapping[str, Any], profile: AccountProfile, reader: Reader) -> str:
    """What one needs to know the account by, in one line."""
    region = (record["region"] or "").partition("-")[2]
    town = " ".join(part for part in (", ".join(p for p in (record["city"], region) if p), record["postal_code"]) if part)
    employees = reader.count(record["employees"], "employee", "employees") if record["employees"] is not None else ""
    family = len(profile.facts.family) + (profile.facts.parent is not None)
    sites = f"{family + 1} in the family" if family else ""
    return " · ".join(part for part in (record["industry"], employees, town, sites) if part)


def _crumbs(profile: AccountProfile, marks: Marks) -> list[tuple[str, str]]:
    crumbs = [("Accounts", "/accounts")]
    primary = profile.owner.primary
    if primary and profile.plan and primary[0].territory in profile.plan.territory_by_key:
        key = primary[0].territory
        for territory in (*reversed(tuple(profile.plan.ancestors(key))), profile.plan.territory_by_key[key]):
            mark = marks.of(territory.key)
            crumbs += [(mark["name"], mark["href"])] if mark else []
    return crumbs


def _figures(profile: AccountProfile, reader: Reader) -> list[dict[str, str]]:
    row = profile.row
    return [
        {"value": reader.money_compact(row.get("revenue_12m")), "label": "revenue, 12 months", "href": "#orders"},
        {"value": reader.money_compact(row.get("potential")), "label": "potential"},
        {"value": reader.money_compact(row.get("pipeline")), "label": "open pipeline", "href": "#opportunities"},
    ]


def _months(sums: Sequence[tuple[str, int]], today: date) -> list[tuple[str, int]]:
    """Every month of the last three years with its orders, those without any as zero."""
    amounts = dict(sums)
    first = today.year * 12 + today.month - 1 - HISTORY_MONTHS
    months = (f"{m // 12:04}-{m % 12 + 1:02}" for m in range(first, first + HISTORY_MONTHS + 1))
    return [(f"{month}-01", amounts.get(month, 0)) for month in months]


def _pairs(
    record: Mapping[str, Any], values: Mapping[str, Any], custom: Mapping[str, Any], reader: Reader
) -> list[tuple[str, str]]:
    """The profile's fields with what they hold; those that are empty are counted and not listed."""
    pairs: list[tuple[str, str]] = [("Id", str(record["key"]))]
    for name in _PROFILE:
        value = record[name]
        if value is not None:
            field = ACCOUNTS.by_name[name]
            text = (
                reader.number(value)
                if field.type is FieldType.INTEGER
                else reader.day(value)
                if isinstance(value, date)
                else str(value)
            )
            pairs.append((field.title, text))
    currency = record["currency"] or reader.currency
    for name, label in (("annual_revenue_minor", "Annual revenue"), ("potential_minor", "Potential")):
        if record[name] is not None:
            pairs.append((label, reader.money(record[name], currency)))
    pairs += [(ACCOUNTS.by_name[name].title, str(record[name])) for name in ("website", "phone") if record[name]]
    for name, value in sorted(values.items()):
        if value is not None:
            pairs.append((custom[name].title if name in custom else name, _custom(custom.get(name), value, reader)))
    return pairs


def _custom(field: Any, value: Any, reader: Reader) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if field is not None and field.type is FieldType.MONEY:
        return reader.money(int(value))
    if isinstance(value, int) and abs(value) < 10_000:
        return str(value)  # four figures are often a year, which is not grouped
    if isinstance(value, int | float):
        return reader.number(value, 4)
    return reader.day(value) if field is not None and field.type is FieldType.DATE else str(value)


def _place(record: Mapping[str, Any]) -> dict[str, Any]:
    """Where the account is, and how well that is known."""
    region = (record["region"] or "").partition("-")[2]
    town = " ".join(p for p in (", ".join(p for p in (record["city"], region) if p), record["postal_code"]) if p)
    lines = [line for line in (record["street"], town, record["country"]) if line]
    latitude, longitude = record["latitude"], record["longitude"]
    return {
        "lines": lines,
        "at": None if latitude is None else f"{latitude:.4f}, {longitude:.4f}",
        "precision": _PRECISIONS.get(record["place_precision"] or "", ""),
        "zone": record["zone"],
    }
