"""Arrays as bytes and texts: what a design works with and who has which unit, the same bytes for the same values."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from dataclasses import asdict, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from metes.designing.given import DesignTerritory, Given
from metes.partition.problem import Floats, Ints, Preferences

_FORMAT = 1
_PREFERENCES = ("indptr", "territory", "saving")


def packed_given(given: Given) -> bytes:
    """All that a design works with, as bytes: a head in JSON, then the arrays one behind the other."""
    plain: dict[str, Any] = {}
    arrays: list[tuple[str, npt.NDArray[Any]]] = []
    for field in fields(Given):
        value = getattr(given, field.name)
        if isinstance(value, np.ndarray):
            arrays.append((field.name, value))
        elif isinstance(value, Preferences):
            arrays.extend((f"preferences.{name}", getattr(value, name)) for name in _PREFERENCES)
        elif field.name == "territories":
            plain[field.name] = [asdict(territory) for territory in value]
        else:
            plain[field.name] = value
    shapes = [[name, array.dtype.str, list(array.shape)] for name, array in arrays]
    head = json.dumps({"format": _FORMAT, "plain": plain, "arrays": shapes}, ensure_ascii=False).encode()
    return b"".join([struct.pack("<Q", len(head)), head, *(np.ascontiguousarray(array).tobytes() for _, array in arrays)])


def unpacked_given(content: bytes) -> Given:
    """What `packed_given` packed; its arrays are closed for writing."""
    (length,) = struct.unpack_from("<Q", content)
    head = json.loads(content[8 : 8 + length])
    at = 8 + length
    arrays: dict[str, npt.NDArray[Any]] = {}
    for name, kind, shape in head["arrays"]:
        count = int(np.prod(shape, dtype=np.int64))
        arrays[name] = np.frombuffer(content, np.dtype(kind), count, at).reshape(shape)
        at += arrays[name].nbytes
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in head["plain"].items()}
    values["territories"] = tuple(DesignTerritory(**{**t, "licences": tuple(t["licences"])}) for t in values["territories"])
    values["preferences"] = Preferences(*(arrays.pop(f"preferences.{name}") for name in _PREFERENCES))
    everything: dict[str, Any] = {**values, **arrays}
    return Given(**everything)


def packed_numbers(numbers: npt.NDArray[np.integer[Any]]) -> bytes:
    """Numbers as little-endian int32, one behind the other."""
    return np.asarray(numbers, "<i4").tobytes()


def unpacked_numbers(content: bytes) -> Ints:
    """What `packed_numbers` packed."""
    return np.frombuffer(content, "<i4").astype(np.int32)


def text_of_numbers(numbers: npt.NDArray[np.integer[Any]]) -> str:
    """Numbers as text, compressed."""
    return base64.b64encode(zlib.compress(packed_numbers(numbers), 1)).decode("ascii")


def numbers_of_text(text: str) -> Ints:
    """What `text_of_numbers` wrote."""
    return unpacked_numbers(zlib.decompress(base64.b64decode(text)))


def text_of_floats(numbers: Floats) -> str:
    """Decimal numbers as text, compressed, to the last bit."""
    return base64.b64encode(zlib.compress(np.asarray(numbers, "<f8").tobytes(), 1)).decode("ascii")


def floats_of_text(text: str) -> Floats:
    """What `text_of_floats` wrote, (n,)."""
    return np.frombuffer(zlib.decompress(base64.b64decode(text)), "<f8").astype(np.float64)
