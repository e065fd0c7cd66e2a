"""The proof of a bump for its reviewer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from dirac_forge.check.answer_reasons import ProposalRefused, Refused
from dirac_forge.check.proof_reasons import WorstTarget
from dirac_forge.check.remedies import Unblock
from dirac_forge.report.document import Block, Bold, Items, Line, Paragraph, Table, words
from dirac_forge.report.numbers import counted
from dirac_forge.report.proof_words import (
    environment_words,
    machine_words,
    proof_words,
    variant_words,
    warning_words,
)
from dirac_forge.report.remedy_words import alike, together, unblock_text

if TYPE_CHECKING:
    from dirac_forge.check.proof import Proof
    from dirac_forge.check.proof_reasons import EnvironmentProof

UNPROVEN = "not proven: the solver did not check the targets"
_OUTCOMES = {
    "better": "The targets get better",
    "same": "The targets stay as they are",
    "worse": "Targets get worse",
    "unknown": "The effect on the targets is unknown",
}
_STATUSES = {"installable": "can be installed", "not-installable": "can't", "unknown": "unknown"}
_SIGNS = {"installable": "✓", "not-installable": "✗", "unknown": "?"}


def proof_blocks(proof: Proof | None, *, waits: bool = False) -> Iterator[Block]:
    """Yield the targets by platform and Python, then the feedstock's own environments, each no with its reason.

    `waits`: it needs what is not there yet, so that nothing could be proved.
    """
    if proof is None:
        missing = "Not proven: its prerequisites are not in the channel yet."
        yield Paragraph(missing if waits else f"{UNPROVEN.capitalize()}.")
        return
    from dirac_forge.report.verdicts import verdict_blocks  # noqa: PLC0415  # the solver's library is large

    # The reason of a target follows with its cells.
    why = proof_words(proof.reason) if not isinstance(proof.reason, WorstTarget) else ""
    said: list[Line] = [(Bold(_OUTCOMES[proof.outcome]), f": {why}" if why else "")]
    if proof.beside:
        said.append(f"Assumes that these are already merged: {words(proof.beside)}.")
    said += unblock_lines(proof)
    said += map(warning_words, proof.warnings)
    yield Items(tuple(said))
    yield from verdict_blocks(proof.verdicts)
    yield from _environments(proof.environments)


def unblock_lines(proof: Proof) -> list[str]:
    """Return what would make the targets take the proposal, where that was found; proposals before anything else."""
    if proof.helping is not None:
        few = len(proof.helping.keys) == 1
        smallest = "" if proof.helping.smallest or few else " (fewer may do)"
        have = "has a recipe" if few else "has recipes"
        return [f"to unblock it: merge {words(proof.helping.keys)} too, for which the workspace {have}{smallest}"]
    if not proof.unblock:
        return []
    return [f"to unblock it: {unblock_text(found)}" for found in _of_all_platforms(proof.unblock)]


def _of_all_platforms(found: Iterable[Unblock]) -> Iterator[Unblock]:
    """Yield what would unblock it; what is to be built alike for several platforms is one thing."""
    groups: dict[object, list[Unblock]] = {}
    for one in found:
        groups.setdefault(alike(one), []).append(one)
    yield from map(together, groups.values())


def _environments(environments: Sequence[EnvironmentProof]) -> Iterator[Block]:
    """Yield a table of the feedstock's own environments, and why if one can't be had."""
    if not environments:
        return
    platforms = tuple(dict.fromkeys(one.platform for one in environments))
    rows: dict[tuple[str, str], dict[str, list[EnvironmentProof]]] = {}
    for one in environments:
        rows.setdefault((one.output, one.part), {}).setdefault(one.platform, []).append(one)
    yield Table(
        head=("environment", *platforms),
        rows=tuple(
            (f"{output}, {part}", *(_marks(found.get(platform, [])) for platform in platforms))
            for (output, part), found in rows.items()
        ),
        told=(_counted(environments),),
    )
    reasons = environment_reasons(environments)
    if reasons:
        yield Items(reasons)


def environment_reasons(environments: Sequence[EnvironmentProof]) -> tuple[str, ...]:
    """Return a line for each reason why environments can't be solved, with all of them that it holds for."""
    reasons: dict[str, list[EnvironmentProof]] = {}
    for one in environments:
        if one.status != "installable":
            reasons.setdefault(environment_words(one.reason) or one.status, []).append(one)
    return tuple(f"{_places(alike)}: {reason}" for reason, alike in reasons.items())


