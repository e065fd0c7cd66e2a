"""What the ledger remembers, as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Literal

from dirac_forge.feedstock.change import Change

State = Literal[
    "wanted",
    "prepared",
    "theirs",
    "pushed",
    "open",
    "merged",
    "closed-by-person",
    "superseded",
    "retracted",
    "done",
    "failed",
    "waiting",
]
"""`wanted`: decided, nothing sent yet; `prepared`: in the outbox; `theirs`: someone else's request makes the change,
or a person reopened one that we closed; `pushed`: the branch is there, the request is not; `open`; `merged`, but the
channel has no package yet; `closed-by-person`; `superseded` by another and closed by us; `retracted`: taken back by
`bot retract` and closed by us; `done`: the channel has it; `failed` and `waiting` (for something that passes by
itself): tried again at `next_try`."""


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Identity:
    """Which change: two with the same identity are versions of one, and have one pull request."""

    feedstock: str
    branch: str
    kind: str
    key: str

    @classmethod
    def of(cls, change: Change) -> Identity:
        """Return a change's identity."""
        return cls(feedstock=change.feedstock, branch=change.branch, kind=change.kind, key=change.key)

    def __str__(self) -> str:
        return f"{self.feedstock} ({self.branch}): {self.kind} {self.key}"


def fingerprint(change: Change) -> str:
    """Return what a change does, as 32 hexadecimal digits: the lines that its edits take away and add, by file.

    Lines around them do not count: the same change on a feedstock that moved on elsewhere is the same.
    """
    digest = sha256()
    for edit in sorted(change.edits, key=lambda edit: edit.path):
        lines = [line for line in edit.diff.splitlines() if line[:1] in "+-"]
        digest.update("\n".join([edit.path, *lines, ""]).encode(errors="surrogatepass") + b"\0")
    return digest.hexdigest()[:32]


def before_digest(change: Change) -> str:
    """Return 16 hexadecimal digits for the files of a change as they are before it."""
    digest = sha256()
    for edit in sorted(change.edits, key=lambda edit: edit.path):
        text = "-" if edit.before is None else f"+{edit.before}"
        digest.update(f"{edit.path}\0{len(text)}\0{text}".encode(errors="surrogatepass"))
    return digest.hexdigest()[:16]


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerEntry:
    """One change, and what became of it."""

    identity: Identity
    fingerprint: str = ""
    state: State = "wanted"
    title: str = ""
    repository: str = ""
    """`owner/name` that the request is on; "" for the outbox."""
    number: int = 0
    """The request's, or 0 if there is none."""
    url: str = ""
    """The request's, or the folder in the outbox."""
    head: str = ""
    """The branch that carries it."""
    head_sha: str = ""
    """The commit that we pushed last."""
    batch: str = ""
    """The run that opened it: what `bot retract` takes back."""
    step: str = ""
    """The last step of the delivery that was carried out."""
    attempts: int = 0
    """How many failed since the last success."""
    error: str = ""
    """Why the last attempt failed, or what is waited for."""
    next_try: datetime | None = None
    decided: str = ""
    """What a person decided, in words: `closed #12 on 2026-01-05 (octocat)`."""
    base_sha: str = ""
    """The commit of the feedstock that our commits are on."""
    checks: str = ""
    """The checks that failed on its request, by name, a line each, or "" if none did, or none is known to."""
    conflicts: bool = False
    """Whether the forge said that its request conflicts with the release line."""
    remade: str = ""
    """The fingerprint with which it was made again because of checks or conflicts: that is done once."""
    tidied: str = ""
    """The commit of its branch when that was deleted, or left for its new commits, because the request is over."""
    updated: datetime | None = None
    """When this was last written; set by the ledger."""

    @property
    def trouble(self) -> str:
        """What is wrong with the open request, in words: conflicts, and the names of the checks that failed."""
        checks = f"checks failed: {', '.join(self.failing)}" if self.checks else ""
        return "; ".join(filter(None, ["it conflicts with the release line" if self.conflicts else "", checks]))

    @property
    def failing(self) -> tuple[str, ...]:
        """The names of the checks that failed."""
        return tuple(self.checks.splitlines())

    @property
    def on_forge(self) -> bool:
        """Whether its request is on a forge, not in an outbox."""
        return self.url.startswith(("http://", "https://"))


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerLine:
    """A release line of a feedstock: when it was last looked at, and what came of it."""

    feedstock: str
    branch: str = "main"
    looked: datetime
    found: str = ""
    """What was found: `9.1.22 on PyPI, 9.1.20 in the recipe`."""
    decided: str = ""
    """What was decided: `bump to 9.1.22`, `nothing`, `nothing yet`."""
    reason: str = ""
    """The reasons, as they were worded then."""
    codes: str = ""
    """The types of the reasons, a line each."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Something that happened; never changed, never taken away."""

    time: datetime
    run: str
    feedstock: str
    branch: str = ""
    kind: str = ""
    key: str = ""
    step: str
    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One run of the bot."""

    id: str
    start: datetime
    end: datetime | None = None
    """None: it runs, or was killed."""
    outcome: str = ""
