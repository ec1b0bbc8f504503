"""The verbs of proofs: whether a plan leaves gaps or doubles, and all that there is to say of its rules."""

from __future__ import annotations

import json
import time
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from metes.app.plans import PlanVerbs
from metes.base.findings import Finding, Place, Severity
from metes.base.ids import content_hash
from metes.base.private import private_folder
from metes.base.progress import SILENT, Progress
from metes.model.condition import Equals, In, InList, literals
from metes.model.plan import Plan
from metes.model.terms import OfFamily, term_of
from metes.store import known, plans
from metes.store.book_key import find_book
from metes.store.plans import Revision

# Slow to load: the rules' compiler, the solver and Arrow, which commands that prove nothing do without.
if TYPE_CHECKING:
    from metes.plan.proof import PlanProof
    from metes.rules.analyse import KnownCodes

ERRORS: Final = "errors"
# Plans of so many rules are proved at once where a page or a command shows the verdict; larger ones when asked.
PROVED_AT_ONCE: Final = 600
_FORMAT: Final = 1
_VALUES_ASKED: Final = 5_000
_SEEN_FIELDS: Final = ("industry", "segment", "language", "channel", "referral_source")
_EXAMPLE_FIELDS: Final = ("country", "region", *_SEEN_FIELDS)
_KNOWN_PLACES: Final[Mapping[str, tuple[str, ...]]] = {
    "country": ("US", "DE", "GB", "FR", "CA", "JP", "BR", "AU", "IN", "ZA"),
    "region": ("US-CO", "US-CA", "US-NY", "DE-BY", "GB-ENG", "FR-IDF", "CA-ON", "JP-13", "BR-SP", "AU-NSW"),
    "postal_code": ("80202", "10115", "99999"),
}


@dataclass(frozen=True, slots=True)
class PlanCheck:
    """A plan checked and proved: the verdict (proved, refuted, undecided or errors), every finding, what was asked, and how long it took.

    `book` tells of the accounts that were looked at where something stayed undecided.
    """

    plan: str
    verdict: str
    sentence: str
    gaps: int
    doubles: int
    undecided: int
    rules: int
    samples: int
    questions: int
    seconds: float
    findings: tuple[Finding, ...]
    book: Mapping[str, Any] | None = None

    @property
    def is_proved(self) -> bool:
        """Whether the plan was shown to be sound."""
        return self.verdict == "proved"

    def of_rule(self, territory: str, rule: str) -> tuple[Finding, ...]:
        """The findings about one rule."""
        return tuple(f for f in self.findings if f.place.subject == f"rule {territory}/{rule}")

    def as_dict(self) -> dict[str, Any]:
        """All of it as plain values for JSON."""
        own = {name: getattr(self, name) for name in self.__slots__ if name != "findings"}
        return {**own, "findings": [finding.as_dict() for finding in self.findings]}


