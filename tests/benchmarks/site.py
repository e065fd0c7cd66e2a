"""How large and fast the status site is: `PYTHONPATH=src:tests python tests/benchmarks/site.py`.

A page of 3,000 members: its size, the time until its script is done, and the times between frames while it is panned
(needs chromium, see tests/support/browser.py). A site of 300 feedstocks and 5 migrations: the seconds beyond the
commands' own work. Times are of the clock: nothing else should run.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from dirac_forge.report.site.pages.migration import migration_page
from dirac_forge.report.site.rendering import Frame, render
from dirac_forge.report.site.site import pages_of
from dirac_forge.report.site.writing import write_site
from support.browser import Browser, missing
from support.site import made_documents, made_migration

PAN = """new Promise((done) => {
  const svg = document.querySelector(".canvas svg"), box = svg.getBoundingClientRect();
  const at = (kind, x, y, target) => target.dispatchEvent(new MouseEvent(kind, {
    bubbles: true, cancelable: true, view: window, button: 0, clientX: box.left + x, clientY: box.top + y }));
  const times = [];
  let step = 0, before = 0;
  at("mousedown", 200, 200, svg);
  const frame = (now) => {
    if (before) times.push(now - before);
    before = now;
    at("mousemove", 200 + 3 * step, 200 + step, window);
    if (++step < 120) requestAnimationFrame(frame);
    else { at("mouseup", 200, 200, window); done(times); }
  };
  requestAnimationFrame(frame);
})"""


def main() -> None:
    """Print the figures."""
    index: dict[str, Any] = {
        "made": "2026-01-05T14:03:00+00:00",
        "program": "benchmark",
        "unavailable": {},
        "as_of": None,
    }
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for members, waves, parents in ((140, 7, 3), (3000, 12, 5)):
            start = time.process_time()
            frame = Frame(title="benchmark", root="", here="migrations", alone=True)
            page = migration_page(made_migration(members, waves, parents=parents))
            html = render("migration.html", frame, page=page, index=index, feedstocks=frozenset(), targets=frozenset())
            seconds = time.process_time() - start
            print(f"{members} members: {len(html) / 1e6:.2f} MB, made in {seconds:.2f} s of CPU")
            (folder / f"{members}.html").write_text(html, encoding="utf-8")
        if missing():
            print(f"not opened: {missing()}")
        else:
            with Browser(folder / "profile") as browser:
                for members, fragment in ((140, ""), (3000, ""), (3000, "node=member-2990")):
                    _opened(browser, folder / f"{members}.html", fragment)
        _whole_site(folder / "site")


def _opened(browser: Browser, path: Path, fragment: str) -> None:
    browser.open(path, fragment=fragment)
    # From the start of the navigation to the end of the page's script.
    ready = browser.eval("performance.getEntriesByName('dirac-forge-ready')[0].startTime")
    frames = browser.eval(PAN)
    slow = sum(each > 34 for each in frames)
    print(
        f"{path.stem} members{f', {fragment}' if fragment else ''}: ready after {ready:.0f} ms; "
        f"panning: median {statistics.median(frames):.1f} ms a frame, longest {max(frames):.1f} ms, "
        f"{slow} of {len(frames)} longer than two frames"
    )


def _whole_site(folder: Path) -> None:
    documents = made_documents()
    index = documents["site.json"]
    feedstock, (row,) = documents["feedstocks/a.json"], documents["migrations.json"]["migrations"]
    rows = []
    for number in range(300):
        name = f"feedstock-{number}"
        documents[f"feedstocks/{name}.json"] = {**feedstock, "feedstock": name}
        index["feedstocks"].append({"feedstock": name, "data": f"feedstocks/{name}.json"})
    for number in range(5):
        name = f"migration-{number}"
        documents[f"migrations/{name}.json"] = made_migration(300, 8, name=name)
        index["migrations"].append({"migration": name, "data": f"migrations/{name}.json"})
        rows.append({**row, "migration": name})
    documents["migrations.json"] = {"migrations": [row, *rows]}
    start = time.process_time()
    pages = pages_of(documents)
    write_site(folder, {path: text.encode() for path, text in pages.items()})
    print(f"{len(pages)} pages of 300 feedstocks and 5 migrations: {time.process_time() - start:.2f} s of CPU")


if __name__ == "__main__":
    main()
