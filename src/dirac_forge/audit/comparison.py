"""The comparison of one build with upstream's metadata of its version; decides from values alone.

Bounds are compared by the versions that exist: the channel's versions of the dependency that one side admits and the
other does not. Two specs that differ only in versions that nobody published are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version
from rattler import Version as CondaVersion
from rattler import VersionSpec

from dirac_forge.audit.findings import Finding, FindingKind, Severity
from dirac_forge.audit.projects import provides
from dirac_forge.channel.index import parsed
from dirac_forge.channel.names import candidates
from dirac_forge.channel.records import Record
from dirac_forge.recipe.making.markers import reach
from dirac_forge.recipe.scope import Scope
from dirac_forge.upstream.files.requirements import DeclaredRequirement

__all__ = ["Declared", "Published", "Use", "compare", "declared_of", "minor_versions"]

_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """An environment that installs the build."""

    target: str
    platform: str
    python: str
    """`X.Y`."""
    versions: Mapping[str, str]
    """Package to the version that is installed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Declared:
    """One dependency of a build."""

    name: str
    version: str
    """The version part of its spec; "" for any version."""
    spec: str

    def admits(self, version: str) -> bool:
        """Whether the spec admits a version of the package."""
        return not self.version or VersionSpec(self.version).matches(CondaVersion(version))


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    """What upstream's metadata of the build's version says."""

    project: str
    requirements: tuple[DeclaredRequirement, ...]
    requires_python: SpecifierSet | None
    where: str
    complete: bool = True
    """False where there may be other requirements: upstream computes them when it builds, or a line cannot be read."""


class Versions(Protocol):
    """The channel's versions of a package."""

    def __call__(self, package: str) -> Sequence[str]:
        """Return them, newest first; empty where no channel has the package."""
        ...


def declared_of(record: Record) -> tuple[Declared, ...]:
    """Return the dependencies of a build; specs that can't be parsed are left out."""
    return tuple(
        Declared(name=wanted.name.normalized, version=wanted.version or "", spec=spec)
        for spec in record.depends
        if (wanted := parsed(spec)) is not None
    )


def compare(
    record: Record,
    published: Published,
    uses: Sequence[Use],
    *,
    versions: Versions,
    brought: Callable[[Declared], Sequence[str]],
    siblings: Sequence[Record] = (),
    overrides: Mapping[str, str] | None = None,
) -> tuple[Finding, ...]:
    """Return where the build and upstream disagree.

    Args:
        record: the build.
        published: upstream's metadata of its version.
        uses: the environments that install it; a requirement counts where its marker holds in one of them.
        versions: the channel's versions of a package.
        brought: the packages that a dependency requires itself, in its newest build that the spec admits.
        siblings: the other builds of this version; together they may serve the Pythons that this one does not.
        overrides: project to package, the workspace's.
    """
    declared = declared_of(record)
    targets = tuple(dict.fromkeys(use.target for use in uses))
    findings = [*_python_range(record, published, uses, siblings, versions)]
    for requirement in published.requirements:
        where = [use for use in uses if _holds(requirement, use)]
        if not where or canonicalize_name(requirement.name) == canonicalize_name(published.project):
            continue
        mine: dict[str, list[Declared]] = {}
        for each in declared:
            if provides(each.name, requirement.name, overrides=overrides):
                mine.setdefault(each.name, []).append(each)
        if mine:
            found = [_bounds(record, published, requirement, specs, where, versions) for specs in mine.values()]
            fewest: list[Finding] = min(found, key=len)
            findings += fewest
        else:
            findings += _missing(record, published, requirement, declared, (where, uses), versions, brought, overrides)
    return tuple(dict.fromkeys(replace(finding, targets=targets) for finding in findings))


def _holds(requirement: DeclaredRequirement, use: Use) -> bool:
    scope = Scope(pythons=(use.python,), platforms=(use.platform,), python_min=use.python)
    return not reach(requirement.marker, scope).never


def _missing(
    record: Record,
    published: Published,
    requirement: DeclaredRequirement,
    declared: Sequence[Declared],
    uses: tuple[Sequence[Use], Sequence[Use]],
    versions: Versions,
    brought: Callable[[Declared], Sequence[str]],
    overrides: Mapping[str, str] | None,
) -> Iterator[Finding]:
    """A requirement that no dependency meets; one that comes with another dependency is a smaller fault."""
    where, everywhere = uses
    stem = record.name.split("-")[0]
    for each in declared:
        indirect = any(provides(name, requirement.name, overrides=overrides) for name in brought(each))
        if indirect and (each.name.startswith(stem) or each.version.startswith("==")):
            return  # `dask` requires `dask-core`, which requires what the project does
        if indirect:
            yield _finding(record, published, requirement, "missing", severity="low", example=each.name)
            return
    exists = any(versions(name) for name in _names(requirement))
    partly = record.noarch is not None and len(where) < len(everywhere)
    severity: Severity = "high" if exists and not partly else "medium" if exists else "low"
    yield _finding(record, published, requirement, "missing", severity=severity, guess=not exists)


def _names(requirement: DeclaredRequirement) -> tuple[str, ...]:
    return candidates(requirement.name)


