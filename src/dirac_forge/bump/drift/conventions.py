"""What conda-forge has come to ask of every build: without it a proposal would not build, or would not pass the linter.

It is not a difference of upstream's, but a bump is when it is put right. In the recipes of releases from before it was
asked for, which were packaged without it then, it is only reported.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from packaging.version import Version

from dirac_forge.bump.drift.carried import Carried, CarriedReason
from dirac_forge.bump.drift.clauses import clauses_of, contradictory
from dirac_forge.bump.drift.draft import DriftDraft
from dirac_forge.bump.drift.drift_notes import DriftNoteKind
from dirac_forge.bump.drift.lines import OutputLines, RequirementLine
from dirac_forge.recipe.making.hosts import build_backend, declared_backend
from dirac_forge.upstream.files.facts import ReleaseFacts

_WITHOUT = Version("3.13")
"""The first Python whose pip depends on neither setuptools nor wheel (pip-feedstock, August 2024)."""
_BACKEND_ASKED = datetime(2024, 9, 2, tzinfo=UTC)
"""conda-smithy 3.39.1, whose linter asks for the build backend in host."""
_NO_DISTUTILS = datetime(2023, 10, 2, tzinfo=UTC)
"""Python 3.12, which no longer has distutils, and whose virtual environments no longer have setuptools."""
_STDLIB_ASKED = datetime(2024, 5, 18, tzinfo=UTC)
"""conda-smithy 3.36.0, whose linter asks for stdlib("c") next to compilers in every output."""
_COMPILER = re.compile(
    r"(?P<lead>\s*-\s+[\"']?\$?\{\{\s*)compiler(?P<open>\(\s*[\"'])[a-z]+(?P<tail>[\"']\s*\)\s*\}\}[\"']?)\s*"
)
_NATIVE = ("c_compiler_stub", "cxx_compiler_stub", "fortran_compiler_stub", "rust_compiler_stub")


def conventions(draft: DriftDraft, output: OutputLines, new: ReleaseFacts) -> None:
    """Add `pip`, `setuptools` and `stdlib("c")` where a build relied on having them without naming them."""
    uploaded = max((file.uploaded for file in new.release.files if file.uploaded is not None), default=None)
    if reason := _relies_on_setuptools(draft, output, new):
        by_distutils = reason.kind == "no-distutils"
        if uploaded is None or uploaded >= (_NO_DISTUTILS if by_distutils else _BACKEND_ASKED):
            for package in ("pip", "setuptools") if by_distutils else ("setuptools",):
                draft.add(output, "host", package, "", evidence=_backend_said(new), reason=reason, project=package)
        else:
            kind: DriftNoteKind = "host-without-pip" if by_distutils else "host-without-setuptools"
            draft.note(
                "todo",
                kind,
                output.output.name,
                tells=("host", "setuptools"),
                python=reason.python,
                uploaded=f"{uploaded:%Y-%m-%d}",
            )
    if compilers := _compilers_alone(draft, output):
        if uploaded is None or uploaded >= _STDLIB_ASKED:
            _add_stdlib(draft, output, compilers)
        else:
            draft.note("info", "stdlib-not-asked", output.output.name, uploaded=f"{uploaded:%Y-%m-%d}")


def _relies_on_setuptools(draft: DriftDraft, output: OutputLines, new: ReleaseFacts) -> CarriedReason | None:
    """Return why a build that has setuptools from elsewhere has it no longer; None where it is named, or not used.

    An extension with Python alone in host had distutils, which Python 3.12 removed; other builds have setuptools from
    pip only, which brings it for no newer Python.
    """
    if not _built_by_setuptools(new):
        return None
    keys = _host_keys(draft, output)
    if output.output.noarch is None and "python" in keys and keys.isdisjoint({"pip", "setuptools"}):
        return CarriedReason(kind="no-distutils", python="3.12")
    pythons = [line for line in output.of("host") if line.key == "python" and not draft.gone(line)]
    brought = "pip" in keys and "setuptools" not in keys and any(_admits(line, _WITHOUT) for line in pythons)
    return CarriedReason(kind="pip-without-setuptools", python=str(_WITHOUT)) if brought else None


def _backend_said(release: ReleaseFacts) -> str:
    """Return the line that names the backend, or where it is from if there is none."""
    backend = declared_backend(release.sdist) if release.sdist is not None else ""
    return f"build-backend: {backend}" if backend else "the default of PEP 517"


def _host_keys(draft: DriftDraft, output: OutputLines) -> set[str]:
    return {line.key for line in output.of("host") if not draft.gone(line)}


def _built_by_setuptools(release: ReleaseFacts) -> bool:
    return release.sdist is not None and build_backend(release.sdist).startswith("setuptools.")


def _admits(line: RequirementLine, python: Version) -> bool:
    clauses = clauses_of(line.spec)
    return clauses is not None and not contradictory(clauses, clauses_of(f"=={python}") or ())


def _compilers_alone(draft: DriftDraft, output: OutputLines) -> list[RequirementLine]:
    """Return the compilers of a build that has no stdlib."""
    build = output.of("build")
    compilers = [line for line in build if line.name in _NATIVE and not draft.gone(line)]
    return [] if any(line.kind == "stdlib" for line in build) else compilers


def _add_stdlib(draft: DriftDraft, output: OutputLines, compilers: list[RequirementLine]) -> None:
    """Add stdlib after the last compiler, in the same style."""
    last = compilers[-1]
    match = _COMPILER.fullmatch(last.written)
    if match is None or any(line.conditional for line in compilers):
        draft.note("todo", "stdlib-by-hand", output.output.name, line=last.number)
        return
    draft.edits.insert(last.number, [f"{match['lead']}stdlib{match['open']}c{match['tail']}"])
    draft.added.append(
        Carried(
            output=output.output.name,
            part="build",
            package="c_stdlib_stub",
            after="{{ stdlib('c') }}",
            evidence=last.written.strip(" -"),
            reason=CarriedReason(kind="stdlib-asked"),
        )
    )
