"""How kernels are compiled: once for fixed types, kept on disk where a folder can be written, without the interpreter's lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit, types

# numba makes these names when it is loaded, which type checkers do not see.
void: Any = vars(types)["void"]
int32: Any = vars(types)["int32"]
int64: Any = vars(types)["int64"]
float64: Any = vars(types)["float64"]
int8: Any = vars(types)["int8"]
uint8: Any = vars(types)["uint8"]
uint64: Any = vars(types)["uint64"]
boolean: Any = vars(types)["boolean"]

F = TypeVar("F", bound=Callable[..., object])


def read(of: Any, dimensions: int = 1) -> Any:
    """The type of an array that a kernel only reads, which may be read-only."""
    return types.Array(of, dimensions, "C", readonly=True)


def written(of: Any, dimensions: int = 1) -> Any:
    """The type of an array that a kernel writes."""
    return types.Array(of, dimensions, "C")


def kernel(returned: Any, *arguments: Any) -> Callable[[F], F]:
    """A decorator that compiles a function for these types alone, when its module is imported.

    The machine code is read from numba's cache (`NUMBA_CACHE_DIR`, `__pycache__` beside the module, or the user's cache folder); where
    none of them can be written it is compiled anew in each process.
    """

    def compiled(function: F) -> F:
        signature = returned(*arguments)
        try:
            return njit(signature, cache=True, nogil=True)(function)  # type: ignore[no-any-return]
        except RuntimeError:  # no folder for the cache
            return njit(signature, nogil=True)(function)  # type: ignore[no-any-return]

    return compiled
