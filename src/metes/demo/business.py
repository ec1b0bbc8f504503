"""What the invented company sells, to whom, and how its market behaves: tables a reader can change."""

from __future__ import annotations

from dataclasses import dataclass

COMPANY = "Tarnwell Grounds & Facility"
DOMAIN = "tarnwell.example"


@dataclass(frozen=True, slots=True)
class Industry:
    """A kind of customer. Sizes are lognormal around `employees`; `spend` is dollars a year per employee at ten employees.

    `mix` weighs the product families in the order of `FAMILIES`; `tails` end the names of its accounts.
    """

    name: str
    share: float
    employees: float
    sigma: float
    revenue_per_employee: int
    spend: int
    mix: tuple[float, ...]
    tails: tuple[str, ...]


FAMILIES = ("Mowing", "Irrigation", "Snow & Ice", "Cleaning", "Site Furnishings", "Service")

# Demand by month, January first; each row is one of FAMILIES.
SEASON = (
    (0.45, 0.7, 1.5, 1.9, 1.8, 1.4, 1.0, 0.8, 0.7, 0.6, 0.5, 0.5),
    (0.4, 0.6, 1.2, 1.7, 1.9, 1.7, 1.3, 1.0, 0.8, 0.6, 0.4, 0.4),
    (1.5, 0.9, 0.4, 0.2, 0.2, 0.3, 0.5, 1.0, 1.8, 2.2, 1.9, 1.4),
    (1.0, 0.9, 1.0, 1.0, 1.0, 1.1, 1.2, 1.2, 1.0, 0.9, 0.9, 0.8),
    (0.6, 0.8, 1.2, 1.5, 1.4, 1.2, 0.9, 0.9, 1.0, 1.0, 0.8, 0.6),
    (0.9, 0.9, 1.1, 1.1, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0),
)

