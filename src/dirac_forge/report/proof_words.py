"""The reasons of cells, environments, verdicts and proofs in words."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from math import prod

from dirac_forge.channel.gap import Gap
from dirac_forge.check.answer_reasons import (
    BuildCycle,
    CellReason,
    EnvironmentReason,
    MissingPackages,
    NewerVersions,
    NotTaken,
    NowInstallable,
    OlderVersion,
    OwnBuildsRefused,
    PlatformNotCovered,
    ProposalRefused,
    Refused,
    RefusedBefore,
    Unanswered,
    Unexplained,
    VerdictReason,
)
from dirac_forge.check.proof_reasons import (
    BrokenEnvironment,
    EnvironmentProof,
    NoPaperBuild,
    NothingMade,
    ProofReason,
    ProofWarning,
    TakenAsThere,
    UnknownExports,
    UnreadableRecipe,
    UselessVariants,
    WorstTarget,
)
from dirac_forge.report.cause_words import cause_lines, reason_text, refusal_text
from dirac_forge.report.document import listed
from dirac_forge.report.gap_words import gap_words, it_or_them
from dirac_forge.report.numbers import counted

_MOST_VALUES = 10
_MOST_VARIANTS = 4
_LONGEST = 600
"""Characters of the causes of one environment, and of what the solver says."""


def cell_words(reason: CellReason | None) -> str:
    """Return why a cell is a no or unknown."""
    match reason:
        case None:
            return ""
        case Refused(causes=causes):
            return reason_text(causes)
        case Unexplained(solver=""):
            return "the cause is unknown: the solver gives no reason"
        case Unexplained(solver=text):
            return f"the cause is unknown; the solver says: {_flat_tree(text)}"
        case Unanswered(message=message):
            return message
        case PlatformNotCovered(platform=platform, gap=Gap() as gap):
            return gap_words(gap, f"no packages for {platform}", "some")
        case PlatformNotCovered(platform=platform):
            return f"the channel has no packages for {platform}"
        case OwnBuildsRefused(unknown=unknown, why=None):
            return cell_words(unknown)
        case OwnBuildsRefused(unknown=unknown, why=why):
            return f"{cell_words(unknown)}; what the recipes build can't be installed: {cell_words(why)}"


def _flat_tree(text: str) -> str:
    """Return what a solver says, which it draws as a tree of lines, in one line; a very long one is cut."""
    lines = (line.strip(" │├└─") for line in text.splitlines())
    told = " ".join(line for line in lines if line)
    return told if len(told) <= _LONGEST else f"{told[:_LONGEST].rstrip()}…"


def environment_words(reason: EnvironmentReason | None) -> str:
    """Return why an environment can't be solved, or why that is unknown; of very many causes the first ones."""
    match reason:
        case MissingPackages(names=names, gap=Gap() as gap):
            return gap_words(gap, f"no {listed(names, 'or')}", it_or_them(names))
        case MissingPackages(names=names):
            return f"no channel has {listed(names)} on any platform"
        case RefusedBefore(reason=before):
            return f"not solvable without this change either: {environment_words(before)}"
        case BuildCycle(names=names):
            way = " → ".join((*names, names[0]))
            each = "it is built with itself" if len(names) == 1 else "these are built with each other"
            return f"{way}: {each}, and no channel has a build to start from"
        case Refused(causes=causes):
            return _first_causes(cause_lines(causes))
        case _:
            return cell_words(reason)


def _first_causes(lines: Sequence[str]) -> str:
    """Return the first causes in one line, each of them whole, and how many more there are."""
    lengths = accumulate(map(len, lines))
    most = max(sum(length <= _LONGEST for length in lengths), 1)
    more = len(lines) - most
    return "; ".join([*lines[:most], *([f"and {counted(more, 'more cause')}"] if more > 0 else [])])


def verdict_words(reason: VerdictReason | None) -> str:
    """Return what a proposal does to a target, and why."""
    match reason:
        case NowInstallable(target=target, version=version):
            return f"{target} {version} can be installed"
        case NewerVersions(moves=moves):
            return ", ".join(f"{move.name} {move.old} → {move.new}" for move in moves)
        case OlderVersion(move=move, why=why):
            because = f": {cell_words(why)}" if why is not None else ""
            return f"only {move.name} {move.new} can be installed, {move.old} before{because}"
        case ProposalRefused():
            return _refused(reason)
        case _:
            return cell_words(reason)


