"""Records what the index and the files of the DIRAC family's releases say, for the tests to make recipes from.

    PYTHONPATH=src:tests python tests/record.py [PROJECT[==VERSION]]…

Asks pypi.org and writes tests/data/recorded/<project>.json: the part of the project's page that lists the release, and
the facts of its wheel and sdist, shortened to what recipes are decided from (the start of licence texts, modules and
sources among the names of files).
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from dirac_forge.http import Http
from dirac_forge.recipe.making.hosts import build_requirements
from dirac_forge.recipe.making.sources import lost_files
from dirac_forge.store import Store
from dirac_forge.upstream.blobs import dump
from dirac_forge.upstream.files.facts import ReleaseFacts, SdistFacts, WheelFacts
from dirac_forge.upstream.files.requirements import RequirementList
from dirac_forge.upstream.index.client import IndexClient
from dirac_forge.upstream.index.page import ACCEPT
from dirac_forge.upstream.lookup import Lookup
from support.recorded import FOLDER

PYPI = "https://pypi.org/simple/"
FAMILY = (
    *("DIRAC", "DIRACCommon", "diraccfg", "DB12", "LHCbDIRAC", "WebAppDIRAC", "dirac-cwl", "signurlarity"),
    *("diracx", "diracx-api", "diracx-cli", "diracx-client", "diracx-core", "diracx-db", "diracx-logic"),
    *("diracx-routers", "diracx-tasks", "diracx-testing"),
)
EARLIER = {"dirac": "9.1.9"}
"""Project to the release of the embedded snapshot's newest package: what upstream declared there is compared."""
_DEPTH = 3
"""Of folders whose modules are kept: what they import is followed from the top."""
_LOST = 20
"""Files of a wheel that its sdist lacks, as examples."""
_LICENCE = 4000
"""Characters of a text that are kept: enough to tell a licence, and that it is not a short notice."""


def main(argv: list[str]) -> int:
    """Record what is asked for, else the newest releases of the whole family."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with Http(cache=None) as http:
        lookup = Lookup(http, IndexClient(http), Store(None), pythons=("3.10", "3.11", "3.12", "3.13", "3.14"))
        todo = {text: Requirement(text) for text in argv or FAMILY}
        while todo:
            _, requirement = todo.popitem()
            facts = lookup.facts(requirement.name, requirement.specifier)
            if canonicalize_name(requirement.name) in map(canonicalize_name, argv or FAMILY):
                todo |= _with_extras(facts)
            recorded = _recorded(http, facts)
            if earlier := EARLIER.get(canonicalize_name(requirement.name)):
                before = lookup.facts(requirement.name, SpecifierSet(f"=={earlier}"))
                recorded["earlier"] = [{**_recorded(http, before), "sdist": None}]
            path = FOLDER / f"{canonicalize_name(requirement.name)}.json"
            path.write_text(json.dumps(recorded, indent=1, sort_keys=True) + "\n", encoding="utf-8")
            print(f"{path.name}: {facts.release.version}", file=sys.stderr)
    return 0


def _recorded(http: Http, facts: ReleaseFacts) -> dict[str, Any]:
    """The part of the project's page that lists the release, and the facts of its files."""
    page = json.loads(http.page(f"{PYPI}{canonicalize_name(facts.release.project)}/", accept=ACCEPT, limit=10**8).body)
    names = {file.filename for file in facts.release.files}
    files = [file for file in page["files"] if file["filename"] in names]
    return {
        "page": {**page, "files": files, "versions": [str(facts.release.version)]},
        "wheel": _tree(_short_wheel(facts.wheel, facts.sdist)) if facts.wheel else None,
        "sdist": _tree(_short_sdist(facts.sdist, facts.wheel)) if facts.sdist else None,
    }


def _with_extras(facts: ReleaseFacts) -> dict[str, Requirement]:
    """Requirements with extras: a recipe asks what these add."""
    builds = build_requirements(facts.sdist) if facts.sdist else RequirementList()
    wanted = facts.metadata.requires_dist + builds
    return {each.line: each for each in wanted if each.extras and "extra ==" not in each.line}


def _tree(facts: WheelFacts | SdistFacts) -> object:
    return json.loads(dump(facts).partition(b"\n")[2])


def _short_wheel(wheel: WheelFacts, sdist: SdistFacts | None) -> WheelFacts:
    texts = {path: text[:_LICENCE] for path, text in wheel.license_texts.items()}
    lost = lost_files(wheel, sdist)[:_LOST] if sdist is not None else ()
    members = tuple(dict.fromkeys((*_short(wheel.members), *lost)))
    return replace(wheel, members=members, license_texts=texts)


def _short_sdist(sdist: SdistFacts, wheel: WheelFacts | None) -> SdistFacts:
    names = {PurePosixPath(member).name for member in (_short_wheel(wheel, sdist).members if wheel else ())}
    installed = tuple(member for member in sdist.members if PurePosixPath(member).name in names)
    return replace(
        sdist,
        members=tuple(dict.fromkeys((*_short(sdist.members), *_one_each(installed)))),
        modules=tuple(module for module in sdist.modules if module.path.removeprefix("src/").count("/") < _DEPTH),
        texts={path: text[:_LICENCE] for path, text in sdist.texts.items() if not path.lower().startswith("readme")},
    )


def _one_each(members: tuple[str, ...]) -> tuple[str, ...]:
    """One path for each name: that a file of the wheel is in the sdist is told by its name."""
    return tuple({PurePosixPath(member).name: member for member in members}.values())


def _short(members: tuple[str, ...]) -> tuple[str, ...]:
    """Packages and modules near the top, and whatever a compiler would read."""
    compiled = {".c", ".cc", ".cpp", ".f", ".f90", ".i", ".pyd", ".pyx", ".rs", ".so"}
    paths = [PurePosixPath(member) for member in members]
    kept_ = [p for p in paths if p.suffix in compiled or (p.suffix == ".py" and len(p.parts) <= 3)]
    return tuple(str(path) for path in kept_)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
