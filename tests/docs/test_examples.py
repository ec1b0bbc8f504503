"""What the README, the tour and some pages of how-to show is what happens."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from metes.cli.main import CANNOT_GO_ON, run
from tests.docs.examples import DOCS, ROOT, Command, SavedFile, examples_of

PAGES = [
    ROOT / "README.md",
    DOCS / "tour.md",
    DOCS / "how-to" / "design-territories.md",
    DOCS / "how-to" / "zones.md",
    DOCS / "how-to" / "audit.md",
    DOCS / "how-to" / "backup-and-restore.md",
    DOCS / "how-to" / "upgrade.md",
    DOCS / "how-to" / "planning-season.md",
    DOCS / "how-to" / "plans-in-git.md",
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_example_gives_the_output_it_shows(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("METES_DB", "METES_CACHE"):
        monkeypatch.delenv(name, raising=False)
    examples = list(examples_of(page))
    assert sum(isinstance(example, Command) for example in examples) >= 5
    for example in examples:
        if isinstance(example, SavedFile):
            example.save()
            continue
        output = output_of(example, capfd)
        assert example.fits(output), f"$ {example.text}\nshown:\n{example.shown}\ngiven:\n{output}"


def output_of(command: Command, capfd: pytest.CaptureFixture[str]) -> str:
    """What a command prints, its results before its messages; one that cannot go on must show so on the page."""
    words = shlex.split(command.text)
    if words[0] == "cat":
        return Path(words[1]).read_text(encoding="utf-8")
    assert words[0] == "metes", f"examples call metes or cat, this one calls {words[0]}"
    capfd.readouterr()
    code = run(words[1:])
    printed = capfd.readouterr()
    assert code != CANNOT_GO_ON or "metes: " in command.shown, f"$ {command.text}\n{printed.err}"
    return printed.out + printed.err