def review_lines(proof: Proof | None) -> tuple[str, ...]:
    """Return the environments that certainly have no solution, by reason, where the checks do not make it worse."""
    environments = proof.environments if proof is not None and proof.outcome in ("better", "same") else ()
    refused = [one for one in environments if one.status == "not-installable" and not (one.fault or one.replaced)]
    lines = environment_reasons(refused)
    return (f"{_share(len(refused), len(environments))} can't be solved: {'; '.join(lines)}",) if lines else ()


def _share(some: int, total: int) -> str:
    """Return how many of the feedstock's environments these are."""
    return f"{some} of {counted(total, 'environment')} of the feedstock"


def untold(proof: Proof) -> tuple[EnvironmentProof, ...]:
    """Return the environments, without outputs for which a target already lacks the same packages."""
    told: dict[tuple[str, str], set[str]] = {}
    for verdict in proof.verdicts:
        why = verdict.reason.why if isinstance(verdict.reason, ProposalRefused) else None
        if isinstance(why, Refused):
            for record in verdict.failing:
                lacking = told.setdefault((record.name, verdict.before.platform), set())
                lacking.update(cause.package for cause in why.causes)
    return tuple(one for one in proof.environments if not _is_told(one, told.get((one.output, one.platform), ())))


def _is_told(environment: EnvironmentProof, lacking: Collection[str]) -> bool:
    reason = environment.reason
    return (
        environment.part == "run"
        and isinstance(reason, Refused)
        and all(cause.package in lacking for cause in reason.causes)
    )


def environment_json(environment: EnvironmentProof) -> dict[str, Any]:
    """Return an entry of `environments`."""
    return {
        "output": environment.output,
        "part": environment.part,
        "platform": environment.platform,
        "made_for": environment.made_for or environment.platform,
        "variant": environment.variant,
        "status": environment.status,
        "reason": environment_words(environment.reason),
        "fault": environment.fault,
        "replaced": environment.replaced,
    }


def _counted(environments: Sequence[EnvironmentProof]) -> str:
    counts = Counter[str](one.status for one in environments)
    told = [f"{counts[status]} {said}" for status, said in _STATUSES.items() if counts[status]]
    return f"Build, host and run environments of the feedstock: {', '.join(told)}"


def _places(alike: Sequence[EnvironmentProof]) -> str:
    """Return `run of diracx-db and diracx-logic (linux-64 and osx-64; python 3.11 and 3.12)`."""
    parts: dict[tuple[str, tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for part, output in dict.fromkeys((one.part, one.output) for one in alike):
        mine = [one for one in alike if (one.part, one.output) == (part, output)]
        platforms = tuple(dict.fromkeys(map(machine_words, mine)))
        variants = tuple(dict.fromkeys(one.variant for one in mine if one.variant))
        parts.setdefault((part, platforms, variants), []).append(output)
    return "; ".join(
        f"{part} of {words(outputs)} ({'; '.join(filter(None, (words(platforms), variant_words(variants))))})"
        for (part, platforms, variants), outputs in parts.items()
    )


def _marks(found: Sequence[EnvironmentProof]) -> str:
    """Return one sign where all variants are alike, else each with its variant."""
    if len({one.status for one in found}) <= 1:
        return _SIGNS[found[0].status] if found else ""
    return ", ".join(f"{_SIGNS[one.status]} {one.variant}".rstrip() for one in found)
