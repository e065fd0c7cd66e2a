from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dirac_forge.channel.solver import Channel
from dirac_forge.check.cells import Cell, cells_of
from dirac_forge.check.helping import helping_proposals
from dirac_forge.check.matrix import check
from dirac_forge.check.proof import HelpingProposals, Proof
from dirac_forge.check.prover import Prover
from dirac_forge.check.subjects import Subject
from dirac_forge.check.targets import make_target
from dirac_forge.feedstock.workspace import FeedstockFolder
from dirac_forge.report.proof_words import proof_words
from support.channel import pkg, write_channel

BOTH = ("linux-64", "osx-64")


class Others:
    """Proposals by name."""

    def __init__(self, subjects: Mapping[str, Subject]) -> None:
        self.named = subjects
        self.asked: list[frozenset[str]] = []

    def making(self, packages: Collection[str]) -> list[str]:
        self.asked.append(frozenset(packages))
        return [name for name, one in self.named.items() if not one.provides.keys().isdisjoint(packages)]

    def subjects(self, keys: Sequence[str]) -> list[Subject]:
        return [self.named[key] for key in keys]


def recipe(folder: Path, line: str, *run: str, host: Sequence[str] = ()) -> tuple[str, FeedstockFolder]:
    """A recipe from `NAME VERSION` and its requirements."""
    name, version = line.split()
    place = folder / name / "recipe"
    place.mkdir(parents=True)
    needs = "".join(f"    - {one}\n" for one in run)
    built = "".join(f"    - {one}\n" for one in host)
    (place / "recipe.yaml").write_text(
        f"package:\n  name: {name}\n  version: {version}\nbuild:\n  number: 0\n  noarch: generic\n"
        f"requirements:\n  host:\n{built}  run:\n{needs}",
        encoding="utf-8",
    )
    return name, FeedstockFolder(name, folder / name)


def answered(channel: Channel, cells: Sequence[Cell]) -> tuple[Cell, ...]:
    with ThreadPoolExecutor(2) as executor:
        return check(channel, cells, executor=executor, remedies=False)


def tried(
    channel_folder: Path,
    proposed: tuple[str, FeedstockFolder],
    *others: tuple[str, FeedstockFolder],
    platforms: Sequence[str] = ("linux-64",),
    specs: Sequence[str] = ("app",),
) -> tuple[Proof, HelpingProposals | None]:
    """The proof of a recipe by itself, and what of the others unblocks it."""
    channel = Channel.open([str(channel_folder)])

    def before() -> tuple[Cell, ...]:
        cells = cells_of(make_target(specs[0], specs, platforms=platforms, pythons=()))
        return answered(channel, cells)

    prover = Prover(channel, before, platforms=platforms, pinning=None)

    def subject(one: tuple[str, FeedstockFolder]) -> Subject:
        return Subject(one[0], one[1].read(), channel=channel, pinning=None, platforms=platforms)

    mine = subject(proposed)
    proof = prover.proof([mine])
    return proof, helping_proposals(prover, [mine], (), proof, Others({one[0]: subject(one) for one in others}))


def pinned(folder: Path) -> Path:
    """An app whose libraries both keep core at 1, each on a platform of its own."""
    return write_channel(
        folder,
        {
            "noarch": [pkg("core 1.5", noarch="generic"), pkg("dull 1.0", noarch="generic")],
            "linux-64": [pkg("app 1.0", "aio", "core", "dull"), pkg("aio 3.7", "core >=1,<2")],
            "osx-64": [pkg("app 1.0", "tool", "core", "dull"), pkg("tool 1.0", "core >=1,<2")],
        },
    )


def test_proposal_that_lifts_the_pin_is_found_and_proved(tmp_path: Path) -> None:
    proof, found = tried(pinned(tmp_path / "c"), recipe(tmp_path, "core 2.0"), recipe(tmp_path, "aio 4.0", "core >=2"))
    assert proof.outcome == "worse"
    assert found is not None
    assert (found.keys, found.smallest, found.proof.outcome) == (("aio",), True, "same")
    assert found.proof.beside == ("aio",)