def _refused(reason: ProposalRefused) -> str:
    """Return which of the new packages can't be installed with a target, and why."""
    first = reason.packages[0].name
    each = list(dict.fromkeys(f"{one.name} {one.version}" for one in reason.packages))
    names = ", ".join(each)
    alone = not reason.together and len(each) == 1 and first == reason.target
    place = ("" if alone else f" with {reason.target}") + (" at the same time" if reason.together else "")
    match reason.why:
        case None:
            because = ""
        case Refused(causes=causes):
            because = f": {refusal_text(causes, '' if reason.together else first)}"
        case why:
            because = f": {cell_words(why)}"
    if not reason.certain:
        return f"whether {names} can be installed{place} is unknown{because}"
    return f"{names} can't be installed{place}{because}"


def proof_words(reason: ProofReason | None) -> str:
    """Return why a proposal is worse, or why that is unknown."""
    match reason:
        case None:
            return ""
        case WorstTarget(target=target, platform=platform, python=python):
            where = f"{target} on {platform}" + (f" with Python {python}" if python else "")
            return f"{where}: {verdict_words(reason.reason)}"
        case BrokenEnvironment():
            return broken_words(reason.environment)
        case Unanswered(message=message):
            return message
        case NoPaperBuild(message=message):
            return f"its builds can't be predicted: {message}"
        case UnreadableRecipe(message=message):
            return f"the edited recipe can't be read: {message}"


def warning_words(warning: ProofWarning) -> str:
    """Return what makes a proof weaker than it looks."""
    match warning:
        case BrokenEnvironment():
            return broken_words(warning.environment)
        case NotTaken():
            return (
                f"{warning.target} stays at {warning.package} {warning.installed}: "
                f"it can't use the channel's newest, {warning.newest}, either"
            )
        case UselessVariants(output=output, platforms=platforms, variants=()):
            return f"a variant of {output} can't be installed on {listed(platforms)}: the targets take another one"
        case UselessVariants(output=output, platforms=platforms, variants=variants):
            which = f"{output} ({variant_words(variants)})"
            return f"{which} can't be installed on {listed(platforms)}: the targets take another variant"
        case NothingMade(feedstock=feedstock, platforms=platforms):
            return f"{feedstock} makes no package on {listed(platforms)}: all its variants are skipped or not built"
        case TakenAsThere(names=names):
            return f"assumed to exist, because the channel has no such packages: {', '.join(names)}"
        case UnknownExports(names=names):
            return f"the run_exports of {', '.join(names)} are unknown: requirements of the builds may be missing"


def machine_words(environment: EnvironmentProof) -> str:
    """Return the platform of an environment, and which other one it is made for."""
    made_for = f" for {environment.made_for}" if environment.made_for else ""
    return f"{environment.platform}{made_for}"


def variant_words(variants: Sequence[str]) -> str:
    """Return the values that tell variants apart: `python 3.11 and 3.12`, `python 3.11 and 3.12 with mpi a and b`.

    Of very many the first ones, where they are not all combinations of their values.
    """
    values: dict[str, dict[str, None]] = {}
    for key, _, value in (part.partition(" ") for variant in variants for part in variant.split(", ")):
        values.setdefault(key, {})[value] = None
    if len(set(variants)) == prod(map(len, values.values())):
        return " with ".join(f"{key} {listed(found, most=_MOST_VALUES)}".rstrip() for key, found in values.items())
    more = len(variants) - _MOST_VARIANTS
    return "; ".join([*variants[:_MOST_VARIANTS], f"{more} more"] if more > 1 else variants)


def broken_words(found: EnvironmentProof) -> str:
    """Return that an environment has no solution, and why."""
    variant = f" ({found.variant})" if found.variant else ""
    return (
        f"the {found.part} environment of {found.output} on {machine_words(found)}{variant} "
        f"can't be solved: {environment_words(found.reason)}"
    )
