"""Zone sets as bytes, on disk and in either database."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely

from metes.base.errors import NotFound
from metes.model.zones import ZoneSet
from metes.store import zone_sets
from metes.store.engine import Store
from metes.store.zone_content import content_of, read_file, write_file, zone_set_of
from metes.store.zone_sets import StoredZoneSet
from tests.conftest import NOW
from tests.model.test_zones import two_zones

EMPTY = two_zones(ids=(), names=(), regions=(), latitude=[], longitude=[], measures={}, pairs=[], shapes=())
ODD = two_zones(
    ids=("a|b", "ü\n"),
    names=("'", ""),
    measures={"population": [1e300, 0.1], "measure:of": [0, 1]},
    pairs=[],
    links=[[0, 1]],
    shapes=(shapely.to_wkb(shapely.box(0, 0, 1, 1)), None),
    source="Somebody",
)


@pytest.mark.parametrize("zones", [two_zones(), ODD, EMPTY], ids=["plain", "odd", "empty"])
def test_a_set_comes_back_from_its_bytes(zones: ZoneSet) -> None:
    content = content_of(zones)
    back = zone_set_of(content)
    assert (back.key, back.name, back.digest) == (zones.key, zones.name, zones.digest)
    assert content_of(back) == content


def test_pairs_come_back_in_order() -> None:
    count = 50
    random = np.random.default_rng(0)
    pairs = np.unique(np.sort(random.integers(0, count, (200, 2)), axis=1), axis=0)
    pairs = pairs[pairs[:, 0] < pairs[:, 1]]
    many = two_zones(
        ids=tuple(map(str, range(count))),
        names=("",) * count,
        regions=("",) * count,
        latitude=np.zeros(count),
        longitude=np.zeros(count),
        measures={},
        pairs=random.permutation(pairs),
        shapes=(None,) * count,
    )
    assert zone_set_of(content_of(many)).pairs.tolist() == pairs.tolist()


@pytest.mark.parametrize("content", [b"", b"nothing of ours", content_of(two_zones())[:-200]])
def test_other_bytes_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="zone set"):
        zone_set_of(content)


def test_a_file_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "deeper" / "zones.arrow"
    assert read_file(path) is None
    write_file(ODD, path)
    found = read_file(path)
    assert found is not None
    assert found.digest == ODD.digest
    assert [file.name for file in path.parent.iterdir()] == ["zones.arrow"]
    path.write_bytes(path.read_bytes()[:100])
    assert read_file(path) is None


def put(store: Store, zones: ZoneSet) -> None:
    """Keep a set."""
    told = (zones.key, zones.name, zones.kind.value, zones.source, len(zones), zones.digest)
    with store.write() as connection:
        zone_sets.put_zone_set(connection, StoredZoneSet(*told, NOW, "ines"), content_of(zones))


def test_sets_are_kept_replaced_and_removed(store: Store) -> None:
    put(store, two_zones())
    put(store, replace(two_zones(), key="another"))
    put(store, replace(ODD, key="front"))
    with store.read() as connection:
        assert [(s.key, s.zones, s.created_by) for s in zone_sets.all_zone_sets(connection)] == [
            ("another", 2, "ines"),
            ("front", 2, "ines"),
        ]
        assert zone_set_of(zone_sets.content(connection, "front")).digest == ODD.digest
        found = zone_sets.find_zone_set(connection, "front")
        assert found is not None
        assert (found.content_hash, found.created_at) == (ODD.digest, NOW)
    with store.write() as connection:
        assert zone_sets.remove_zone_set(connection, "front") == ODD.digest
    with store.read() as connection:
        assert zone_sets.find_zone_set(connection, "front") is None
        with pytest.raises(NotFound, match="there is no zone set 'front'"):
            zone_sets.content(connection, "front")
    with store.write() as connection, pytest.raises(NotFound, match="that was added"):
        zone_sets.remove_zone_set(connection, "front")


def test_the_last_set_that_was_removed_or_replaced_comes_back(store: Store) -> None:
    first, second = replace(ODD, key="front"), replace(two_zones(), key="front")
    put(store, first)
    put(store, first)
    with store.write() as connection:
        assert zone_sets.removed_sets(connection) == ()
        with pytest.raises(NotFound, match="was removed or replaced"):
            zone_sets.restore_zone_set(connection, "front")
    put(store, second)
    for back, gone in ((first, second), (second, first)):
        with store.write() as connection:
            assert zone_sets.restore_zone_set(connection, "front").content_hash == back.digest
            assert [s.content_hash for s in zone_sets.removed_sets(connection)] == [gone.digest]
            assert zone_set_of(zone_sets.content(connection, "front")).digest == back.digest
    with store.write() as connection:
        zone_sets.remove_zone_set(connection, "front")
        zone_sets.restore_zone_set(connection, "front")
        assert zone_sets.removed_sets(connection) == ()
        assert zone_set_of(zone_sets.content(connection, "front")).digest == second.digest
