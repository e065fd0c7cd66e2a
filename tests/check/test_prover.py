from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dirac_forge.channel.records import Record
from dirac_forge.channel.solver import Channel
from dirac_forge.check.cells import cells_of
from dirac_forge.check.exports import Built
from dirac_forge.check.matrix import check
from dirac_forge.check.proof import Proof, Verdict, refusal_of
from dirac_forge.check.prover import Prover
from dirac_forge.check.subjects import Subject
from dirac_forge.check.target_proof import rounds_of
from dirac_forge.check.targets import make_target
from dirac_forge.feedstock.variants import VariantRecipe
from dirac_forge.feedstock.workspace import FeedstockFolder
from dirac_forge.recipe.reading.recipe_text import RecipeError
from dirac_forge.report.proof_words import environment_words, proof_words, verdict_words, warning_words
from dirac_forge.report.remedy_words import unblock_text
from support.channel import pkg, pythons, write_channel


def recipe(folder: Path, name: str, version: str, *run: str, extra: str = "") -> VariantRecipe:
    (folder / name / "recipe").mkdir(parents=True)
    lines = "".join(f"    - {line}\n" for line in run)
    (folder / name / "recipe" / "recipe.yaml").write_text(
        f"package:\n  name: {name}\n  version: {version}\nbuild:\n  number: 0\n  noarch: generic\n"
        f"requirements:\n  run:\n{lines}{extra}",
        encoding="utf-8",
    )
    return FeedstockFolder(name, folder / name).read()


def proposal(
    folder: Path,
    recipes: Mapping[str, VariantRecipe],
    *,
    specs: Sequence[str] = ("app",),
    platforms: Sequence[str] = ("linux-64",),
    pythons: Sequence[str] = (),
) -> Proof:
    channel = Channel.open([str(folder)])
    target = make_target(specs[0], specs, platforms=platforms, pythons=pythons)
    subjects = [Subject(name, one, channel=channel, pinning=None, platforms=platforms) for name, one in recipes.items()]
    with ThreadPoolExecutor(2) as executor:
        before = check(channel, cells_of(target), executor=executor, remedies=False)
        prover = Prover(channel, lambda: before, platforms=platforms, pinning=None)
        return prover.proof(subjects, executor=executor)


def only(found: Proof) -> Verdict:
    (verdict,) = found.verdicts
    return verdict


OLDER = (
    "only app 1.0 can be installed, 2.0 before: "
    "app → lib: pins that exclude each other: app needs lib <2, but lib ==2.0 is proposed"
)


def boto(folder: Path) -> Path:
    return write_channel(
        folder,
        {
            "noarch": [
                pkg("app 1.0", "boto3", noarch="generic"),
                pkg("boto3 1.0", "botocore >=1.0,<1.1", noarch="generic"),
                pkg("botocore 1.0", noarch="generic"),
            ]
        },
    )


def test_a_bump_that_is_not_required_would_look_fine(tmp_path: Path) -> None:
    """The old boto3 is still there, so `app` solves; what was proposed can't be installed all the same."""
    found = proposal(boto(tmp_path / "c"), {"boto3": recipe(tmp_path, "boto3", "2.0", "botocore >=2.0,<2.1")})
    verdict = only(found)
    assert found.outcome == "worse"
    assert verdict.after == verdict.before
    assert [str(record).rpartition(" ")[0] for record in verdict.failing] == ["boto3 2.0"]
    assert verdict_words(verdict.reason) == (
        "boto3 2.0 can't be installed with app: it needs botocore >=2.0,<2.1; the newest is 1.0"
    )


def test_bumps_that_belong_together_see_each_other(tmp_path: Path) -> None:
    recipes = {
        "boto3": recipe(tmp_path, "boto3", "2.0", "botocore >=2.0,<2.1"),
        "botocore": recipe(tmp_path, "botocore", "2.0"),
    }
    found = proposal(boto(tmp_path / "c"), recipes)
    verdict = only(found)
    assert (found.outcome, verdict.outcome, verdict.failing) == ("same", "same", ())
    assert verdict.difference.changed == (("boto3", "1.0", "2.0"), ("botocore", "1.0", "2.0"))


