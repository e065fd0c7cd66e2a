"""A bot on a local GitHub: feedstocks, a decider that moves versions, and runs of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dirac_forge.bot.connections import Connections
from dirac_forge.bot.dashboard import DashboardRequests
from dirac_forge.bot.proposed import ProposedChange, RunDecision, YoungRelease
from dirac_forge.bot.release_lines import CurrentLine, ReleaseLine, look
from dirac_forge.bot.run import BotRun, Result
from dirac_forge.bump.cooldown import Cooldown
from dirac_forge.feedstock.change import Change, Edit, Skip
from dirac_forge.feedstock.workspace import FeedstockFolder
from dirac_forge.http import Http
from dirac_forge.progress import Silent
from dirac_forge.proposals.decision_reasons import RecipeVersion
from dirac_forge.proposals.outcome_reasons import Unneeded
from dirac_forge.proposals.review_reasons import ReviewReason
from dirac_forge.pullrequest.clones import Clones
from dirac_forge.pullrequest.feedstock_files import folder_of, full_name_of
from dirac_forge.pullrequest.github import GitHub as Client
from dirac_forge.pullrequest.github.rates import Pace
from dirac_forge.pullrequest.github_destination import GitHubDestination
from dirac_forge.pullrequest.ledger import Ledger
from dirac_forge.pullrequest.outbox import Outbox
from dirac_forge.pullrequest.records import Identity, LedgerEntry
from dirac_forge.pullrequest.tokens import Token
from dirac_forge.settings import BotSettings, Settings
from dirac_forge.store import Store
from support.github import GitHub
from support.github.clock import StandingClock

__all__ = ["TOKEN", "Bots", "Mover", "bots", "feedstock_files", "recipe", "without_spacing"]

TOKEN = "ghp_0123456789abcdef0123456789abcdef0123"
_VERSION = re.compile(r"(?m)^  version: (\S+)$")


def recipe(name: str, version: str = "1.0", number: int = 0, extra: str = "") -> str:
    """A small recipe."""
    return (
        f"context:\n  version: {version}\n\npackage:\n  name: {name}\n  version: ${{{{ version }}}}\n\n"
        f"source:\n  url: https://example.org/{name}-${{{{ version }}}}.tar.gz\n  sha256: {'0' * 64}\n\n"
        f"build:\n  number: {number}\n  noarch: python\n{extra}"
    )


def feedstock_files(name: str, version: str = "1.0", *, automerge: str = "") -> dict[str, str | bytes]:
    """What a feedstock's repository has."""
    return {
        "recipe/recipe.yaml": recipe(name, version),
        "conda-forge.yml": f"bot:\n  automerge: {automerge}\n" if automerge else "bot: {}\n",
        "README.md": f"About {name}\n",
    }


@dataclass
class Mover:
    """Decides what a test says: feedstock to the version that upstream has; a `Decider`."""

    versions: dict[str, str] = field(default_factory=dict)
    blocks: Mapping[str, int] = field(default_factory=dict)
    migration: str = ""
    """Instead of bumps: all of `versions` are rebuilt for it."""
    review: ReviewReason | None = None
    built: set[Identity] = field(default_factory=set)
    """What the channel has."""
    over: dict[Identity, Unneeded] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)
    """Feedstock to why it can't move yet."""
    released: dict[str, datetime] = field(default_factory=dict)
    unblocks: set[str] = field(default_factory=set)
    after: dict[str, tuple[str, ...]] = field(default_factory=dict)
    looked: list[CurrentLine] = field(default_factory=list)
    young: dict[str, YoungRelease] = field(default_factory=dict)
    """Feedstock to a newer version that waits."""
    cooldown: Cooldown | None = None
    """What the last run said."""

    def decide(
        self, looked: Sequence[CurrentLine], requests: Sequence[LedgerEntry], *, cooldown: Cooldown
    ) -> list[RunDecision]:
        """What is wanted of what was looked at."""
        self.cooldown = cooldown
        self.looked = list(looked)
        return [self._decision(one) for one in looked if one.folder is not None]

    def arrived(self, identity: Identity) -> bool | None:
        return identity in self.built

    def current(self, identity: Identity) -> Unneeded | None:
        return self.over.get(identity)

    def _decision(self, looked: CurrentLine) -> RunDecision:
        assert looked.folder is not None
        name = looked.line.name
        change = self.change(looked.folder)
        kind = "migration" if self.migration else "bump"
        plain = RunDecision(feedstock=name, branch=looked.branch, kind=kind, state="nothing")  # type: ignore[arg-type]
        if isinstance(change, Skip):
            return replace(plain, reasons=(change.reason,))
        if name in self.waiting:
            return replace(plain, state="blocked", reasons=(self.waiting[name],))
        tip = looked.tip
        assert tip is not None
        wanted = ProposedChange(
            change=change,
            remake=lambda files: self.change(folder_of(name, tip.full_name, looked.branch, files)),
            blocks=self.blocks.get(name, 0),
            review=self.review,
            allowed=looked.folder.read().forge.bot.automerge,
            remake_conflicts=looked.folder.read().forge.bot.remake_prs_with_conflicts,
            released=self.released.get(name),
            unblocks=name in self.unblocks,
            after=self.after.get(name, ()),
        )
        return replace(
            plain,
            state="wanted",
            key=change.key,
            found=RecipeVersion(version=change.key),
            wanted=wanted,
            young=self.young.get(name),
        )

    def change(self, folder: FeedstockFolder) -> Change | Skip:
        """The change that these files need."""
        path, text = folder.exact_recipe()
        wanted = self.versions.get(folder.name, "")
        found = _VERSION.search(text)
        current = found[1] if found else ""
        branch = folder.branch or "main"
        if self.migration:
            key, title = self.migration, f"Rebuild for {self.migration}"
            after = text.replace("number: 0", "number: 1") if wanted else text
        else:
            key, title = wanted, f"{folder.name} {wanted}"
            after = _VERSION.sub(f"  version: {wanted}", text) if wanted else text
        if after == text:
            return Skip(feedstock=folder.name, branch=branch, reason=f"it is at {current} already", current=current)
        return Change(
            feedstock=folder.name,
            branch=branch,
            kind="migration" if self.migration else "bump",
            key=key,
            title=title,
            body=f"{folder.name} moves.\n",
            reasons=("a test says so",),
            edits=(Edit(path=path, before=text, after=after),),
        )


