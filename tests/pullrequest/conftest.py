"""A world for deliveries: a local GitHub with a feedstock, a bot with a fork, a ledger and clones."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dirac_forge.feedstock.change import Change, Edit, Skip
from dirac_forge.http import Http
from dirac_forge.pullrequest.clones import Clones
from dirac_forge.pullrequest.delivery import DeliveryOptions, deliver
from dirac_forge.pullrequest.github import GitHub as Client
from dirac_forge.pullrequest.github_destination import GitHubDestination
from dirac_forge.pullrequest.ledger import Ledger
from dirac_forge.pullrequest.outcome import Outcome
from dirac_forge.pullrequest.records import Identity, LedgerEntry
from dirac_forge.pullrequest.smithy import Smithy
from dirac_forge.pullrequest.tokens import Token
from support.github import GitHub
from support.github.clock import StandingClock
from support.github.state import Ticket

TOKEN = "ghp_0123456789abcdef0123456789abcdef0123"
FEEDSTOCK = "conda-forge/demo-feedstock"
FORK = "bot/demo-feedstock"
RECIPE = "version: {}\nname: demo\n\nnumber: 0\n"
FILES: dict[str, str | bytes] = {
    "recipe/recipe.yaml": RECIPE.format(1),
    "recipe/build.sh": "make\n",
    "conda-forge.yml": "bot: {}\n",
    ".appveyor.yml": "old\n",
}


def bump(version: str, text: str = RECIPE.format(1), *, body: str = "What is new.\n", **more: Any) -> Change:
    """The recipe at another version, from the text that there is."""
    lines = text.splitlines(keepends=True)
    after = "".join([f"version: {version}\n", *lines[1:]])
    wanted: dict[str, Any] = {
        "feedstock": "demo",
        "kind": "bump",
        "key": version,
        "title": f"demo {version}",
        "body": body,
        "reasons": (f"{version} is the newest release",),
        "edits": (Edit(path="recipe/recipe.yaml", before=text, after=after),),
    }
    return Change(**{**wanted, **more})


def identity(version: str, branch: str = "main") -> Identity:
    return Identity(feedstock="demo", branch=branch, kind="bump", key=version)


def never(texts: Mapping[str, str]) -> Change | Skip:
    raise AssertionError("there is nothing to decide again")


@dataclass(kw_only=True)
class World:
    """What a bot has, and what is on the forge."""

    folder: Path
    github: GitHub
    time: StandingClock
    http: Http
    smithy: Smithy | None = None
    steps: list[str] = field(default_factory=list)

    @property
    def ledger_file(self) -> Path:
        return self.folder / "ledger.sqlite"

    def ledger(self) -> Ledger:
        return Ledger.open(self.ledger_file, clock=lambda: datetime.fromtimestamp(self.time.now, UTC))

    def client(self) -> Client:
        return Client(self.http, Token(TOKEN), api_url=self.github.api_url, clock=self.time.clock(), fork_patience=5)

    def destination(self) -> GitHubDestination:
        client = self.client()
        return GitHubDestination(
            forge=client,
            clones=Clones(self.folder / "clones", environment=client.git_environment, sleep=self.time.sleep),
        )

    def deliver(
        self,
        change: Change,
        *,
        remake: Callable[[Mapping[str, str]], Change | Skip] = never,
        on_step: Callable[[str], None] | None = None,
        **more: Any,
    ) -> Outcome:
        """As a new run does it: all that is in memory is made anew."""
        destination = self.destination()
        with self.ledger() as ledger:
            return deliver(
                change,
                remake=remake,
                destination=destination,
                clones=destination.clones,
                ledger=ledger,
                run=ledger.start_run().id,
                options=DeliveryOptions(smithy=self.smithy, **more),
                on_step=on_step or self.steps.append,
            )

    def entry(self, version: str, branch: str = "main") -> LedgerEntry:
        with self.ledger() as ledger:
            found = ledger.entry(identity(version, branch))
        assert found is not None
        return found

    def events(self) -> list[tuple[str, str]]:
        with self.ledger() as ledger:
            return [(event.step, event.text) for event in ledger.events(feedstock="demo")]

    def pulls(self, full_name: str = FEEDSTOCK) -> list[Ticket]:
        return self.github.pulls(full_name)

    def open_pulls(self) -> list[int]:
        return [pull.number for pull in self.pulls() if pull.state == "open"]

    def branches(self, full_name: str = FORK) -> list[str]:
        listed = self.github.git(full_name, "for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads").split()
        return [name for name in listed if name != "main"]

    def commits(self, branch: str, full_name: str = FORK) -> list[str]:
        return self.github.git(full_name, "log", "--format=%s", branch).splitlines()

    def file(self, branch: str, path: str, full_name: str = FORK) -> str:
        return self.github.git(full_name, "show", f"{branch}:{path}")

    def writes(self) -> list[str]:
        """What was changed through the API."""
        return [line for line in self.github.lines() if not line.startswith("GET ")]

    def text_of_all_files(self) -> bytes:
        """All that the bot keeps on disk."""
        kept = (path for path in self.folder.rglob("*") if path.is_file())
        return b"\n".join(path.read_bytes() + os.fsencode(path) for path in kept)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    time = StandingClock()
    with GitHub(tmp_path / "github", clock=time.time) as github, Http(cache=None, timeout=5) as http:
        github.user("bot", token=TOKEN)
        github.repository(FEEDSTOCK, FILES)
        yield World(folder=tmp_path / "bot", github=github, time=time, http=http)
