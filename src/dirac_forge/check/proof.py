"""Values: what proposed recipes do to the targets, and the environments that they are built and used in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field, replace
from typing import Literal

from dirac_forge.channel.records import Record, name_of
from dirac_forge.check.answer_reasons import NotTaken, RefusedBefore, VerdictReason
from dirac_forge.check.cells import Cell
from dirac_forge.check.difference import Difference
from dirac_forge.check.exports import Built
from dirac_forge.check.proof_reasons import (
    BrokenEnvironment,
    EnvironmentProof,
    NothingMade,
    ProofReason,
    ProofWarning,
    UselessVariants,
    WorstTarget,
)
from dirac_forge.check.remedies import Unblock
from dirac_forge.values import dataclass

Outcome = Literal["better", "same", "worse", "unknown"]
_ORDER: tuple[Outcome, ...] = ("worse", "unknown", "better", "same")


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """One cell, without and with the proposal."""

    before: Cell
    after: Cell
    """With the proposal's packages that the target installs required; as before, where that fails."""
    outcome: Outcome
    reason: VerdictReason | None = None
    failing: tuple[Record, ...] = ()
    """The proposal's packages that can't be installed with the target."""
    difference: Difference = field(default_factory=Difference)
    not_taken: tuple[NotTaken, ...] = ()
    """The proposal's packages that the target leaves out, as it does with those of today."""
    unbuilt: tuple[EnvironmentProof, ...] = ()
    """Why packages of the proposal can't be built for this platform and Python: without them, the target is as here."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """What becomes of the targets, and of the feedstocks themselves, once the proposal is merged."""

    outcome: Outcome
    """Better, same or worse; `unknown` where the channel could not be read."""
    reason: ProofReason | None = None
    """Why it is worse or unknown."""
    verdicts: tuple[Verdict, ...] = ()
    """One for each target, platform and Python."""
    environments: tuple[EnvironmentProof, ...] = ()
    beside: tuple[str, ...] = ()
    """Feedstocks whose own proposals were laid over the channel first: this one waits for them."""
    warnings: tuple[ProofWarning, ...] = ()
    """What makes the proof weaker than it looks."""
    built: tuple[Built, ...] = ()
    """The packages that the proposal would make."""
    useless: tuple[EnvironmentProof, ...] = ()
    """For each package that can't be built or installed in any variant, the first environment that shows it.

    Not those of feedstocks whose conda-forge.yml turns `bot.check_solvable` off.
    """
    culprits: frozenset[str] = frozenset()
    """Packages that stand in the way where a target or an environment is worse off."""
    excused: frozenset[tuple[str, str]] = frozenset()
    """Outputs that could not be installed before either, and so make no target worse; each with its platform."""
    unblock: tuple[Unblock, ...] = ()
    """Where a target is worse off: what would make it take the proposal, proved by solving; one for all platforms, or
    one for each that differs."""
    helping: HelpingProposals | None = None
    """Where it is worse: other proposals that unblock it, if some were looked for and found."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HelpingProposals:
    """Proposals with which another one leaves no target and no environment worse off."""

    keys: tuple[str, ...]
    smallest: bool
    """Leaving out any one of them was tried, and fails."""
    proof: Proof
    """The proof of the unblocked proposal with these merged before it."""


def worst(verdicts: Iterable[Verdict]) -> tuple[Outcome, WorstTarget | None]:
    """Return the worst outcome and its reason; a cell that gets worse and that no target wants does not count."""
    counted = [one for one in verdicts if one.before.wanted or one.outcome != "worse"]
    if not counted:
        return "same", None
    found = min(counted, key=lambda one: _ORDER.index(one.outcome))
    if found.outcome not in ("worse", "unknown"):
        return found.outcome, None
    return found.outcome, _of_cell(found.before, found.reason)


