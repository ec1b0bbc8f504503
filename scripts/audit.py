"""Asks advisory sources about every Python package that is installed here and every npm package of the pages (`make audit`).

Exit status 0 where all of them were asked about and nothing is known against any, 1 where something is, 2 where a source did not
answer or does not know a package: silence is no clean bill.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
SERVICES = ("pypi", "osv")
OURS = "metes"
PATIENCE_SECONDS = 300
CLEAN, KNOWN, SILENT = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Answer:
    """What a source said: of how many packages it knew, what is known against them, and why others were not looked up."""

    asked: str
    packages: int = 0
    advisories: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()

    @property
    def has_answered(self) -> bool:
        """Whether it knew anything at all."""
        return self.packages > 0

    @property
    def status(self) -> int:
        """The exit status for this answer alone."""
        if self.failures or not self.has_answered:
            return SILENT
        return KNOWN if self.advisories else CLEAN


def read_pip_audit(asked: str, text: str, error: str) -> Answer:
    """The answer in what `pip-audit --format json` printed."""
    try:
        found: Sequence[Mapping[str, Any]] = list(json.loads(text)["dependencies"])
    except (ValueError, KeyError, TypeError):
        return Answer(asked, failures=(_last_line(error) or "it printed nothing that can be read",))
    others = [package for package in found if package["name"] != OURS]
    skipped = tuple(str(package["skip_reason"]) for package in others if "skip_reason" in package)
    advisories = tuple(
        f"{package['name']} {package['version']}: {known['id']}, mended in {', '.join(known['fix_versions']) or 'no version yet'}"
        for package in others
        for known in package.get("vulns", ())
    )
    return Answer(asked, len(others) - len(skipped), advisories, skipped)


def read_npm_audit(asked: str, text: str, error: str) -> Answer:
    """The answer in what `npm audit --json` printed."""
    try:
        found = json.loads(text)
        packages = int(found["metadata"]["dependencies"]["total"])
        vulnerable = found["vulnerabilities"].items()
        advisories = tuple(f"{name} {known['range']}: {known['severity']}" for name, known in vulnerable)
    except (ValueError, KeyError, TypeError, AttributeError):
        return Answer(asked, failures=(_npm_error(text) or _last_line(error) or "it printed nothing that can be read",))
    return Answer(asked, packages, advisories)


def told(answers: Sequence[Answer]) -> tuple[str, int]:
    """What to print of the answers, and the exit status: that of the worst."""
    lines = []
    for answer in answers:
        lines.append(f"asked {answer.asked}: {answer.packages} packages known there, {len(answer.advisories)} advisories")
        lines += [f"  {advisory}" for advisory in answer.advisories]
        if not answer.has_answered:
            lines.append(f"  NO ANSWER: {answer.failures[0] if answer.failures else 'it knew no package'}")
        else:
            lines += [f"  NOT LOOKED UP: {failure}" for failure in answer.failures]
    status = max(answer.status for answer in answers)
    lines.append(
        {
            CLEAN: "every package was looked up, and nothing is known against any",
            KNOWN: "something is known against what Metes uses: see above",
            SILENT: "this audit says nothing: an advisory source did not answer for every package; ask again where it does",
        }[status]
    )
    return "\n".join(lines), status


def python_answers() -> list[Answer]:
    """What the first source that answers knows of the Python packages; all failures where none does."""
    answers = []
    for service in SERVICES:
        asked = f"pip-audit {version('pip-audit')} with the source {service!r} about the Python packages installed here"
        command = [sys.executable, "-m", "pip_audit", "--local", "--vulnerability-service", service, "--format", "json"]
        answer = read_pip_audit(asked, *_run([*command, "--progress-spinner", "off"], ROOT))
        if answer.has_answered:
            return [answer]
        answers.append(answer)
    return answers


def npm_answer() -> Answer:
    """What npm's advisory endpoint knows of the packages in package-lock.json."""
    sys.path.insert(0, str(ROOT))
    from hatch_build import npm

    asked = "npm's advisories about the packages of package-lock.json"
    try:
        program, environment = npm()
    except RuntimeError as error:
        return Answer(asked, failures=(str(error),))
    with tempfile.TemporaryDirectory(prefix="metes-audit-") as folder:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(ROOT / name, folder)
        return read_npm_audit(asked, *_run([*program, "audit", "--json", "--package-lock-only"], Path(folder), environment))


def _run(command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> tuple[str, str]:
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS
        )
    except subprocess.TimeoutExpired:
        return "", f"no answer within {PATIENCE_SECONDS} seconds"
    return done.stdout, done.stderr


def _npm_error(text: str) -> str:
    try:
        found = json.loads(text)
    except ValueError:
        return ""
    error = found.get("error") if isinstance(found, dict) else None
    summary = error.get("summary") if isinstance(error, dict) else None
    return str(summary or found.get("message") or "") if isinstance(found, dict) else ""


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def main() -> int:
    """Ask, print, and say how it went by the exit status."""
    text, status = told([*python_answers(), npm_answer()])
    print(text)
    return status


if __name__ == "__main__":
    sys.exit(main())
