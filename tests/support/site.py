"""A small workspace with a channel, migrations and a ledger, and readers of the site that is made of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from dirac_forge.pullrequest.ledger import Ledger
from dirac_forge.pullrequest.records import Identity, LedgerEntry, LedgerLine
from support.channel import pkg, pythons, write_channel

__all__ = ["Element", "elements", "make_workspace"]

MIGRATION = "__migrator:\n  kind: version\n  migration_number: 1\nlib:\n- '2'\nmigrator_ts: 1700000000\n"
RECIPES = {"lib": ("2.0",), "a": ("1.0", "lib"), "b": ("1.0", "lib", "a"), "grid": ("9.0", "b")}
VOID = {"meta", "link", "input", "br", "hr", "img"}


def recipe(name: str, version: str, *host: str) -> str:
    needs = "".join(f"    - {package}\n" for package in host)
    exports = f"  run_exports:\n    - {name}\n" if name == "lib" else ""
    head = f"package:\n  name: {name}\n  version: '{version}'\nbuild:\n  number: 0\n{exports}"
    return head + (f"requirements:\n  host:\n{needs}  run:\n{needs}" if needs else "")


def make_workspace(folder: Path) -> Path:
    """Write the workspace: the target `grid` is installable on linux-64, and not on osx-64."""
    for name, (version, *needs) in RECIPES.items():
        place = folder / "feedstocks" / name / "recipe"
        place.mkdir(parents=True)
        (place / "meta.yaml").write_text(recipe(name, version, *needs))
        (place.parent / "conda-forge.yml").write_text("provider: {osx_64: null, win_64: null}\n")
    (folder / "migrations").mkdir()
    (folder / "migrations/lib2.yaml").write_text(MIGRATION)
    (folder / "migrations/later.yaml").write_text(
        MIGRATION.replace("lib:", "other:").replace("  kind", "  paused: true\n  kind")
    )
    stamp = 1_760_000_000_000
    write_channel(
        folder / "channel",
        {
            "linux-64": [
                *pythons("3.11", "3.12"),
                pkg("lib 1.4", timestamp=stamp),
                pkg("lib 2.0", timestamp=stamp),
                pkg("a 1.0", "lib >=1.4,<2.0a0", timestamp=stamp),
                pkg("a 1.0", "lib >=2.0,<3.0a0", build="1", number=1, timestamp=stamp),
                pkg("b 1.0", "lib >=1.4,<2.0a0", "a", timestamp=stamp),
                pkg("grid 9.0", "b", "python >=3.11", timestamp=stamp),
            ],
            "osx-64": [*pythons("3.11", "3.12"), pkg("grid 9.0", "b", "python >=3.11"), pkg("lib 1.4")],
        },
    )
    (folder / "pyproject.toml").write_text(
        '[tool.dirac-forge]\nchannels = ["channel"]\nplatforms = ["linux-64", "osx-64"]\n'
        "[tool.dirac-forge.targets.grid]\n"
        'specs = ["grid"]\nplatforms = ["linux-64", "osx-64"]\npythons = ["3.11", "3.12"]\n'
    )
    (folder / "pinning").mkdir()
    (folder / "pinning/conda_build_config.yaml").write_text("lib:\n- '1.4'\npython:\n- 3.12.* *_cpython\n")
    return folder


def fill_ledger(path: Path) -> None:
    """Write a ledger with an open request, one that waits, and one that is over."""
    moment = datetime(2026, 1, 5, 14, 3, tzinfo=UTC)
    with Ledger.open(path, clock=lambda: moment) as ledger:
        run = ledger.start_run()
        for branch, kind, key, state, url in (
            ("main", "bump", "1.1", "open", "https://github.com/conda-forge/a-feedstock/pull/7"),
            ("main", "migration", "lib2", "waiting", ""),
            ("main", "bump", "0.9", "done", "https://github.com/conda-forge/a-feedstock/pull/3"),
        ):
            identity = Identity(feedstock="a", branch=branch, kind=kind, key=key)
            ledger.put(LedgerEntry(identity=identity, state=state, url=url, batch=run.id))  # type: ignore[arg-type]
        ledger.looked(LedgerLine(feedstock="a", looked=moment, found="1.1 on PyPI", decided="bump to 1.1"))
        ledger.end_run(run, "1 opened")


@dataclass
class Element:
    """An element of a page, with the text in it."""

    tag: str
    attributes: dict[str, str]
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def walk(self) -> Iterator[Element]:
        yield self
        for child in self.children:
            yield from child.walk()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open[-1].children.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if tag in ("th", "td"):
            self.handle_data(" ")
        while len(self._open) > 1 and self._open.pop().tag != tag:
            pass

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data


def elements(html: str, tag: str = "", **attributes: Any) -> list[Element]:
    """Return the elements of a page with this tag and these attributes (`data_x` is `data-x`; True: any value)."""
    reader = _Reader()
    reader.feed(html)
    wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
    return [
        each
        for each in reader.root.walk()
        if (not tag or each.tag == tag)
        and all(
            name in each.attributes and (value is True or each.attributes[name] == value)
            for name, value in wanted.items()
        )
    ]
