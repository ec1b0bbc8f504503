"""From a gesture in the workbench to the changed row and outline, on 33,774 ZIP codes and on 100,000 accounts, in Chromium at 800x500.

Lassos of about five hundred units each, moved by key to one territory and back. The clock begins with the key's own stamp and ends when the
browser says that the frame was on the screen: the one with the answer's figures in the row, and the one in which the places of the moved
units have the new territory's colour, read from the canvas over the map. The map's own picture, drawn by software, is reported beside them.
"""

from __future__ import annotations

import json
import shutil
import socket
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect, sync_playwright

from benchmarks.figures import FOLDER, Figure, median, metes, percentile, served

ACCOUNTS = 100_000
WARM = 2  # the first ones warm the server
GESTURES = 40
HASTY = 10
FEWEST_PIXELS = 10
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
# Notes when a gesture's row, its outline and the map's picture were on the screen: with each change a word is put on the page, and the browser
# tells when the frame that first had it was shown. The page's own policy allows no script but this.
WATCH = """async () => {
  const bench = document.querySelector("#workbench"), host = document.querySelector("metes-workbench-map"), chart = host.map;
  const { longitude, latitude } = await (await fetch(`/designs/${bench.dataset.design}/units.json`)).json();
  const sketch = host.querySelector(".wb-sketch"), pen = sketch.getContext("2d", { willReadFrequently: true });
  window.seen = [];
  const probe = window.probe = (what) => {
    const word = document.createElement("span");
    word.setAttribute("elementtiming", `${what} ${window.seen.length - 1}`);
    word.style.cssText = "position: fixed; inset: 2px auto auto 2px; z-index: 99; font-size: 9px";
    word.textContent = "·";
    document.body.append(word);
  };
  new PerformanceObserver((list) => {
    for (const { identifier, renderTime } of list.getEntries()) {
      const [what, at] = identifier.split(" ");
      if (what === "chosen") {
        window.settled();
        continue;
      }
      window.seen[at][what] = renderTime;
      window.told?.();
    }
  }).observe({ type: "element" });
  // How many pixels around the places of the moved units are painted, and the share of these that has a colour: zones are smaller than pixels.
  const painted = (colour) => {
    const wanted = colour.match(/\\d+/g).map(Number);
    const { data, width, height } = pen.getImageData(0, 0, sketch.width, sketch.height);
    const places = new Set();
    for (const unit of window.lassoed) {
      const { x, y } = chart.project([longitude[unit], latitude[unit]]);
      for (const dx of [-1, 0, 1]) for (const dy of [-1, 0, 1]) if (x > 1 && y > 1 && x < width - 2 && y < height - 2) places.add((Math.floor(y) + dy) * width + Math.floor(x) + dx);
    }
    const there = [...places].filter((at) => data[4 * at + 3] > 128);
    const has = there.filter((at) => wanted.every((part, channel) => Math.abs(data[4 * at + channel] - part) < 64));
    return [there.length, has.length / there.length];
  };
  document.addEventListener("keydown", (event) => {
    if (event.key !== "m") return;
    window.seen.push({ key: event.timeStamp });
    const one = window.seen.at(-1), colour = getComputedStyle(event.target.querySelector(".swatch")).backgroundColor;
    one.before = painted(colour)[1] || 0;
    const look = () => {
      [one.pixels, one.share] = painted(colour);
      if (one.share > one.before + 0.1) probe("outline");
      else requestAnimationFrame(look);
    };
    const rows = new MutationObserver(() => {
      rows.disconnect();
      one.answer = performance.now();
      probe("row");
      requestAnimationFrame(look);
      const picture = new MutationObserver(() => {
        if (host.dataset.behind !== "0") return;
        picture.disconnect();
        probe("picture");
      });
      picture.observe(host, { attributes: true, attributeFilter: ["data-behind"] });
    });
    rows.observe(document.querySelector("#wb-table tbody"), { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ["cx", "data-value"] });
  }, true);
}"""
CHOOSE = """([from, count]) => {
  window.lassoed = Array.from({ length: count }, (_, at) => from + at);
  const event = new CustomEvent("workbench:lasso", { bubbles: true, detail: { units: window.lassoed } });
  document.querySelector("metes-workbench-map").dispatchEvent(event);
}"""
# Resolves when what was chosen is on the screen: nobody presses a key before.
SETTLED = """() => new Promise((done) => {
  window.settled = done;
  window.probe("chosen");
})"""
# Waits without asking again and again: looking at a page of 250 rows from outside keeps it busy for a tenth of a second.
UNTIL = """([instants, at]) => new Promise((done) => {
  window.told = () => { if (instants.every((one) => window.seen[at]?.[one])) done(); };
  window.told();
})"""


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
    """The 95th percentile of row and outline for each set, the median, the same without a pause, and the picture's."""
    folder = prepared()
    with served(_copied(folder / "metes.db")) as address:
        _wait_for(int(address.rpartition(":")[2]))
        for number, (name, _) in enumerate(SETS, 1):
            calm, hasty = measure(address, number, json.loads((folder / "files" / "sign-in.json").read_text()))
            changed = _since_key(calm, "row", "outline")
            yield Figure(f"{name}: a move of {UNITS} to row and outline, 95 %", percentile(changed, 0.95), GOAL_MS, "ms")
            yield Figure(f"{name}: the same, median", median(changed), None, "ms")
            yield Figure(
                f"{name}: to the server's answer in the page, 95 %", percentile(_since_key(calm, "answer"), 0.95), None, "ms"
            )
            yield Figure(
                f"{name}: each right after the one before, 95 %", percentile(_since_key(hasty, "row", "outline"), 0.95), None, "ms"
            )
            yield Figure(f"{name}: to the map's repaint, 95 %", percentile(_since_key(calm, "picture"), 0.95), None, "ms")


