"""Every benchmark once, and one table: each figure with its limit, and what it was last time.

    python tests/benchmarks/all.py [--snapshot DIR] [--workspace DIR [--pinning DIR]] [--last FILE] [NAME…]

Ratios have their baseline in the same run. Without a snapshot the one that comes with dirac-forge is used; `bumps` runs
only with a workspace; `audits` and `closure` ask pypi.org. `--last` is a JSON file that is read, and written anew.
Exits with 1 where a figure is over its limit or a benchmark failed. `builds.py` (a channel with compilers) and
`site.py` (a browser) are run by hand.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
from typing import Any

from figures import FILE

from dirac_forge.channel.embedded import embedded_folder

FOLDER = Path(__file__).parent
_HOURS = 2
_LONGEST = 40
"""Characters of a name: with the other columns that makes 80."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table."""

    name: str
    value: str
    limit: str
    last: str
    good: bool

    @property
    def mark(self) -> str:
        """What is wrong with it, if something is."""
        return "" if self.good else "over" if self.limit else "!"


def commands(snapshot: Path, workspace: Path | None, pinning: Path | None = None) -> dict[str, tuple[str, ...]]:
    """The arguments of each benchmark, by name."""
    found: dict[str, tuple[str, ...]] = {
        "audits": (str(snapshot),),
        "checks": (str(snapshot),),
        "cluster": (str(snapshot),),
        "closure": (),
        "idle": (),
        "migrations": ("--recipes", "27000"),
        "soak": (),
    }
    if workspace is not None:
        given = ("--pinning", str(pinning)) if pinning is not None else ()
        found["bumps"] = (str(workspace), "--channel", str(snapshot), *given)
    return found


def figures_of(name: str, arguments: Iterable[str]) -> tuple[list[dict[str, Any]], bool]:
    """The figures of one benchmark, and whether it ran to its end."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "figures")
        path.touch()
        print(f"{name} …", file=sys.stderr, flush=True)
        try:
            done = subprocess.run(
                (sys.executable, str(FOLDER / f"{name}.py"), *arguments),
                env={**os.environ, FILE: str(path), "PYTHONPATH": os.pathsep.join((str(FOLDER.parent), *sys.path))},
                check=False,
                timeout=_HOURS * 3600,
            )
            whole = done.returncode == 0
        except subprocess.TimeoutExpired:
            whole = False
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()], whole


def rows_of(name: str, figures: Iterable[Mapping[str, Any]], *, whole: bool, last: Mapping[str, float]) -> list[Row]:
    """The lines of one benchmark; one that failed has a line that says so."""
    rows = [
        Row(
            name=each["name"],
            value=f"{each['value']:.2f} {each['unit']}",
            limit=f"{each['limit']:g}",
            last=f"{last[each['name']]:.2f}" if each["name"] in last else "",
            good=each["value"] <= each["limit"],
        )
        for each in figures
    ]
    return rows if whole else [*rows, Row(name=name, value="failed", limit="", last="", good=False)]


def table(rows: Iterable[Row]) -> str:
    """A table in Markdown, which reads well on a terminal of 80 columns too."""
    cells = [("benchmark", "now", "limit", "last", "")]
    cells += [(shorten(row.name, _LONGEST), row.value, row.limit, row.last, row.mark) for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [f"| {' | '.join(text.ljust(width) for text, width in zip(line, widths, strict=True))} |" for line in cells]
    lines.insert(1, "| " + " | ".join("-" * max(width, 3) for width in widths) + " |")
    return "\n".join(lines)


def main() -> int:
    """Run what is asked for, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--snapshot", type=Path)
    parser.add_argument("--workspace", type=Path)
    parser.add_argument("--pinning", type=Path)
    parser.add_argument("--last", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        known = commands(given.snapshot or embedded_folder(Path(folder)), given.workspace, given.pinning)
        wrong = [name for name in given.names if name not in known]
        if wrong:
            parser.error(f"{', '.join(wrong)}: expected {', '.join(known)}")
        last = json.loads(given.last.read_text(encoding="utf-8")) if given.last and given.last.exists() else {}
        rows: list[Row] = []
        now = dict(last)
        for name in given.names or known:
            figures, whole = figures_of(name, known[name])
            rows += rows_of(name, figures, whole=whole, last=last)
            now |= {each["name"]: each["value"] for each in figures}
    print(table(rows))
    if given.last:
        given.last.write_text(json.dumps(now, indent=2) + "\n", encoding="utf-8")
    return 0 if all(row.good for row in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
