"""The field catalogue: every record kind with its typed fields, and the custom fields a workspace adds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType

from metes.model.terms import Distance, InArea, Month, OfFamily, Orders, OrdersMeasure, PostalOrder, Term, term_of


class FieldType(StrEnum):
    """What a field holds. CODE is upper-case text that keeps leading zeros; MONEY is minor units in the record's currency."""

    TEXT = "text"
    CODE = "code"
    INTEGER = "integer"
    DECIMAL = "decimal"
    MONEY = "money"
    DATE = "date"
    BOOLEAN = "boolean"

    @property
    def is_text(self) -> bool:
        """Whether values compare as text."""
        return self in (FieldType.TEXT, FieldType.CODE)

    @property
    def is_number(self) -> bool:
        """Whether values compare as numbers."""
        return self in (FieldType.INTEGER, FieldType.DECIMAL, FieldType.MONEY)


@dataclass(frozen=True, slots=True)
class Field:
    """A typed attribute. `refers_to` names the kind whose external id it holds; `synonyms` are other headers for it, in lower case.

    A row without a required field is refused; one without an expected field goes in with a warning.
    """

    name: str
    type: FieldType = FieldType.TEXT
    label: str = ""
    synonyms: tuple[str, ...] = ()
    is_required: bool = False
    is_expected: bool = False
    refers_to: str = ""
    is_custom: bool = False
    is_rule_field: bool = True
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The label for people."""
        return self.label or self.name.replace("_", " ").capitalize()


@dataclass(frozen=True)
class Kind:
    """A kind of record: what `metes import KIND` takes. `id` is the field with the record's id in its source."""

    name: str
    fields: tuple[Field, ...]
    id: str = "id"
    fallback_id: str = ""

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        """Fields by name."""
        return MappingProxyType({f.name: f for f in self.fields})

    def with_custom(self, custom: tuple[Field, ...]) -> Kind:
        """The kind with custom fields behind its own."""
        return replace(self, fields=self.fields + custom)


TEXT, CODE, INTEGER, DECIMAL, MONEY, DATE = (
    FieldType.TEXT,
    FieldType.CODE,
    FieldType.INTEGER,
    FieldType.DECIMAL,
    FieldType.MONEY,
    FieldType.DATE,
)


def _f(name: str, type: FieldType = TEXT, *synonyms: str, **more: object) -> Field:
    return Field(name, type, synonyms=synonyms, **more)  # type: ignore[arg-type]


_PLACE = (
    _f(
        "country",
        CODE,
        "country code",
        "billingcountry",
        "billing country",
        "office_location",
        "nation",
        "country name",
        "country-region",
        "countryregioncode",
    ),
    _f(
        "region",
        CODE,
        "state",
        "province",
        "state code",
        "state/province",
        "billingstate",
        "billing state",
        "stateprovincecode",
        "state-province",
    ),
    _f("city", TEXT, "town", "billingcity", "billing city", "locality"),
    _f("postal_code", CODE, "zip", "zip code", "zipcode", "postcode", "postalcode", "billing zip", "billingpostalcode", "plz"),
    _f("street", TEXT, "address", "address line 1", "addressline1", "billingstreet", "street address", is_rule_field=False),
    _f("latitude", DECIMAL, "lat", "y", "billinglatitude", low=-90.0, high=90.0),
    _f("longitude", DECIMAL, "lon", "lng", "long", "x", "billinglongitude", low=-180.0, high=180.0),
)

ACCOUNTS = Kind(
    "accounts",
    (
        _f(
            "id",
            CODE,
            "account id",
            "accountid",
            "customer id",
            "customerid",
            "account number",
            "accountnumber",
            "external id",
            "key",
            "account_key",
            "reseller key",
            "customer key",
            "businessentityid",
        ),
        _f(
            "name",
            TEXT,
            "account",
            "account name",
            "company",
            "company name",
            "customer",
            "customer name",
            "reseller",
            is_required=True,
        ),
        _f("parent", CODE, "subsidiary_of", "parent account", "parentid", "parent id", "parent account id", refers_to="accounts"),
        *_PLACE,
        _f("industry", TEXT, "sector", "vertical"),
        _f("segment", TEXT, "tier", "class", "business type"),
        _f("channel", TEXT, "sales channel"),
        _f("language", TEXT, "preferred language"),
        _f("referral_source", TEXT, "lead source", "source", "origin"),
        _f("employees", INTEGER, "number of employees", "numberofemployees", "headcount", "employee count", low=0),
        _f("annual_revenue", MONEY, "revenue", "annualrevenue", "annual sales", "turnover", low=0),
        _f("potential", MONEY, "potential revenue", "obtainable revenue", "tam", low=0),
        _f("currency", CODE, "currency code", "currencyisocode", is_rule_field=False),
        _f("customer_since", DATE, "customer since", "since", "first order date", "start date"),
        _f("website", TEXT, "url", "web site", is_rule_field=False),
        _f("phone", TEXT, "telephone", "phone number", is_rule_field=False),
    ),
    fallback_id="name",
)

