"""What a proposal can't build or install, for certain: which builds, for which cells, and what remains of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from dirac_forge.channel.solver import Channel
from dirac_forge.check.answer_reasons import BuildCycle
from dirac_forge.check.cells import cells_of
from dirac_forge.check.matrix import check
from dirac_forge.check.proof import Proof, refusal_of
from dirac_forge.check.prover import Prover
from dirac_forge.check.subjects import Subject
from dirac_forge.check.targets import make_target
from dirac_forge.feedstock.workspace import FeedstockFolder
from dirac_forge.report.proof_words import broken_words, proof_words
from support.channel import pkg, write_channel

PLATFORM = "linux-64"


def feedstock(
    folder: Path, name: str, version: str, *, host: Sequence[str] = (), run: Sequence[str] = (), forge: str = ""
) -> FeedstockFolder:
    home = folder / f"{name}-{version}"
    (home / "recipe").mkdir(parents=True)
    needs = "".join(f"    - {one}\n" for one in ("python", *host))
    runs = "".join(f"    - {one}\n" for one in ("python", *run))
    (home / "recipe" / "recipe.yaml").write_text(
        f"package:\n  name: {name}\n  version: '{version}'\nbuild:\n  number: 0\n"
        f"requirements:\n  host:\n{needs}  run:\n{runs}",
        encoding="utf-8",
    )
    if forge:
        (home / "conda-forge.yml").write_text(forge, encoding="utf-8")
    return FeedstockFolder(name, home)


@pytest.fixture
def channel(tmp_path: Path) -> Channel:
    def for_each(text: str, *minors: str) -> list[dict[str, object]]:
        return [
            pkg(text, f"python {minor}.*", f"python_abi {minor}.* *_cp{minor.replace('.', '')}", build=f"py{minor}_0")
            for minor in minors
        ]

    records = [
        *(pkg(f"python {minor}.1", build="h0_0_cpython") for minor in ("3.11", "3.12")),
        *(pkg(f"python_abi {minor}", build=f"0_cp{minor.replace('.', '')}") for minor in ("3.11", "3.12")),
        *for_each("app 1.0", "3.11", "3.12"),
        *for_each("half 1.0", "3.12"),
        pkg("top 1.0", "app", "python"),
        pkg("lib 1.0"),
        pkg("lib 2.0"),
    ]
    return Channel.open([str(write_channel(tmp_path / "channel", {PLATFORM: records}))])


def proved(
    channel: Channel,
    recipes: Mapping[str, FeedstockFolder],
    target: str,
    *minors: str,
    old: FeedstockFolder | None = None,
) -> Proof:
    before_recipe = old.read() if old is not None else None
    subjects = [
        Subject(name, one.read(), old=before_recipe, channel=channel, pinning=None, platforms=[PLATFORM])
        for name, one in recipes.items()
    ]
    with ThreadPoolExecutor(2) as executor:
        cells = cells_of(make_target(target, [target], platforms=[PLATFORM], pythons=minors))
        before = check(channel, cells, executor=executor, remedies=False)
        prover = Prover(channel, lambda: before, platforms=[PLATFORM], pinning=None)
        return prover.proof(subjects, executor=executor)


def refused(proof: Proof) -> str:
    found = refusal_of(proof)
    assert not isinstance(found, tuple)
    return proof_words(found) if found is not None else ""  # type: ignore[arg-type]


def unbuilt(proof: Proof) -> dict[str, list[str]]:
    return {one.before.python: [each.output for each in one.unbuilt] for one in proof.verdicts}


IMPOSSIBLE = (
    "the host environment of app on linux-64{} can't be solved: "
    "lib: no version can meet lib <1 and lib >=2: these exclude each other"
)


def test_a_package_that_can_not_be_built_makes_nothing_better(channel: Channel, tmp_path: Path) -> None:
    recipe = feedstock(tmp_path, "app", "2.0", host=["lib >=2", "lib <1"])
    proof = proved(channel, {"app": recipe}, "app", "3.11", "3.12")
    assert [(one.outcome, one.after.version) for one in proof.verdicts] == [("same", "1.0"), ("same", "1.0")]
    assert unbuilt(proof) == {"3.11": ["app"], "3.12": ["app"]}
    assert refused(proof) == IMPOSSIBLE.format(" (python 3.11)")


def test_a_target_that_needs_what_can_not_be_built_stays_as_it_is(channel: Channel, tmp_path: Path) -> None:
    recipe = feedstock(tmp_path, "app", "2.0", host=["lib >=2", "lib <1"])
    proof = proved(channel, {"app": recipe}, "top", "3.12")
    assert [(one.outcome, one.difference.changed) for one in proof.verdicts] == [("same", ())]
    assert refused(proof) == IMPOSSIBLE.format(" (python 3.12)")


def test_variants_that_no_cell_uses_make_no_no(channel: Channel, tmp_path: Path) -> None:
    recipe = feedstock(tmp_path, "app", "2.0", host=["half"])
    fine = proved(channel, {"app": recipe}, "app", "3.12")
    assert {one.variant: one.status for one in fine.environments if one.part == "host"} == {
        "python 3.10": "not-installable",
        "python 3.11": "not-installable",
        "python 3.12": "installable",
        "python 3.13": "not-installable",
        "python 3.14": "not-installable",
    }
    assert (fine.outcome, fine.verdicts[0].after.version, unbuilt(fine), refused(fine)) == (
        "better",
        "2.0",
        {"3.12": []},
        "",
    )
    both = proved(channel, {"app": recipe}, "app", "3.11", "3.12")
    assert [(one.outcome, one.after.version) for one in both.verdicts] == [("same", "1.0"), ("better", "2.0")]
    assert unbuilt(both) == {"3.11": ["app"], "3.12": []}
    assert refused(both) == (
        "the host environment of app on linux-64 (python 3.11) can't be solved: half: built only for Python ≥3.12"
    )


def test_a_cell_that_need_not_be_installable_makes_no_no(channel: Channel, tmp_path: Path) -> None:
    recipe = feedstock(tmp_path, "app", "2.0", host=["half"])
    proof = proved(channel, {"app": recipe}, "app", "3.11", "3.12")
    cells = [replace(one, before=replace(one.before, wanted=one.before.python == "3.12")) for one in proof.verdicts]
    assert refusal_of(replace(proof, verdicts=tuple(cells))) is None


def test_what_is_built_with_a_build_that_is_impossible_is_impossible_too(channel: Channel, tmp_path: Path) -> None:
    recipes = {
        "app": feedstock(tmp_path, "app", "2.0", host=["lib >=2", "lib <1"]),
        "over": feedstock(tmp_path, "over", "1.0", host=["app >=2"]),
    }
    proof = proved(channel, recipes, "top", "3.12")
    assert unbuilt(proof) == {"3.12": ["app", "over"]}


def test_a_bump_whose_feedstock_could_not_be_built_before_is_useless(channel: Channel, tmp_path: Path) -> None:
    """Nothing gets worse, and nothing comes of it: that is told beside the targets."""
    old, new = (feedstock(tmp_path, "app", version, host=["lib >=2", "lib <1"]) for version in ("1.0", "2.0"))
    proof = proved(channel, {"app": new}, "app", "3.12", old=old)
    assert (proof.outcome, [(one.output, one.part) for one in proof.useless]) == ("better", [("app", "host")])
    assert unbuilt(proof) == {"3.12": []}


def test_what_no_channel_has_hides_no_pins_that_exclude_each_other(channel: Channel, tmp_path: Path) -> None:
    fine, lost = (
        feedstock(tmp_path, "app", version, host=["ghost", *more])
        for version, more in (("1.0", []), ("2.0", ["lib >=2", "lib <1"]))
    )
    proof = proved(channel, {"app": lost}, "app", "3.12")
    assert refused(proof) == IMPOSSIBLE.format(" (python 3.12)")
    unknown = proved(channel, {"app": fine}, "app", "3.12")
    assert ({one.status for one in unknown.environments if one.variant == "python 3.12"}, refused(unknown)) == (
        {"unknown", "installable"},
        "",
    )
    bump = proved(channel, {"app": lost}, "app", "3.12", old=fine)
    assert (bump.outcome, next(one.fault for one in bump.environments if one.variant == "python 3.12")) == (
        "worse",
        True,
    )


def test_a_bump_of_which_one_variant_can_be_built_is_of_use(channel: Channel, tmp_path: Path) -> None:
    old, new = (feedstock(tmp_path, "app", version, host=["half"]) for version in ("1.0", "2.0"))
    proof = proved(channel, {"app": new}, "app", "3.12", old=old)
    assert proof.useless == ()


def test_a_bump_that_can_not_be_installed_in_any_variant_is_useless(channel: Channel, tmp_path: Path) -> None:
    old, new = (feedstock(tmp_path, "app", version, run=["lib <1"]) for version in ("1.0", "2.0"))
    proof = proved(channel, {"app": new}, "app", "3.12", old=old)
    assert [(one.output, one.part) for one in proof.useless] == [("app", "run")]


def test_a_feedstock_that_asks_for_no_solver_is_not_called_useless(channel: Channel, tmp_path: Path) -> None:
    forge = "bot:\n  check_solvable: false\n"
    old, new = (feedstock(tmp_path, "app", each, host=["lib <1"], forge=forge) for each in ("1.0", "2.0"))
    assert proved(channel, {"app": new}, "app", "3.12", old=old).useless == ()


def cycles(proof: Proof) -> dict[tuple[str, str], str]:
    found = [one for one in proof.environments if isinstance(one.reason, BuildCycle)]
    return {(one.output, one.variant): broken_words(one) for one in found}


def test_recipes_that_are_built_with_each_other_are_a_no_that_names_the_cycle(channel: Channel, tmp_path: Path) -> None:
    recipes = {
        "one": feedstock(tmp_path, "one", "1.0", host=["two"]),
        "two": feedstock(tmp_path, "two", "1.0", host=["one"]),
    }
    proof = proved(channel, recipes, "one", "3.12")
    assert [(one.outcome, one.after.status) for one in proof.verdicts] == [("same", "not-installable")]
    assert sorted(one.output for one in proof.useless) == ["one", "two"]
    assert unbuilt(proof) == {"": ["one", "two"]}
    assert cycles(proof)["one", "python 3.12"] == (
        "the host environment of one on linux-64 (python 3.12) can't be solved: one → two → one: "
        "these are built with each other, and no channel has a build to start from"
    )


def test_a_recipe_that_is_built_with_itself_needs_a_build_to_start_from(channel: Channel, tmp_path: Path) -> None:
    proof = proved(channel, {"app": feedstock(tmp_path, "app", "3.0", host=["app >=2"])}, "app", "3.12")
    assert refused(proof) == (
        "the host environment of app on linux-64 (python 3.12) can't be solved: app → app: "
        "it is built with itself, and no channel has a build to start from"
    )
    assert [(one.outcome, one.after.version) for one in proof.verdicts] == [("same", "1.0")]


def test_a_recipe_is_built_with_an_older_build_of_itself(channel: Channel, tmp_path: Path) -> None:
    proof = proved(channel, {"app": feedstock(tmp_path, "app", "2.0", host=["app >=1"])}, "app", "3.12")
    assert refused(proof) == ""
    assert [(one.outcome, one.after.version) for one in proof.verdicts] == [("better", "2.0")]


def test_a_package_that_runs_with_what_it_is_built_into_is_a_cycle(channel: Channel, tmp_path: Path) -> None:
    recipes = {
        "one": feedstock(tmp_path, "one", "1.0", host=["two"]),
        "two": feedstock(tmp_path, "two", "1.0", run=["one"]),
    }
    proof = proved(channel, recipes, "one", "3.12")
    assert cycles(proof)["one", "python 3.12"] == (
        "the host environment of one on linux-64 (python 3.12) can't be solved: one → one: "
        "it is built with itself, and no channel has a build to start from"
    )


def test_recipes_that_are_built_one_after_another_are_no_cycle(channel: Channel, tmp_path: Path) -> None:
    recipes = {
        "one": feedstock(tmp_path, "one", "1.0", host=["two"]),
        "two": feedstock(tmp_path, "two", "1.0", host=["three"]),
        "three": feedstock(tmp_path, "three", "1.0", host=["app"], run=["app"]),
    }
    proof = proved(channel, recipes, "one", "3.12")
    assert cycles(proof) == {}
    assert [(one.outcome, one.after.version) for one in proof.verdicts] == [("better", "1.0")]
