"""Texts enciphered with a key from outside, or from a file of our own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from metes.base.errors import InputError
from metes.identity.sealing import SealAccess

KEY, OTHER = "k" * 32, "another key of thirty-two letters"


def test_what_is_sealed_is_read_again_and_lies_open_nowhere() -> None:
    seal = SealAccess(KEY)
    sealed = seal.seal("a secret")
    assert "a secret" not in sealed
    assert seal.unseal(sealed) == "a secret"
    assert seal.seal("a secret") != sealed
    assert KEY not in repr(seal)


def test_another_key_says_what_to_do() -> None:
    with pytest.raises(InputError, match="second-factor-off"):
        SealAccess(OTHER).unseal(SealAccess(KEY).seal("a secret"))


def test_a_key_is_changed_by_naming_both(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"{OTHER}\n{KEY}\n")
    both = SealAccess(key_file=file)
    assert both.unseal(SealAccess(KEY).seal("old")) == "old"
    assert SealAccess(OTHER).unseal(both.seal("new")) == "new"


def test_a_file_of_our_own_is_made_once_for_nobody_else(tmp_path: Path) -> None:
    file = tmp_path / "metes.db.key"
    seal = SealAccess(own_file=file)
    with pytest.raises(InputError, match="cannot read"):
        seal.unseal("anything")
    assert not file.exists()
    sealed = seal.seal("a secret")
    assert file.stat().st_mode & 0o777 == 0o600
    text = file.read_text()
    assert len(text.strip()) >= 32
    assert SealAccess(own_file=file).unseal(sealed) == "a secret"
    assert SealAccess(own_file=file).seal("another")
    assert file.read_text() == text
    assert os.listdir(tmp_path) == ["metes.db.key"]


def test_a_file_of_our_own_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "metes.db.key"
    sealed = SealAccess(own_file=file).seal("a secret")
    file.chmod(0o640)
    with pytest.raises(InputError, match="chmod 600"):
        SealAccess(own_file=file).unseal(sealed)


def test_without_any_key_the_remedy_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="METES_SECRET_KEY_FILE"):
        SealAccess().seal("a secret")
    with pytest.raises(InputError, match="32 characters"):
        SealAccess("short").seal("a secret")
    with pytest.raises(InputError, match=r"cannot read the secret key in gone: No such file"):
        SealAccess(key_file=tmp_path / "gone").seal("a secret")