@dataclass(kw_only=True)
class Bots:
    """Runs of a bot; each opens the ledger anew, as programs do."""

    folder: Path
    github: GitHub
    clock: StandingClock
    executor: Executor
    settings: Settings
    decider: Mover = field(default_factory=Mover)
    lines: list[ReleaseLine] = field(default_factory=list)
    canary: int = 0
    log: list[str] = field(default_factory=list)
    token: str = TOKEN
    http: Http | None = None
    ledger: Path | None = None
    many: bool = False
    """Whether the forge is asked for many things at once."""
    jump: timedelta = timedelta()
    """By how much the bot's clock is wrong."""
    on_step: Callable[[str], None] = lambda _: None
    observer: Silent = field(default_factory=Silent)

    def feedstock(self, name: str, version: str = "1.0", *, wanted: str = "", automerge: str = "") -> str:
        """One more, which upstream has at `wanted`; its full name."""
        full_name = f"conda-forge/{name}-feedstock"
        self.github.repository(full_name, feedstock_files(name, version, automerge=automerge))
        self.lines.append(ReleaseLine(name=name))
        if wanted:
            self.decider.versions[name] = wanted
        return full_name

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.now, UTC) + self.jump

    @property
    def store(self) -> Store:
        return Store(None)

    @contextmanager
    def opened(self) -> Iterator[Ledger]:
        """The ledger, at the bot's own time."""
        path = self.ledger or self.folder / ".dirac-forge/ledger.sqlite"
        with Ledger.open(path, clock=self.now, timeout=0.2, warned=self.observer.warned) as ledger:
            yield ledger

    def entries(self, name: str = "") -> tuple[LedgerEntry, ...]:
        """What the ledger remembers."""
        with self.opened() as ledger:
            return ledger.entries(feedstock=name)

    @contextmanager
    def connections(self, *, outbox: bool = False) -> Iterator[Connections]:
        """What changes are sent with."""
        settings = self.settings
        clones = Clones(self.folder / "clones")
        with ExitStack() as stack:
            ledger = stack.enter_context(self.opened())
            if outbox:
                yield Connections(
                    ledger=ledger,
                    clones=clones,
                    destination=Outbox(
                        folder=self.folder / "outbox",
                        clones=clones,
                        repository=lambda name: full_name_of(settings, name),
                    ),
                    executor=self.executor,
                    observer=self.observer,
                    write=self.log.append,
                )
                return
            http = self.http or stack.enter_context(Http(cache=None, timeout=30))
            client = Client(
                http,
                Token(self.token),
                api_url=self.github.api_url,
                clock=self.clock.clock(),
                observer=self.observer,
                fork_patience=60,
            )
            clones = Clones(self.folder / "clones", environment=client.git_environment, sleep=self.clock.sleep)
            yield Connections(
                ledger=ledger,
                clones=clones,
                destination=GitHubDestination(
                    forge=client,
                    clones=clones,
                    repository=lambda name: full_name_of(settings, name)[0],
                ),
                executor=self.executor,
                observer=self.observer,
                forge=client,
                others=self.settings.bot.other_requests,
                draft=self.settings.bot.draft,
                labels=self.settings.bot.labels,
                reviewers=self.settings.bot.reviewers,
                many=self.many,
                write=self.log.append,
            )

    def run(self, *, outbox: bool = False, asked: DashboardRequests | None = None) -> Result:
        """One run of the bot."""
        with self.connections(outbox=outbox) as connections:
            return self.run_with(connections, asked=asked)

    def run_with(self, connections: Connections, *, asked: DashboardRequests | None = None) -> Result:
        """One run with these."""
        return BotRun(
            connections=connections,
            settings=self.settings.bot,
            look=lambda: look(
                self.lines,
                settings=self.settings,
                clones=connections.clones,
                executor=connections.executor,
                observer=self.observer,
            ),
            decider=self.decider,
            canary=self.canary,
            asked=asked or DashboardRequests(),
        ).run()

    def limits(self, **changes: object) -> None:
        """Other settings of the bot."""
        self.settings = replace(self.settings, bot=replace(BotSettings(), **changes))  # type: ignore[arg-type]


def without_spacing(patch: pytest.MonkeyPatch) -> None:
    """A loopback server need not be asked slowly, one change a second."""
    before = Pace.before
    patch.setattr(Pace, "before", lambda pace, *, writes: before(pace, writes=False))


@contextmanager
def bots(folder: Path, *, threads: int = 1) -> Iterator[Bots]:
    """A bot in a folder, with a GitHub of its own."""
    clock = StandingClock()
    with (
        GitHub(folder / "github", clock=clock.time) as github,
        ThreadPoolExecutor(threads) as executor,
    ):
        github.user("bot", token=TOKEN)
        settings = Settings(
            workspace=folder,
            cache=folder / "cache",
            feedstock_url=f"{github.url}/conda-forge/{{name}}-feedstock",
        )
        yield Bots(folder=folder, github=github, clock=clock, executor=executor, settings=settings)
