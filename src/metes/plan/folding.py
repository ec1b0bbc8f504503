"""Breaks the text of a long rule into lines at its connectives, never inside a quoted text."""

from __future__ import annotations

import re
from typing import Final

WIDTH: Final = 100
_PIECES: Final = re.compile(r"""'[^']*(?:''[^']*)*'|"[^"]*(?:""[^"]*)*"|[(),]|[^\s'"(),]+|\s+|.""", re.DOTALL)


def folded(text: str) -> list[str]:
    """The lines of a rule's text; joined by blanks they are the text again. Linear in its length."""
    lines: list[str] = []
    for part in _at_connectives(text):
        lines.extend(_filled(part))
    return lines


def _at_connectives(text: str) -> list[list[str]]:
    """The pieces of the text, parted before each 'and' or 'or' that stands outside parentheses."""
    parts: list[list[str]] = [[]]
    level, awaits_and = 0, False
    for piece in _PIECES.findall(text):
        word = piece.lower()
        level += (piece == "(") - (piece == ")")
        if word == "between":
            awaits_and = True
        elif word == "and" and awaits_and:
            awaits_and = False
        elif word in ("and", "or") and level == 0:
            parts.append([])
        parts[-1].append(piece)
    return parts


def _filled(pieces: list[str]) -> list[str]:
    """The pieces in lines up to the width, broken at blanks, the second line and later ones indented."""
    lines: list[str] = []
    line, word = "", ""
    for piece in [*pieces, " "]:
        if not piece.isspace():
            word += piece
        elif word:
            if line and len(line) + 1 + len(word) > WIDTH:
                lines.append(line)
                line = "    " + word
            else:
                line = f"{line} {word}" if line else word
            word = ""
    return [*lines, line] if line else lines
