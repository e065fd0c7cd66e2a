"""Why a build failed, in words, and what to change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dirac_forge.build.evidence import BuildEvidence
from dirac_forge.build.failures import (
    Crashed,
    DependencyFailed,
    DiskFull,
    Failure,
    HashMismatch,
    LicenceNotFound,
    MissingHeader,
    MissingModule,
    MissingProgram,
    NetworkUsed,
    NotBuildable,
    OutOfMemory,
    PatchFailed,
    SourceUnavailable,
    TimedOut,
    UnknownFailure,
    Unsolvable,
    WrongNoarch,
)
from dirac_forge.report.document import ended, words
from dirac_forge.report.proof_words import cell_words


def reason(failure: Failure) -> str:
    """Return what went wrong, as a sentence without its full stop."""
    return _REASONS[type(failure)](failure)


def advice(failure: Failure) -> str:
    """Return what to change, or "" if only the log can tell."""
    told = _ADVICE.get(type(failure))
    return told(failure) if told is not None else ""


def built_line(evidence: BuildEvidence) -> str:
    """Return the line of a proof: what was built and tested, and what was installed with it."""
    if not evidence.passed:
        return ended(f"Not built on {evidence.platform}: {failed_build(evidence)}")
    pythons = f" with Python {words(evidence.pythons)}" if evidence.pythons else ""
    line = f"Built and tested on {evidence.platform}{pythons}"
    if evidence.targets:
        line += f"; {words(evidence.targets)} installed with it, pip check clean, commands ran"
    return f"{line}."


def failed_build(evidence: BuildEvidence) -> str:
    """Return what failed, as a clause: of several, what failed for certain and by itself."""
    if not evidence.failed:
        return "nothing was built"
    first = min(evidence.failed, key=lambda one: (one.unknown, isinstance(one.failure, DependencyFailed)))
    told = (
        reason(first.failure).splitlines()[0] if first.failure else "pip check or a command fails where it is installed"
    )
    more = f" (and {len(evidence.failed) - 1} more)" if len(evidence.failed) > 1 else ""
    return f"{first.name}: {told}{more}"


def _licence(failure: LicenceNotFound) -> str:
    named = ", ".join(failure.files)
    return f"the licence file {named} was not found" if named else "no licence file was found"


def _mismatch(failure: HashMismatch) -> str:
    hashes = f"{failure.algorithm} {failure.expected} expected, {failure.got} got"
    return f"{failure.url} is not the file that the recipe expects: {hashes}"


def _unsolvable(failure: Unsolvable) -> str:
    reason: Any = failure.reason
    if isinstance(reason, str):
        return f"whether the environment ({failure.environment}) can be made is unknown: {reason}"
    told = cell_words(reason)
    if failure.unknown:
        return f"whether the environment ({failure.environment}) can be solved is unknown: {told}"
    return f"the environment ({failure.environment}) can't be solved: {told}"


def _full(failure: DiskFull) -> str:
    if failure.reserve:
        return f"the {failure.phase} was stopped: less than {failure.reserve / 1e9:g} GB is free on the disk"
    return f"the disk is full in the {failure.phase}"


_REASONS: dict[type, Callable[[Any], str]] = {
    MissingHeader: lambda one: f"the C header {one.header} was not found",
    MissingModule: lambda one: f"the Python module {one.module} can't be imported in the {one.phase}",
    MissingProgram: lambda one: f"the program {one.program} was not found in the {one.phase}",
    LicenceNotFound: _licence,
    PatchFailed: lambda one: f"the patch {one.patch} does not apply" if one.patch else "a patch does not apply",
    NetworkUsed: lambda one: f"the {one.phase} needs the network{f' for {one.host}' if one.host else ''}",
    HashMismatch: _mismatch,
    SourceUnavailable: lambda one: f"the source {one.url} can't be fetched: {one.reason}",
    Unsolvable: _unsolvable,
    TimedOut: lambda one: f"the {one.phase} took longer than {one.seconds / 60:g} min",
    OutOfMemory: lambda one: f"the {one.phase} ran out of memory",
    DiskFull: _full,
    WrongNoarch: lambda one: f"the package is noarch and has the extension module {one.file}",
    Crashed: lambda one: f"the build engine ended without a result in the {one.phase} (exit code {one.code})",
    NotBuildable: lambda one: str(one.reason),
    DependencyFailed: lambda one: f"{one.dependency}, a dependency, was not built",
    UnknownFailure: lambda one: one.message or f"the {one.phase} failed",
}


def _module(failure: MissingModule) -> str:
    if failure.phase == "build":
        return f"Add the package with {failure.module} to host: build backends are not downloaded in a build."
    return f"Add the package with {failure.module} to run, or remove the test if the module is optional."


def _program(failure: MissingProgram) -> str:
    if failure.phase == "build":
        return f"Add the package with {failure.program} to build."
    return f"Add the package with {failure.program} to run or to the test's requirements."


def _network(failure: NetworkUsed) -> str:
    if failure.phase == "build":
        return "Add what the build downloads to host, or to source with its hash."
    return "Tests have no network here: leave this test out of the recipe."


def _source(failure: SourceUnavailable) -> str:
    if failure.unknown:
        return "Check the network and try again; downloaded files are kept."
    return "Correct the URL in the recipe's source."


_ADVICE: dict[type, Callable[[Any], str]] = {
    MissingHeader: lambda one: f"Add the package that has {one.header} to host.",
    MissingModule: _module,
    MissingProgram: _program,
    LicenceNotFound: lambda one: "Name a file that the source has, or put the licence next to the recipe.",  # noqa: ARG005
    PatchFailed: lambda one: "Make the patch again for this version, or remove it if upstream has merged it.",  # noqa: ARG005
    NetworkUsed: _network,
    HashMismatch: lambda one: "Find out which hash is right before you change the recipe.",  # noqa: ARG005
    SourceUnavailable: _source,
    TimedOut: lambda one: "Increase --time-limit.",  # noqa: ARG005
    DiskFull: lambda one: "Free space, or give --output a folder on another disk; finished builds are kept.",  # noqa: ARG005
    WrongNoarch: lambda one: (  # noqa: ARG005
        "Remove `noarch: python`, and add the compiler to build and a bare python to host and run."
    ),
    OutOfMemory: lambda one: "Use fewer --jobs, or increase --memory.",  # noqa: ARG005
}
