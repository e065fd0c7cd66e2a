"""The sealed batch: what a run without a token decided and prepared, for a run with a token that makes no decisions.

It is the outbox with two more things: `batch.json`, which has each decision, and a pack of git objects for each
rerender. Who reads it trusts nothing in it: names, paths and titles are checked as those of any change, commits are
made again from the edits, and of the packs only the trees are used.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from dirac_forge.bot.proposed import Proposal, ProposedChange, RunDecision, YoungRelease
from dirac_forge.bot.release_lines import CurrentLine, ReleaseLine
from dirac_forge.bump.cooldown import Cooldown
from dirac_forge.errors import InputError
from dirac_forge.feedstock.change import Recorded, Skip
from dirac_forge.files import write_file
from dirac_forge.git import own_git
from dirac_forge.proposals.decision_reasons import ChangedSincePrepared, DecisionKind, DecisionState
from dirac_forge.proposals.outcome_reasons import Unneeded
from dirac_forge.pullrequest.clones import Clones, Tip
from dirac_forge.pullrequest.decision import WantedRequest
from dirac_forge.pullrequest.making import PreparedTree
from dirac_forge.pullrequest.outbox import Outbox, PreparedChange
from dirac_forge.pullrequest.records import Identity, LedgerEntry
from dirac_forge.report.bot_words import recorded
from dirac_forge.untrusted import parse_json

_FILE = "batch.json"
_FORMAT = 3
_PACK = re.compile(r"[0-9a-f]{64}")
_LARGEST = 200_000_000
_LARGEST_PACK = 40_000_000
_LONGEST_LIFE = timedelta(days=2)


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchLine:
    """A release line that was read."""

    name: str
    branch: str
    state: Literal["read", "missing", "unknown", "failed"]
    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchDecision:
    """A decision, its reasons as they are worded, and the change that it proposes."""

    feedstock: str
    branch: str
    kind: DecisionKind
    state: DecisionState
    key: str
    found: Recorded | None = None
    reasons: tuple[Recorded, ...] = ()
    proposal: Proposal | None = None
    young: YoungRelease | None = None
    review: Recorded | None = None
    """Why a person must review the change."""

    @classmethod
    def of(cls, decision: RunDecision) -> BatchDecision:
        """Return the values of a decision."""
        wanted = decision.wanted
        return cls(
            **{name: getattr(decision, name) for name in _PLAIN},
            found=_recorded(decision.found),
            reasons=tuple(map(recorded, decision.reasons)),
            proposal=None if wanted is None else _proposal_of(wanted),
            review=None if wanted is None else _recorded(wanted.review),
        )

    def replayed(self) -> RunDecision:
        """Return the decision; its change can't be decided again here."""
        plain = RunDecision(**{name: getattr(self, name) for name in (*_PLAIN, "found", "reasons")})
        proposal = self.proposal
        if proposal is None:
            return plain
        skip = Skip(feedstock=self.feedstock, branch=self.branch, reason=ChangedSincePrepared())
        return replace(plain, wanted=ProposedChange.of(proposal, lambda _: skip, review=self.review))


_PLAIN = ("feedstock", "branch", "kind", "state", "key", "young")


def _recorded(reason: object | None) -> Recorded | None:
    return None if reason is None else recorded(reason)