def _copied(database: Path) -> Path:
    """A copy of a database, with what it keeps beside it: each run moves the units of the same designs."""
    copy = database.with_stem("moved")
    copy.unlink(missing_ok=True)
    with sqlite3.connect(database) as source, sqlite3.connect(copy) as target:
        source.backup(target)
    shutil.copytree(f"{database}.cache", f"{copy}.cache", dirs_exist_ok=True)
    return copy


def measure(address: str, design: int, account: dict[str, str]) -> tuple[list[dict[str, float]], list[dict[str, float]]]:
    """The instants of each gesture, in milliseconds of the page's clock: of those after the map's picture, and of those without a pause.

    RuntimeError where the picture of a gesture is not what was measured.
    """
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
        for gesture in range(WARM + GESTURES + HASTY):
            _move(page, gesture, until="picture" if gesture < WARM + GESTURES else "outline")
        seen: list[dict[str, Any]] = page.evaluate("() => window.seen")
        browser.close()
    unseen = [one for one in seen if one["pixels"] < FEWEST_PIXELS]
    if unseen:
        raise RuntimeError(f"the moved units of {len(unseen)} gestures did not show on the map anew, the first: {unseen[0]}")
    return seen[WARM : WARM + GESTURES], seen[WARM + GESTURES :]


def _since_key(seen: list[dict[str, float]], *instants: str) -> list[float]:
    """How long after its key each gesture had come to all of the instants."""
    return [max(one[instant] for instant in instants) - one["key"] for one in seen]


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


def _move(page: Page, gesture: int, *, until: str) -> None:
    """Choose some hundred units and give them to one of two territories."""
    page.evaluate(CHOOSE, [1000 + gesture // 2 * 700, UNITS])
    page.locator(f'tr[data-territory="{gesture % 2}"]').focus()
    page.evaluate(SETTLED)
    page.keyboard.press("m")
    page.evaluate(UNTIL, [["row", "outline", until], gesture])
