"""Two texts word by word: which words the one has that the other has not, so that pages can mark them."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

_WORDS = re.compile(r"\s+|'(?:[^']|'')*'|\w+|.", re.DOTALL)
_MOST = 1_500

# A piece of a text, and whether it differs.
Piece = tuple[str, bool]


def marked(before: str, after: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Both texts in pieces, those that differ marked; very long texts, and those that share little, are one piece unmarked."""
    if not before or not after:
        return _whole(before), _whole(after)
    a, b = _WORDS.findall(before), _WORDS.findall(after)
    if max(len(a), len(b)) > _MOST:
        return _whole(before), _whole(after)
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    if matcher.ratio() < 0.3:
        return _whole(before), _whole(after)
    left: list[Piece] = []
    right: list[Piece] = []
    for tag, i, j, k, m in matcher.get_opcodes():
        _add(left, "".join(a[i:j]), tag != "equal")
        _add(right, "".join(b[k:m]), tag != "equal")
    return tuple(left), tuple(right)


def _whole(text: str) -> tuple[Piece, ...]:
    return ((text, False),) if text else ()


def _add(pieces: list[Piece], text: str, differs: bool) -> None:
    if text:
        pieces.append((text, differs))