def with_replaced(environments: Iterable[EnvironmentProof], verdicts: Iterable[Verdict]) -> Iterator[EnvironmentProof]:
    """Yield the environments, those marked that can't be solved while a target takes another variant of the output."""
    taken = {
        (record.name, verdict.after.platform)
        for verdict in verdicts
        for record in verdict.after.packages
        if not record.channel
    }
    for one in environments:
        refused = one.status == "not-installable" and not isinstance(one.reason, RefusedBefore)
        serves = refused and one.part == "run" and (one.output, one.platform) in taken
        yield replace(one, replaced=True) if serves else one


def useless_variants(environments: Iterable[EnvironmentProof]) -> tuple[UselessVariants, ...]:
    """Return the variants that can't be installed while the targets take others, those of one output together."""
    found: dict[str, list[EnvironmentProof]] = {}
    for one in environments:
        if one.replaced:
            found.setdefault(one.output, []).append(one)
    return tuple(
        UselessVariants(
            output=output,
            platforms=tuple(dict.fromkeys(one.platform for one in some)),
            variants=tuple(dict.fromkeys(one.variant for one in some if one.variant)),
        )
        for output, some in found.items()
    )


def merged(proofs: Sequence[Proof]) -> Proof:
    """Return one proof of the same recipes over several channels: the worst outcome, all verdicts."""
    first = min(proofs, key=lambda proof: _ORDER.index(proof.outcome))
    return replace(
        first,
        verdicts=tuple(verdict for proof in proofs for verdict in proof.verdicts),
        environments=tuple(dict.fromkeys(one for proof in proofs for one in proof.environments)),
        warnings=tuple(dict.fromkeys(warning for proof in proofs for warning in proof.warnings)),
        culprits=frozenset().union(*(proof.culprits for proof in proofs)),
        unblock=tuple(dict.fromkeys(one for proof in proofs for one in proof.unblock)),
        useless=tuple(dict.fromkeys(one for proof in proofs for one in proof.useless)),
    )


def refusal_of(proof: Proof) -> ProofReason | NothingMade | None:
    """Return why recipes should not be merged as they are, though perhaps nothing gets worse; None if they may be.

    A target that is not installable where it has to be stays a no, recipes that make no package are of no use, and so
    is a new package that requires what no channel has. What can't be built for a platform and Python that a target is
    wanted for can't be merged either.
    """
    if proof.outcome == "worse":
        return proof.reason
    unbuilt = next((one.unbuilt[0] for one in proof.verdicts if one.before.wanted and one.unbuilt), None)
    if unbuilt is not None:
        return BrokenEnvironment(environment=unbuilt)
    left = next((one for one in proof.verdicts if one.after.unexpected), None)
    if left is not None:
        names = set(map(name_of, left.after.specs))
        lost = next((one for one in proof.useless if one.part != "run" and one.output in names), None)
        if lost is not None:
            return BrokenEnvironment(environment=lost)
        return _of_cell(left.after, left.reason or left.after.reason)
    nothing = next((one for one in proof.warnings if isinstance(one, NothingMade)), None)
    useless = next(filter(_can_never_be_installed, proof.environments), None)
    return nothing or (BrokenEnvironment(environment=useless) if useless is not None else None)


def cannot_be_built(proof: Proof) -> bool:
    """Whether what refuses a proposal is that something of it can't be built."""
    found = refusal_of(proof)
    return isinstance(found, BrokenEnvironment) and found.environment.part != "run"


def _can_never_be_installed(environment: EnvironmentProof) -> bool:
    """Whether a new package, or its tests, require what no channel has: nothing gets worse, but it is of no use."""
    new = not (environment.fault or environment.replaced or isinstance(environment.reason, RefusedBefore))
    return new and environment.part in ("run", "test") and environment.status == "not-installable"


def _of_cell(cell: Cell, reason: VerdictReason | None) -> WorstTarget:
    return WorstTarget(target=cell.target, platform=cell.platform, python=cell.python, reason=reason)
