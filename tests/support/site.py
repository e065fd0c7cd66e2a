"""A small workspace with a channel, migrations and a ledger, and readers of the site that is made of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from dirac_forge.pullrequest.ledger import Ledger
from dirac_forge.pullrequest.records import Identity, LedgerEntry, LedgerLine
from support.channel import pkg, pythons, write_channel

__all__ = ["Element", "elements", "fill_ledger", "made_documents", "made_migration", "make_workspace"]

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
        (place / "meta.yaml").write_text(recipe(name, version, *needs), encoding="utf-8")
        (place.parent / "conda-forge.yml").write_text("provider: {osx_64: null, win_64: null}\n", encoding="utf-8")
    (folder / "migrations").mkdir()
    (folder / "migrations/lib2.yaml").write_text(MIGRATION, encoding="utf-8")
    (folder / "migrations/later.yaml").write_text(
        MIGRATION.replace("lib:", "other:").replace("  kind", "  paused: true\n  kind"), encoding="utf-8"
    )
    stamp = 1_760_000_000_000
    write_channel(
        folder / "channel",
        {
            "linux-64": [
                *pythons("3.11", "3.12"),
                pkg("lib 1.4", timestamp=stamp, sha256="a" * 64),
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
        'specs = ["grid"]\nplatforms = ["linux-64", "osx-64"]\npythons = ["3.11", "3.12"]\n',
        encoding="utf-8",
    )
    (folder / "pinning").mkdir()
    (folder / "pinning/conda_build_config.yaml").write_text(
        "lib:\n- '1.4'\npython:\n- 3.12.* *_cpython\n", encoding="utf-8"
    )
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


def made_migration(members: int, waves: int, *, name: str = "lib2", parents: int = 3) -> dict[str, Any]:
    """Return the data file of a migration of any size, as `migration_document` makes it: always the same one."""
    names = [f"member-{number:04}" for number in range(members)]
    # Each wave is about half as large as the one before.
    shares = [0.5**wave for wave in range(waves)]
    ends = [round(members * sum(shares[: wave + 1]) / sum(shares)) for wave in range(waves)]
    groups = [names[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    states = ("done", "in-pr", "awaiting-pr", "awaiting-parents", "not-solvable", "error")
    edges = [
        {
            "parent": before,
            "child": child,
            "because": [f"{child} needs {before} in host: {child}/recipe/meta.yaml:{20 + at}: {before} >=1.{at}"],
            "path": [before, child],
            "sections": ["host"],
            "platforms": ["linux-64"],
            "ignored": False,
            "broken": False,
        }
        for wave, group in enumerate(groups[1:], start=1)
        for place, child in enumerate(group)
        for at in range(parents)
        for before in [groups[max(0, wave - 1 - at)][(7 * place + 3 * at) % len(groups[max(0, wave - 1 - at)])]]
    ]
    feedstocks = [
        {
            "feedstock": each,
            "state": states[(wave + place) % len(states)] if wave else states[place % 3],
            "evidence": f"{each} has no build with lib 2 (linux-64, linux-aarch64, osx-64, osx-arm64)",
            "platforms": {"linux-64": place % 2 == 0, "osx-64": False},
            "waits_for": [],
            "waits_for_migrations": [],
            "blocks": (members - place) % 97,
        }
        for wave, group in enumerate(groups)
        for place, each in enumerate(group)
    ]
    return {
        "migration": name,
        "title": f"Rebuild for {name}",
        "paused": False,
        "longterm": False,
        "pins": ["lib"],
        "from": "workspace",
        "state": "running",
        "plan": {
            "members": [
                {
                    "feedstock": each,
                    "wave": wave + 1,
                    "because": [],
                    "platforms": ["linux-64", "osx-64"],
                    "run_exports": [],
                }
                for wave, group in enumerate(groups)
                for each in group
            ],
            "edges": edges,
            "waves": groups,
            "cycles": [{"members": groups[0][:2], "broken_edges": [{"parent": groups[0][0], "child": groups[0][1]}]}],
            "excluded": [{"feedstock": "lib", "reason": "it makes a migrated package"}],
            "unreadable": [],
            "notes": [],
        },
        "status": {
            "migration": name,
            "paused": False,
            "missing": [],
            "feedstocks": feedstocks,
            "platforms": {"linux-64": {"done": 0, "members": members}, "osx-64": {"done": 0, "members": members}},
            "blockers": [],
            "waits_for_migrations": [],
            "unknown": [],
            "absent": [],
        },
        "targets": [
            {
                "target": "grid",
                "missing": [],
                "waves": [
                    {
                        "wave": wave,
                        "platform": "linux-64",
                        "new": {"status": "installable" if wave > 1 else "not-installable", "reason": ""},
                        "old": {"status": "installable", "reason": ""},
                    }
                    for wave in range(waves + 1)
                ],
                "closure": {
                    "linux-64": {
                        "members": groups[0][:3],
                        "critical_path": groups[0][:1],
                        "length": 1,
                        "outside": [],
                        "proved": True,
                        "reason": "",
                        "touched": True,
                        "readiness": "after-members",
                        "last_wave": 2,
                    }
                },
            }
        ],
        "requests": {names[0]: "https://github.com/conda-forge/x-feedstock/pull/1"},
        "notes": [],
    }


def made_documents(say: Callable[[str], str] = str, *, url: str = "https://example.org/") -> dict[str, dict[str, Any]]:
    """Return the data files of a small site; every foreign text in them passes `say`, every link is `url`."""
    time = "2026-01-05T14:03:00+00:00"
    results = [
        {
            "target": "grid",
            "platform": platform,
            "python": python,
            "specs": ["grid", f"python {python}.*"],
            "status": status,
            "wanted": True,
            "version": "9.0" if status == "installable" else None,
            "packages": 3,
            "reason": None if status == "installable" else say("grid needs tool, which has no build"),
            "uploaded": time,
            "days": 12,
            **(
                {
                    "causes": [
                        {
                            "kind": "no-build",
                            "package": "tool",
                            "text": say("no build for osx-64"),
                            "chain": ["grid", say("tool")],
                            "other_chain": [],
                            "also": [],
                        }
                    ],
                    "unblock": {"remedies": [{"package": "tool", "text": say("build tool")}], "smallest": True},
                    "installs_today": None,
                }
                if status == "not-installable"
                else {}
            ),
        }
        for platform, status in (("linux-64", "installable"), ("osx-64", "not-installable"), ("win-64", "unknown"))
        for python in ("3.12", "3.13")
    ]
    packages = [
        {
            "name": name,
            "version": "1.0",
            "versions": ["1.0"],
            "platforms": ["linux-64"],
            "noarch": False,
            "uploaded": time,
            "depends": depends,
        }
        for name, depends in (("grid", ["python", "tool"]), ("python", []), ("tool", ["python"]))
    ]
    upstream = [
        {
            "package": name,
            "version": "1.0",
            "feedstock": feedstock,
            "newest": newest,
            "released": time if newest else None,
            "days": 30 if status == "outdated" else None,
            "status": status,
            "reason": say("no answer") if status == "unknown" else None,
        }
        for name, feedstock, newest, status in (
            ("grid", "a", "2.0", "outdated"),
            ("python", None, None, "unknown"),
            ("tool", None, "1.0", "current"),
        )
    ]
    finding = {
        "package": "tool",
        "version": "1.0",
        "build": "0",
        "subdir": "noarch",
        "kind": "looser",
        "dependency": say("python"),
        "declared": say("python >=3.9"),
        "upstream": say("requires-python >=3.10"),
        "where": say("METADATA"),
        "example": "3.9",
        "targets": ["grid"],
        "severity": "medium",
        "certainty": "likely",
    }
    audit = {"findings": [finding], "accepted": [], "agreed": 2, "unknown": 1, "not_compared": [], "not_known": []}
    bump = {
        "feedstock": "a",
        "branch": "main",
        "from": "1.0",
        "to": "2.0",
        "status": "proposed",
        "reason": say("2.0 on PyPI"),
        "waits_for": [],
        "edits": [
            {
                "path": "recipe/meta.yaml",
                "diff": "\n".join(
                    ["--- a", "+++ b", "@@ -1,2 +1,2 @@", f"-{say('version: 1.0')}", f"+{say('version: 2.0')}", ""]
                ),
            }
        ],
        "dependencies": {"added": [], "removed": [], "changed": []},
        "beyond": [],
        "hashes": [],
        "released": {"from": None, "to": time},
        "links": [{"title": say("release"), "url": url}],
        "notes": [say("look at this")],
    }
    change = {
        "branch": "main",
        "kind": "bump",
        "key": say("2.0"),
        "state": "open",
        "url": url,
        "batch": None,
        "tried": time,
        "attempts": 0,
        "error": say("refused"),
        "people": None,
        "next_try": None,
    }
    migration = made_migration(20, 4)
    migration |= {"title": say("Rebuild for lib 2"), "notes": [say("a note")], "requests": {"member-0000": url}}
    migration["status"]["feedstocks"][0]["evidence"] = say("no build")
    migration["plan"]["edges"][0]["because"] = [say("needs it")]
    row = {key: migration[key] for key in ("migration", "title", "paused", "longterm", "pins", "from", "state")}
    states = [each["state"] for each in migration["status"]["feedstocks"]]
    feedstock = {
        "feedstock": "a",
        "facts": {
            "version": say("1.0"),
            "build_number": 0,
            "recipe": "recipe/meta.yaml",
            "outputs": [say("a")],
            "platforms": ["linux-64"],
            "noarch": False,
            "needs": [
                {
                    "section": "host",
                    "name": "lib",
                    "output": "a",
                    "text": say("lib >=1"),
                    "line": 8,
                    "platforms": ["linux-64"],
                    "condition": say("not win"),
                }
            ],
            "exports": [say("weak: a")],
            "applied": [],
            "notes": [say("strange")],
            "error": None,
        },
        "lines": [{"branch": "main", "versions": "", "here": True}, {"branch": "v1", "versions": "<2", "here": False}],
        "bumps": [bump],
        "why": {
            "feedstock": "a",
            "known": True,
            "paused": None,
            "last_run": None,
            "lines": [
                {"branch": "main", "looked": time, "found": say("2.0"), "decided": say("bump"), "reason": say("new")}
            ],
            "changes": [change],
            "events": [
                {
                    "time": time,
                    "run": "r",
                    "branch": "main",
                    "kind": "bump",
                    "key": "2.0",
                    "step": "open",
                    "text": say("x"),
                }
            ],
        },
        "migrations": [
            {
                "migration": "lib2",
                "member": "a",
                "wave": 1,
                "state": "done",
                "evidence": say("built"),
                "waits_for": [],
                "blocks": 1,
                "children": ["b"],
            }
        ],
        "dependents": [{"feedstock": say("b"), "sections": ["host"]}],
        "targets": ["grid"],
    }
    runs = [
        {
            "time": "2026-01-04T14:00:00+00:00",
            "cells": {"grid|linux-64|3.12": ["not-installable", None]},
            "migrations": {},
        },
        {"time": time, "cells": {"grid|linux-64|3.12": ["installable", say("9.0")]}, "migrations": {"lib2": [1, 20]}},
    ]
    return {
        "site.json": {
            "made": time,
            "program": "dirac-forge 1",
            "workspace": say("workspace"),
            "channels": ["conda-forge"],
            "as_of": None,
            "targets": [{"target": "grid", "data": "targets/grid.json"}],
            "migrations": [{"migration": "lib2", "data": "migrations/lib2.json"}],
            "feedstocks": [{"feedstock": "a", "data": "feedstocks/a.json"}],
            "unavailable": {},
            "last_run": {"run": "r", "start": time, "outcome": say("1 opened")},
            "requests": [{"feedstock": say("a"), **change}],
        },
        "check.json": {"results": results},
        "bumps.json": {"bumps": [bump]},
        "audit.json": audit,
        "distributions.json": {
            "distributions": [
                {
                    "name": say("construct.yaml"),
                    "old": "lock",
                    "new": "today",
                    "environments": {
                        "default": {
                            "linux-64": {
                                "added": [{"name": say("new"), "version": "1", "build": "0", "asked": False}],
                                "removed": [],
                                "changed": [
                                    {
                                        "name": "grid",
                                        "kind": "up",
                                        "from": "8 0",
                                        "to": "9 0",
                                        "why": [],
                                        "security": {"fixed": [{"id": say("CVE-1"), "link": url}]},
                                    }
                                ],
                                "size": {"from": 1, "to": 2},
                            }
                        }
                    },
                }
            ]
        },
        "migrations.json": {
            "migrations": [
                {
                    **row,
                    "members": 20,
                    "states": {state: states.count(state) for state in sorted(set(states))},
                    "data": "",
                }
            ]
        },
        "targets/grid.json": {
            "target": "grid",
            "specs": ["grid"],
            "results": results,
            "packages": packages,
            "upstream": upstream,
            "audit": audit,
        },
        "migrations/lib2.json": migration,
        "feedstocks/a.json": feedstock,
        "history.json": {
            "version": 1,
            "runs": runs,
            "changes": [],
            "states": {"lib2": {"member-0000": ["done", time]}},
        },
    }
