"""After changes were sent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dirac_forge.errors import ForgeError
from dirac_forge.feedstock.change import Edit
from dirac_forge.pullrequest.following import observe, relearn, withdraw
from dirac_forge.pullrequest.records import LedgerEntry
from pullrequest.conftest import FEEDSTOCK, FORK, World, bump, identity
from support.github import bare

BRANCH = "dirac-forge/bump/main/2"


def observed(world: World, version: str = "2") -> LedgerEntry:
    with world.ledger() as ledger:
        entry = ledger.entry(identity(version))
        assert entry is not None
        return observe(entry, destination=world.destination(), ledger=ledger, run="r")


def withdrawn(world: World, version: str = "2") -> LedgerEntry:
    with world.ledger() as ledger:
        entry = ledger.entry(identity(version))
        assert entry is not None
        return withdraw(entry, destination=world.destination(), ledger=ledger, run="r", text="Batch r is taken back")


def test_what_became_of_it(world: World) -> None:
    world.deliver(bump("2"))
    assert observed(world) == world.entry("2")
    assert observed(world).state == "open"
    world.github.close(FEEDSTOCK, 1, by="someone")
    closed = observed(world)
    assert (closed.state, closed.decided) == ("closed-by-person", "#1 was closed on 2027-01-15 by someone")
    world.pulls()[0].state = "open"
    assert observed(world).state == "open"
    world.github.merge(FEEDSTOCK, 1)
    assert observed(world).state == "merged"
    count = len(world.events())
    assert observed(world).state == "merged"
    assert len(world.events()) == count
    url = f"{world.github.url}/{FEEDSTOCK}/pull/1"
    assert [text for step, text in world.events() if step == "observed"] == [
        f"{url}: #1 was closed on 2027-01-15 by someone",
        f"{url}: open",
        f"{url}: merged",
    ]


def test_what_was_superseded(world: World) -> None:
    world.deliver(bump("2"))
    world.deliver(bump("3"))
    assert observed(world).state == "superseded"
    world.ledger_file.unlink()
    world.deliver(bump("3"))
    with world.ledger() as ledger:
        lost = observe(LedgerEntry(identity=identity("2")), destination=world.destination(), ledger=ledger, run="r")
    assert (lost.state, lost.number) == ("superseded", 1)


def test_what_the_forge_knows_nothing_of(world: World) -> None:
    world.deliver(bump("2"))
    with world.ledger() as ledger:
        entry = LedgerEntry(identity=identity("7"))
        assert observe(entry, destination=world.destination(), ledger=ledger, run="r") is entry
        gone = replace(entry, identity=replace(identity("7"), feedstock="gone"))
        with pytest.raises(ForgeError):
            observe(gone, destination=world.destination(), ledger=ledger, run="r")


def test_what_is_taken_back_stays_so(world: World) -> None:
    world.deliver(bump("2"))
    assert (withdrawn(world).state, withdrawn(world).decided) == ("retracted", "Batch r is taken back")
    (pull,) = world.pulls()
    assert (pull.state, world.branches()) == ("closed", [])
    assert [comment.body.splitlines()[0] for comment in pull.comments][1:] == ["Batch r is taken back"]
    assert world.deliver(bump("2")).text == "it was retracted: Batch r is taken back"
    assert observed(world).state == "retracted"
    world.ledger_file.unlink()
    assert world.deliver(bump("2")).state == "closed"
    better = bump("2")
    better = replace(better, edits=(*better.edits, Edit(path="recipe/build.sh", before="make\n", after="make all\n")))
    assert world.deliver(better).state == "closed"
    assert world.deliver(better, force=True).state == "opened"
    assert world.open_pulls() == [2]


def test_what_somebody_added_to_is_kept(world: World) -> None:
    world.deliver(bump("2"))
    bare.commit(world.github.path(FORK), BRANCH, {"recipe/fix.patch": "x\n"}, message="fix")
    assert withdrawn(world).state == "retracted"
    assert world.branches() == [BRANCH]
    assert world.open_pulls() == []


def test_what_is_merged_is_not_taken_back(world: World) -> None:
    world.deliver(bump("2"))
    world.github.merge(FEEDSTOCK, 1)
    assert withdrawn(world).state == "merged"


def test_a_ledger_that_was_lost(world: World) -> None:
    world.deliver(bump("2"))
    world.deliver(bump("9", kind="migration", key="openssl4"))
    world.ledger_file.write_bytes(b"no database, this")
    with world.ledger() as ledger:
        assert ledger.rebuilt
        learnt = relearn("demo", destination=world.destination(), ledger=ledger, run="r")
        assert sorted(learnt, key=lambda entry: entry.number) == list(ledger.entries())
        assert [(entry.identity.kind, entry.state, entry.number) for entry in ledger.entries()] == [
            ("bump", "open", 1),
            ("migration", "open", 2),
        ]
        assert relearn("demo", "v1", destination=world.destination(), ledger=ledger, run="r") == ()
    assert world.deliver(bump("2")).state == "unchanged"
    assert len(world.pulls()) == 2
    assert len(world.pulls()[0].comments) == 1
