"""Finds many texts in many values at once: an automaton over the bytes of the texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from metes.kernels.looking_up import find_texts

Ints32 = NDArray[np.int32]


def utf8(text: str) -> bytes:
    """A text as Arrow keeps it; half a surrogate pair, which Arrow never keeps, still has its place in the order."""
    return text.encode("utf-8", "surrogatepass")


def buffers(values: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """The offsets and bytes of an array of strings; missing ones are empty."""
    values = values.cast(pa.large_string())
    _, offsets, data = values.buffers()
    found = np.frombuffer(offsets, np.int64)[values.offset : values.offset + len(values) + 1] if offsets else np.zeros(1, np.int64)
    return found, np.frombuffer(data, np.uint8) if data else np.zeros(0, np.uint8)


@dataclass(frozen=True, eq=False)
class Automaton:
    """Looks for some texts; `find_texts` in the kernels describes the arrays."""

    count: int
    following: Ints32
    class_of_byte: NDArray[np.uint8]
    text_of_state: Ints32
    shorter: Ints32

    def held(self, values: pa.Array) -> tuple[Ints32, Ints32]:
        """For each value the numbers of the texts that it contains: value i has `held[first[i]:first[i + 1]]`. O(bytes)."""
        offsets, data = buffers(values)
        first, room = np.empty(len(values) + 1, np.int32), 4 * len(values) + 64
        while True:
            held = np.empty(room, np.int32)
            seen_in = np.full(self.count, -1, np.int32)
            found = find_texts(
                offsets, data, self.following, self.class_of_byte, self.text_of_state, self.shorter, seen_in, first, held
            )
            if found <= room:
                return first, held[:found]
            room = found


def automaton_of(texts: Sequence[str]) -> Automaton:
    """The automaton of some distinct texts, none of them empty. O(total bytes x distinct bytes)."""
    encoded = [utf8(text) for text in texts]
    used = sorted(set(b"".join(encoded)))
    class_of_byte = np.zeros(256, np.uint8)
    class_of_byte[used] = np.arange(1, len(used) + 1)
    children: list[dict[int, int]] = [{}]
    text_of_state = [-1]
    for number, data in enumerate(encoded):
        state = 0
        for byte in data:
            below = children[state].get(byte)
            if below is None:
                below = children[state][byte] = len(children)
                children.append({})
                text_of_state.append(-1)
            state = below
        text_of_state[state] = number
    following, shorter = _completed(children, text_of_state, class_of_byte, len(used) + 1)
    return Automaton(len(texts), following, class_of_byte, np.array(text_of_state, np.int32), shorter)


def _completed(
    children: Sequence[dict[int, int]], text_of_state: Sequence[int], class_of_byte: NDArray[np.uint8], classes: int
) -> tuple[Ints32, Ints32]:
    """From the trie the state that follows each state and byte, and the next shorter text that ends in each state."""
    following, shorter = np.zeros((len(children), classes), np.int32), np.zeros(len(children), np.int32)
    fallback = [0] * len(children)
    queue = [0]
    for state in queue:
        if state:
            following[state] = following[fallback[state]]
        for byte, below in children[state].items():
            kind = class_of_byte[byte]
            fallback[below] = int(following[state, kind]) if state else 0
            following[state, kind] = below
            queue.append(below)
        behind = fallback[state]
        shorter[state] = behind if text_of_state[behind] >= 0 else shorter[behind]
    return following, shorter
