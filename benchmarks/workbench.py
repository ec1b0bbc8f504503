"""From a gesture in the workbench to the changed row and outline, on 33,774 ZIP codes and on 100,000 accounts, in Chromium at 800x500.

Forty lassos of about five hundred units each, moved by key to one territory and back. Three instants count for each: the key, the row with
the answer's figures in it, and the border as the map holds it; the picture that comes after, drawn by software, is reported beside them.
"""

from __future__ import annotations

import json
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect, sync_playwright

from benchmarks.figures import FOLDER, Figure, median, metes, percentile, served

ACCOUNTS = 100_000
GESTURES = 40
UNITS = 500
PATIENCE_MS = 600_000
GOAL_MS = 200
WAIT_SECONDS = 120.0
SETS = (
    (
        "33,774 ZIP codes, 100,000 accounts",
        {"units": "us-zips", "territories": 250, "measures": [{"measure": "population", "band": 0.1}]},
    ),
    ("100,000 accounts as units", {"units": "accounts", "territories": 250, "measures": [{"measure": "potential", "band": 0.1}]}),
)
# Sets an observer that notes when a gesture's row, its border and the picture were there; the page's own policy allows no script but this.
WATCH = """() => {
  const bench = document.querySelector("#workbench"), chart = document.querySelector("metes-workbench-map").map;
  window.seen = [];
  document.addEventListener("keydown", (event) => {
    if (event.key !== "m") return;
    const one = { key: performance.now() };
    window.seen.push(one);
    const rows = new MutationObserver(() => { one.row ??= performance.now(); rows.disconnect(); });
    rows.observe(document.querySelector("#wb-table tbody"), { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ["cx", "data-value"] });
    const done = new MutationObserver(() => {
      done.disconnect();
      one.put = performance.now();
      const borders = () => { if (chart.isSourceLoaded("borders")) { one.border ??= performance.now(); chart.off("sourcedata", borders); } };
      chart.on("sourcedata", borders);
      borders();
      chart.once("idle", () => { one.border ??= performance.now(); one.picture = performance.now(); bench.dataset.drawn = window.seen.length; });
    });
    done.observe(bench, { attributes: true, attributeFilter: ["data-version"] });
  }, true);
}"""
CHOOSE = """([from, count]) => {
  const event = new CustomEvent("workbench:lasso", { bubbles: true, detail: { units: Array.from({ length: count }, (_, at) => from + at) } });
  document.querySelector("metes-workbench-map").dispatchEvent(event);
}"""


def prepared() -> Path:
    """The demo company of 100,000 accounts in a database with a design of each set, worked out, made once."""
    folder = FOLDER / "workbench"
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "ready").exists():
        from metes.app.settings import AppSettings
        from metes.app.workspace import open_workspace

        metes("demo", "--folder", folder / "files", "--accounts", str(ACCOUNTS), database=folder / "metes.db")
        workspace = open_workspace(AppSettings(f"sqlite:///{folder / 'metes.db'}"))
        for name, asked in SETS:
            workspace.design_run(
                workspace.design_new({**asked, "name": name, "start": "scratch", "bases": False, "seconds": 60}).id
            )
        workspace.close()
        (folder / "ready").touch()
    return folder


def figures() -> Iterator[Figure]:
    """The 95th percentile of row and border for each set, the median, and the picture's."""
    folder = prepared()
    with served(folder / "metes.db") as address:
        _wait_for(int(address.rpartition(":")[2]))
        for number, (name, _) in enumerate(SETS, 1):
            seen = measure(address, number, json.loads((folder / "files" / "sign-in.json").read_text()))
            changed = [max(one["row"], one["border"]) - one["key"] for one in seen]
            yield Figure(f"{name}: a move of {UNITS} to row and outline, 95 %", percentile(changed, 0.95), GOAL_MS, "ms")
            yield Figure(f"{name}: the same, median", median(changed), None, "ms")
            yield Figure(f"{name}: to the row alone, 95 %", percentile([one["row"] - one["key"] for one in seen], 0.95), None, "ms")
            yield Figure(
                f"{name}: to the map's repaint, 95 %", percentile([one["picture"] - one["key"] for one in seen], 0.95), None, "ms"
            )


def measure(address: str, design: int, account: dict[str, str]) -> list[dict[str, float]]:
    """The instants of each gesture, in milliseconds of the page's clock."""
    arguments = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        page = browser.new_context(viewport={"width": 800, "height": 500}, reduced_motion="reduce", base_url=address).new_page()
        page.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        page.goto("/sign-in?next=/settings")
        page.get_by_label("Name").fill(account["user"])
        page.get_by_label("Password").fill(account["password"])
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/settings")
        page.goto(f"/designs/{design}")
        expect(page.locator("metes-workbench-map")).to_have_attribute("data-borders", "ready")
        page.evaluate(WATCH)
        for gesture in range(GESTURES + 2):
            _move(page, gesture)
        seen: list[dict[str, Any]] = page.evaluate("() => window.seen")
        browser.close()
    return seen[2:]  # the first two warm the server


def _wait_for(port: int) -> None:
    """Wait until the server takes connections."""
    until = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


def _move(page: Page, gesture: int) -> None:
    """Choose some hundred units and give them to one of two territories."""
    page.evaluate(CHOOSE, [1000 + gesture // 2 * 700, UNITS])
    page.locator(f'tr[data-territory="{gesture % 2}"]').focus()
    page.keyboard.press("m")
    expect(page.locator("#workbench")).to_have_attribute("data-drawn", str(gesture + 1))