CONTACTS = Kind(
    "contacts",
    (
        _f("id", CODE, "contact id", "contactid"),
        _f("account", CODE, "account id", "accountid", "company", "account name", refers_to="accounts", is_expected=True),
        _f("name", TEXT, "full name", "contact", "contact name", is_required=True),
        _f("title", TEXT, "job title", "position"),
        _f("email", TEXT, "e-mail", "email address"),
        _f("phone", TEXT, "telephone", "mobile", "phone number"),
    ),
    fallback_id="email",
)

PEOPLE = Kind(
    "people",
    (
        _f("id", CODE, "person id", "employee id", "employeeid", "user id", "userid", "businessentityid", "employee key", "person"),
        _f("name", TEXT, "full name", "employee", "sales_agent", "sales rep", "salesperson", "person name", is_required=True),
        _f("email", TEXT, "e-mail", "email address"),
        _f("role", TEXT, "job title", "title", "jobtitle", "position"),
        _f("manager", CODE, "manager id", "reports to", "managerid", refers_to="people"),
        _f("office", TEXT, "regional_office", "location", "region office"),
        _f("from", DATE, "start date", "hire date", "hiredate", "hired on"),
        _f("to", DATE, "end date", "left on"),
    ),
    fallback_id="name",
)

SEATS = Kind(
    "seats",
    (
        _f("seat", CODE, "seat key", "position", is_required=True),
        _f("person", CODE, "person id", "employee id", "businessentityid", is_required=True, refers_to="people"),
        _f("from", DATE, "start", "start date", "startdate", is_required=True),
        _f("to", DATE, "end", "end date", "enddate", "until"),
    ),
    id="",
)

PRODUCTS = Kind(
    "products",
    (
        _f("id", CODE, "product id", "productid", "product key", "sku", "product code"),
        _f("name", TEXT, "product", "product name", is_required=True),
        _f("family", TEXT, "series", "product family", "category", "line"),
        _f("price", MONEY, "sales_price", "list price", "unit price", low=0),
        _f("currency", CODE, "currency code"),
    ),
    fallback_id="name",
)

OPPORTUNITIES = Kind(
    "opportunities",
    (
        _f("id", CODE, "opportunity id", "opportunity_id", "deal id", "opportunityid"),
        _f("name", TEXT, "opportunity", "opportunity name", "deal", "subject"),
        _f("account", CODE, "account id", "account name", "accountid", "customer", refers_to="accounts", is_expected=True),
        _f("person", CODE, "owner", "sales_agent", "owner id", "ownerid", "sales rep", refers_to="people"),
        _f("product", CODE, "product id", "product name", refers_to="products"),
        _f("stage", TEXT, "deal_stage", "stage name", "stagename", "status", is_required=True),
        _f("amount", MONEY, "close_value", "value", "deal value"),
        _f("currency", CODE, "currency code"),
        _f("opened_on", DATE, "engage_date", "created", "created date", "open date", "createddate"),
        _f("closed_on", DATE, "close_date", "closedate", "close date", "expected close date"),
        _f("probability_share", DECIMAL, "probability", low=0, high=1),
    ),
)

ORDERS = Kind(
    "orders",
    (
        _f("id", CODE, "order id", "order number", "salesordernumber", "invoice"),
        _f(
            "account",
            CODE,
            "account id",
            "customer id",
            "customerid",
            "account name",
            "reseller key",
            "customer key",
            is_required=True,
            refers_to="accounts",
        ),
        _f("product", CODE, "product id", "productid", "sku", "product name", "product key", refers_to="products"),
        _f("person", CODE, "employee id", "employee key", "sales rep", "owner", refers_to="people"),
        _f("ordered_on", DATE, "order date", "orderdate", "date", is_required=True),
        _f("amount", MONEY, "total", "sales amount", "sales", "subtotal", "net amount", is_required=True),
        _f("currency", CODE, "currency code"),
        _f("quantity", DECIMAL, "qty", "units"),
    ),
)

ACTIVITIES = Kind(
    "activities",
    (
        _f("id", CODE, "activity id", "task id"),
        _f("account", CODE, "account id", "accountid", "account name", refers_to="accounts"),
        _f("contact", CODE, "contact id", refers_to="contacts"),
        _f("person", CODE, "owner", "employee id", "sales rep", refers_to="people"),
        _f("kind", TEXT, "type", "activity type", is_required=True),
        _f("occurred_on", DATE, "date", "activity date", is_required=True),
        _f("subject", TEXT, "title", "description"),
        _f("minutes", INTEGER, "duration", "duration minutes", low=0),
    ),
)