def test_a_package_in_between_can_be_installed_with_what_is_proposed(tmp_path: Path) -> None:
    folder = write_channel(
        tmp_path / "c",
        {"noarch": [pkg(text, *needs, noarch="generic") for text, *needs in (("mid 1.0", "lib >=2"), ("lib 1.0",))]},
    )
    app = recipe(tmp_path, "app", "2.0", "lib", extra="  host:\n    - mid\n")
    for proposed, expected in (({}, "not-installable"), ({"lib": recipe(tmp_path, "lib", "2.0")}, "installable")):
        found = proposal(folder, {"app": app, **proposed}, specs=("lib",))
        # Without its host environment there is no build to install.
        run = {"run": "installable"} if proposed else {}
        statuses = {one.part: one.status for one in found.environments if one.output == "app"}
        assert statuses == {"host": expected, **run}


def test_what_excludes_another_member_is_caught_where_it_does(tmp_path: Path) -> None:
    folder = write_channel(
        tmp_path / "c",
        {
            "noarch": [pkg("app 1.0", "lib", "tool", noarch="generic"), pkg("tool 1.0", noarch="generic")],
            "linux-64": [pkg("lib 1.0", "ffi >=3,<4"), pkg("lib 1.1", "ffi >=4"), pkg("ffi 3.0"), pkg("ffi 4.0")],
            "osx-64": [pkg("lib 1.0", "ffi >=3,<4"), pkg("ffi 3.0"), pkg("ffi 4.0")],
        },
    )
    found = proposal(folder, {"tool": recipe(tmp_path, "tool", "2.0", "ffi >=4")}, platforms=["linux-64", "osx-64"])
    assert [(verdict.before.platform, verdict.outcome) for verdict in found.verdicts] == [
        ("linux-64", "same"),
        ("osx-64", "worse"),
    ]
    assert verdict_words(found.verdicts[1].reason) == (
        "tool 2.0 can't be installed with app: app → lib → ffi: pins that exclude each other: "
        "lib needs ffi >=3,<4, but tool needs ffi >=4"
    )


def test_a_target_that_gets_older_is_worse(tmp_path: Path) -> None:
    folder = write_channel(
        tmp_path / "c",
        {
            "noarch": [
                pkg("app 2.0", "lib <2", noarch="generic"),
                pkg("app 1.0", "lib", noarch="generic"),
                pkg("lib 1.0", noarch="generic"),
            ]
        },
    )
    verdict = only(proposal(folder, {"lib": recipe(tmp_path, "lib", "2.0")}))
    assert verdict.outcome == "worse"
    assert verdict_words(verdict.reason) == OLDER


def test_every_package_that_a_target_names_counts(tmp_path: Path) -> None:
    folder = write_channel(
        tmp_path / "c",
        {
            "noarch": [
                pkg("main 1.0", noarch="generic"),
                pkg("app 2.0", "lib <2", noarch="generic"),
                pkg("app 1.0", "lib", noarch="generic"),
                pkg("lib 1.0", noarch="generic"),
            ]
        },
    )
    verdict = only(proposal(folder, {"lib": recipe(tmp_path, "lib", "2.0")}, specs=("main", "app")))
    assert (verdict.outcome, verdict_words(verdict.reason)) == ("worse", OLDER)


def test_what_becomes_installable_is_better(tmp_path: Path) -> None:
    folder = write_channel(tmp_path / "c", {"noarch": [pkg("app 1.0", "new", noarch="generic")]})
    found = proposal(folder, {"new": recipe(tmp_path, "new", "1.0")})
    verdict = only(found)
    assert (found.outcome, verdict_words(verdict.reason)) == ("better", "app 1.0 can be installed")
    assert verdict.difference.added == (("app", "1.0"), ("new", "1.0"))


