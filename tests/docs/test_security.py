"""The security case: every requirement answered by a test that exists, by a reason or by a day; and a page that says what the code does."""

from __future__ import annotations

import ast
import csv
import hashlib
import json
import os
import re
import tomllib
from dataclasses import fields
from datetime import date
from pathlib import Path

import pytest

from metes.app import limiting
from metes.app.signing import NAME_TRIES
from metes.identity import passwords
from metes.intake import limits
from metes.model.access import ROLE_MAY, SEES_EVERYTHING, Capability, UserRole
from metes.store import users
from metes.web.application import SIGN_INS_AT_ONCE
from metes.web.guards import LONGEST_PATH
from metes.web.protection import Protection
from tests.docs.examples import DOCS, ROOT

PAGE = (DOCS / "security.md").read_text(encoding="utf-8")
LIST = DOCS / "security.csv"
# Of the lines 'number,level' of the standard's 253 requirements of levels 1 and 2, in its order.
STANDARD = "ee09334faed652b38563b1e97ecb77f218e04b0e8d73fa9ca3197b185404c8cd"
TEST, REASON, OPEN = "test", "not applicable", "open"
NODE = re.compile(r"(tests/[\w/]+\.py)::(\w+)")


def rows() -> list[dict[str, str]]:
    """The rows of the list."""
    with LIST.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def section(title: str) -> str:
    """The text under a heading of the page."""
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#+ |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, title
    return re.sub(r"\s+", " ", found[1])