LEADS = Kind(
    "leads",
    (
        _f("id", CODE, "lead id", "leadid"),
        _f("name", TEXT, "full name", "lead", "lead name", is_required=True),
        _f("company", TEXT, "company name", "organisation", "organization"),
        _f("email", TEXT, "e-mail", "email address"),
        _f("phone", TEXT, "telephone", "phone number"),
        *_PLACE[:4],
        _f("industry", TEXT, "sector", "vertical"),
        _f("employees", INTEGER, "number of employees", low=0),
        _f("referral_source", TEXT, "lead source", "source", "origin"),
        _f("status", TEXT, "lead status", "stage"),
        _f("created_on", DATE, "created", "created date", "createddate"),
        _f("account", CODE, "account id", refers_to="accounts"),
    ),
)

ZONES = Kind(
    "zones",
    (
        _f("id", CODE, "zone id", "fips", "geoid", "zip", "code", "zone"),
        _f("name", TEXT, "zone name", "county", is_required=True),
        _f("kind", TEXT, "type", "zone type"),
        _f("country", CODE, "country code"),
        _f("region", CODE, "state", "province"),
        _f("latitude", DECIMAL, "lat", low=-90.0, high=90.0),
        _f("longitude", DECIMAL, "lon", "lng", low=-180.0, high=180.0),
        _f("population", INTEGER, "pop", "inhabitants", low=0),
        _f("potential", MONEY, "potential revenue", low=0),
        _f("currency", CODE, "currency code"),
    ),
)

TERRITORIES = Kind(
    "territories",
    (
        _f("key", CODE, "territory id", "id", "territory key", "code", "developername"),
        _f("name", TEXT, "territory", "territory name", is_required=True),
        _f("parent", CODE, "parent territory", "parent id", "group", refers_to="territories"),
        _f("type", CODE, "territory type"),
        _f("rule", TEXT, "condition", "criteria"),
        _f("priority", INTEGER, "rule priority"),
    ),
    id="key",
    fallback_id="name",
)

ASSIGNMENTS = Kind(
    "assignments",
    (
        _f("account", CODE, "account id", "accountid", "customer id", is_required=True, refers_to="accounts"),
        _f("territory", CODE, "territory id", "territory key", "territory2id", is_required=True, refers_to="territories"),
        _f("from", DATE, "start", "start date", "effective from", is_required=True),
        _f("to", DATE, "end", "end date", "until", "effective to"),
    ),
    id="",
)

# What a file's source is called where nobody names one.
DEFAULT_SOURCE = "files"

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            PEOPLE,
            PRODUCTS,
            ACCOUNTS,
            CONTACTS,
            ZONES,
            TERRITORIES,
            SEATS,
            OPPORTUNITIES,
            ORDERS,
            ACTIVITIES,
            LEADS,
            ASSIGNMENTS,
        )
    }
)

# Fields of an account that Metes itself works out; rules may ask for them, files may not bring them.
DERIVED_ACCOUNT_FIELDS = (
    Field("family", FieldType.CODE, "Family", is_rule_field=True),
    Field("place_precision", FieldType.TEXT, "Precision of the place", choices=("given", "postal", "city", "region", "country")),
    Field("revenue_12m", FieldType.MONEY, "Revenue, 12 months"),
    Field("zone", FieldType.CODE, "Zone"),
)


class RuleFields(Mapping[str, Field]):
    """The account fields that a rule may ask for, by name. Terms are found by their canonical names; only fields are iterated."""

    def __init__(self, fields: Iterable[Field]) -> None:
        self._fields = {field.name: field for field in fields}

    def __getitem__(self, name: str) -> Field:
        field = self._fields.get(name)
        if field is None:
            term = term_of(name)
            if term is None:
                raise KeyError(name)
            return self._of_term(term)
        return field

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def _of_term(self, term: Term) -> Field:
        """A term as a field of its own."""
        match term:
            case InArea(area):
                return Field(term.name, FieldType.BOOLEAN, f"In area {area}")
            case Distance(latitude, longitude):
                return Field(term.name, FieldType.DECIMAL, f"Distance to {latitude}, {longitude} (km)", low=0.0)
            case PostalOrder():
                return Field(term.name, FieldType.TEXT, "Postal code in order")
            case Month():
                return Field(term.name, FieldType.INTEGER, "Month", low=1.0, high=12.0)
            case Orders(measure):
                type = FieldType.MONEY if measure is OrdersMeasure.SUM else FieldType.INTEGER
                return Field(term.name, type, _ORDERS_LABELS[measure], low=None if measure is OrdersMeasure.SUM else 0.0)
            case OfFamily(name):
                inner = self[name]
                return replace(inner, name=term.name, label=f"{inner.title} of the family")


_ORDERS_LABELS = {
    OrdersMeasure.COUNT: "Number of orders",
    OrdersMeasure.SUM: "Amount of orders",
    OrdersMeasure.RECENCY: "Days since the last order",
}


def rule_fields(custom: tuple[Field, ...] = ()) -> RuleFields:
    """The account fields a rule may ask for, by name: own, derived and custom ones, and terms.

    `id` is the account's key: its id in the first source that brought it.
    """
    fields = (*ACCOUNTS.fields, *DERIVED_ACCOUNT_FIELDS, *custom)
    return RuleFields(f for f in fields if f.is_rule_field)