def test_a_newer_target_is_better(tmp_path: Path) -> None:
    folder = write_channel(tmp_path / "c", {"noarch": [pkg("app 1.0", noarch="generic")]})
    verdict = only(proposal(folder, {"app": recipe(tmp_path, "app", "1.1")}))
    assert (verdict.outcome, verdict_words(verdict.reason)) == ("better", "app 1.0 → 1.1")


def test_a_no_for_other_reasons_stays_the_same(tmp_path: Path) -> None:
    folder = write_channel(
        tmp_path / "c",
        {"noarch": [pkg("app 1.0", "ghost", "lib", noarch="generic"), pkg("lib 1.0", noarch="generic")]},
    )
    found = proposal(folder, {"lib": recipe(tmp_path, "lib", "2.0")})
    assert (found.outcome, only(found).outcome) == ("same", "same")
    found = proposal(folder, {"lib": recipe(tmp_path / "b", "lib", "2.0", "phantom")})
    assert (found.outcome, only(found).outcome) == ("worse", "same")


def test_a_rebuild_with_the_same_version_is_required_as_such(tmp_path: Path) -> None:
    folder = write_channel(
        tmp_path / "c",
        {"noarch": [pkg("app 1.0", "lib", noarch="generic"), pkg("lib 1.0", number=7, build="h_7", noarch="generic")]},
    )
    verdict = only(proposal(folder, {"lib": recipe(tmp_path, "lib", "1.0", "missing")}))
    assert verdict.outcome == "worse"
    assert verdict_words(verdict.reason) == (
        "lib 1.0 can't be installed with app: lib → missing: no channel has a package of this name"
    )


def test_a_package_for_another_python_is_asked_for_elsewhere(tmp_path: Path) -> None:
    folder = write_channel(
        tmp_path / "c",
        {
            "noarch": [pkg("app 1.0", "python >=3.11", noarch="python")],
            "linux-64": pythons("3.11", "3.12"),
        },
    )
    text = recipe(tmp_path, "app", "2.0", "python >=3.12")
    found = proposal(folder, {"app": text}, pythons=["3.11", "3.12"])
    assert [(verdict.before.python, verdict.outcome, verdict_words(verdict.reason)) for verdict in found.verdicts] == [
        ("3.11", "same", ""),
        ("3.12", "better", "app 1.0 → 2.0"),
    ]


def test_packages_that_can_be_installed_each_but_not_together(tmp_path: Path) -> None:
    records = [pkg("app 1.0", "left", "right"), pkg("left 1.0"), pkg("right 1.0")]
    folder = write_channel(tmp_path / "c", {"linux-64": records})
    recipes = {
        "left": recipe(tmp_path, "left", "2.0", extra="  run_constraints:\n    - right <2\n"),
        "right": recipe(tmp_path, "right", "2.0"),
    }
    found = proposal(folder, recipes)
    verdict = only(found)
    assert (found.outcome, verdict.outcome) == ("worse", "worse")
    head, _, reason = verdict_words(verdict.reason).partition(": ")
    assert head == "left 2.0, right 2.0 can't be installed with app at the same time"
    assert reason == ("right: pins that exclude each other: right ==2.0 is proposed, but left allows only right <2")


def test_output_that_no_target_installs_does_not_make_a_target_worse(tmp_path: Path) -> None:
    """It could not be installed before either, and the target does not need it."""
    records = [pkg("app 1.0", "lib"), pkg("lib 1.0"), pkg("tool 1.0", "ffi >=5"), pkg("ffi 4.0")]
    folder = write_channel(tmp_path / "c", {"linux-64": records})
    recipes = {"lib": recipe(tmp_path, "lib", "2.0"), "tool": recipe(tmp_path, "tool", "2.0", "ffi >=5")}
    found = proposal(folder, recipes)
    assert (found.outcome, only(found).outcome) == ("same", "same")
    assert [(one.output, one.part, one.status, environment_words(one.reason)) for one in found.environments] == [
        ("lib", "run", "installable", ""),
        (
            "tool",
            "run",
            "not-installable",
            "not solvable without this change either: tool → ffi: no build matches ffi >=5: the newest version is 4.0",
        ),
    ]


