"""Which accounts of a Book a scope shows: those that a territory of it holds today, as primary, overlay or shared.

They are kept as one bit per account, at the rank of its name: a filter that every query can carry at the same small cost, whether the
scope holds one territory or nearly all of them.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

import duckdb
import numpy as np
from numpy.typing import NDArray

from metes.model.scope import Scope
from metes.store.filters import Parameters

# What all scopes of one Book take of memory together.
_BYTES_KEPT = 64 << 20
_SEEN = "get_bit(?::BLOB::BIT, name_rank) = 1"


class SeenAccounts:
    """The accounts that scopes show, as bits, kept for as long as their Book is read. Many threads may ask."""

    def __init__(self) -> None:
        self._bits: OrderedDict[frozenset[str], bytes] = OrderedDict()
        self._lock = threading.Lock()

    def bits(self, cursor: duckdb.DuckDBPyConnection, territories: frozenset[str]) -> bytes:
        """A bit per rank of a name, the first one the highest of its byte: set where one of the territories holds the account."""
        with self._lock:
            found = self._bits.get(territories)
            if found is not None:
                self._bits.move_to_end(territories)
                return found
        made = _made(cursor, territories)
        with self._lock:
            self._bits[territories] = made
            while len(self._bits) > max(1, _BYTES_KEPT // len(made)):
                self._bits.popitem(last=False)
        return made


def seen(scope: Scope, bits: bytes) -> tuple[str, Parameters]:
    """A condition on `accounts` that holds for what a narrow scope shows; accounts without a rank, closed since, are not among them."""
    return ("FALSE", []) if scope.is_nothing else (_SEEN, [bits])


def of_territories(scope: Scope, column: str = "territory") -> tuple[str, Parameters]:
    """A condition that holds where a territory lies in a scope; never for what no territory holds, unless the scope is everything."""
    if scope.territories is None:
        return "TRUE", []
    return f"{column} IN (SELECT unnest(?))", [sorted(scope.territories)]


def set_at(bits: bytes, ranks: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether the bits at some ranks are set, (n,)."""
    packed = np.frombuffer(bits, np.uint8)
    found: NDArray[np.bool_] = ((packed[ranks >> 3] >> (7 - (ranks & 7)).astype(np.uint8)) & 1).astype(np.bool_)
    return found


def _made(cursor: duckdb.DuckDBPyConnection, territories: frozenset[str]) -> bytes:
    held = cursor.execute(
        "SELECT name_rank FROM accounts WHERE account IN (SELECT account FROM holdings WHERE territory IN (SELECT unnest(?)))",
        [sorted(territories)],
    ).fetchnumpy()["name_rank"]
    row = cursor.execute("SELECT coalesce(max(name_rank), 0) FROM accounts").fetchone()
    flags = np.zeros((int(row[0]) if row else 0) + 1, np.bool_)
    flags[held] = True
    return np.packbits(flags).tobytes()
