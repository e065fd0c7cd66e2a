"""What conda-forge has come to ask of every build: without it a proposal would not build, or would not pass the linter.

It is not a difference of upstream's, but a bump is when it is put right. Releases from before it was asked for stay as
they were packaged then.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from packaging.version import Version

from dirac_forge.bump.drift.carried import Carried, CarriedReason
from dirac_forge.bump.drift.clauses import clauses_of, contradictory
from dirac_forge.bump.drift.draft import DriftDraft
from dirac_forge.bump.drift.lines import OutputLines, RequirementLine
from dirac_forge.recipe.making.hosts import build_backend
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
    if uploaded is None or uploaded >= _NO_DISTUTILS:
        _installer(draft, output, new)
    if uploaded is None or uploaded >= _BACKEND_ASKED:
        _setuptools(draft, output, new)
    if uploaded is None or uploaded >= _STDLIB_ASKED:
        _stdlib(draft, output)


def _installer(draft: DriftDraft, output: OutputLines, new: ReleaseFacts) -> None:
    """Add setuptools for an extension with Python alone in host: Python 3.12 removed distutils."""
    keys = _host_keys(draft, output)
    alone = "python" in keys and keys.isdisjoint({"pip", "setuptools"})
    if output.output.noarch is None and alone and _built_by_setuptools(new):
        for package in ("pip", "setuptools"):
            draft.add(
                output,
                "host",
                package,
                "",
                evidence="build-backend: setuptools.build_meta",
                reason=CarriedReason(kind="no-distutils"),
                project=package,
            )


def _setuptools(draft: DriftDraft, output: OutputLines, new: ReleaseFacts) -> None:
    """Add setuptools for a build that has it from pip only, with a Python for which pip no longer brings it."""
    keys = _host_keys(draft, output)
    pythons = [line for line in output.of("host") if line.key == "python" and not draft.gone(line)]
    brought = "pip" in keys and "setuptools" not in keys and _built_by_setuptools(new)
    if brought and any(_admits(line, _WITHOUT) for line in pythons):
        draft.add(
            output,
            "host",
            "setuptools",
            "",
            evidence="build-backend: setuptools.build_meta",
            reason=CarriedReason(kind="pip-without-setuptools", python=str(_WITHOUT)),
            project="setuptools",
        )


def _host_keys(draft: DriftDraft, output: OutputLines) -> set[str]:
    return {line.key for line in output.of("host") if not draft.gone(line)}


def _built_by_setuptools(release: ReleaseFacts) -> bool:
    return release.sdist is not None and build_backend(release.sdist).startswith("setuptools.")


def _admits(line: RequirementLine, python: Version) -> bool:
    clauses = clauses_of(line.spec)
    return clauses is not None and not contradictory(clauses, clauses_of(f"=={python}") or ())


def _stdlib(draft: DriftDraft, output: OutputLines) -> None:
    """Add stdlib after the last compiler, in the same style."""
    build = output.of("build")
    compilers = [line for line in build if line.name in _NATIVE and not draft.gone(line)]
    if not compilers or any(line.kind == "stdlib" for line in build):
        return
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