def test_package_that_could_be_installed_before_makes_the_proposal_worse(tmp_path: Path) -> None:
    records = [pkg("app 1.0"), pkg("tool 1.0"), pkg("ffi 4.0")]
    folder = write_channel(tmp_path / "c", {"linux-64": records})
    found = proposal(folder, {"tool": recipe(tmp_path, "tool", "2.0", "ffi >=5")})
    assert (found.outcome, only(found).outcome) == ("worse", "same")
    assert proof_words(found.reason) == (
        "the run environment of tool on linux-64 can't be solved: "
        "tool → ffi: no build matches ffi >=5: the newest version is 4.0"
    )


def test_new_package_whose_dependency_is_nowhere_stays_a_no_with_its_reason(tmp_path: Path) -> None:
    folder = write_channel(tmp_path / "c", {"linux-64": [pkg("other 1.0")]})
    verdict = only(proposal(folder, {"app": recipe(tmp_path, "app", "1.0", "ghost")}))
    assert (verdict.outcome, verdict.after.status) == ("same", "not-installable")
    assert verdict_words(verdict.reason) == "app → ghost: no channel has a package of this name"


def test_pin_that_keeps_a_proposal_out_of_a_target_is_the_remedy(tmp_path: Path) -> None:
    records = [pkg("app 2.0", "aio"), pkg("app 1.0"), pkg("aio 3.7", "core >=1,<2"), pkg("core 1.5")]
    folder = write_channel(tmp_path / "c", {"linux-64": records})
    found = proposal(folder, {"core": recipe(tmp_path, "core", "2.1")}, specs=("app", "core"))
    assert found.outcome == "worse"
    assert proof_words(found.reason).endswith("aio needs core >=1,<2, but core ==2.1 is proposed")
    assert [unblock_text(one) for one in found.unblock] == [
        "relax the pin of aio 3.7 on core (core >=1,<2), if it works without"
    ]
    assert "aio" in found.culprits


def held_back(folder: Path) -> Path:
    """An app that today's channel keeps at core 1.5 already, though the newest core is 1.8."""
    return write_channel(
        folder,
        {
            "noarch": [
                pkg("app 2.0", "aio", "boto", noarch="generic"),
                pkg("app 1.0", "boto", noarch="generic"),
                pkg("aio 3.7", "core <1.6", noarch="generic"),
                pkg("boto 1.8", "core >=1.8,<1.9", noarch="generic"),
                pkg("boto 1.5", "core >=1.5,<1.6", noarch="generic"),
                pkg("core 1.5", noarch="generic"),
                pkg("core 1.8", noarch="generic"),
            ]
        },
    )


def test_what_a_target_does_not_take_today_either_makes_nothing_worse(tmp_path: Path) -> None:
    """Of two packages that move together both are judged alike: the target stays where it is."""
    core, boto = recipe(tmp_path, "core", "2.0"), recipe(tmp_path, "boto", "2.0", "core >=2.0,<2.1")
    folder = held_back(tmp_path / "c")
    alone = proposal(folder, {"core": core})
    both = proposal(folder, {"core": core, "boto": boto})
    assert [(found.outcome, found.unblock, only(found).failing) for found in (alone, both)] == [("same", (), ())] * 2
    assert [version for name, version in installed(only(both)) if name in ("app", "boto", "core")] == [
        "2.0",
        "1.5",
        "1.5",
    ]
    assert sorted(map(warning_words, both.warnings)) == [
        "app stays at boto 1.5: it can't use the channel's newest, 1.8, either",
        "app stays at core 1.5: it can't use the channel's newest, 1.8, either",
    ]