def table(title: str) -> list[list[str]]:
    """The rows of the table under a heading, without its head."""
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#+ |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, title
    lines = [line for line in found[1].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_requirement_stands_there_once_in_the_standard_s_order() -> None:
    lines = "".join(f"{row['requirement']},{row['level']}\n" for row in rows())
    assert len(rows()) == 253
    assert hashlib.sha256(lines.encode()).hexdigest() == STANDARD


@pytest.mark.data
@pytest.mark.skipif("METES_DATA" not in os.environ, reason="METES_DATA names no folder with the standard")
def test_the_numbers_are_those_of_the_standard_and_the_words_are_our_own() -> None:
    with (Path(os.environ["METES_DATA"]) / "data" / "asvs_5.0.0_levels_1_2.csv").open(encoding="utf-8", newline="") as file:
        standard = list(csv.DictReader(file))
    assert [(row["requirement"], row["level"]) for row in rows()] == [(row["requirement"], row["level"]) for row in standard]
    theirs = set()
    for row in standard:
        words = re.findall(r"\w+", row["text"].lower())
        theirs |= {tuple(words[at : at + 7]) for at in range(len(words) - 6)}
    for row in rows():
        words = re.findall(r"\w+", row["evidence"].lower())
        assert not {tuple(words[at : at + 7]) for at in range(len(words) - 6)} & theirs, row["requirement"]


def test_nothing_of_level_1_is_open_and_all_else_that_is_has_its_day() -> None:
    for row in rows():
        match row["answer"]:
            case "test":
                assert NODE.search(row["evidence"]), row
            case "not applicable":
                assert row["evidence"].endswith("."), row
                assert len(row["evidence"].split()) >= 4, row
                assert not NODE.search(row["evidence"]), row
            case "open":
                assert row["level"] == "2", row
                planned = re.fullmatch(r"(\d{4}-\d{2}-\d{2}): (.{20,})", row["evidence"])
                assert planned, row
                assert date.fromisoformat(planned[1]) > date(2026, 11, 1), row
            case other:
                pytest.fail(f"{row['requirement']} is answered by {other!r}")


def test_every_test_that_is_named_exists() -> None:
    """Where pytest finds it: a function at the top of a file that begins with test_. Collecting them all would take a minute and more."""
    named = {node for row in rows() for node in NODE.findall(row["evidence"])}
    assert len(named) > 150
    assert all(Path(file).name.startswith("test_") and name.startswith("test_") for file, name in named)
    there: dict[str, set[str]] = {}
    for file, _ in named:
        if file not in there:
            tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
            there[file] = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert sorted(f"{file}::{name}" for file, name in named if name not in there[file]) == []


def test_the_documented_limits_are_those_of_the_code() -> None:
    ordinary = Protection()
    reference = (DOCS / "reference" / "configuration.md").read_text(encoding="utf-8").partition("## The server")[2]
    for text in (
        f"{ordinary.head_bytes // 1024} KB, {LONGEST_PATH:,} characters of path, complete after {ordinary.head_seconds:.0f} seconds",
        f"{ordinary.form_bytes // 1024**2} MB",
        f"{ordinary.upload_bytes // 1024**3} GB",
        f"{ordinary.body_seconds:.0f} seconds of waiting, and a second more for every {ordinary.bytes_a_second // 1024} KB",
        f"{ordinary.taking_seconds:.0f} seconds, unless {ordinary.bytes_a_second // 1024} KB a second are taken",
        f"{ordinary.most_connections} at once",
    ):
        assert text in reference, text
    sent = section("What may be sent")
    for text in (
        f"at most {LONGEST_PATH:,} characters of path",
        f"at most {limits.MAX_UNPACKED_BYTES // 1024**3} GiB, {limits.MAX_UNPACKED_RATIO} times its size",
        f"{limits.MAX_ARCHIVE_PARTS:,} parts, {limits.MAX_CELLS:,} cells",
    ):
        assert text in sent, text
    assert f"{ordinary.most_connections} connections" in section("What is costly")


def test_the_page_says_what_may_be_sent() -> None:
    kinds = [row[0] for row in table("What may be sent")]
    assert {"address", "form", "JSON", "rules", "file of records", "zones"} <= set(kinds)
    assert "What belongs together is checked together" in section("What may be sent")
    assert "Limits of work" in section("What may be sent")


def test_the_page_says_how_guessing_is_held_back() -> None:
    signing = section("Signing in")
    for text in (
        f"{passwords.MIN_PASSWORD} to {passwords.MAX_PASSWORD} characters",
        "the word *metes*",
        "the company's name",
        "one's own name and address",
        f"One address may try {limiting.SIGN_INS_OF_ADDRESS.times} times",
    ):
        assert text in signing, text
    words = {10: "Ten", 100: "a hundred", 15: "fifteen", 4: "four"}
    assert f"{words[users.LOCKOUT_TRIES]} failures in a row" in signing
    assert f"for {words[users.LOCKOUT_MINUTES]} minutes" in signing
    assert f"after {words[NAME_TRIES]} within an hour" in signing
    assert f"No more than {words[SIGN_INS_AT_ONCE]} passwords" in signing


def test_the_page_names_every_way_in() -> None:
    ways = [row[0] for row in table("Signing in")]
    assert len(ways) == 6
    assert "There is no other way" in section("Signing in")


def test_the_page_says_how_long_sessions_last() -> None:
    assert users.SESSION_DAYS == 14
    signing = section("Signing in")
    for text in (
        "end after fourteen days",
        "`session_idle_minutes`",
        "any number of sessions",
        "NIST SP 800-63B",
        "A provider's sign-out",
    ):
        assert text in signing, text


def test_the_page_says_who_may_what() -> None:
    rules = section("Who may what")
    for word in ("Functions", "Rows", "Fields", "Tokens", "Changes of rights"):
        assert f"**{word}" in rules, word
    for capability in (Capability.CONTACTS, Capability.PAY, Capability.DATA_EDIT):
        assert f"`{capability.value}`" in rules
    told = {row[0]: row for row in table("Who may what")}
    assert set(told) == {role.value for role in UserRole}
    for role, may in ROLE_MAY.items():
        _, what, where = told[role.value]
        assert set(re.findall(r"`(\w+)`", what)) == ({c.value for c in may} if may != frozenset(Capability) else set()), role
        assert (where == "everything") == (role in SEES_EVERYTHING), role


def test_the_page_lists_keys_and_algorithms() -> None:
    listed = " ".join(" ".join(row) for row in table("Cryptography"))
    effort = passwords.STRONG
    for text in (f"Argon2id, {effort.memory_kib // 1024} MiB, {effort.passes} passes", "SHA-256", "HMAC", "RS256", "TLS", "Fernet"):
        assert text in listed, text
    for word in ("Made by", "Kept", "Replaced", "Destroyed"):
        assert word in section("Cryptography"), word


def test_the_page_names_what_metes_connects_to() -> None:
    listed = [row[0] for row in table("What Metes connects to")]
    assert listed == ["the database", "the mail server", "the provider of sign-ins", "npm and PyPI"]
    assert "Users cannot name an address" in section("What Metes connects to")


def test_the_page_sorts_data_by_level() -> None:
    levels = {row[0]: row for row in table("What is worth defending")}
    assert set(levels) == {"secret", "personal", "pay", "business", "trail", "public"}
    for level in ("secret", "personal", "pay", "business"):
        assert all(levels[level]), level


def test_the_page_lists_what_is_logged() -> None:
    listed = table("Logs and the trail")
    assert len(listed) >= 5
    assert all(len(row) == 5 for row in listed)
    assert "Nothing of level *secret* is logged" in section("Logs and the trail")


def test_the_page_names_what_is_costly() -> None:
    assert len(table("What is costly")) >= 5
    assert all(len(row) == 3 and all(row) for row in table("What is costly"))


def test_the_page_says_how_soon_dependencies_are_mended() -> None:
    times = [int(found[1]) for row in table("What Metes is made of") if (found := re.search(r"(\d+) days", row[1]))]
    assert times == sorted(times)
    assert len(times) == 4
    assert "`make audit`" in section("What Metes is made of")


def test_the_page_says_how_to_report_a_fault_and_which_versions_are_mended() -> None:
    assert "in private" in section("Report a fault")
    assert len(table("Supported versions")) == 3


def test_every_dependency_is_named_with_its_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    named = [
        *project["project"]["dependencies"],
        *(one for many in project["project"]["optional-dependencies"].values() for one in many),
    ]
    assert [one for one in named if not re.search(r"==|>=|<", one)] == []
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: one for name, one in lock["packages"].items() if name}
    assert packages
    assert [
        name for name, one in packages.items() if not one.get("integrity", "").startswith("sha512-") or not one.get("version")
    ] == []


def test_what_is_installed_is_the_package_alone() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == ["src/metes"]
    odd = re.compile(r"(?:^|/)(?:\.git|\.svn|\.hg|tests?|conftest\.py|\.env)(?:/|$)")
    assert [path for path in (ROOT / "src").rglob("*") if odd.search(path.relative_to(ROOT).as_posix())] == []
    assert fields(Protection)
