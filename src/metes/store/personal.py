"""The register of personal data: each column that can hold what identifies a person, whose, what for, how long, and what erasing does.

Every text column of every table stands here or in `NOT_PERSONAL`, with a reason; a test holds both against the schema. The erasure
(`metes.store.erasing`) reads this register and nothing else, so that what it says is what happens.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Way(StrEnum):
    """What erasing a person does with a column."""

    # Of the person's own row: a pseudonym such as 'Erased person 12', or nothing.
    PSEUDONYM = "gets a pseudonym"
    EMPTY = "is emptied"
    # The row is the person's alone, and goes.
    GOES = "goes with its row"
    # A column that holds the name of a user who did something.
    NAME = "gets the pseudonym where it names the user"
    # Text in which somebody may be named.
    MENTION = "gets the pseudonym wherever it names the person"
    # Content that is known by its hash: written anew, and the hashes of all above it with it.
    HASHED = "is written anew under another hash where it names the person"
    # Salted digests: they say nothing once value and salt are gone.
    DIGEST = "stays; it says nothing without what is erased beside it"
    # May name people, but not in a way that Metes could tell.
    BY_HAND = "stays; correct it by hand or by an import"


class Whose(StrEnum):
    """Whom a column can identify."""

    PERSON = "people of the roster"
    CONTACT = "contacts"
    LEAD = "leads"
    USER = "users"
    ANYBODY = "anybody"


@dataclass(frozen=True, slots=True)
class Held:
    """One column that can hold personal data."""

    table: str
    column: str
    whose: Whose
    purpose: str
    kept: str
    way: Way


_RECORD = "as long as its source delivers it, and afterwards for the history of the plan; until erased"
_WORK = "as long as the plan's history; until erased"
_ACCESS = "as long as the user; until erased"
_SIGN_INS = "a day"
_FINDINGS = "keep_findings_days"
_NOTICES = "notice_days once read; until erased"
_LOGS = "job_log_days"

_RECORDS: Mapping[str, tuple[Whose, str, str]] = MappingProxyType(
    {
        "people": (Whose.PERSON, "to know who sits on which seat", "external_id name email"),
        "contacts": (Whose.CONTACT, "to reach customers", "external_id name title email phone"),
        "leads": (Whose.LEAD, "to follow up an interest", "external_id name company email phone city postal_code"),
    }
)
# Columns in which the one who did something stands by the name of the user.
_AUTHORS = """
    design_operations.done_by designs.created_by designs.updated_by imports.principal imports.undone_by jobs.principal
    ledger_corrections.author ledger_pins.author person_links.linked_by plan_cancellations.author plan_changes.author
    plan_comments.author plan_comments.resolved_by plan_decisions.author plan_publications.publisher plan_reviews.proposed_by
    plan_revisions.author plan_rights.granted_by plan_rights.revoked_by publication_messages.acknowledged_by
    removed_zone_sets.created_by role_grants.granted_by role_grants.revoked_by runs.principal schedules.principal
    zone_sets.created_by