def test_a_release_of_the_line_that_a_target_takes_is_still_required(tmp_path: Path) -> None:
    found = proposal(held_back(tmp_path / "c"), {"core": recipe(tmp_path, "core", "1.5.1", "ghost")})
    assert found.outcome == "worse"
    assert [record.version for record in only(found).failing] == ["1.5.1"]


def test_a_remedy_keeps_the_target_at_its_version(tmp_path: Path) -> None:
    """Without one of the two pins only the old app could be installed."""
    records = [
        pkg("app 2.0", "aio", "boto"),
        pkg("app 1.0", "boto"),
        pkg("aio 3.7", "core <2"),
        pkg("boto 1.5", "core >=1,<2"),
        pkg("core 1.5"),
    ]
    folder = write_channel(tmp_path / "c", {"linux-64": records})
    found = proposal(folder, {"core": recipe(tmp_path, "core", "2.0")})
    assert found.outcome == "worse"
    (remedy,) = found.unblock
    assert sorted(one.package for one in remedy.remedies) == ["aio", "boto"]


def installed(verdict: Verdict) -> list[tuple[str, str]]:
    return [(record.name, record.version) for record in verdict.after.packages]


def test_what_a_build_refuses_is_not_proved_and_what_mends_it_is(tmp_path: Path) -> None:
    channel = Channel.open([str(boto(tmp_path / "c"))])
    platforms = ("linux-64",)
    good = recipe(tmp_path / "new", "boto3", "1.0.1", "botocore >=1.0,<1.1")
    broken = recipe(tmp_path / "old", "boto3", "1.0.1", "botocore >=1.0,<1.1", extra="  rum:\n    - x\n")
    target = make_target("app", ("app",), platforms=platforms)
    with ThreadPoolExecutor(2) as executor:
        before = check(channel, cells_of(target), executor=executor, remedies=False)
        prover = Prover(channel, lambda: before, platforms=platforms, pinning=None)
        mending = Subject("boto3", good, old=broken, channel=channel, pinning=None, platforms=platforms)
        assert only(prover.proof([mending], executor=executor)).outcome == "same"
        breaking = Subject("boto3", broken, old=good, channel=channel, pinning=None, platforms=platforms)
        with pytest.raises(RecipeError) as error:
            prover.proof([breaking], executor=executor)
    assert error.value.problem == "unknown key 'rum' in requirements; did you mean 'run'?"


def flavoured(folder: Path, *needs: str) -> VariantRecipe:
    """Return lib 2.0 with a flavour, and so a variant, for each of these needs, and a tool that pins its very build."""
    exact = "${{ pin_subpackage('lib', exact=True) }}"
    (folder / "lib" / "recipe").mkdir(parents=True)
    (folder / "lib" / "recipe" / "recipe.yaml").write_text(
        "recipe:\n  name: lib\n  version: '2.0'\noutputs:\n"
        "  - package:\n      name: lib\n    requirements:\n      run:\n        - ffi ${{ flavour }}\n"
        f"  - package:\n      name: tool\n    requirements:\n      run:\n        - {exact}\n",
        encoding="utf-8",
    )
    lines = "".join(f"  - '{need}'\n" for need in needs)
    (folder / "lib" / "recipe" / "variants.yaml").write_text(f"flavour:\n{lines}", encoding="utf-8")
    return FeedstockFolder("lib", folder / "lib").read()


@pytest.mark.parametrize("needs", [("<4", ">=4"), (">=4", "<4")])
def test_one_variant_that_fits_a_target_is_enough(tmp_path: Path, needs: tuple[str, ...]) -> None:
    records = [
        pkg("app 1.0", "lib", "tool", "ffi >=4"),
        pkg("lib 1.0"),
        pkg("tool 1.0"),
        pkg("ffi 3.0"),
        pkg("ffi 4.0"),
    ]
    folder = write_channel(tmp_path / "c", {"linux-64": records})
    found = proposal(folder, {"lib": flavoured(tmp_path, *needs)})
    verdict = only(found)
    assert (found.outcome, verdict.outcome, verdict.failing, found.unblock) == ("same", "same", (), ())
    assert installed(verdict) == [("app", "1.0"), ("ffi", "4.0"), ("lib", "2.0"), ("tool", "2.0")]


