"""Joins islands and broken pieces by links that can be stated: from where to where, and how far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from metes.model.zones import ZoneSet
from metes.partition.neighbours import delaunay_pairs
from metes.partition.problem import Floats, Ints, on_earth

# How often the length of a link between two pieces counts that are both off the mainland.
WITHIN_REGION: Final = 2.0
BETWEEN_REGIONS: Final = 4.0


@dataclass(frozen=True, slots=True)
class Link:
    """A link between two zones that share no border, told from the smaller piece; `island_zones` is how many zones that piece has."""

    island: str
    mainland: str
    km: float
    island_zones: int = 1

    def __str__(self) -> str:
        more = f" with {self.island_zones - 1:,} more" if self.island_zones > 1 else ""
        return f"{self.island}{more} is joined to {self.mainland}, {self.km:,.0f} km"


def component_of(n: int, pairs: npt.NDArray[np.integer]) -> Ints:
    """The number of the connected piece that each of n zones belongs to, (n,). O(n + p)."""
    matrix = coo_array((np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    return np.asarray(connected_components(matrix, directed=False)[1], np.int32)


def joining_links(
    latitude: npt.ArrayLike, longitude: npt.ArrayLike, pairs: npt.NDArray[np.integer], regions: Sequence[str] | None = None
) -> Ints:
    """The links (l, 2), the lower number first, that join all pieces of a graph at the least length over ground; l is pieces - 1.

    With `regions` (n,) the mainland goes first, which is the piece of most zones: each other piece is joined to it by its shortest link,
    unless the way over another piece is much shorter; a link between two of those counts `WITHIN_REGION` times its length where both its
    zones are of one region, else `BETWEEN_REGIONS` times. Without them all links count as they are, so each piece has the shortest link
    to its nearest other piece.

    A minimum spanning tree over the pieces (Kruskal 1956), its edges taken from Delaunay triangulations, which hold the shortest tree of
    their places (Toussaint 1980). Equal lengths go by number. O(n log n).
    """
    lat, lon = np.atleast_1d(np.asarray(latitude, float)), np.atleast_1d(np.asarray(longitude, float))
    piece = component_of(len(lat), pairs)
    if not len(piece) or int(piece.max()) == 0:
        return np.zeros((0, 2), np.int32)
    places = on_earth(lat, lon)
    if regions is None:
        edges = delaunay_pairs(lat, lon)
        counts = np.ones(len(edges))
    else:
        edges, counts = _with_mainland(lat, lon, places, piece, np.asarray(regions, np.str_))
    is_between = piece[edges[:, 0]] != piece[edges[:, 1]]
    edges, counts = edges[is_between], counts[is_between]
    km = (counts * np.linalg.norm(places[edges[:, 0]] - places[edges[:, 1]], axis=1)).round(6)
    above = list(range(int(piece.max()) + 1))
    chosen = []
    for at in np.lexsort((edges[:, 1], edges[:, 0], km)):
        one, other = (_top(above, int(piece[zone])) for zone in edges[at])
        if one != other:
            above[max(one, other)] = min(one, other)
            chosen.append(int(at))
            if len(chosen) == len(above) - 1:
                break
    links = edges[np.array(chosen, np.int64)]
    return np.asarray(links[np.lexsort((links[:, 1], links[:, 0]))], np.int32)


def _with_mainland(lat: Floats, lon: Floats, places: Floats, piece: Ints, regions: npt.NDArray[np.str_]) -> tuple[Ints, Floats]:
    """Edges (e, 2) among which the links are, and how often the length of each counts, (e,).

    Those to the mainland are the shortest of each zone; those between other pieces are the triangulation of all their zones, and of
    those of each region.
    """
    is_main = piece == np.bincount(piece).argmax()
    main, others = np.flatnonzero(is_main), np.flatnonzero(~is_main)
    nearest = main[KDTree(places[main]).query(places[others])[1]]
    found, counts = [np.stack([others, nearest], axis=1)], [np.ones(len(others))]
    for of, count in [(others, BETWEEN_REGIONS), *((others[at], WITHIN_REGION) for at in _by_value(regions[others]))]:
        edges = of[delaunay_pairs(lat[of], lon[of])].reshape(-1, 2)
        found.append(edges)
        counts.append(np.full(len(edges), count))
    return np.sort(np.concatenate(found), axis=1).astype(np.int32), np.concatenate(counts)


def _by_value(values: npt.NDArray[np.str_]) -> list[npt.NDArray[np.int64]]:
    """The places of each value that is not empty."""
    known, at = np.unique(values, return_inverse=True)
    return [np.flatnonzero(at == number) for number, value in enumerate(known.tolist()) if value]


def _top(above: list[int], piece: int) -> int:
    """The piece that stands for all that are joined with this one; the way there is shortened."""
    while above[piece] != piece:
        above[piece] = above[above[piece]]
        piece = above[piece]
    return piece


def links_of(zones: ZoneSet) -> tuple[Link, ...]:
    """The links of a set as they are told to people, the farthest first."""
    piece = component_of(len(zones), zones.pairs)
    size = np.bincount(piece, minlength=1)
    told = []
    for (one, other), km in zip(zones.links.tolist(), zones.link_km.tolist(), strict=True):
        island, mainland = (one, other) if size[piece[one]] <= size[piece[other]] else (other, one)
        told.append(Link(_named(zones, island), _named(zones, mainland), km, int(size[piece[island]])))
    return tuple(sorted(told, key=lambda link: (-link.km, link.island)))


def _named(zones: ZoneSet, zone: int) -> str:
    return zones.names[zone] or zones.ids[zone]