class ProofVerbs(PlanVerbs):
    """What can be proved of plans."""

    def plan_prove(self, source: Path | Mapping[str, str] | str = "active", progress: Progress = SILENT) -> PlanCheck:
        """Check a plan folder, texts or a revision, prove that it leaves no gap and no double, and analyse its rules.

        Of a revision the answer is kept until the plan, the data or the day change.
        """
        if isinstance(source, str):
            revision, plan = self.plan_show(source)
            path = self._proof_path(revision)
            if path.exists():
                return _read(path)
            found = self._proved(plan, self.plan_check(str(revision.id))[1], progress)
            _write(found, path)
            return found
        text, findings = self._read_and_check(source)
        if text is None:
            return _refused("", findings)
        found = self._proved(text.plan, findings, progress)
        return replace(found, findings=tuple(text.locate(finding) for finding in found.findings))

    def proof_at_hand(self, reference: str = "active") -> PlanCheck | None:
        """The proof of a revision where it has been worked out for the data and the day of now."""
        path = self._proof_path(self.plan_find(reference))
        return _read(path) if path.exists() else None

    def plan_verdict(self, reference: str = "active") -> PlanCheck | None:
        """The proof of a revision where it is at hand or quick to work out; None where it has to be asked for."""
        found = self.proof_at_hand(reference)
        if found is None and sum(len(t.rules) for t in self.plan_show(reference)[1].territories) <= PROVED_AT_ONCE:
            return self.plan_prove(reference)
        return found

    def _proved(self, plan: Plan, checked: Iterable[Finding], progress: Progress) -> PlanCheck:
        """The plan's findings with those of its proof."""
        from metes.plan.proof import prove_plan

        started = time.perf_counter()
        findings = tuple(checked)
        if any(finding.severity is Severity.ERROR for finding in findings):
            return _refused(plan.key, findings)
        proof = prove_plan(
            plan,
            self.fields(),
            self.settings().reporting_currency,
            self.today(),
            known=self._known_codes(plan),
            accounts=self._account_count(),
            prefer=self._familiar_values(),
            progress=progress,
        )
        book = self._look_at_book(plan, progress) if proof.verdict == "undecided" else None
        sentence = f"{proof.sentence} {_told(book)}" if book else proof.sentence
        return PlanCheck(
            plan.key,
            proof.verdict.value,
            sentence,
            proof.gaps,
            proof.doubles,
            proof.undecided,
            proof.rules,
            proof.samples,
            proof.questions,
            round(time.perf_counter() - started, 3),
            _merged(findings, proof),
            book,
        )

    def _look_at_book(self, plan: Plan, progress: Progress) -> dict[str, Any] | None:
        """How many accounts of the Book are held by nobody or stand level; None while there is no account."""
        from dataclasses import asdict

        from metes.rules.compile import compile_plan
        from metes.rules.prove_book import look_at_accounts

        if not self._account_count():
            return None
        compiled = compile_plan(plan, self.fields(), self.settings().reporting_currency)
        table = self.book(progress, any_ledger=True).rule_table(("id", *compiled.used_fields), plan, self.today())
        return asdict(look_at_accounts(table, plan, compiled, self.today(), progress=progress))

    def _account_count(self) -> int:
        with self.store.read() as connection:
            return known.account_count(connection)

    def _known_codes(self, plan: Plan) -> KnownCodes:
        """The codes that rules are held against: ISO countries and regions, US postal codes, account ids, and what the data hold."""
        from metes.intake.atlas import us_postal_codes
        from metes.records.countries import country_names
        from metes.rules.analyse import KnownCodes

        asked = {literal.field for t in plan.territories for rule in t.rules for literal in literals(rule.condition)}
        fields = {term.field if isinstance(term := term_of(name), OfFamily) else name for name in asked}
        standard: dict[str, Container[Any]] = {"country": frozenset(country_names().values()), "region": _Regions()}
        ids = self._known_ids(plan)
        if ids is not None:
            standard["id"] = ids
        postal = {"US": us_postal_codes()} if "postal_code" in fields else {}
        return KnownCodes(standard, self._values_seen(fields), postal)

    def _known_ids(self, plan: Plan) -> frozenset[str] | None:
        """Which of the ids that rules list are accounts; None while there is none."""
        wanted: set[str] = set()
        for territory in plan.territories:
            for rule in territory.rules:
                for literal in literals(rule.condition):
                    if literal.field == "id":
                        wanted.update(_values_of(literal, plan))
        with self.store.read() as connection:
            return plans.known_accounts(connection, sorted(wanted))

    def _values_seen(self, fields: Container[str]) -> dict[str, Container[Any]]:
        """The values that the data hold of fields whose spelling rules must meet; nothing while no Book is made."""
        if not self._has_book():
            return {}
        out: dict[str, Container[Any]] = {}
        book = self.book(any_ledger=True)
        for name in _SEEN_FIELDS:
            if name in fields:
                values = book.distinct(name, self.scope, _VALUES_ASKED)
                if values and len(values) < _VALUES_ASKED:
                    out[name] = frozenset(value for value, _ in values)
        with self.store.read() as connection:
            products, families = known.product_names(connection)
        if products:
            out |= {"product": products, "product family": families}
        return out

    def _familiar_values(self) -> dict[str, tuple[Any, ...]]:
        """Values that people recognise, for examples: the most frequent of the data first."""
        out = dict(_KNOWN_PLACES)
        if self._has_book():
            book = self.book(any_ledger=True)
            for name in _EXAMPLE_FIELDS:
                seen = tuple(value for value, _ in book.distinct(name, self.scope, 40))
                out[name] = (*seen, *out.get(name, ()))
        return out

    def _has_book(self) -> bool:
        """Whether a Book of the present data is at hand; none is made for an example's sake."""
        return self._account_count() > 0 and find_book(self.shelf.books, self._book_wanted()[0], any_ledger=True) is not None

    def _proof_path(self, revision: Revision) -> Path:
        key = self._book_wanted()[0]
        digest = content_hash([_FORMAT, revision.root_hash, key.data, key.day.isoformat(), key.shape])[:16]
        return self.shelf.books / "proofs" / f"proof-{digest}.json"