@pytest.mark.parametrize("needs", [(">=9", ">=4"), (">=4", ">=9")])
def test_a_variant_that_nobody_can_install_is_a_warning_if_a_target_takes_another(
    tmp_path: Path, needs: tuple[str, ...]
) -> None:
    records = [pkg("app 1.0", "lib", "tool"), pkg("lib 1.0"), pkg("tool 1.0"), pkg("ffi 4.0")]
    folder = write_channel(tmp_path / "c", {"linux-64": records})
    found = proposal(folder, {"lib": flavoured(tmp_path, *needs)})
    assert (found.outcome, only(found).outcome, refusal_of(found)) == ("same", "same", None)
    assert installed(only(found)) == [("app", "1.0"), ("ffi", "4.0"), ("lib", "2.0"), ("tool", "2.0")]
    assert [warning_words(one) for one in found.warnings] == [
        "lib (flavour >=9) can't be installed on linux-64: the targets take another variant",
        "tool (flavour >=9) can't be installed on linux-64: the targets take another variant",
    ]
    replaced = {one.output: one.variant for one in found.environments if one.replaced}
    assert replaced == {"lib": "flavour >=9", "tool": "flavour >=9"}


def test_a_variant_that_nobody_can_install_is_a_no_where_no_target_takes_the_package(tmp_path: Path) -> None:
    records = [pkg("app 1.0"), pkg("lib 1.0"), pkg("tool 1.0"), pkg("ffi 4.0")]
    folder = write_channel(tmp_path / "c", {"linux-64": records})
    found = proposal(folder, {"lib": flavoured(tmp_path, ">=9", ">=4")})
    assert refusal_of(found) == found.reason
    assert proof_words(found.reason) == (
        "the run environment of lib on linux-64 (flavour >=9) can't be solved: "
        "lib → ffi: no build matches ffi >=9: the newest version is 4.0"
    )


def test_variants_of_several_outputs_are_paired_by_their_values(tmp_path: Path) -> None:
    def made(name: str, **variant: str) -> Built:
        record = Record(name=name, version="1", build="_".join(variant.values()), subdir="linux-64")
        return Built(feedstock="x", record=record, platform="linux-64", variant=variant)

    channel = Channel.open([str(write_channel(tmp_path / "c", {"linux-64": [pkg("app 1.0")]}))])
    (cell,) = cells_of(make_target("app", ("app",), platforms=("linux-64",), pythons=()))
    built = [
        *(made("lib", mpi=mpi, blas=blas) for mpi in ("a", "b") for blas in ("x", "y")),
        *(made("tool", blas=blas) for blas in ("y", "x")),
        made("other"),
    ]
    assert [[f"{one.name} {one.build}".strip() for one in some] for some in rounds_of(channel, cell, built)] == [
        ["lib a_x", "tool x", "other"],
        ["lib a_y", "tool y", "other"],
        ["lib b_x", "tool x", "other"],
        ["lib b_y", "tool y", "other"],
    ]


def test_of_variants_none_of_which_fits_a_target_the_first_is_explained(tmp_path: Path) -> None:
    records = [
        pkg("app 1.0", "lib", "ffi >=4"),
        pkg("lib 1.0"),
        *(pkg(f"ffi {version}") for version in ("2.0", "3.0", "4.0")),
    ]
    folder = write_channel(tmp_path / "c", {"linux-64": records})
    found = proposal(folder, {"lib": flavoured(tmp_path, "<4", "<3")})
    assert (found.outcome, len(only(found).failing)) == ("worse", 2)
    assert proof_words(found.reason) == (
        "app on linux-64: lib 2.0 can't be installed with app: "
        "app → ffi: pins that exclude each other: app needs ffi >=4, but lib needs ffi <4"
    )
