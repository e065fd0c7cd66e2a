"""Evidence from the builds of a channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dirac_forge.errors import UnknownError
from dirac_forge.feedstock.facts import read_facts
from dirac_forge.feedstock.graph import build_graph
from dirac_forge.feedstock.pinning import Pinning
from dirac_forge.feedstock.workspace import FeedstockFolder
from dirac_forge.migration.evidence import (
    Applied,
    CarryingBuild,
    Evidence,
    MissingBuild,
    NoChannelPlatform,
    NotRead,
    channel_evidence,
)
from dirac_forge.migration.exports import exports_of
from dirac_forge.migration.plan import make_plan
from dirac_forge.migration.schema import Migration, parse_migration
from dirac_forge.store import Store

PINNING = Pinning(
    path="pinning.yaml", text="python:\n- 3.12.* *_cpython\n- 3.13.* *_cp313\nlib:\n- '1'\nlib_devel:\n- '1'\n"
)
PYTHON = parse_migration(
    "__migrator:\n  operation: key_add\n  primary_key: python\npython:\n- 3.14.* *_cp314\n", path="python314.yaml"
)
LIBRARY = parse_migration("__migrator: {}\nlib:\n- '2'\nlib_devel:\n- '2'\n", path="lib2.yaml")
USER = "package: {name: user, version: 1}\nrequirements:\n  host:\n    - python\n"


@dataclass
class Build:
    depends: tuple[str, ...]
    version: str = "1.0"
    build_number: int = 0


Builds = Mapping[tuple[str, str], Sequence[Build]]


def evidence_of(
    root: Path,
    text: str,
    migration: Migration,
    builds: Builds,
    forge: str = "",
    channel_platforms: Sequence[str] | None = None,
) -> Evidence:
    """What a channel with these builds, by platform and package, tells of a feedstock with this recipe."""
    (root / "recipe").mkdir(parents=True)
    (root / "recipe/meta.yaml").write_text(text, encoding="utf-8")
    (root / "conda-forge.yml").write_text(forge or "provider: {win_64: null, osx_64: null}\n", encoding="utf-8")
    folder = FeedstockFolder("user", root)
    plan = make_plan(build_graph(read_facts([folder], PINNING, Store(None))), migration)
    there = {platform for platform, _ in builds}

    def look(platform: str, package: str) -> Sequence[Build]:
        if platform not in there:
            raise UnknownError(f"the channel has no packages for {platform}")
        return builds.get((platform, package), ())

    exports = exports_of(plan.graph, plan.membership.packages)
    return channel_evidence(
        plan,
        "user",
        folder.read(),
        builds=look,
        exports=exports,
        pinning=PINNING,
        channel_platforms=channel_platforms,
    )


def test_a_build_with_a_bare_python_and_the_abi_is_done(tmp_path: Path) -> None:
    builds = {("linux-64", "user"): [Build(("python", "python_abi 3.14.* *_cp314"))]}
    found = evidence_of(tmp_path, USER, PYTHON, builds)
    assert (found.all_done, found.findings) == (True, {"linux-64": CarryingBuild(output="user", version="1.0")})


def test_the_older_pythons_are_not_asked_for(tmp_path: Path) -> None:
    builds = {("linux-64", "user"): [Build(("python >=3.14,<3.15.0a0", "python_abi 3.14.* *_cp314"))]}
    assert evidence_of(tmp_path, USER, PYTHON, builds).all_done


def test_a_build_for_another_abi_is_not_done(tmp_path: Path) -> None:
    others = [Build(("python", "python_abi 3.14.* *_cp314t")), Build(("python", "python_abi 3.13.* *_cp313"))]
    found = evidence_of(tmp_path, USER, PYTHON, {("linux-64", "user"): others})
    missing = MissingBuild(output="user", pins=(("python_abi", "3.14.* *_cp314"),), python="3.14")
    assert (found.done, found.findings) == ({"linux-64": False}, {"linux-64": missing})


def test_an_output_that_the_channel_never_had_does_not_count_beside_others(tmp_path: Path) -> None:
    text = (
        USER
        + "outputs:\n"
        + "".join(
            f"  - name: {name}\n    requirements:\n      host:\n        - python\n" for name in ("user", "user-devel")
        )
    )
    builds = {("linux-64", "user"): [Build(("python_abi 3.14.* *_cp314",))]}
    assert evidence_of(tmp_path / "a", text, PYTHON, builds).all_done
    old = {**builds, ("linux-64", "user-devel"): [Build(("python_abi 3.13.* *_cp313",))]}
    assert evidence_of(tmp_path / "b", text, PYTHON, old).done == {"linux-64": False}


def test_a_platform_that_can_not_be_read_is_unknown(tmp_path: Path) -> None:
    forge = "provider: {win_64: null, osx_64: null, linux_aarch64: default}\n"
    found = evidence_of(tmp_path, USER, PYTHON, {("linux-64", "user"): [Build(("python_abi 3.14.* *_cp314",))]}, forge)
    assert found.done == {"linux-64": True, "linux-aarch64": None}
    assert found.findings["linux-aarch64"] == NotRead(reason="the channel has no packages for linux-aarch64")
    assert found.unknown


def test_a_platform_that_the_channel_does_not_have_leaves_the_others_their_answer(tmp_path: Path) -> None:
    forge = "provider: {win_64: null, osx_64: null, linux_aarch64: default}\n"
    builds = {("linux-64", "user"): [Build(("python_abi 3.14.* *_cp314",))]}
    found = evidence_of(tmp_path / "a", USER, PYTHON, builds, forge, ["linux-64"])
    assert found.done == {"linux-64": True, "linux-aarch64": None}
    assert found.findings["linux-aarch64"] == NoChannelPlatform()
    assert (found.all_done, found.unknown, found.not_in_channel) == (True, False, ("linux-aarch64",))
    nothing = evidence_of(tmp_path / "b", USER, PYTHON, builds, forge, ["osx-arm64"])
    assert (nothing.all_done, nothing.unknown) == (False, True)


def test_a_library_that_was_renamed_since_is_done_by_its_new_name(tmp_path: Path) -> None:
    text = "package: {name: user, version: 1}\nrequirements:\n  host:\n    - lib\n"
    for place, (pin, expected) in enumerate((("lib-core >=2.1,<3.0a0", False), ("lib >=1.4,<2.0a0", False))):
        found = evidence_of(tmp_path / str(place), text, LIBRARY, {("linux-64", "user"): [Build((pin,))]})
        assert found.all_done is expected
    old = parse_migration("__migrator: {}\noldlib:\n- '2'\nlib_devel:\n- '2'\n", path="lib2.yaml")
    text = text.replace("- lib", "- oldlib")
    new = {("linux-64", "user"): [Build(("oldlib >=1.4,<2.0a0",)), Build(("lib >=2.1,<3.0a0",), build_number=1)]}
    assert evidence_of(tmp_path / "new", text, old, new).all_done
    stale = {("linux-64", "user"): [Build(("oldlib >=1.4,<2.0a0",)), Build(("lib >=1.9,<2.0a0",), build_number=1)]}
    assert not evidence_of(tmp_path / "stale", text, old, stale).all_done


def test_where_depends_can_tell_nothing_the_recipe_does(tmp_path: Path) -> None:
    text = "package: {name: user, version: 1}\nrequirements:\n  host:\n    - lib\n"
    found = evidence_of(tmp_path, text, LIBRARY, {("linux-64", "user"): [Build(())]})
    assert found.findings == {"linux-64": Applied(path=".ci_support/migrations/lib2.yaml", there=False)}
    assert not found.disproved