INDUSTRIES = (
    Industry("Landscaping", 0.15, 16, 1.05, 95_000, 2600, (5, 3, 1.6, 0.2, 0.3, 2), ("Landscaping", "Lawn & Tree", "Grounds Care", "Gardens", "Outdoor Services", "Landscape Partners", "Turf", "Tree Care")),
    Industry("Property management", 0.13, 28, 1.2, 140_000, 620, (2, 1, 1.6, 2.4, 1.5, 2), ("Properties", "Property Group", "Residential", "Communities", "Estates", "Commons", "Realty Partners", "Homes")),
    Industry("Local government", 0.10, 85, 1.25, 120_000, 340, (3, 1.4, 2.2, 0.8, 2.6, 1.6), ("Park District", "Parks & Recreation", "Public Works", "Township", "Parks Authority", "Borough Services", "Recreation District", "Village Works")),
    Industry("Primary and secondary schools", 0.10, 130, 1.05, 82_000, 150, (2, 1, 1.4, 2, 1.6, 1.2), ("School District", "Academy", "Public Schools", "Unified Schools", "Charter Schools", "Preparatory", "Day School", "Schools")),
    Industry("Hospitality", 0.10, 60, 1.1, 88_000, 330, (1.4, 1.4, 0.8, 3, 2, 1.4), ("Hotels", "Resort", "Inns", "Lodge", "Hospitality Group", "Suites", "Retreats", "Hotel & Spa")),
    Industry("Manufacturing", 0.09, 95, 1.25, 310_000, 120, (0.8, 0.2, 1.4, 3, 0.6, 2.2), ("Industries", "Manufacturing", "Works", "Fabrication", "Components", "Machine", "Castings", "Plastics")),
    Industry("Healthcare", 0.08, 120, 1.35, 135_000, 130, (0.8, 0.4, 1.4, 4, 1.2, 2), ("Health", "Medical Center", "Care Partners", "Senior Living", "Clinics", "Community Hospital", "Health System", "Rehabilitation")),
    Industry("Golf and sports", 0.06, 34, 0.8, 90_000, 1900, (5, 3, 0.3, 0.4, 1, 2.4), ("Golf Club", "Country Club", "Links", "Sports Park", "Athletic Club", "Golf Resort", "Fields", "Racquet Club")),
    Industry("Logistics", 0.06, 75, 1.3, 230_000, 170, (0.5, 0.1, 2.2, 3, 0.5, 2), ("Logistics", "Freight", "Distribution", "Warehousing", "Cold Storage", "Transport", "Supply Chain", "Terminals")),
    Industry("Retail", 0.05, 55, 1.35, 210_000, 95, (0.6, 0.2, 2.2, 3, 1.4, 1.2), ("Stores", "Markets", "Home & Garden", "Outfitters", "Grocers", "Shopping Centers", "Trading", "Mercantile")),
    Industry("Agriculture", 0.04, 18, 1.0, 160_000, 1500, (2, 5, 0.2, 0.6, 0.1, 2), ("Farms", "Orchards", "Growers", "Nurseries", "Ranch", "Vineyards", "Produce", "Seed")),
    Industry("Higher education", 0.02, 520, 0.95, 115_000, 160, (3, 1.4, 1.6, 2, 2.4, 1.6), ("College", "University", "Institute", "Community College", "Polytechnic", "Seminary", "Technical College", "State College")),
    Industry("Utilities", 0.02, 150, 1.2, 420_000, 180, (1.6, 0.8, 2, 1, 0.4, 2), ("Water District", "Electric Cooperative", "Energy", "Power & Light", "Gas", "Utilities", "Water Works", "Grid Services")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Segment:
    """A named class of accounts by employees, from `employees_from` up to the next segment."""

    name: str
    employees_from: int
    win_rate: float
    cycle_days: float
    customer_share: float
    activity_weight: float


SEGMENTS = (
    Segment("Small", 0, 0.38, 24, 0.46, 1.0),
    Segment("Mid-market", 25, 0.33, 48, 0.56, 1.9),
    Segment("Large", 250, 0.29, 88, 0.66, 4.0),
    Segment("Enterprise", 1000, 0.24, 135, 0.74, 9.0),
)
ENTERPRISE_FROM = 250


@dataclass(frozen=True, slots=True)
class Product:
    """Something on the price list; `weight` is its share within its family."""

    id: str
    name: str
    family: int
    price: int
    weight: float


PRODUCTS = (
    Product("MW-110", "Walk-behind mower", 0, 1290, 2.2),
    Product("MW-240", "Zero-turn mower", 0, 9850, 2.0),
    Product("MW-380", "Wide-area mower", 0, 46500, 0.8),
    Product("MW-400E", "Electric fleet mower", 0, 21900, 0.9),
    Product("IR-100", "Sprinkler heads, case", 1, 340, 2.4),
    Product("IR-220", "Smart irrigation controller", 1, 2450, 1.6),
    Product("IR-350", "Pump station", 1, 18700, 0.5),
    Product("SN-120", "Ice melt, pallet", 2, 780, 3.0),
    Product("SN-260", "Salt spreader", 2, 5600, 1.2),
    Product("SN-310", "Snow plough", 2, 7900, 1.0),
    Product("CL-130", "Cleaning supplies, pallet", 3, 610, 3.0),
    Product("CL-250", "Floor scrubber", 3, 8400, 1.1),
    Product("CL-340R", "Cleaning robot", 3, 32800, 0.4),
    Product("FU-140", "Park bench, set of four", 4, 2900, 1.8),
    Product("FU-270", "Playground module", 4, 27500, 0.4),
    Product("FU-150", "Litter bins, set of six", 4, 1480, 1.6),
    Product("SV-100", "Spare parts kit", 5, 260, 3.2),
    Product("SV-200", "Annual service plan", 5, 3600, 1.6),
    Product("SV-300", "Fleet service contract", 5, 24000, 0.5),
)

CHANNELS = (("Direct", 0.63), ("Distributor", 0.18), ("Online", 0.14), ("Partner", 0.05))
REFERRAL_SOURCES = (
    ("Referral", 0.22),
    ("Web search", 0.2),
    ("Trade show", 0.17),
    ("Cold call", 0.14),
    ("Catalogue", 0.11),
    ("Industry association", 0.1),
    ("Partner", 0.06),
)

# An open opportunity's stage by how much of its expected cycle has passed, with its probability.
OPEN_STAGES = (("Prospecting", 0.1), ("Qualification", 0.25), ("Proposal", 0.5), ("Negotiation", 0.75))

ACTIVITY_KINDS = (("Call", 0.42), ("E-mail", 0.28), ("Visit", 0.16), ("Meeting", 0.14))
ACTIVITY_MINUTES = ((12, 6), (6, 3), (75, 30), (48, 15))
ACTIVITY_SUBJECTS = (
    ("Checked in on last delivery", "Followed up on quote", "Introduced new range", "Asked about season plans", "Left a message"),
    ("Sent quote", "Sent product sheet", "Shared service report", "Answered warranty question", "Confirmed delivery date"),
    ("Site walk", "Equipment demonstration", "Service inspection", "Inventory count", "Delivery hand-over"),
    ("Quarterly review", "Budget planning", "Renewal talk", "Contract terms", "Introduced specialist"),
)

LEAD_STATUSES = (("New", 0.3), ("Working", 0.28), ("Nurturing", 0.18), ("Qualified", 0.12), ("Disqualified", 0.12))

CONTACT_TITLES = (
    "Facilities Manager",
    "Grounds Superintendent",
    "Purchasing Manager",
    "Director of Operations",
    "Maintenance Supervisor",
    "Owner",
    "Finance Manager",
    "Parks Director",
    "Fleet Manager",
    "Sustainability Lead",
)