def _bounds(
    record: Record,
    published: Published,
    requirement: DeclaredRequirement,
    specs: Sequence[Declared],
    where: Sequence[Use],
    versions: Versions,
) -> list[Finding]:
    """Where the specs of one package admit versions that upstream excludes, or the other way round."""
    declared = next((each for each in specs if each.version), specs[0])
    if not requirement.specifier and not declared.version:
        return []
    upstream, mine = _admitted(requirement, specs, versions(declared.name))
    findings = []
    admitted = _without(mine, upstream)
    if admitted:
        installed = {use.versions.get(declared.name, "") for use in where}
        example, severity = _looser_example(admitted, installed, upstream)
        findings.append(
            _finding(record, published, requirement, "looser", severity=severity, declared=declared, example=example)
        )
    kept_out = _without(upstream, mine)
    if kept_out:
        severity = "medium" if not mine or _newest(kept_out) > _newest(mine) else "low"
        example = kept_out[0]
        findings.append(
            _finding(record, published, requirement, "stricter", severity=severity, declared=declared, example=example)
        )
    return findings


def _admitted(
    requirement: DeclaredRequirement, specs: Sequence[Declared], versions: Iterable[str]
) -> tuple[list[str], list[str]]:
    """Return the versions that upstream admits, and those that all specs admit."""
    existing = [(text, version) for text in versions if (version := _version(text)) is not None]
    upstream = [text for text, version in existing if requirement.specifier.contains(version, prereleases=True)]
    mine = [text for text, _ in existing if all(each.admits(text) for each in specs)]
    return upstream, mine


def _looser_example(
    admitted: Sequence[str], installed: Collection[str], upstream: Sequence[str]
) -> tuple[str, Severity]:
    """Return one of the versions that only the build admits, one that is installed if there is, and how bad that is."""
    now = next((text for text in admitted if text in installed), None)
    if now is not None:
        return now, "high"
    newer = bool(upstream) and _newest(admitted) > _newest(upstream)
    return admitted[0], "medium" if newer else "low"


def _without(some: Iterable[_T], others: Iterable[_T]) -> list[_T]:
    """Return what is not among the others, in its order."""
    left_out = set(others)
    return [each for each in some if each not in left_out]


def _python_range(
    record: Record, published: Published, uses: Sequence[Use], siblings: Sequence[Record], versions: Versions
) -> Iterator[Finding]:
    """Pythons that a noarch build admits and upstream excludes, or the other way round."""
    if record.noarch != "python" or published.requires_python is None:
        return
    pythons = minor_versions(versions("python"))
    upstream = _pythons_in(published.requires_python, pythons)
    mine = _pythons_of(record, pythons)
    wrong = _without(mine, upstream)
    if wrong and not set(mine) & set(upstream):
        # The ranges have nothing in common: the package is a stand-in for later Pythons (`dataclasses`).
        yield _python_finding(record, published, "python-looser", wrong[0], "low", guess=True)
        return
    if wrong:
        yield _looser_python(record, published, wrong, used={use.python for use in uses})
    served = {python for each in (record, *siblings) for python in _pythons_of(each, pythons)}
    kept_out = _without(upstream, served)
    if kept_out and mine:
        severity: Severity = "medium" if kept_out[0] > max(served) else "low"
        yield _python_finding(record, published, "python-stricter", kept_out[0], severity)


def _pythons_in(requires_python: SpecifierSet, pythons: Iterable[Version]) -> list[Version]:
    return [python for python in pythons if requires_python.contains(f"{python}.99")]


def _looser_python(record: Record, published: Published, wrong: Sequence[Version], *, used: Collection[str]) -> Finding:
    now = next((python for python in wrong if str(python) in used), None)
    return _python_finding(record, published, "python-looser", now or wrong[0], "high" if now else "low")


def minor_versions(texts: Iterable[str]) -> list[Version]:
    """Return the `X.Y` of these versions, newest first."""
    return sorted({Version(f"{v.major}.{v.minor}") for text in texts if (v := _version(text))}, reverse=True)


def _pythons_of(record: Record, pythons: Iterable[Version]) -> list[Version]:
    specs = [each for each in declared_of(record) if each.name == "python"]
    return [python for python in pythons if all(spec.admits(f"{python}.99") for spec in specs)]


def _python_finding(
    record: Record, published: Published, kind: FindingKind, python: Version, severity: Severity, *, guess: bool = False
) -> Finding:
    return Finding(
        record=record,
        kind=kind,
        dependency="python",
        declared=next((each.spec for each in declared_of(record) if each.name == "python"), ""),
        upstream=f"Requires-Python: {published.requires_python}",
        where=published.where,
        example=str(python),
        severity=severity,
        certainty="guess" if guess else "sure",
    )


def _finding(
    record: Record,
    published: Published,
    requirement: DeclaredRequirement,
    kind: FindingKind,
    *,
    severity: Severity,
    declared: Declared | None = None,
    example: str = "",
    guess: bool = False,
) -> Finding:
    return Finding(
        record=record,
        kind=kind,
        dependency=declared.name if declared else _names(requirement)[0],
        declared=declared.spec if declared else "",
        upstream=f"Requires-Dist: {requirement.line}",
        requirement=requirement,
        where=published.where,
        example=example,
        severity=severity,
        certainty="guess" if guess else "sure" if published.complete else "likely",
    )


def _version(text: str) -> Version | None:
    """The version in PEP 440's terms; None for a pre-release, or where it has no such form."""
    try:
        version = Version(text)
    except InvalidVersion:
        return None
    return None if version.is_prerelease else version


def _newest(versions: Iterable[str]) -> Version:
    return max(map(Version, versions))
