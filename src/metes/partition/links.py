"""Joins islands and broken pieces by links that can be stated: from where to where, and how far."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from metes.model.zones import ZoneSet
from metes.partition.neighbours import delaunay_pairs
from metes.partition.problem import Ints, on_earth


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


def joining_links(latitude: npt.ArrayLike, longitude: npt.ArrayLike, pairs: npt.NDArray[np.integer]) -> Ints:
    """The links (l, 2), the lower number first, that join all pieces of a graph at the least length over ground; l is pieces - 1.

    So each piece has the shortest link to its nearest other piece. A minimum spanning tree over the pieces (Kruskal 1956), its edges
    taken from the Delaunay triangulation, which holds the shortest tree (Toussaint 1980). Equal lengths go by number. O(n log n).
    """
    lat, lon = np.atleast_1d(np.asarray(latitude, float)), np.atleast_1d(np.asarray(longitude, float))
    piece = component_of(len(lat), pairs)
    if not len(piece) or int(piece.max()) == 0:
        return np.zeros((0, 2), np.int32)
    edges = delaunay_pairs(lat, lon)
    edges = edges[piece[edges[:, 0]] != piece[edges[:, 1]]]
    places = on_earth(lat, lon)
    km = np.linalg.norm(places[edges[:, 0]] - places[edges[:, 1]], axis=1).round(6)
    above = list(range(int(piece.max()) + 1))
    chosen = []
    for at in np.lexsort((edges[:, 1], edges[:, 0], km)):
        one, other = (_top(above, int(piece[zone])) for zone in edges[at])
        if one != other:
            above[max(one, other)] = min(one, other)
            chosen.append(int(at))
            if len(chosen) == len(above) - 1:
                break
    links = edges[np.array(sorted(chosen), np.int64)]
    return np.asarray(links, np.int32)


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
