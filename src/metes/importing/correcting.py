"""Corrections by hand to what the ledger says of past days: looked at before they are written, recorded now, taken back by another."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.engine import Connection

from metes.base.errors import InputError, NotFound
from metes.base.findings import Finding, Place, Severity
from metes.model.scope import Principal
from metes.store import audit, ledger, ledger_corrections, profile
from metes.store.engine import Store
from metes.store.ledger_corrections import Planned, Step

NOBODY = "nobody"
NONE = "none"
LONGEST_REASON = 2000


@dataclass(frozen=True, slots=True)
class Corrected:
    """A correction: what it is about, the steps that it comes to, and its number; None where it was looked at and not written."""

    subject: str
    steps: tuple[Step, ...]
    id: int | None = None


def correct_owner(
    store: Store,
    account_id: int,
    key: str,
    territory: str,
    *,
    start: date,
    end: date,
    reason: str,
    known_territories: Collection[str],
    today: date,
    now: datetime,
    principal: Principal,
    dry_run: bool,
) -> Corrected:
    """Say that a territory ('none': none of them) held an account as its primary one from a day up to, not including, another.

    The days must be over: who holds an account from today on is for the rules and pins to say. InputError with every finding.
    """
    findings = [*_days_and_reason(start, end, reason, dry_run)]
    if end > today:
        remedy = "correct the days before today; from today on pin the account, or change a rule"
        findings.append(Finding("correction-days", Severity.ERROR, "the days must be over", Place(column="to"), str(end), remedy))
    if territory != NONE and territory not in known_territories:
        remedy = "name a territory that a plan of these days, or of now, has; or 'none'"
        findings.append(
            Finding("unknown-territory", Severity.ERROR, "there is no such territory", Place(column="territory"), territory, remedy)
        )
    _refuse(findings)

    def plan(connection: Connection) -> tuple[Planned, dict[str, object]]:
        number = None if territory == NONE else ledger.ids_of_territories(connection, [territory])[territory]
        planned = ledger_corrections.plan_owner(connection, account_id, number, start, end)
        return planned, {"kind": "owner", "account_id": account_id, "territory_id": number, "true_from": start, "true_until": end}

    return _correct(store, key, plan, reason, now, principal, dry_run)


def correct_seat(
    store: Store,
    seat: str,
    person: str,
    *,
    start: date,
    end: date | None,
    reason: str,
    known_seats: Collection[str],
    is_beside: bool,
    now: datetime,
    principal: Principal,
    dry_run: bool,
) -> Corrected:
    """Say that a person, named by key ('nobody': no one), sat on a seat from a day up to, not including, another (None: still).

    Whoever else sat there gives way, unless `is_beside`. InputError with every finding.
    """
    findings = [*_days_and_reason(start, end, reason, dry_run)]
    spelled = {known.upper(): known for known in known_seats}
    if seat.upper() not in spelled:
        remedy = "name a seat of the active plan, or one that somebody sat on before"
        findings.append(Finding("unknown-seat", Severity.ERROR, "there is no such seat", Place(column="seat"), seat, remedy))
    if person == NOBODY and is_beside:
        remedy = "leave 'beside' out, or name a person"
        findings.append(
            Finding("correction-beside", Severity.ERROR, "nobody sits beside nobody", Place(column="person"), "", remedy)
        )
    _refuse(findings)
    key = spelled[seat.upper()]

    def plan(connection: Connection) -> tuple[Planned, dict[str, object]]:
        number = None if person == NOBODY else the_person(connection, person)
        planned = ledger_corrections.plan_seat(connection, key, number, start, end, is_beside=is_beside)
        facts: dict[str, object] = {
            "kind": "seat",
            "seat": key,
            "person_id": number,
            "true_from": start,
            "true_until": end,
            "is_beside": is_beside,
        }
        return planned, facts

    return _correct(store, key, plan, reason, now, principal, dry_run)


def take_back(store: Store, number: int, *, reason: str, now: datetime, principal: Principal) -> int:
    """Take a correction back by another one; the number of that."""
    _refuse(_reason(reason))
    with store.write() as connection:
        new = ledger_corrections.take_back(connection, number, reason=reason.strip(), author=principal.name, now=now)
        audit.add_entry(connection, principal, "correct back", f"correction {number}", {"correction": new}, now)
    return new


def the_person(connection: Connection, key: str) -> int:
    """The number of the person that a user names by key; NotFound or InputError say what to do."""
    found = profile.people_by_key(connection, key)
    if not found:
        raise NotFound(f"there is no person '{key}'; 'metes people TEXT' finds people by name")
    if len(found) > 1:
        raise InputError(f"'{key}' names {len(found)} people of different sources; import the seat with its source instead")
    return found[0]


def _correct(
    store: Store,
    subject: str,
    plan: Callable[[Connection], tuple[Planned, dict[str, object]]],
    reason: str,
    now: datetime,
    principal: Principal,
    dry_run: bool,
) -> Corrected:
    with store.write() as connection:
        planned, facts = plan(connection)
        if dry_run:
            connection.rollback()
            return Corrected(subject, planned.steps)
        number = ledger_corrections.record(connection, planned, facts, reason=reason.strip(), author=principal.name, now=now)
        after = {name: str(value) if isinstance(value, date) else value for name, value in facts.items()}
        audit.add_entry(
            connection,
            principal,
            f"correct {facts['kind']}",
            f"correction {number}",
            {"steps": len(planned.steps)},
            now,
            after=after,
        )
    return Corrected(subject, planned.steps, number)


def _days_and_reason(start: date, end: date | None, reason: str, dry_run: bool) -> list[Finding]:
    findings = [] if dry_run and not reason.strip() else _reason(reason)
    if end is not None and start >= end:
        remedy = "give the first day, and the day after the last"
        findings.append(
            Finding("correction-days", Severity.ERROR, f"the days begin on {start}", Place(column="to"), str(end), remedy)
        )
    return findings


def _reason(reason: str) -> list[Finding]:
    if 0 < len(reason.strip()) <= LONGEST_REASON:
        return []
    remedy = f"say in up to {LONGEST_REASON:,} characters why the ledger is wrong"
    return [Finding("correction-reason", Severity.ERROR, "a correction needs a reason", Place(column="reason"), "", remedy)]


def _refuse(findings: list[Finding]) -> None:
    if findings:
        raise InputError("; ".join(f"{f.message}: {f.remedy}" for f in findings), findings)