def _proposal_of(wanted: ProposedChange) -> Proposal:
    """Return the plain values of a change."""
    return Proposal(**{each.name: getattr(wanted, each.name) for each in fields(Proposal)})


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchTree:
    """What conda-smithy made of a change."""

    identity: Identity
    fingerprint: str
    base_commit: str
    made: PreparedTree
    pack: str = ""
    """The SHA-256 of its pack, which names the file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """What was decided and prepared."""

    format: int = _FORMAT
    made: datetime
    lines: tuple[BatchLine, ...] = ()
    decisions: tuple[BatchDecision, ...] = ()
    arrived: tuple[Identity, ...] = ()
    """Merged changes that the channel has."""
    over: tuple[tuple[Identity, Unneeded], ...] = ()
    """Open requests that nobody needs any more, and why."""
    trees: tuple[BatchTree, ...] = ()
    unrendered: str = ""
    """Why nothing was rerendered, or "" if conda-smithy ran."""


_BATCH = TypeAdapter(Batch)


def write_batch(
    outbox: Outbox,
    *,
    made: datetime,
    looked: Iterable[CurrentLine],
    decisions: Iterable[RunDecision],
    arrived: Iterable[Identity],
    over: Mapping[Identity, Unneeded],
    unrendered: str = "",
) -> Batch:
    """Write what a run decided into the outbox, the seal last; packs that belong to nothing any more are removed."""
    packs = outbox.folder / "packs"
    packs.mkdir(parents=True, exist_ok=True)
    trees = [tree for change in outbox.prepared() if (tree := _tree_of(change, packs)) is not None]
    batch = Batch(
        made=made,
        lines=tuple(
            BatchLine(name=each.line.name, branch=each.line.branch, state=each.state, text=each.text) for each in looked
        ),
        decisions=tuple(BatchDecision.of(each) for each in decisions),
        arrived=tuple(arrived),
        over=tuple(over.items()),
        trees=tuple(trees),
        unrendered=unrendered,
    )
    content = _BATCH.dump_json(batch).decode()
    write_file(outbox.folder / _FILE, json.dumps({"seal": _digest(content.encode()), "batch": content}) + "\n")
    for path in packs.iterdir():
        if path.stem not in {tree.pack for tree in trees}:
            path.unlink()
    return batch


def _tree_of(change: PreparedChange, packs: Path) -> BatchTree | None:
    made, header = change.made, change.header
    if made is None or header is None or made.rerendered is None:
        return None
    plain = BatchTree(
        identity=header.identity,
        fingerprint=header.fingerprint,
        base_commit=change.base_commit,
        made=PreparedTree(tree="", rerendered=made.rerendered, lints=made.lints, unlinted=made.unlinted),
    )
    if made.rerendered.state != "done":
        return plain
    about, folder = str(change.repository_folder), change.repository_folder
    tree = own_git("rev-parse", f"{change.commit}^{{tree}}", about=about, folder=folder).decode().strip()
    wanted = f"{change.commit}\n^{change.base_commit}\n".encode()
    pack = own_git("pack-objects", "--revs", "--stdout", "-q", about=about, folder=folder, stdin=wanted)
    name = _digest(pack)
    (packs / f"{name}.pack").write_bytes(pack)
    return replace(plain, made=replace(plain.made, tree=tree), pack=name)


def read_batch(folder: Path, *, now: datetime) -> Batch:
    """Return the batch in an outbox. Raises InputError if there is none, or one that is damaged or too old."""
    path = folder / _FILE
    again = "Run `dirac-forge bot prepare` again."
    try:
        with path.open("rb") as file:
            sealed = parse_json(file.read(_LARGEST))
        content = str(sealed["batch"])
        if _digest(content.encode()) != sealed["seal"]:
            raise InputError(f"{path} was changed after it was sealed", hint=again)
        batch = _BATCH.validate_json(content)
    except FileNotFoundError:
        raise InputError(f"there is no batch in {folder}", hint="`dirac-forge bot prepare` makes one.") from None
    except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
        raise InputError(f"{path} can't be read ({type(error).__name__})", hint=again) from error
    if batch.format != _FORMAT:
        raise InputError(f"{path} was made by a different version of dirac-forge", hint=again)
    if not timedelta(days=-1) < now - batch.made < _LONGEST_LIFE:
        raise InputError(f"{path} was made on {batch.made:%Y-%m-%d %H:%M} UTC, which is too old", hint=again)
    return batch


def batch_lines(batch: Batch) -> tuple[CurrentLine, ...]:
    """Return the release lines of a batch, as they were read."""
    return tuple(
        CurrentLine(line=ReleaseLine(name=each.name, branch=each.branch), state=each.state, text=each.text)
        for each in batch.lines
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchDecider:
    """A Decider that decides what a batch says, and finds the trees in it."""

    batch: Batch
    folder: Path

    def decide(
        self,
        looked: Sequence[CurrentLine],  # noqa: ARG002
        requests: Sequence[LedgerEntry],  # noqa: ARG002
        *,
        cooldown: Cooldown | None = None,  # noqa: ARG002
    ) -> list[RunDecision]:
        """Return the decisions of the batch."""
        return [each.replayed() for each in self.batch.decisions]

    def arrived(self, identity: Identity) -> bool | None:
        """Whether the channel has what a merged change builds, or None if that was not known."""
        return identity in self.batch.arrived or None

    def current(self, identity: Identity) -> Unneeded | None:
        """Return why an open request is not needed any more."""
        return dict(self.batch.over).get(identity)

    def prepared(self, clones: Clones, wanted: WantedRequest, tip: Tip) -> PreparedTree | None:
        """Return the rerendered tree of a change on exactly this commit, put into the clone."""
        return find_tree(self.batch.trees, self._pack, clones, wanted, tip)

    def _pack(self, name: str) -> bytes:
        if not _PACK.fullmatch(name):
            raise InputError("the batch names a pack that is not a digest")
        path = self.folder / "packs" / f"{name}.pack"
        try:
            with path.open("rb") as file:
                pack = file.read(_LARGEST_PACK + 1)
        except OSError as error:
            raise InputError(f"{path} can't be read: {error.strerror or error}") from error
        if len(pack) > _LARGEST_PACK or _digest(pack) != name:
            raise InputError(f"{path} is not the pack that the batch was sealed with")
        return pack


def find_tree(
    trees: Iterable[BatchTree], pack_of: Callable[[str], bytes], clones: Clones, wanted: WantedRequest, tip: Tip
) -> PreparedTree | None:
    """Return the tree that was rerendered for a change on exactly this commit, put into the clone; None for none."""
    key = (wanted.identity, wanted.fingerprint, tip.commit)
    for tree in trees:
        if (tree.identity, tree.fingerprint, tree.base_commit) == key:
            if tree.made.tree:
                clones.unpack(tip, pack_of(tree.pack))
            return tree.made
    return None


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
