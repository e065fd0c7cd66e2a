"""Bumps for the tests of their reports: one with all there is, one with nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from packaging.version import Version

from dirac_forge.bump.bump_notes import RespelledSource
from dirac_forge.bump.drift.carried import Carried, CarriedReason
from dirac_forge.bump.drift.drift_notes import DriftNote
from dirac_forge.bump.drift.merge import Drift
from dirac_forge.bump.extension_lines import ExtensionFit, ExtensionLine
from dirac_forge.bump.new_needs import Lack, NewNeed
from dirac_forge.bump.new_recipes import NewRecipe
from dirac_forge.bump.objections import PassedOver, PreRelease
from dirac_forge.bump.proposal import Bump, ProjectLink, bump_of
from dirac_forge.bump.versions import Edited
from dirac_forge.channel.listing import Availability
from dirac_forge.channel.records import Record
from dirac_forge.check.answer_reasons import ProposalRefused, Unanswered
from dirac_forge.check.cells import Cell
from dirac_forge.check.difference import difference
from dirac_forge.check.proof import Proof, Verdict
from dirac_forge.check.proof_reasons import EnvironmentProof, UnknownExports
from dirac_forge.feedstock.change import Change
from dirac_forge.recipe.model import About, Output, Recipe
from dirac_forge.upstream.digests import Digest

SHA = {"new": "b" * 64, "licence": "c" * 64}
BEFORE = "version: 9.1.9\nsha256: " + "a" * 64 + "\nrun:\n  - m2crypto >=0.36\n"
AFTER = f"version: 9.1.22\nsha256: {SHA['new']}\nsha256: {SHA['licence']}\nrun:\n  - m2crypto >=0.50\n"
EDITED = Edited(
    before=BEFORE,
    after=AFTER,
    old="9.1.9",
    new="9.1.22",
    digests=(
        Digest(
            url="https://pypi.org/packages/source/d/dirac/dirac-9.1.22.tar.gz",
            hashes={"sha256": SHA["new"], "md5": "d" * 32},
            origin="index",
        ),
        Digest(url="https://example.org/v9.1.22/LICENSE", hashes={"sha256": SHA["licence"]}, origin="downloaded"),
    ),
)
M2CRYPTO = Carried(
    output="dirac-grid",
    part="run",
    package="m2crypto",
    project="M2Crypto",
    before="m2crypto >=0.36",
    after="m2crypto >=0.50",
    line=4,
    evidence="M2Crypto>=0.50",
    reason=CarriedReason(kind="bound-moved"),
)
DRIFT = Drift(
    text=AFTER,
    added=(
        Carried(
            output="dirac-grid",
            part="entry_points",
            package="dirac-x",
            after="dirac-x = DIRAC.x:main",
            evidence="entry point dirac-x = DIRAC.x:main",
            reason=CarriedReason(kind="added"),
        ),
    ),
    changed=(M2CRYPTO,),
    notes=(
        DriftNote(
            level="info",
            kind="bound-of-maintainers",
            output="dirac-grid",
            facts=(("requirement", "requests >=2"), ("evidence", "requests>=2.9")),
        ),
        DriftNote(
            level="warning",
            kind="licence-changed",
            output="dirac-grid",
            facts=(("now", "MIT"), ("before", ("GPL-3.0-only",))),
        ),
        DriftNote(
            level="todo",
            kind="add-by-hand",
            output="dirac-grid",
            facts=(("requirement", "zipp"), ("section", "host"), ("evidence", "zipp>=3")),
        ),
    ),
)
CELL = Cell(
    target="dirac-grid",
    platform="linux-64",
    python="3.12",
    specs=("dirac-grid", "python 3.12.*"),
    wanted=True,
    status="installable",
    version="9.1.9",
    packages=(Record(name="dirac-grid", version="9.1.9", build="0", subdir="noarch"),),
)
BETTER = replace(
    CELL, version="9.1.22", packages=(Record(name="dirac-grid", version="9.1.22", build="0", subdir="noarch"),)
)
MAC = replace(CELL, platform="osx-64")
PROOF = Proof(
    outcome="worse",
    reason=Unanswered(message="dirac-grid 9.1.22 can't be installed on osx-64"),
    verdicts=(
        Verdict(before=CELL, after=BETTER, outcome="better", difference=difference(CELL.packages, BETTER.packages)),
        Verdict(
            before=MAC,
            after=replace(MAC, status="not-installable"),
            outcome="worse",
            reason=ProposalRefused(
                target="dirac-grid",
                packages=BETTER.packages,
                together=False,
                why=Unanswered(message="m2crypto >=0.50 has no build for osx-64"),
            ),
            failing=(Record(name="dirac-grid", version="9.1.22", build="0", subdir="noarch"),),
            difference=difference((), ()),
        ),
    ),
    environments=(
        EnvironmentProof(output="dirac-grid", part="host", platform="linux-64", status="installable"),
        EnvironmentProof(
            output="dirac-grid", part="run", platform="linux-64", variant="python 3.12", status="installable"
        ),
        EnvironmentProof(
            output="dirac-grid",
            part="run",
            platform="linux-64",
            variant="python 3.13",
            status="not-installable",
            reason=Unanswered(message="m2crypto has no build for Python 3.13"),
        ),
        EnvironmentProof(
            output="dirac-grid", part="run", platform="osx-64", status="unknown", reason=Unanswered(message="no answer")
        ),
    ),
    beside=("m2crypto",),
    warnings=(UnknownExports(names=("lib",)),),
)
NEED = NewNeed(package="m2crypto", spec=">=0.50", output="dirac-grid", section="run", project="M2Crypto")
FULL = replace(
    bump_of("dirac-grid", "main", "recipe/recipe.yaml", EDITED, asked=False),
    rejected=tuple(PassedOver(version=Version(f"10.0a{n}"), reason=PreRelease()) for n in range(7, 0, -1)),
    patches=("fix-@octocat.patch",),
    status="blocked",
    waits_for=("m2crypto", "httpx2"),
    drift=DRIFT,
    proof=PROOF,
    released=datetime(2026, 11, 2, 8, tzinfo=UTC),
    old_released=datetime(2026, 5, 1, tzinfo=UTC),
    links=(
        ProjectLink(title="release", url="https://github.com/DIRACGrid/DIRAC/releases/tag/v9.1.22"),
        ProjectLink(title="changes", url="https://github.com/DIRACGrid/DIRAC/compare/v9.1.9...v9.1.22"),
    ),
    satisfies=(
        ExtensionFit(
            line=ExtensionLine(extension="lhcbdirac", branch="main", package="dirac-grid", spec=">=9.1,<10"),
            new="9.1.22",
        ),
    ),
    recipes=(
        NewRecipe(
            change=Change(feedstock="httpx2", kind="recipe", key="0.3", title="httpx2 0.3"),
            recipe=Recipe(feedstock="httpx2", version="0.3", outputs=(Output(name="httpx2"),), about=About()),
            wanted_by="dirac-grid 9.1.22",
            lacks=(
                Lack(
                    need=NewNeed(package="httpx2", output="dirac-grid", section="run"),
                    availability=Availability(status="missing"),
                ),
            ),
        ),
    ),
    blocked_by=(Lack(need=NEED, availability=Availability(status="outdated", newest="0.45.1")),),
    notes=(
        RespelledSource(url="https://example.org/v9.1.22/LICENSE", difference="the tag's prefix `v` changed"),
        Lack(
            need=NewNeed(package="zipp", spec=">=3", output="dirac-grid", section="run", optional=True),
            availability=Availability(status="outdated", newest="2.1"),
        ),
    ),
)
BARE = bump_of(
    "demo", "v1.x", "recipe/meta.yaml", Edited(before="version: 1.0\n", after="version: 1.1\n", old="1.0", new="1.1")
)


def proposed(name: str, old: str = "1.0", new: str = "1.1") -> Bump:
    """A bump of a feedstock, about which nothing else is known."""
    return bump_of(name, "main", "recipe/meta.yaml", Edited(before=f"{old}\n", after=f"{new}\n", old=old, new=new))