"""
# Text that people write, or that Metes writes of what people did.
_TEXTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "activities.subject": ("to know what a meeting was about", "keep_activities_days"),
        "design_operations.payload": ("to take a step of a design back", _WORK),
        "designs.findings": ("to say what a design lacks", _WORK),
        "designs.name": ("to tell designs apart", _WORK),
        "designs.spec": ("to work a design out again", _WORK),
        "designs.summary": ("to tell what a design brings", _WORK),
        "import_findings.message": ("to mend what an import found", _FINDINGS),
        "import_findings.remedy": ("to mend what an import found", _FINDINGS),
        "import_findings.value": ("to mend what an import found", _FINDINGS),
        "imports.files": ("to know where records came from", _WORK),
        "job_log.text": ("to see what a job did", _LOGS),
        "jobs.checkpoint": ("to go on with a job", _WORK),
        "jobs.error": ("to see what a job did", _WORK),
        "jobs.payload": ("to do a job", _WORK),
        "jobs.result": ("to see what a job did", _WORK),
        "ledger_corrections.reason": ("to justify a correction", _WORK),
        "ledger_pins.reason": ("to justify a pin", _WORK),
        "mails.error": ("to see why a mail failed", _NOTICES),
        "notices.subject": ("to tell people what changed for them", _NOTICES),
        "notices.text": ("to tell people what changed for them", _NOTICES),
        "opportunities.name": ("to follow a sale", _RECORD),
        "plan_cancellations.reason": ("to justify a decision", _WORK),
        "plan_changes.note": ("to justify a change", _WORK),
        "plan_comments.text": ("to discuss a plan", _WORK),
        "plan_decisions.comment": ("to justify a decision", _WORK),
        "plan_publication_notes.promised": ("to hold what came against what was promised", _WORK),
        "plan_publication_notes.rationale": ("to justify a publication", _WORK),
        "plan_reviews.rationale": ("to justify a proposal", _WORK),
        "plan_revisions.note": ("to justify a change", _WORK),
        "plan_revisions.title": ("to tell scenarios apart", _WORK),
        "publication_messages.text": ("to tell people what changed for them", _WORK),
        "saved_views.name": ("to find a list again", _ACCESS),
        "saved_views.query": ("to find a list again", _ACCESS),
        "settings.value": ("to set up the workspace", "as long as it is set"),
        "import_changes.before": ("to take an import back", _WORK),
    }
)
# Rows that are one user's or person's alone, by the columns of them that can identify.
_OWN: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "identities.issuer": ("to sign in elsewhere", _ACCESS),
        "identities.subject": ("to sign in elsewhere", _ACCESS),
        "notice_addresses.address": ("to send mail", _ACCESS),
        "second_factors.secret": ("to sign in", _ACCESS),
        "recovery_codes.digest": ("to sign in", _ACCESS),
        "reset_links.digest": ("to choose a new password", _ACCESS),
        "session_log.address": ("to know who signed in, from where", "keep_audit_addresses_days"),
        "session_log.agent": ("to know who signed in, from where", "keep_audit_addresses_days"),
        "sessions.address": ("to know one's own sessions", "14 days"),
        "sessions.agent": ("to know one's own sessions", "14 days"),
        "sign_ins.address": ("to lock out who guesses", _SIGN_INS),
        "sign_ins.name": ("to lock out who guesses", _SIGN_INS),
        "tokens.name": ("to let programs in", _ACCESS),
    }
)


def _register() -> Iterator[Held]:
    for table, (whose, purpose, columns) in _RECORDS.items():
        for column in columns.split():
            way = Way.PSEUDONYM if column in ("external_id", "name") else Way.EMPTY
            yield Held(table, column, whose, purpose, "keep_closed_contacts_days" if table != "people" else _RECORD, way)
    yield Held("users", "name", Whose.USER, "to sign in, and to say who did something", _ACCESS, Way.PSEUDONYM)
    for column in ("email", "password_hash", "preferences"):
        yield Held("users", column, Whose.USER, "to sign in", _ACCESS, Way.EMPTY)
    for place, (purpose, kept) in _OWN.items():
        yield _at(place, Whose.USER, purpose, kept, Way.GOES)
    for place in _AUTHORS.split():
        yield _at(place, Whose.USER, "to know who did something", _WORK, Way.NAME)
    for place, (purpose, kept) in _TEXTS.items():
        yield _at(place, Whose.ANYBODY, purpose, kept, Way.MENTION)
    yield Held("plan_nodes", "content", Whose.ANYBODY, "to know what a plan said, who pinned what, and why", _WORK, Way.HASHED)
    yield from _of_the_trail()
    for column in ("name", "street", "city", "postal_code", "website", "phone", "custom"):
        purpose = "to know customers; where one is a single person, it identifies them"
        yield Held("accounts", column, Whose.ANYBODY, purpose, _RECORD, Way.BY_HAND)


def _at(place: str, whose: Whose, purpose: str, kept: str, way: Way) -> Held:
    table, _, column = place.partition(".")
    return Held(table, column, whose, purpose, kept, way)


def _of_the_trail() -> Iterator[Held]:
    told = "to show who changed what"
    yield Held("audit_values", "value", Whose.ANYBODY, told, "as long as the trail; until erased", Way.GOES)
    yield Held("audit_addresses", "address", Whose.USER, told, "keep_audit_addresses_days", Way.GOES)
    for table, column in (("audit", "address"), ("audit", "personal"), ("erased_records", "digest")):
        yield Held(table, column, Whose.ANYBODY, told, "as long as the trail", Way.DIGEST)
    for column in ("principal", "subject", "detail"):
        yield Held(
            "audit", column, Whose.USER, "to show who changed what, in entries of version 1", "as long as the trail", Way.HASHED
        )


REGISTER: tuple[Held, ...] = tuple(_register())

_REASONS = {
    "a code of Metes": """
        import_findings.code import_findings.severity import_mappings.kind imports.kind jobs.kind jobs.state job_log.level
        ledger_corrections.kind ledger_ownership.cause_kind ledger_pins.cause_kind ledger_seats.cause_kind mails.digest mails.state
        notices.kind notices.by_mail notice_choices.kind notice_choices.by_mail plan_changes.kind plan_decisions.decision
        plan_publication_notes.kind plan_reviews.state plan_revisions.state plan_rights.right role_grants.role schedules.kind
        schedules.cadence sessions.method session_log.method session_log.ended_how tokens.role saved_views.page custom_fields.kind custom_fields.type designs.state
        design_operations.kind zone_sets.kind removed_zone_sets.kind group_members.source counters.name settings.name
        accounts.place_precision opportunities.status erased_records.kind audit.action jobs.stage job_log.stage
    """,
    "a hash or digest of content": """
        accounts.digest activities.digest contacts.digest leads.digest opportunities.digest orders.digest people.digest products.digest
        zones.digest imports.file_digest import_mappings.headers_digest designs.given_hash designs.start_hash design_contents.hash
        plan_nodes.hash plan_revisions.root_hash plan_revisions.base_root plan_changes.root_before plan_changes.root_after
        plan_changes.other_root plan_decisions.part_hash plan_publication_notes.before_root zone_sets.content_hash
        removed_zone_sets.content_hash audit.previous_hash audit.hash audit.seal audit_addresses.digest
    """,
    "a secret or its digest, which goes with its row or its user": """
        sessions.digest sessions.csrf tokens.digest provider_sign_ins.digest provider_sign_ins.nonce provider_sign_ins.verifier
        provider_sign_ins.target audit_addresses.salt audit_values.salt erased_records.salt
    """,
    "a key of the plan": """
        territory_keys.key ledger_seats.seat ledger_corrections.seat plan_rights.territory role_grants.territory tokens.territory
        plan_revisions.plan_key plan_revisions.name plan_comments.subject plan_decisions.part ledger_pins.account_key
    """,
    "an id or a key that a source gives to a thing": """
        account_sources.external_id accounts.key activities.external_id opportunities.external_id orders.external_id products.external_id
        zones.external_id accounts.zone accounts.currency
    """,
    "of an organisation or a thing": """
        accounts.country accounts.region accounts.industry accounts.segment accounts.channel accounts.language accounts.referral_source
        leads.country leads.region leads.industry leads.referral_source leads.status activities.kind opportunities.stage
        opportunities.currency orders.currency products.name products.family products.currency zones.name zones.kind zones.country
        zones.region zones.currency sources.name custom_fields.name custom_fields.label groups.name groups.external_name
        schedules.name zone_sets.key zone_sets.name zone_sets.source zone_sets.content removed_zone_sets.key removed_zone_sets.name
        removed_zone_sets.source removed_zone_sets.content design_contents.content people.role people.office
    """,
    "counts and numbers": """
        imports.counts runs.counts publication_messages.gained publication_messages.lost
    """,
    "names of files' columns": "import_findings.file import_findings.column imports.mapping import_mappings.mapping",
    "of the machine": "jobs.worker jobs.waiting_key jobs.once_key notices.once_key notices.link audit.request",
    "ids and settings; what names a person stands beside the trail": "audit.via audit.before audit.after audit_values.place",
}
# Every other text column, with why it identifies nobody.
NOT_PERSONAL: Mapping[tuple[str, str], str] = MappingProxyType(
    {(place.split(".")[0], place.split(".")[1]): reason for reason, places in _REASONS.items() for place in places.split()}
)


def columns(way: Way) -> tuple[tuple[str, str], ...]:
    """The tables and columns with which an erasure does one thing."""
    return tuple((held.table, held.column) for held in REGISTER if held.way is way)
