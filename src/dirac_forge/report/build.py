"""What was built, tested and installed, on one page and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from dirac_forge.build.evidence import BuildEvidence
from dirac_forge.build.failures import DependencyFailed, Failure, Unsolvable, is_unanswered
from dirac_forge.build.model import FINE, BuildReport, CommandRun, InstalledTarget, PackageResult
from dirac_forge.report.build_failures import advice, reason
from dirac_forge.report.document import Block, Code, Items, Line, Paragraph, Quote, Section, Table, ended, words
from dirac_forge.report.numbers import counted

if TYPE_CHECKING:
    from rich.console import RenderableType

_ISOLATION = {
    "bwrap": "Builds ran without a network, other files read-only or hidden (bwrap).",
    "unshare": "Builds ran without a network, other files read-only or hidden (user namespaces).",
    "container": "Builds ran in a container without a network.",
    "none": (
        "Builds had network access and could read your files: this machine has neither user namespaces nor bwrap. "
        "Use --container IMAGE for recipes that you do not trust."
    ),
}
_EXCERPT, _SHORT_EXCERPT = 12, 4
"""Lines of a log."""
_FEW_FAILURES = 3
_ON_A_PAGE, _SLOWEST = 20, 10
"""Packages."""
_MINUTES = 600
"""Seconds from which a time is given in minutes."""


def build_json(report: BuildReport) -> dict[str, Any]:
    """Return the document of `build --json`."""
    return {
        "channel": str(report.channel),
        "platform": report.platform,
        "isolation": report.isolation,
        "seconds": round(report.seconds, 2),
        "packages": [_package(one) for one in report.packages],
        "installed": [_installed(one) for one in report.installed],
    }


def _package(one: PackageResult) -> dict[str, Any]:
    return {
        "feedstock": one.feedstock,
        "output": one.output,
        "version": one.version or None,
        "build": one.build or None,
        "platform": one.platform,
        "status": one.status,
        "seconds": round(one.seconds, 2),
        "tests": [
            {"kind": run.kind, "python": run.python or None, "passed": run.passed, "seconds": round(run.seconds, 2)}
            for run in one.tests
        ],
        **_failure(one.failure),
        "place": one.place or None,
        "log": str(one.log) if one.log else None,
        "file": str(one.file) if one.file else None,
    }


def _failure(failure: Failure | None) -> dict[str, Any]:
    if failure is None:
        return {"reason": None, "kind": None, "advice": None, "excerpt": []}
    return {
        "reason": reason(failure),
        "kind": type(failure).__name__,
        "advice": advice(failure) or None,
        "excerpt": list(failure.excerpt),
    }


def _installed(one: InstalledTarget) -> dict[str, Any]:
    return {
        "target": one.target,
        "python": one.python or None,
        "packages": one.packages,
        "seconds": round(one.seconds, 2),
        "pip_check": _command(one.pip_check),
        "commands": [_command(run) for run in one.commands],
        **_failure(one.failure),
        "log": str(one.log) if one.log else None,
    }


def _command(run: CommandRun | None) -> dict[str, Any] | None:
    if run is None:
        return None
    return {"command": run.command, "code": run.code, "output": run.output, "seconds": round(run.seconds, 2)}


def evidence_json(evidence: BuildEvidence | None) -> dict[str, Any] | None:
    """Return how the build of a proposal went, or None if it was not built."""
    if evidence is None:
        return None
    return {
        "passed": evidence.passed,
        "platform": evidence.platform,
        "outputs": list(evidence.outputs),
        "pythons": list(evidence.pythons),
        "targets": list(evidence.targets),
        "failed": [{"name": one.name, **_failure(one.failure)} for one in evidence.failed],
    }


def build_text(report: BuildReport, *, verbose: bool = False) -> RenderableType:
    """Return the page: every package, then each failure with its log, then what was installed."""
    from dirac_forge.report.terminal import Shown  # noqa: PLC0415  # rich is not needed for --json

    return Shown(build_sections(report, verbose=verbose))


def build_sections(report: BuildReport, *, verbose: bool = False) -> tuple[Section, ...]:
    """Return the page as sections; what waits for a package that was not built is named with that package."""
    return (
        Section(title="Build", blocks=_head(report)),
        *_packages(report.packages, verbose=verbose),
        *_failed(report.packages, verbose=verbose),
        *Section.of("Not tried", _waiting(report.packages)),
        *_targets(report.installed),
    )


def _failed(packages: Iterable[PackageResult], *, verbose: bool) -> tuple[Section, ...]:
    failed = [one for one in packages if one.failure and not isinstance(one.failure, DependencyFailed)]
    excerpt = _EXCERPT if verbose or len(failed) <= _FEW_FAILURES else _SHORT_EXCERPT
    return tuple(_failure_section(one, excerpt) for one in failed)


def _targets(installed: Sequence[InstalledTarget]) -> tuple[Section, ...]:
    broken = [target for target in installed if not target.passed]
    return (
        *Section.of("Installed", [Items(tuple(map(_line, installed)))] if installed else []),
        *(Section(title=f"{target.target}: {_trouble(target)}", blocks=tuple(_wrong(target))) for target in broken),
    )


def _trouble(target: InstalledTarget) -> str:
    if target.failure is not None:
        return "unknown" if is_unanswered(target.failure) else "not installable as built"
    if target.pip_check is not None and target.pip_check.code != 0:
        return "installed, but pip check fails"
    return "installed, but a command fails"


def _head(report: BuildReport) -> tuple[Block, ...]:
    counts = Counter(one.status for one in report.packages)
    told = ", ".join(f"{count} {status}" for status, count in counts.items()) or "nothing to build"
    return (
        Paragraph(f"{told} in {_time(report.seconds)} on {report.platform}."),
        Paragraph(("Channel: ", Code(str(report.channel)))),
        Paragraph(_ISOLATION[report.isolation]),
    )


def _packages(packages: Sequence[PackageResult], *, verbose: bool) -> tuple[Section, ...]:
    """Return all packages where they fit on a page, else those that took longest."""
    if verbose or len(packages) <= _ON_A_PAGE:
        return Section.of("Packages", [_table(packages, verbose=verbose)] if packages else [])
    slowest = sorted(packages, key=lambda one: -one.seconds)[:_SLOWEST]
    shown = [one for one in slowest if one.status in ("built", "tested", "failed", "unknown")]
    return Section.of("Slowest packages", [_table(shown, verbose=False)] if shown else [])


def _failure_section(one: PackageResult, excerpt: int) -> Section:
    title = f"{one.output} {one.version}".strip()
    return Section(title=title, blocks=tuple(_blocks(one.failure, str(one.log or ""), one.place, excerpt)))


def _waiting(packages: Iterable[PackageResult]) -> list[Block]:
    """Return the packages that need each failed one."""
    found: dict[str, list[str]] = {}
    for one in packages:
        if isinstance(one.failure, DependencyFailed):
            found.setdefault(one.failure.dependency, []).append(one.output)
    lines = [f"{name} is needed by {words(tuple(dict.fromkeys(needed)))}" for name, needed in found.items()]
    return [Items(tuple(lines))] if lines else []


def _table(results: Sequence[PackageResult], *, verbose: bool) -> Table:
    head = ("package", "version", "status", "time", "tests")
    rows = [(one.output, one.version, one.status, _time(one.seconds), _tests(one)) for one in results]
    if not verbose:
        return Table(head=head, rows=tuple(rows))
    more = [(one.build, one.platform) for one in results]
    return Table(
        head=(*head, "build", "platform"), rows=tuple((*row, *add) for row, add in zip(rows, more, strict=True))
    )


def _time(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < _MINUTES else f"{seconds / 60:.0f} min"


def _tests(one: PackageResult) -> str:
    """Return `2 of 2 (3.11, 3.14)`: the tests that passed, and the Pythons that they ran with."""
    if not one.tests:
        return "none" if one.status in FINE else ""
    passed = sum(run.passed for run in one.tests)
    pythons = dict.fromkeys(python for run in one.tests for python in run.python.split(", ") if python)
    share = f"{passed} of {len(one.tests)}"
    return f"{share} ({', '.join(pythons)})" if pythons else share


def _blocks(failure: Failure | None, log: str, place: str = "", excerpt: int = _EXCERPT) -> list[Block]:
    if failure is None:
        return []
    text = f"{place}: {reason(failure)}" if place else reason(failure)
    blocks: list[Block] = [Paragraph(ended(line)) for line in text.splitlines()[:1]]
    if isinstance(failure, Unsolvable):
        blocks += [Items(tuple(line.strip() for line in text.splitlines()[1:]))] if "\n" in text else []
    if failure.excerpt:
        blocks.append(Quote(failure.excerpt[-excerpt:]))
    if told := advice(failure):
        blocks.append(Paragraph(told))
    if log:
        blocks.append(Paragraph(("Log: ", Code(log))))
    return blocks


def _line(one: InstalledTarget) -> Line:
    name = f"{one.target} with Python {one.python}" if one.python else one.target
    if one.failure is not None:
        return f"{name}: {reason(one.failure).splitlines()[0]}"
    pip = "" if one.pip_check is None else "; pip check " + ("is clean" if one.pip_check.code == 0 else "fails")
    ran = sum(run.code == 0 for run in one.commands)
    commands = f"; {ran} of {counted(len(one.commands), 'command')} ran" if one.commands else ""
    return f"{name}: {counted(one.packages, 'package')} in {one.seconds:.1f} s{pip}{commands}"


def _wrong(target: InstalledTarget) -> list[Block]:
    if target.failure is not None:
        return _blocks(target.failure, str(target.log) if target.log else "")
    blocks: list[Block] = []
    for run in (*((target.pip_check,) if target.pip_check else ()), *target.commands):
        if run.code != 0:
            blocks.append(Paragraph(("`", Code(run.command), f"` exited with code {run.code}.")))
            blocks.append(Quote(tuple(run.output.splitlines()[-_EXCERPT:])))
    return blocks
