"""Whom and what the providers of the tests know."""

CLIENT, SECRET, PASSWORD = "metes", "a secret: of/two +", "a password of ann's"
PEOPLE = {"ann": "ann@example.com", "ben": "ben@example.com", "cleo": "cleo@example.com"}
