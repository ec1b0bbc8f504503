"""The geographic tree of the demo: regions, areas and territories, each cut along states and runs of ZIP prefixes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from metes.base.ids import key_from


@dataclass(frozen=True, slots=True)
class Cover:
    """Part of one state: all of it, or the runs of three-digit ZIP prefixes (both ends included)."""

    state: str
    runs: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Patch:
    """A territory's ground; one that is split has an enterprise and a mid-market half below it."""

    name: str
    covers: tuple[Cover, ...]
    is_split: bool = False
    second_seat: bool = False

    @property
    def key(self) -> str:
        """The stable key of the territory."""
        return key_from(self.name)


@dataclass(frozen=True, slots=True)
class Area:
    """A manager's part of a region; `growth` is its yearly trend against the company's."""

    name: str
    office: str
    growth: float
    patches: tuple[Patch, ...]

    @property
    def key(self) -> str:
        """The stable key of the territory."""
        return key_from(self.name)


@dataclass(frozen=True, slots=True)
class Region:
    """A leader's part of the country."""

    name: str
    office: str
    areas: tuple[Area, ...]

    @property
    def key(self) -> str:
        """The stable key of the territory."""
        return key_from(self.name)


def _cover(text: str) -> Cover:
    state, *runs = text.split()
    ends = [run.partition("-")[::2] for run in runs]
    return Cover(state, tuple((int(low), int(high or low)) for low, high in ends))


def _area(name: str, office: str, growth: float, ground: str) -> Area:
    """An area from lines `Name: ST 100-109 120; ST`; a leading `+` splits the territory, a leading `2` gives it two seats."""
    patches = []
    for line in filter(None, map(str.strip, ground.splitlines())):
        label, _, covers = line.partition(":")
        patches.append(
            Patch(label.lstrip("+2 "), tuple(map(_cover, covers.split(";"))), label.startswith("+"), label.startswith("2"))
        )
    return Area(name, office, growth, tuple(patches))


REGIONS = (
    Region("West", "Denver", (
        _area("Pacific Northwest", "Seattle", 0.01, """
            2 Puget Sound: WA 980-985
            Columbia River: WA 986-987; OR
            Inland Northwest: WA 988-994; ID; MT
            Alaska & Hawaii: AK; HI"""),
        _area("Northern California", "Oakland", -0.01, """
            2 Golden Gate: CA 939-944 949-951
            East Bay: CA 945-948
            Sacramento Valley: CA 952 954-961
            Central Valley: CA 932-933 936-938 953"""),
        _area("Southern California", "Anaheim", 0.0, """
            + Los Angeles: CA 900-905
            San Gabriel & Harbor: CA 906-912 917-918
            San Fernando & Ventura: CA 913-916 930-931 934-935
            Orange County: CA 926-928
            Inland Empire: CA 922-925
            San Diego: CA 919-921"""),
        _area("Mountain West", "Phoenix", 0.05, """
            2 Valley of the Sun: AZ 850-853
            Sonoran Desert: AZ 855-865; NM
            Great Basin: NV
            Wasatch: UT; WY
            + Front Range: CO"""),
    )),
    Region("Central", "Chicago", (
        _area("Upper Midwest", "Minneapolis", -0.01, """
            Twin Cities: MN 550-555
            Northern Plains: MN 556-567; ND; SD
            2 Lake Winnebago: WI"""),
        _area("Illinois", "Chicago", -0.05, """
            + Chicago: IL 606-608
            2 Chicago Suburbs: IL 600-605 609
            Prairie State: IL 610-629"""),
        _area("Great Lakes", "Columbus", -0.03, """
            Detroit: MI 480-483
            West Michigan: MI 484-499
            Northern Indiana: IN 463-469
            Central Indiana: IN 460-462 470-479
            Lake Erie: OH 440-449
            Central Ohio: OH 430-433 437-439 457
            Miami Valley: OH 434-436 450-456 458-459
            Ohio Valley: KY; WV"""),
        _area("Heartland", "Kansas City", 0.0, """
            Gateway: MO 630-639
            Flint Hills: MO 640-649; KS
            Ozarks: MO 650-658 726; AR
            Missouri River: IA; NE"""),
    )),
    Region("South", "Dallas", (
        _area("Texas", "Dallas", 0.07, """
            + Dallas: TX 750-753
            Cross Timbers: TX 760-764
            + Houston: TX 770-774
            East Texas: TX 754-759 775-777
            Hill Country: TX 733 765-769 778-779 786-787 789
            South Texas: TX 780-785 788
            West Texas: TX 739 790-799 885"""),
        _area("Florida", "Tampa", 0.06, """
            Biscayne: FL 330-332; PR
            Gold Coast: FL 333-334 349
            Tampa Bay: FL 335-337 346
            Suncoast: FL 338-342
            Orlando & Space Coast: FL 327-329 347
            First Coast: FL 320-322 326 344"""),
        _area("Deep South", "Atlanta", 0.03, """
            + Atlanta: GA 300-303 311 399
            Coastal Plain: GA 304 308-310 312-319 398
            Blue Ridge: GA 305-307; TN 373-374 376-379
            Cumberland: TN 370-372 375 380-385
            Red River: OK
            Louisiana Delta: LA
            Gulf Coast: MS; AL 365-366; FL 323-325
            Black Belt: AL 350-364 367-369"""),
        _area("Carolinas", "Charlotte", 0.05, """
            Charlotte: NC 280-282
            Triad & Smokies: NC 270-274 286-289
            Triangle & Coast: NC 275-279 283-285
            Palmetto: SC"""),
    )),
    Region("East", "Philadelphia", (
        _area("Capital", "Arlington", 0.01, """
            Northern Virginia: VA 201-205 220-229 240-246
            Tidewater: VA 230-239
            Potomac: DC; MD 205-209
            Chesapeake: MD 210-219; DE"""),
        _area("Keystone", "Philadelphia", -0.01, """
            2 Delaware Valley: PA 189-194
            Susquehanna: PA 169-188 195-196
            Three Rivers: PA 150-168
            North Jersey: NJ 070-076 078-079
            Jersey Shore: NJ 077 080-089"""),
        _area("New York", "Albany", -0.02, """
            + Five Boroughs: NY 100-104 112
            2 Long Island: NY 005 063 110-111 113-119
            Hudson Valley: NY 105-109 120-129
            Finger Lakes: NY 130-149"""),
        _area("New England", "Boston", 0.0, """
            + Greater Boston: MA 019 021-022 024
            Bay State: MA 010-018 020 023 025-027 055
            North Country: ME; NH; VT
            Narragansett & Sound: CT; RI"""),
    )),
)  # fmt: skip


def home_areas() -> dict[str, str]:
    """The area of each state: the first that has ground in it; a later one has only the runs it names."""
    homes: dict[str, str] = {}
    for _, area in areas():
        for patch in area.patches:
            for cover in patch.covers:
                homes.setdefault(cover.state, area.key)
    return homes


def areas() -> Iterator[tuple[Region, Area]]:
    """Every area with its region, in the order of the tree."""
    for region in REGIONS:
        for area in region.areas:
            yield region, area
