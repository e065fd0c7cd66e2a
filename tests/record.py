"""Records what the index and the files of the DIRAC family's releases say, for the tests to make recipes from.

    python -m tests.record [PROJECT[==VERSION]]…

Asks pypi.org and writes tests/data/recorded/<project>.json: the part of the project's page that lists the release, and
the facts of its wheel and sdist, shortened to what recipes are decided from (the start of licence texts, modules and
sources among the names of files).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path, PurePosixPath
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from dirac_forge.http import Http
from dirac_forge.store import Store
from dirac_forge.upstream import kept
from dirac_forge.upstream.facts import SdistFacts, WheelFacts
from dirac_forge.upstream.index import Index
from dirac_forge.upstream.lookup import Lookup
from dirac_forge.upstream.page import ACCEPT

FOLDER = Path(__file__).parent / "data" / "recorded"
PYPI = "https://pypi.org/simple/"
FAMILY = (
    *("DIRAC", "DIRACCommon", "diraccfg", "DB12", "LHCbDIRAC", "WebAppDIRAC", "dirac-cwl", "signurlarity"),
    *("diracx", "diracx-api", "diracx-cli", "diracx-client", "diracx-core", "diracx-db", "diracx-logic"),
    *("diracx-routers", "diracx-tasks", "diracx-testing"),
)
_LICENCE = 4000
"""Characters of a text that are kept: enough to tell a licence, and that it is not a short notice."""


def main(argv: list[str]) -> int:
    """Record what is asked for, else the newest releases of the whole family."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with Http(cache=None) as http:
        lookup = Lookup(http, Index(http), Store(None), pythons=("3.10", "3.11", "3.12", "3.13", "3.14"))
        for text in argv or FAMILY:
            requirement = Requirement(text)
            facts = lookup.facts(requirement.name, requirement.specifier)
            page = json.loads(
                http.page(f"{PYPI}{canonicalize_name(requirement.name)}/", accept=ACCEPT, limit=10**8).body
            )
            names = {file.filename for file in facts.release.files}
            page = {**page, "files": [file for file in page["files"] if file["filename"] in names]}
            page["versions"] = [str(facts.release.version)]
            recorded = {
                "page": page,
                "wheel": asdict(_short_wheel(facts.wheel)) if facts.wheel else None,
                "sdist": _plain(_short_sdist(facts.sdist)) if facts.sdist else None,
            }
            path = FOLDER / f"{canonicalize_name(requirement.name)}.json"
            path.write_text(json.dumps(recorded, indent=1, sort_keys=True) + "\n", encoding="utf-8")
            print(f"{path.name}: {facts.release.version}", file=sys.stderr)
    return 0


def _plain(sdist: SdistFacts) -> dict[str, Any]:
    return {**asdict(sdist), "command_line_modules": sorted(sdist.command_line_modules)}


def _short_wheel(wheel: WheelFacts) -> WheelFacts:
    texts = {path: text[:_LICENCE] for path, text in wheel.license_texts.items()}
    return replace(wheel, members=_short(wheel.members), license_texts=texts)


def _short_sdist(sdist: SdistFacts) -> SdistFacts:
    modules = {f"{point.value.partition(':')[0].replace('.', '/')}.py" for point in sdist.entry_points}
    return replace(
        sdist,
        members=_short(sdist.members),
        texts={path: text[:_LICENCE] for path, text in sdist.texts.items() if not path.lower().startswith("readme")},
        command_line_modules=frozenset(p for p in sdist.command_line_modules if any(p.endswith(m) for m in modules)),
    )


def _short(members: tuple[str, ...]) -> tuple[str, ...]:
    """Packages and modules near the top, and whatever a compiler would read."""
    compiled = {".c", ".cc", ".cpp", ".f", ".f90", ".i", ".pyd", ".pyx", ".rs", ".so"}
    paths = [PurePosixPath(member) for member in members]
    kept_ = [p for p in paths if p.suffix in compiled or (p.suffix == ".py" and len(p.parts) <= 3)]
    return tuple(str(path) for path in kept_)


def replay(recorded: Mapping[str, Any], store: Store) -> dict[str, Any]:
    """Put recorded facts into `store` under the keys of their files; returns the page."""
    from dirac_forge.http import Page  # noqa: PLC0415
    from dirac_forge.upstream.page import read_page  # noqa: PLC0415

    page: dict[str, Any] = recorded["page"]
    served = Page(url=PYPI, headers={"content-type": "application/json"}, body=json.dumps(page).encode())
    (release,) = read_page(served, page["name"]).releases
    for file in release.files:
        facts = recorded["wheel" if file.kind == "wheel" else "sdist"]
        key = kept.key_of(file)
        if facts is None or key is None or facts["filename"] != file.filename:
            continue
        blob = kept.sealed(facts)
        for what in ("wheel", "wheel-metadata") if file.kind == "wheel" else ("sdist",):
            store.put(kept.kind(what), key, blob)
    return page


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