def test_every_cell_that_gets_worse_is_unblocked(tmp_path: Path) -> None:
    core, aio, tool = (
        recipe(tmp_path, "core 2.0"),
        recipe(tmp_path, "aio 4.0", "core >=2"),
        recipe(tmp_path, "tool 2.0", "core >=2"),
    )
    _, half = tried(pinned(tmp_path / "c"), core, aio, platforms=BOTH)
    assert half is None
    _, found = tried(pinned(tmp_path / "d"), core, aio, tool, platforms=BOTH)
    assert found is not None
    assert found.keys == ("aio", "tool")


def test_what_is_in_the_way_after_the_first_is_looked_for_too(tmp_path: Path) -> None:
    """Once aio takes the new core, the pin of its older sibling shows."""
    folder = write_channel(
        tmp_path / "c",
        {
            "noarch": [
                pkg("app 1.0", "aio", "core", noarch="generic"),
                pkg("aio 3.7", "core >=1,<2", noarch="generic"),
                pkg("sib 1.0", "core >=1,<2", noarch="generic"),
                pkg("core 1.5", noarch="generic"),
            ]
        },
    )
    aio = recipe(tmp_path, "aio 4.0", "core >=2", "sib")
    _, found = tried(folder, recipe(tmp_path, "core 2.0"), aio, recipe(tmp_path, "sib 2.0", "core >=2"))
    assert found is not None
    assert found.keys == ("aio", "sib")


def test_proposals_that_are_not_needed_are_left_out(tmp_path: Path) -> None:
    folder = write_channel(
        tmp_path / "c",
        {
            "noarch": [
                pkg("app 1.0", "aio", "core", noarch="generic"),
                pkg("aio 3.7", "core >=1,<2", noarch="generic"),
                pkg("core 1.5", noarch="generic"),
            ]
        },
    )
    app = recipe(tmp_path, "app 2.0", "aio", "core")
    _, found = tried(folder, recipe(tmp_path, "core 2.0"), app, recipe(tmp_path, "aio 4.0", "core >=2"))
    assert found is not None
    assert (found.keys, found.smallest) == (("aio",), True)


def test_proposal_that_breaks_a_target_itself_is_no_help(tmp_path: Path) -> None:
    aio = recipe(tmp_path, "aio 4.0", "core >=2", "ghost")
    proof, found = tried(pinned(tmp_path / "c"), recipe(tmp_path, "core 2.0"), aio)
    assert (proof.outcome, found) == ("worse", None)


def test_nothing_is_looked_for_where_nothing_is_worse(tmp_path: Path) -> None:
    proof, found = tried(pinned(tmp_path / "c"), recipe(tmp_path, "dull 2.0"), recipe(tmp_path, "aio 4.0"))
    assert (proof.outcome, found) == ("same", None)


def test_proposal_that_mends_a_broken_host_environment_is_found(tmp_path: Path) -> None:
    """The new version is built with a tool that can't be had together with what it already needs."""
    folder = write_channel(
        tmp_path / "c",
        {
            "noarch": [
                pkg("app 1.0", noarch="generic"),
                pkg("gen 1.0", "core >=1,<2", noarch="generic"),
                pkg("core 1.5", noarch="generic"),
                pkg("core 2.5", noarch="generic"),
            ]
        },
    )
    app = recipe(tmp_path, "app 2.0", host=("gen", "core >=2"))
    channel = Channel.open([str(folder)])
    old = recipe(tmp_path / "old", "app 1.0", host=("gen", "core"))[1].read()
    cells = answered(channel, cells_of(make_target("app", ["app"], platforms=["linux-64"], pythons=())))
    prover = Prover(channel, lambda: cells, platforms=["linux-64"], pinning=None)
    mine = Subject("app", app[1].read(), old=old, channel=channel, pinning=None, platforms=["linux-64"])
    proof = prover.proof([mine])
    assert proof.outcome == "worse"
    assert "the host environment of app on linux-64" in proof_words(proof.reason)
    gen = recipe(tmp_path, "gen 2.0", "core >=2")
    others = Others({"gen": Subject("gen", gen[1].read(), channel=channel, pinning=None, platforms=["linux-64"])})
    found = helping_proposals(prover, [mine], (), proof, others)
    assert found is not None
    assert (found.keys, found.proof.outcome) == (("gen",), "better")