class _Regions:
    """The ISO codes of regions, looked up country by country."""

    def __contains__(self, code: object) -> bool:
        from metes.records.countries import regions_of

        return str(code) in regions_of(str(code).partition("-")[0]).values()


def _values_of(literal: Any, plan: Plan) -> tuple[str, ...]:
    match literal:
        case Equals(_, value):
            return (str(value),)
        case In(_, values):
            return tuple(map(str, values))
        case InList(_, key) if key in plan.list_by_key:
            return plan.list_by_key[key].values
        case _:
            return ()


def _merged(checked: tuple[Finding, ...], proof: PlanProof) -> tuple[Finding, ...]:
    """All findings, worst first; what the proof knows better is said once."""
    told = {(f.code, f.place.subject) for f in checked}
    is_closed = proof.verdict == "proved" or not (proof.gaps or proof.undecided)
    kept = [f for f in checked if not (f.code == "plan-no-catch-all" and is_closed)]
    new = [f for f in proof.findings if (f.code, f.place.subject) not in told]
    order = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}
    first = ("plan-gap", "plan-double")
    return tuple(sorted([*new, *kept], key=lambda f: (order[f.severity], f.code not in first)))


def _told(book: Mapping[str, Any]) -> str:
    """What the accounts say, in a sentence."""
    gaps, doubles = book["gaps"], book["doubles"]
    held = "none is held by nobody" if not gaps else f"{gaps:,} are held by no primary territory"
    level = "none by the order of keys alone" if not doubles else f"{doubles:,} by the order of keys alone"
    return f"Of the {book['accounts']:,} accounts there are, {held} and {level}."


def _refused(key: str, findings: tuple[Finding, ...]) -> PlanCheck:
    errors = sum(finding.severity is Severity.ERROR for finding in findings)
    sentence = f"Not looked at: {errors:,} error{'s' * (errors != 1)} must be mended first."
    return PlanCheck(key, ERRORS, sentence, 0, 0, 0, 0, 0, 0, 0.0, findings)


def _write(found: PlanCheck, path: Path) -> None:
    private_folder(path.parent)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(found.as_dict()), encoding="utf-8")
    part.replace(path)


def _read(path: Path) -> PlanCheck:
    flat = json.loads(path.read_text(encoding="utf-8"))
    return PlanCheck(**{**flat, "findings": tuple(map(_finding_of, flat["findings"]))})


def _finding_of(flat: dict[str, Any]) -> Finding:
    """The finding of plain values, as `Finding.as_dict` gives them."""
    place = Place(flat["file"], flat["line"], flat["column"], flat["subject"])
    example = tuple(flat.get("example", {}).items())
    return Finding(flat["code"], Severity(flat["severity"]), flat["message"], place, flat["value"], flat["remedy"], example)
